using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Proves every record of the audit log, and names the first that is not sound.</summary>
[Cmdlet(VerbsDiagnostic.Test, "StingAuditLog")]
[OutputType(typeof(AuditLogCheck))]
public sealed class TestStingAuditLogCommand : InstallationCmdlet
{
    private protected override void Execute()
    {
        var check = Wait(AuditReader.TestAsync(Installation, Cancel));
        WriteObject(check);
        if (check.FirstBad is { } bad)
        {
            WriteError(Errors.ToRecord(new StingException("AuditLogNotSound", FailureKind.Integrity, $"{check.Bad} records of the audit log are not sound, the first one {bad.Object} ({bad.State}): {bad.Problem}.", bad.Object,
                "Find out who writes to or deletes from the store. Get-StingAuditEvent -State Damaged, Missing, Tampered lists all; a copy of the record from another tier, put back under its name, is accepted.")));
        }
    }
}
