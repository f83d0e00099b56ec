using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Restore.PostgreSql;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Restores a whole database server, as it was at a moment, into a folder to start a server over; or one subject's rows as of that moment into the running databases.</summary>
[Cmdlet(VerbsData.Restore, "StingDatabase", SupportsShouldProcess = true, DefaultParameterSetName = Server)]
[OutputType(typeof(DatabaseRestoreResult), typeof(DatabaseRestorePlan))]
public sealed class RestoreStingDatabaseCommand : UnlockingCmdlet
{
    private const string Server = "Server", Person = "User", Jar = "HoneyJar";

    /// <summary>To where.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = Server, HelpMessage = "A new or empty folder; it gets the folders data and wal")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = null!;

    /// <summary>Whose rows.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Person, HelpMessage = "A person, by e-mail address or id: only this person's rows, into the running databases")]
    [Alias("Email")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Which jar's rows.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Jar, HelpMessage = "A honey jar, by its id: only its rows, into the running databases")]
    [ArgumentCompleter(typeof(JarCompleter))]
    [ValidateNotNullOrEmpty]
    public string? HoneyJar { get; set; }

    /// <summary>What happens to rows that stand there.</summary>
    [Parameter(ParameterSetName = Person, HelpMessage = "Where a row stands there with other values: Skip leaves and tells it, Overwrite replaces it")]
    [Parameter(ParameterSetName = Jar, HelpMessage = "Where a row stands there with other values: Skip leaves and tells it, Overwrite replaces it")]
    [ValidateSet(nameof(StingBackup.ConflictAction.Skip), nameof(StingBackup.ConflictAction.Overwrite))]
    [PSDefaultValue(Help = "Skip")]
    public ConflictAction ConflictAction { get; set; } = ConflictAction.Skip;

    /// <summary>As of when.</summary>
    [Parameter(HelpMessage = "A day (its end), a moment such as \"2024-01-15 14:30:07.25\", or latest: the last commit")]
    [PSDefaultValue(Help = "latest: the last commit")]
    [ValidateNotNullOrEmpty]
    public string? Date { get; set; }

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

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

    private protected override void Execute()
    {
        var plan = (User ?? HoneyJar) is { } subject ? Wait(DatabaseRestoreJob.PlanRowsAsync(Installation, new DatabaseRowsRequest
        {
            Scope = User is null ? RestoreScope.HoneyJar : RestoreScope.User, Subject = subject, Date = Date, Conflict = ConflictAction,
        }, Cancel)) : Wait(DatabaseRestoreJob.PlanAsync(Installation, Date, Resolve(Destination), Cancel));
        var details = new List<string>
        {
            $"Base backup: {plan.BaseBackupId} (PostgreSQL {plan.ServerVersion}, whole at {Display.Time(plan.BaseTime)})",
            $"Log: {(plan.LogBackupIds.Count > 0 ? string.Join(", ", plan.LogBackupIds) : "none in the repository")}{(plan.Spool is { } spool ? $", and the spool {spool}" : "")}",
            $"Reads: {plan.Packs.ToString("N0", CultureInfo.InvariantCulture)} packs, {Display.Length(plan.PackBytes)}",
        };
        var when = plan.Target is { } target ? $"as of {target.ToString("yyyy-MM-dd HH:mm:ss.ffffff zzz", CultureInfo.InvariantCulture)}" : "as of its last commit";
        var what = plan.Subject is { } rowsOf ? $"Recover the database server {when} ({Display.Length(plan.Length)}) in a place of its own, and bring the rows of {rowsOf} out of it into {plan.Destination}"
            : $"Restore the database server {when} ({Display.Length(plan.Length)}) to {plan.Destination}";
        var question = new Question("Restore", what, details, plan, Destroys: plan.Subject is not null && plan.Conflict == ConflictAction.Overwrite);
        if (Ask(question, force: false))
        {
            RunJob((installation, cancel) => DatabaseRestoreJob.RunAsync(installation, plan, cancel), AsJob, passThru: false);
        }
    }
}
