using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Reserve;

namespace StingBackup.Cmdlets;

/// <summary>Every error that the cmdlets make themselves, and the one way from a failure to an error record.</summary>
/// <remarks>The engine's ids stand where it throws; about_StingBackup_Errors lists all, and a test compares.</remarks>
internal static class Errors
{
    /// <summary>An exception that nothing foresaw: a defect of this product or of the platform.</summary>
    public static StingException Unexpected(Exception cause, string command) => new(
        "UnexpectedFailure", FailureKind.Io, $"{command} failed where nothing should: {cause.Message}", command,
        "Run it again with -Verbose (--verbose); when it fails again, report it with what that tells.", cause);

    /// <summary>The operating system said no to something that was not an item of the job.</summary>
    public static StingException AccessDenied(UnauthorizedAccessException cause) => new(
        "AccessDenied", FailureKind.PermissionDenied, cause.Message, null,
        "Run as the user that owns the repository and its state, or grant it the right.", cause);

    /// <summary>A disk or file failed outside of an item of the job.</summary>
    public static StingException InputOutput(IOException cause) => new(
        "InputOutputFailure", FailureKind.Io, cause.Message, null, "Look at the disk and at the system's log; then run it again.", cause);

    /// <summary>A name that no setting has.</summary>
    public static StingException SettingUnknown(string key, IEnumerable<string> known) => new(
        "SettingUnknown", FailureKind.InvalidArgument, $"There is no setting '{key}'. {NearestNames.Question(key, known)}".TrimEnd(), key,
        "Get-StingBackupConfig without -Key lists every setting.");

    /// <summary>A path that leads to a variable, a registry key or the like.</summary>
    public static StingException PathNotInFileSystem(string path, string provider) => new(
        "PathNotInFileSystem", FailureKind.InvalidArgument, $"'{path}' is no file or folder: PowerShell finds it in {provider}.", path, "Give a path of the file system.");

    /// <summary>A new passphrase was not typed twice alike.</summary>
    public static StingException PassphrasesDiffer() => new(
        "PassphrasesDiffer", FailureKind.InvalidArgument, "The two passphrases differ; nothing was made.", null, "Run it again and type the same passphrase twice.");

    /// <summary>A new key file is to be sealed, and nobody gave a passphrase.</summary>
    public static StingException NewPassphraseNeeded() => new(
        "PassphraseNeeded", FailureKind.Authentication, "The new key file needs a passphrase; nothing was made.", null,
        "Give -Passphrase (--passphrase-file, STING_BACKUP_PASSPHRASE) or type one, or make an open key file with -NoPassphrase (--no-passphrase).");

    /// <summary>An approver's key is always sealed, and nobody gave its passphrase.</summary>
    public static StingException ApproverPassphraseNeeded(string keyFile) => new(
        "PassphraseNeeded", FailureKind.Authentication, $"The approver's key '{keyFile}' needs its passphrase.", keyFile,
        "Give -ApproverPassphrase (--approver-passphrase-file) or type it where somebody can be asked.");

    /// <summary>The plan needs consent, and nobody is there to give it.</summary>
    public static StingException ConsentNeeded(Question question, Exception cause) => new(
        "ConsentNeeded", FailureKind.Refused, $"{question.Statement}: this needs consent, and nobody can be asked here. Nothing was done.", null,
        "Look at the plan with -WhatIf (--dry-run); give -Confirm:$false (--confirm) where it is what you want.", cause);

    /// <summary>A verification found something damaged or missing.</summary>
    public static StingException FaultFound(IntegrityFault fault)
    {
        var whom = string.Join(", ", fault.Subjects);
        var hits = fault switch
        {
            { FileCount: > 0 } => FormattableString.Invariant($" It hits {fault.FileCount} files of {whom}{Some(fault)}."),
            // Without keys nobody can tell names: subjects stand as pseudonyms, and files not at all.
            { Subjects.Count: > 0 } => $" It hits data of {whom}; level Data, with the key file's passphrase, names the files.",
            _ => "",
        };
        return new StingException("IntegrityFault", FailureKind.Integrity, $"{fault.Object}: {fault.Problem.TrimEnd('.')}.{hits}", fault.Object, fault.Remedy);
    }

    /// <summary>A fault that a job tells of as what it is to PowerShell: an error, while the job goes on.</summary>
    public static JobEvent FaultAsFailure(JobEvent happened) => happened is OutputEvent { Value: IntegrityFault fault } ? new ItemFailedEvent(FaultFound(fault)) : happened;

    private static string Some(IntegrityFault fault)
    {
        const int Shown = 10;
        var more = fault.FileCount - Math.Min(fault.Files.Count, Shown);
        return fault.Files.Count == 0 ? "" : FormattableString.Invariant($": {string.Join(", ", fault.Files.Take(Shown))}{(more > 0 ? $" and {more} more" : "")}");
    }

    /// <summary>The record of a failure: stable id, true category, the item, the remedy.</summary>
    public static ErrorRecord ToRecord(StingException error) => new(error, error.ErrorId, Category(error.Kind), error.Target)
    {
        ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = error.Remedy },
    };

    /// <summary>Any exception as ours.</summary>
    public static StingException Normalize(Exception exception, string command) => exception switch
    {
        StingException sting => sting,
        UnauthorizedAccessException denied => AccessDenied(denied),
        IOException io => InputOutput(io),
        _ => Unexpected(exception, command),
    };

    private static ErrorCategory Category(FailureKind kind) => kind switch
    {
        FailureKind.InvalidArgument => ErrorCategory.InvalidArgument,
        FailureKind.InvalidConfiguration => ErrorCategory.ParserError,
        FailureKind.NotFound => ErrorCategory.ObjectNotFound,
        FailureKind.AlreadyExists => ErrorCategory.ResourceExists,
        FailureKind.Refused => ErrorCategory.SecurityError,
        FailureKind.Authentication => ErrorCategory.AuthenticationError,
        FailureKind.PermissionDenied => ErrorCategory.PermissionDenied,
        FailureKind.Integrity => ErrorCategory.InvalidData,
        FailureKind.Io => ErrorCategory.DeviceError,
        FailureKind.ResourceExhausted => ErrorCategory.LimitsExceeded,
        FailureKind.Busy => ErrorCategory.ResourceBusy,
        FailureKind.NotSupported => ErrorCategory.NotImplemented,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
