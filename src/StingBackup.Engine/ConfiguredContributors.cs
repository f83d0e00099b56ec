using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine;

/// <summary>Who contributes to honey jars, by the databases that a configuration names.</summary>
internal static class ConfiguredContributors
{
    /// <summary>The file of the host's cache that remembers them.</summary>
    public const string FileName = "contributors.cache";

    /// <summary>Null where no database is configured, or the host has no keys of its own and writes no backups.</summary>
    public static JarContributors? Of(StingConfiguration configuration, ReserveKeys keys, TimeProvider clock)
    {
        if (configuration.PostgreSql is not { } settings || !keys.IsEnrolled)
        {
            return null;
        }
        var memory = new ContributorMemory(Path.Combine(configuration.CacheDirectory, keys.ReserveId.ToString(), FileName), () => keys.CacheKey);
        return new JarContributors(cancel => ContributorReader.ReadAsync(settings, cancel), memory, path => File.Exists(PlaceOf(configuration.Reserve, path)), clock);
    }

    private static string PlaceOf(ReserveSettings reserve, EntryPath path)
    {
        foreach (var folder in reserve.Folders)
        {
            var mount = EntryPath.Root.Append(System.Text.Encoding.UTF8.GetBytes(folder.At));
            if (path.IsWithin(mount))
            {
                return Path.Join(folder.Path, path.RelativeTo(mount).ToString());
            }
        }
        return Path.Join(reserve.Path, path.ToString());
    }
}
