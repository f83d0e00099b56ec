using StingBackup.Engine.Limits;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>Which limits can be held on this host, and by which means. What cannot is told, and keeps nobody from backing up.</summary>
internal sealed class LimitCheck : ImmediateCheck
{
    public override string Name => "limits";

    protected override IEnumerable<ConfigurationFinding> Look(ProbeContext context) =>
        LimitPlanner.Plan(context.Configuration.Performance, new ControlFiles(), Environment.ProcessorCount).Select(limit => context.Found(FindingSeverity.Information, limit.Setting, limit.Text));
}
