using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Carries out every erasure that is due: destroys the keys, proves it, and writes the certificates.</summary>
[Cmdlet(VerbsLifecycle.Complete, "StingErasure", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ErasureResult), typeof(ErasureRunPlan))]
public sealed class CompleteStingErasureCommand : UnlockingCmdlet
{
    private protected override void Execute()
    {
        var plan = ErasureJob.PlanRun(Installation);
        var question = new Question(
            "Erase", string.Create(CultureInfo.InvariantCulture, $"Destroy the keys of {plan.Due.Count:N0} erasures that are due"),
            [.. plan.Due.Select(erasure => $"{erasure.Id}: {(erasure.Subject.Length > 0 ? erasure.Subject : string.Join(", ", erasure.Pseudonyms))}, asked for on {Display.Time(erasure.RequestedTime)}"), "Nothing brings them back."],
            plan, Destroys: false);
        if (plan.Due.Count == 0 ? Proceed(question) : Ask(question, force: false))
        {
            RunJob((installation, cancel) => ErasureJob.CompleteAsync(installation, Actor.Here, cancel), asJob: false, passThru: false);
        }
    }

    /// <summary>Where nothing is due nobody need be asked; a schedule runs this every day.</summary>
    private bool Proceed(Question question)
    {
        if (MyInvocation.BoundParameters.ContainsKey("WhatIf"))
        {
            WriteObject(question.Plan);
            return false;
        }
        return true;
    }
}
