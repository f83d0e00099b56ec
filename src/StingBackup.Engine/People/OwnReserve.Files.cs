using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

public sealed partial class OwnReserve
{
    /// <summary>
    /// Files as of a run, in path order: each that is named, and of folders all that is in them. They come one by one, however many there are. The whole is one record of the audit log.
    /// </summary>
    /// <param name="backupId">The run, or <c>latest</c>.</param>
    /// <param name="paths">Files and folders; empty for all that there is.</param>
    /// <param name="damaged">Takes what could not be read, while the rest comes; without it that is thrown.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>BackupNotFound</c>, <c>ItemNotFound</c>, <c>NameNotAllowed</c>; <c>TreeDamaged</c></exception>
    public async IAsyncEnumerable<OwnFile> FilesAsync(string backupId, IReadOnlyList<string> paths, Action<StingException>? damaged, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(backupId);
        ArgumentNullException.ThrowIfNull(paths);
        var reading = await HoldAsync(cancel).ConfigureAwait(false);
        try
        {
            var wanted = Outermost(paths);
            var state = await reading.Value.Trees.AtRunAsync(backupId, cancel).ConfigureAwait(false);
            void Tell(StingException e) => (damaged ?? (static error => throw error))(e);
            foreach (var error in state.Damage)
            {
                Tell(error);
            }
            foreach (var subject in state.Trees.Select(t => t.Row.Pseudonym).Distinct())
            {
                await Trail.OpenedAsync(reading.Value, subject, cancel).ConfigureAwait(false);
            }
            foreach (var under in wanted)
            {
                var found = under.IsRoot;
                await foreach (var (tree, entry) in new MergedTrees(reading.Value.Repository.Walker, state.Trees).WalkAsync(under, true, (t, d) => Tell(TreeDamage.Describe(t, d)), cancel).ConfigureAwait(false))
                {
                    if (OwnTrees.IsShown(entry.Path))
                    {
                        found = true;
                        if (await FileOfAsync(reading.Value, tree, entry, cancel).ConfigureAwait(false) is { } file)
                        {
                            yield return file.OnRecord();
                        }
                    }
                }
                if (!found)
                {
                    throw NotFound(under.ToString(), backupId);
                }
            }
        }
        finally
        {
            await reading.ReleaseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Versions of items over time, by path and time: runs in a row with the same content and attributes make one.</summary>
    /// <param name="pattern">A name, found in any folder, or that of something that was uploaded to STING; a path, when it has a <c>/</c>, from the reserve's root or the person's own folder; or a glob of either.</param>
    /// <param name="limit">The most versions, 1 to <see cref="MostItems"/>.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>FileNotUnderstood</c></exception>
    public ValueTask<OwnVersions> VersionsAsync(string pattern, int limit, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MostItems);
        var wanted = ItemPattern.Parse(pattern);
        return LookAsync((reading, stop) => new OwnVersionSearch(reading, wanted).FindAsync(limit, stop), cancel);
    }

    /// <summary>Paths without those that lie in others of them, ascending.</summary>
    private static List<EntryPath> Outermost(IReadOnlyList<string> paths)
    {
        var outermost = new List<EntryPath>();
        foreach (var path in (paths.Count == 0 ? [""] : paths).Select(EntryPath.Parse).Order())
        {
            if (outermost.Count == 0 || !path.IsWithin(outermost[^1]))
            {
                outermost.Add(path);
            }
        }
        return outermost;
    }
}
