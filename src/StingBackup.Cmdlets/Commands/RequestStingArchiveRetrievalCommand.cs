using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Restore.Thawing;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Asks that what a restore needs of the archive tier be thawed. Costs money: the plan says how much.</summary>
[Cmdlet(VerbsLifecycle.Request, "StingArchiveRetrieval", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ArchiveRetrieval), typeof(RetrievalPlan))]
public sealed class RequestStingArchiveRetrievalCommand : SelectionCmdlet
{
    /// <summary>How fast.</summary>
    [Parameter(HelpMessage = "How fast: Bulk (cheapest), Standard or Expedited (not from DEEP_ARCHIVE)")]
    [PSDefaultValue(Help = "Standard")]
    public RetrievalSpeed Speed { get; set; } = RetrievalSpeed.Standard;

    /// <summary>Runs in the background.</summary>
    [Parameter(HelpMessage = "Run in the background, and output the job")]
    public SwitchParameter AsJob { get; set; }

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

    private protected override void Execute()
    {
        if (NextRequest() is not { } request)
        {
            return;
        }
        var plan = Wait(RetrievalJob.PlanAsync(Installation, request, Speed, Cancel));
        if (Ask(Put(plan), Force))
        {
            RunJob((installation, cancel) => RetrievalJob.RunAsync(installation, plan, cancel), AsJob, passThru: false);
        }
    }

    private static Question Put(RetrievalPlan plan)
    {
        var packs = plan.Packs;
        var details = new List<string>();
        if (plan.Estimate is { } estimate)
        {
            details.Add(string.Create(CultureInfo.InvariantCulture, $"About {estimate.Cost:0.00} {estimate.Currency} (an estimate by {packs.Prices}), {Display.Duration(estimate.From)} to {Display.Duration(estimate.To)}, readable for {plan.Days} days"));
        }
        if (plan.CostOfDay > 0)
        {
            details.Add(string.Create(CultureInfo.InvariantCulture, $"In the last 24 hours {plan.CostOfDay:0.00} {plan.Estimate?.Currency} were asked for beside this; the limit counts both"));
        }
        details.Add($"From: {string.Join(", ", packs.BackupIds)}");
        details.AddRange(packs.Notes);
        if (plan.Approval is { } approval)
        {
            details.Add($"{(plan.CostOfDay > 0 ? "With that it" : "It")} costs more than archive.retrieval_cost_limit and needs an approval. It is: {approval}");
        }
        return new Question("Retrieve", string.Create(CultureInfo.InvariantCulture, $"Thaw {plan.ToAsk.Packs:N0} packs ({Display.Length(plan.ToAsk.Length)}) of {plan.Archive} for {packs.Scope}, {plan.Speed}"), details, plan, Destroys: false);
    }
}
