using System.Management.Automation;

namespace StingBackup.Console;

/// <summary>How the program ends; the same for every command.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,
    /// <summary>Failed, or stopped by a person.</summary>
    Failed = 1,
    /// <summary>The words or the configuration are wrong.</summary>
    BadUsage = 2,
    /// <summary>Done, but single items failed.</summary>
    CompletedWithErrors = 3,
    /// <summary>No right, no approval, no consent.</summary>
    Refused = 4,
    /// <summary>Stored bytes are damaged.</summary>
    IntegrityFault = 5,
}

/// <summary>From what a command wrote to how the program ends.</summary>
internal static class ExitCodes
{
    /// <summary>For an error that ended the command.</summary>
    public static ExitCode Of(Exception error)
    {
        var causes = Causes(error).ToList();
        return causes.OfType<StingException>().FirstOrDefault() is { } sting ? Of(sting.Kind)
            : causes.OfType<ParameterBindingException>().Any() ? ExitCode.BadUsage
            : ExitCode.Failed;
    }

    // PowerShell wraps what a command throws: as the inner exception, as its record's exception, or both.
    private static IEnumerable<Exception> Causes(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            yield return error;
            if (error is RuntimeException { ErrorRecord.Exception: { } recorded } && !ReferenceEquals(recorded, error))
            {
                foreach (var cause in Causes(recorded))
                {
                    yield return cause;
                }
            }
        }
    }

    /// <summary>For an object of the output: a result tells how its job ended.</summary>
    public static ExitCode OfOutput(object value) => value switch
    {
        IntegrityResult { Passed: false } => ExitCode.IntegrityFault,
        RepairResult { Faults.Count: > 0 } => ExitCode.IntegrityFault,
        BackupStatus { Damage.Count: > 0 } => ExitCode.IntegrityFault,
        ConfigurationFinding { Severity: FindingSeverity.Error } => ExitCode.BadUsage,
        AuditEntry { State: not AuditState.Sound } => ExitCode.IntegrityFault,
        AuditLogCheck { IsSound: false } => ExitCode.IntegrityFault,
        RecoveryTest { Passed: false } => ExitCode.IntegrityFault,
        BackupResult result => Of(result.State),
        RestoreResult result => Of(result.State),
        LegacyImportResult result => Of(result.State),
        DatabaseRestoreResult result => Of(result.State),
        ErasureResult result => Of(result.State),
        ErasureSyncResult result => Of(result.State),
        KeyRotationResult result => Of(result.State),
        TierSyncResult result => Of(result.State),
        RunbookReport { State: RunbookState.CompletedWithErrors } => ExitCode.CompletedWithErrors,
        AlertChannelTest { IsDelivered: false } => ExitCode.Failed,
        CertificateCheck { IsValid: false } => ExitCode.IntegrityFault,
        _ => ExitCode.Done,
    };

    /// <summary>The one that counts where several hold. An integrity fault outweighs all: it must not hide behind another failure.</summary>
    public static ExitCode Worse(ExitCode a, ExitCode b) => Weight(a) >= Weight(b) ? a : b;

    private static ExitCode Of(FailureKind kind) => kind switch
    {
        FailureKind.InvalidArgument or FailureKind.InvalidConfiguration => ExitCode.BadUsage,
        FailureKind.Refused or FailureKind.Authentication => ExitCode.Refused,
        FailureKind.Integrity => ExitCode.IntegrityFault,
        _ => ExitCode.Failed,
    };

    private static ExitCode Of(JobState state) => state switch
    {
        JobState.Completed => ExitCode.Done,
        JobState.CompletedWithErrors => ExitCode.CompletedWithErrors,
        _ => ExitCode.Failed,
    };

    private static int Weight(ExitCode code) => code switch
    {
        ExitCode.Done => 0,
        ExitCode.CompletedWithErrors => 1,
        ExitCode.Failed => 2,
        ExitCode.BadUsage => 3,
        ExitCode.Refused => 4,
        _ => 5,
    };
}
