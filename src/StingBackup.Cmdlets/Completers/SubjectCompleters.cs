using System.Collections;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes people: e-mail addresses and ids of the users map, folders in users/.</summary>
public sealed class UserCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) => Of(configuration);

    internal static IEnumerable<(string Value, string Explanation)> Of(StingConfiguration configuration)
    {
        var host = new HostView();
        var entries = UsersMapFile.Load(configuration.Reserve, host).Entries;
        return entries.Select(e => (Value: e.Email ?? e.Names.First(), Explanation: e.Subject))
            .Concat(host.DirectoriesIn(Path.Join(configuration.Reserve.Path, "users")).Select(f => (Value: f, Explanation: $"users/{f}")))
            .DistinctBy(v => v.Value, StringComparer.OrdinalIgnoreCase);
    }
}

/// <summary>Completes honey jars: folders in jars/.</summary>
public sealed class JarCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) => Of(configuration);

    internal static IEnumerable<(string Value, string Explanation)> Of(StingConfiguration configuration) =>
        new HostView().DirectoriesIn(Path.Join(configuration.Reserve.Path, "jars")).Select(f => (f, $"jars/{f}"));
}

/// <summary>Completes people and honey jars.</summary>
public sealed class SubjectCompleter : ConfiguredCompleter
{
    private protected override IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound) =>
        [.. UserCompleter.Of(configuration), .. JarCompleter.Of(configuration)];
}
