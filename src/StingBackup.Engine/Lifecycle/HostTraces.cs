using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Lifecycle;

/// <summary>What a host remembers of subjects besides the repository: the claim cache's writer secrets, paths and chunk ids in the file cache, and documents that they brought into jars.</summary>
internal static class HostTraces
{
    /// <summary>Drops them. The host's lock keeps runs away meanwhile.</summary>
    /// <param name="installation">This host.</param>
    /// <param name="tags">Tags of the subjects.</param>
    /// <param name="names">Their canonical names.</param>
    /// <exception cref="StingException"><c>BackupRunning</c></exception>
    public static void Purge(Installation installation, IReadOnlyCollection<Id16> tags, IReadOnlySet<string> names)
    {
        if (installation.Host is not { } host)
        {
            return;
        }
        using var held = installation.LockHost();
        (host.Subjects as SubjectWriter)?.Forget(tags);
        installation.Contributors?.Forget(names);
        Guardian.GuardMemory.Purge(installation, tags);
        // A host that holds keys and never backed anything up has no caches.
        foreach (var dataClass in Enum.GetValues<DataClass>().Where(c => Directory.Exists(Path.GetDirectoryName(installation.CachePath(c)))))
        {
            RemoveLeftovers(installation.CachePath(dataClass));
            PurgeCache(installation.CachePath(dataClass), host.CacheKey.Span, names);
            File.Delete(Backup.ScanWitness.PathOf(installation, dataClass));   // it may name folders
        }
    }

    /// <summary>What runs that were killed left of caches that they wrote.</summary>
    private static void RemoveLeftovers(string path)
    {
        foreach (var leftover in Directory.EnumerateFiles(Path.GetDirectoryName(path)!).Where(file => file.StartsWith(path + ".", StringComparison.Ordinal)))
        {
            File.Delete(leftover);
        }
    }

    private static void PurgeCache(string path, ReadOnlySpan<byte> cacheKey, IReadOnlySet<string> names)
    {
        if (!File.Exists(path))
        {
            return;
        }
        var dropped = false;
        var unreadable = false;
        var whole = path + ".purged";
        using (var writer = new HostCacheWriter(whole, cacheKey))
        {
            using (var reader = new HostCacheReader(path, cacheKey, _ => unreadable = true))
            {
                while (reader.Next() is { } item)
                {
                    if (names.Contains(item.Subject))
                    {
                        dropped = true;
                    }
                    else
                    {
                        writer.Add(item);
                    }
                }
            }
            writer.Close();
            if (unreadable)
            {
                File.Delete(path);   // a cache costs reading, nothing else; what cannot be read cannot be searched
            }
            else if (dropped)
            {
                File.Move(whole, path, overwrite: true);
            }
        }
    }
}
