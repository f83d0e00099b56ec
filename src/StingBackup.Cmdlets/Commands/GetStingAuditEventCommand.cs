using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Governance;

namespace StingBackup.Cmdlets.Commands;

/// <summary>The audit chains, oldest record first, each record checked.</summary>
[Cmdlet(VerbsCommon.Get, "StingAuditEvent")]
[OutputType(typeof(AuditEntry))]
public sealed class GetStingAuditEventCommand : InstallationCmdlet
{
    /// <summary>Only these events.</summary>
    [Parameter(Position = 0, HelpMessage = "Only these events; without it all")]
    [PSDefaultValue(Help = "All")]
    public AuditEvent[] Event { get; set; } = [];

    /// <summary>Only records of these commands.</summary>
    [Parameter(HelpMessage = "Only records of commands with this name, such as Remove-StingSubject or Restore-*")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string? Command { get; set; }

    /// <summary>Only records of whoever acted.</summary>
    [Parameter(HelpMessage = "Only records of this account and host, such as root@*")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string? Actor { get; set; }

    /// <summary>Only records of one request.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Only records of the request with this id")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? RequestId { get; set; }

    /// <summary>Only in these states.</summary>
    [Parameter(HelpMessage = "Only records in these states, such as Damaged, Missing or Tampered")]
    [PSDefaultValue(Help = "All")]
    public AuditState[] State { get; set; } = [];

    /// <summary>From when.</summary>
    [Parameter(HelpMessage = "Only records of this day or moment, or later: 2024-01-15, \"2024-01-15 14:30\"")]
    [ValidateNotNullOrEmpty]
    public string? From { get; set; }

    /// <summary>Until when.</summary>
    [Parameter(HelpMessage = "Only records of this day or moment, or earlier")]
    [ValidateNotNullOrEmpty]
    public string? To { get; set; }

    private protected override void Execute()
    {
        var zone = Installation.Zone;
        var (first, last) = (PointRange.First(From, zone), PointRange.Last(To, zone));
        var name = Command is null ? null : new WildcardPattern(Command, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        var actor = Actor is null ? null : new WildcardPattern(Actor, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        var entries = Wait(AuditReader.ReadAsync(Installation, Cancel));
        foreach (var entry in entries)
        {
            if ((Event.Length == 0 || (entry.Event is { } what && Event.Contains(what))) && (State.Length == 0 || State.Contains(entry.State)) && (name is null || name.IsMatch(entry.Command)) && (actor is null || actor.IsMatch(entry.Actor))
                && (RequestId is null || string.Equals(entry.RequestId, RequestId.Trim(), StringComparison.OrdinalIgnoreCase))
                && (first is null || entry.Time >= first) && (last is null || entry.Time <= last))
            {
                WriteObject(entry);
            }
        }
        // Whatever was filtered: a chain that is not whole is told.
        if (entries.Where(e => e.State != AuditState.Sound).ToList() is { Count: > 0 } bad)
        {
            WriteWarning($"{bad.Count} records of the audit chain are damaged, missing or tampered with, the first one {bad[0].Object}: {bad[0].Problem}. Test-StingAuditLog tells more.");
        }
    }
}
