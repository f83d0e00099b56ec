using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle.Retention;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Lets restore points go whose time is over. Where nothing goes nobody is asked: a schedule runs this every day.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "StingRetention", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RetentionResult), typeof(RetentionPlan))]
public sealed class InvokeStingRetentionCommand : InstallationCmdlet
{
    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(RetentionJob.PlanAsync(Installation, time: null, Cancel));
        var going = plan.Going.Count();
        var question = new Question(
            "Retention", string.Create(CultureInfo.InvariantCulture, $"Let {going:N0} of {plan.Entries.Count:N0} restore points of {plan.Repository} go"),
            [.. plan.Classes.Where(of => of.Going > 0).Select(of => Line(plan, of)), "From then on nobody is given them, and nothing brings them back."], plan, Destroys: false);
        if (going == 0 ? Proceed(plan) : Ask(question, force: false))
        {
            RunJob((installation, cancel) => RetentionJob.RunAsync(installation, plan, cancel), asJob: false, passThru: false);
        }
    }

    private static string Line(RetentionPlan plan, ClassRetention of)
    {
        var times = plan.Going.Where(entry => entry.DataClass == of.DataClass).Select(entry => entry.Time).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{of.DataClass}: {of.Going:N0} of {of.Points:N0}, from {Display.Time(times[0])} to {Display.Time(times[^1])}");
    }

    private bool Proceed(RetentionPlan plan)
    {
        if (IsWhatIf)
        {
            WriteObject(plan);
        }
        return !IsWhatIf;
    }
}
