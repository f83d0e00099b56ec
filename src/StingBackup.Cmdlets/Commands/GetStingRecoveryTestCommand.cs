using System.Collections.Concurrent;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.Operations.Drills;

namespace StingBackup.Cmdlets.Commands;

/// <summary>The evidence of tests of recovery, newest first, each with its signature verified; or when each kind is due.</summary>
[Cmdlet(VerbsCommon.Get, "StingRecoveryTest", DefaultParameterSetName = Evidence)]
[OutputType(typeof(RecoveryTest), ParameterSetName = [Evidence])]
[OutputType(typeof(RecoveryTestDue), ParameterSetName = [ByCalendar])]
public sealed class GetStingRecoveryTestCommand : InstallationCmdlet
{
    private const string Evidence = "Evidence", ByCalendar = "Calendar";

    /// <summary>One of them.</summary>
    [Parameter(Position = 0, ParameterSetName = Evidence, ValueFromPipelineByPropertyName = true, HelpMessage = "Only the test with this id, or whose id begins so")]
    [ArgumentCompleter(typeof(RecoveryTestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>One kind.</summary>
    [Parameter(HelpMessage = "Only tests of this type: File, User, HoneyJar or Full")]
    [PSDefaultValue(Help = "All")]
    public RecoveryTestType? Type { get; set; }

    /// <summary>From when.</summary>
    [Parameter(ParameterSetName = Evidence, HelpMessage = "Only tests of this day or moment, or later: 2024-01-15, \"2024-01-15 14:30\"")]
    [ValidateNotNullOrEmpty]
    public string? From { get; set; }

    /// <summary>Until when.</summary>
    [Parameter(ParameterSetName = Evidence, HelpMessage = "Only tests of this day or moment, or earlier")]
    [ValidateNotNullOrEmpty]
    public string? To { get; set; }

    /// <summary>The newest.</summary>
    [Parameter(ParameterSetName = Evidence, HelpMessage = "Only the newest test of each type")]
    public SwitchParameter Latest { get; set; }

    /// <summary>What was taken away.</summary>
    [Parameter(ParameterSetName = Evidence, HelpMessage = "Read the audit chains too: evidence that they tell of and that is not there is an error")]
    public SwitchParameter WithAuditLog { get; set; }

    /// <summary>When each is due.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByCalendar, HelpMessage = "Show when each type was held last, how that ended, and when it is due")]
    public SwitchParameter Calendar { get; set; }

    private protected override void Execute()
    {
        if (Calendar)
        {
            foreach (var due in Wait(DrillReader.SummaryAsync(Installation, Cancel)).Calendar.Where(d => Type is null || d.Type == Type))
            {
                WriteObject(due);
            }
            return;
        }
        var zone = Installation.Zone;
        // The engine reports from whatever thread it is on.
        var damaged = new ConcurrentQueue<StingException>();
        var query = new RecoveryTestQuery { Id = Id, Type = Type, From = PointRange.First(From, zone), To = PointRange.Last(To, zone), Latest = Latest, WithAuditLog = WithAuditLog };
        Emit(DrillReader.ReadAsync(Installation, query, damaged.Enqueue, Cancel));
        foreach (var error in damaged)
        {
            WriteError(Errors.ToRecord(error));
        }
    }
}
