using System.Collections;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes alerts that go on.</summary>
public sealed class AlertCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        new AlertCenter(configuration, TimeProvider.System).Read().Where(alert => alert.State != AlertState.Resolved).Select(alert => (alert.Id, alert.ToString()));
}

/// <summary>Completes channels of alerts.</summary>
public sealed class AlertChannelCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        new AlertCenter(configuration, TimeProvider.System).Channels.Select(channel => (channel, "a channel that is configured"));
}
