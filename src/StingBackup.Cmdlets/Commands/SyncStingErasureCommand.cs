using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Applies the erasure ledger to running databases, Vault and Chroma, after one was restored as of before an erasure.</summary>
[Cmdlet(VerbsData.Sync, "StingErasure", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ErasureSyncResult), typeof(ErasureSyncPlan))]
public sealed class SyncStingErasureCommand : InstallationCmdlet
{
    /// <summary>By which approval.</summary>
    [Parameter(HelpMessage = "The request whose approval is meant; without it the one of exactly this plan counts")]
    [ArgumentCompleter(typeof(ApprovalRequestCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApprovalId { get; set; }

    private protected override Caller Caller => base.Caller with { ApprovalId = ApprovalId };

    private protected override void Execute()
    {
        var plan = Wait(ErasureSync.PlanAsync(Installation, Cancel));
        var details = plan.Rows.Select(rows => string.Create(CultureInfo.InvariantCulture, $"{rows.Database}, {rows.Table}: {rows.Rows:N0} rows{(rows.Kept > 0 ? $"; {rows.Kept:N0} stay, rows of others refer to them" : "")}"))
            .Concat(plan.Items.Select(items => string.Create(CultureInfo.InvariantCulture, $"{items.Source}, {items.Place}{(items.IsWhole ? ", whole" : "")}: {items.Items:N0} {(items.Source == "Vault" ? "secrets" : "records")}")))
            .Concat(plan.Approval is { } approval ? [$"It needs the approval of a second identity. That is: {approval}."] : []);
        var question = new Question(
            "Erase", string.Create(CultureInfo.InvariantCulture, $"Delete {plan.Rows.Sum(rows => rows.Rows):N0} rows and {plan.Items.Sum(items => items.Items):N0} secrets and vectors of erased people and jars from {plan.Server}"),
            [.. details], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(ErasureSync.RunAsync(Installation, plan, Cancel)));
        }
    }
}
