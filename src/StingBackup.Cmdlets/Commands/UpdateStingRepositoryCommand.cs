using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle.Updating;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Moves a repository's format on to what this program writes. Nothing else ever does.</summary>
[Cmdlet(VerbsData.Update, "StingRepository", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RepositoryUpdateResult), typeof(RepositoryUpdatePlan))]
public sealed class UpdateStingRepositoryCommand : UnlockingCmdlet
{
    private protected override void Execute()
    {
        var plan = Wait(RepositoryUpdateJob.PlanAsync(Installation, Cancel));
        if (plan.Steps.Count == 0 && !IsWhatIf)
        {
            WriteVerbose($"The format of {plan.Repository} is the newest that this program writes: nothing is to be done.");
            RunJob((installation, cancel) => RepositoryUpdateJob.RunAsync(installation, plan, cancel), asJob: false, passThru: false);
            return;
        }
        var question = new Question(
            "Update the repository's format", plan.Steps.Count == 0 ? $"Nothing: the format of {plan.Repository} is the newest that this program writes" : $"Take {plan.Steps.Count} steps in {plan.Repository}",
            [
                .. plan.Steps.Select(step => $"{step.Name}{(step.Begun ? " (begun)" : "")}: {step.Change}"),
                .. plan.Steps.Where(step => step.Program.Length > 0).Select(step => $"From {step.Name} on StingBackup earlier than {step.Program} refuses the repository: update every host first. There is no way back."),
            ], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            RunJob((installation, cancel) => RepositoryUpdateJob.RunAsync(installation, plan, cancel), asJob: false, passThru: false);
        }
    }
}
