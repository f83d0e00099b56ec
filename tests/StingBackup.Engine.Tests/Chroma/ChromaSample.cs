using System.Text.Json.Nodes;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Chroma.StandIn;

namespace StingBackup.Engine.Tests.Chroma;

/// <summary>Collections as STING makes them, and an installation over them.</summary>
internal static class ChromaSample
{
    public const string Jar = "0b9d7f6e-0000-4000-8000-00000000000a";
    public const string OtherJar = "0b9d7f6e-0000-4000-8000-00000000000b";

    public static string CollectionOf(string jar) => $"honey_jar_{jar.Replace('-', '_')}";

    public static float[] Vector(int seed, int dimension = 384)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, dimension).Select(_ => (float)(random.NextDouble() * 2 - 1))];
    }

    /// <summary>About one chunk of 800 characters a record.</summary>
    public static StandInCollection Seed(string name, int records, int seed)
    {
        var collection = new StandInCollection(name) { Metadata = new JsonObject { ["jar"] = name } };
        for (var i = 0; i < records; i++)
        {
            collection.Seed($"{name}-{i:d6}", Vector(seed + i), string.Join(' ', Enumerable.Range(0, 120).Select(w => $"w{(w * 7919 + i * 31 + seed) % 5003}")),
                new JsonObject { ["page"] = i, ["score"] = 1.0 + (i / 8.0), ["source"] = $"doc {i}.md" });
        }
        return collection;
    }

    /// <summary>Makes a test's installation read a Chroma, by its configuration.</summary>
    public static void Use(TestInstallation test, Uri? address, string? folder)
    {
        var file = Path.Combine(test.Root, "sting-backup.yaml");
        File.WriteAllText(file, $$"""
            repository: { backup_root: {{test.RepositoryRoot}} }
            reserve: { path: {{test.ReserveRoot}} }
            keys: { spares: 20, directory: {{Path.Combine(test.Root, "keys")}} }
            chroma: { {{(address is null ? "" : $"address: \"{address.GetLeftPart(UriPartial.Authority)}\"")}}{{(address is null || folder is null ? "" : ", ")}}{{(folder is null ? "" : $"path: {folder}")}} }
            state_directory: {{Path.Combine(test.Root, "state")}}
            """);
        var configuration = new ConfigurationLoader(new HostView()).Load(file);
        test.FurtherSources = [.. ConfiguredSources.Of(configuration, ReserveMap.Compile(test.Settings, UsersMap.Empty), UsersMap.Empty, test.HostView, TimeProvider.System)];
    }
}
