using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Restore;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>What the restores share: from when, to where, what happens where a file already stands; plan, ask, execute.</summary>
public abstract class RestoreCmdlet : UnlockingCmdlet
{
    /// <summary>The parameter set with a date, or with nothing: the newest state.</summary>
    private protected const string ByDate = "Date";

    /// <summary>The parameter set with a run.</summary>
    private protected const string ByBackup = "Backup";

    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

    private protected RestoreCmdlet()
    {
    }

    /// <summary>From when.</summary>
    [Parameter(ParameterSetName = ByDate, HelpMessage = "A day (its last state), a moment such as \"2024-01-15 14:30\", or latest")]
    [PSDefaultValue(Help = "latest")]
    [ValidateNotNullOrEmpty]
    public string? Date { get; set; }

    /// <summary>Each from his own.</summary>
    [Parameter(ParameterSetName = ByDate, HelpMessage = "Take each subject that runs found suspicious from its own last clean restore point")]
    public SwitchParameter CleanPoint { get; set; }

    /// <summary>From which run.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByBackup, ValueFromPipelineByPropertyName = true, HelpMessage = "The run, such as backup_20240115_020000, or latest: the state of the reserve at it")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? BackupId { get; set; }

    /// <summary>To where.</summary>
    [Parameter(HelpMessage = "A folder to restore into; without it the original place")]
    [PSDefaultValue(Help = "The original place")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>What happens where a file already stands.</summary>
    [Parameter(HelpMessage = "Where another file already stands: Rename, Skip, Newer or Overwrite")]
    [PSDefaultValue(Help = "Rename; Overwrite for Restore-StingReserve")]
    public ConflictAction? ConflictAction { get; set; }

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

    /// <summary>Waits for the archive tier.</summary>
    [Parameter(HelpMessage = "Wait until packs of the archive tier that were asked for are thawed, and restore what can be read meanwhile")]
    public new SwitchParameter Wait { get; set; }

    /// <summary>Asks nothing.</summary>
    [Parameter(HelpMessage = "Do not ask; it never overrules -WhatIf")]
    public SwitchParameter Force { get; set; }

    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    /// <summary>Without one, in an emergency.</summary>
    [Parameter(HelpMessage = "In an emergency: do it without its approvals, for this reason, which another identity must review")]
    [ValidateNotNullOrEmpty]
    public string? BreakGlass { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId, BreakGlass = BreakGlass };

    /// <summary>What this cmdlet brings back; the shared parameters are added.</summary>
    private protected abstract RestoreRequest Request { get; }

    /// <summary>What happens by itself where another file stands: both are kept.</summary>
    private protected virtual ConflictAction DefaultConflict => StingBackup.ConflictAction.Rename;

    /// <summary>Whether PowerShell asks about the command as a whole.</summary>
    private protected virtual bool IsHighImpact => false;

    private protected sealed override void Execute()
    {
        var request = Request with
        {
            Date = Date, BackupId = BackupId, Destination = Destination is null ? null : Resolve(Destination), Conflict = ConflictAction ?? DefaultConflict, CleanPoint = CleanPoint,
        };
        // Points of one run come one for each data class; what is asked here is of the run as a whole.
        if (MyInvocation.ExpectingInput && !_done.Add($"{request.Subject}\n{request.BackupId}\n{string.Join(',', request.Classes ?? [])}\n{string.Join('\n', request.Files)}"))
        {
            WriteVerbose($"{request.BackupId} was restored already.");
            return;
        }
        var plan = StingCmdlet.Wait(RestoreJob.PlanAsync(Installation, request, Cancel));
        bool waits = Wait;
        if (Ask(Put(plan), Force))
        {
            RunJob((installation, cancel) => RestoreJob.RunAsync(installation, plan, waits, cancel), AsJob, passThru: false);
        }
    }

    /// <summary>The moment that is really reached, which the one that was asked for seldom is.</summary>
    private static string Reached(RestorePlan plan) => plan is not { ReachedTime: { } newest, OldestTime: { } oldest } ? "nothing"
        : $"{Display.Time(newest.ToUniversalTime())} UTC{(oldest == newest ? "" : $"; data classes that were not backed up since as of {Display.Time(oldest.ToUniversalTime())} UTC or later")}";

    private Question Put(RestorePlan plan)
    {
        const int Shown = 10;
        string Count(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");
        var details = new List<string>
        {
            $"From: {string.Join(", ", plan.Points.Select(p => p.BackupId).Distinct(StringComparer.Ordinal))}",
            $"As of: {Reached(plan)}",
            $"Reads: {Count(plan.Packs, "pack")}, {Display.Length(plan.PackBytes)}",
            $"Where another file stands: {plan.Conflict}",
        };
        if (plan.Request.DatabasesAside)
        {
            details.Add("Databases that stand there: get another name, with all that is in them");
        }
        if (plan.Approval is { } approval)
        {
            details.Add($"Keys and tokens come back with an approval only. It is: {approval}");
        }
        if (plan.QuarantinedCount > 0)
        {
            details.Add($"Suspect and left out: {Count(plan.QuarantinedCount, "item")}, such as {plan.Quarantined[0].Path}");
        }
        if (plan.MissingClasses.Count > 0)
        {
            details.Add($"Without a restore point: {string.Join(", ", plan.MissingClasses)}");
        }
        details.AddRange(plan.Preview.Take(Shown).Select(i => $"  {i.Path}"));
        if (plan.Items > Shown)
        {
            details.Add($"  and {Count(plan.Items - Shown, "more item")}");
        }
        var overwrites = plan.Conflict is StingBackup.ConflictAction.Overwrite or StingBackup.ConflictAction.Newer;
        var stands = Directory.Exists(plan.Destination) && Directory.EnumerateFileSystemEntries(plan.Destination).Any();
        return new Question("Restore", $"Restore {Count(plan.Files, "file")} ({Display.Length(plan.Length)}) of {plan.Scope} to {plan.Destination}", details, plan, overwrites && stands && !IsHighImpact);
    }
}
