using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>What a person has in the backups, and nothing of anybody else: whatever id, path or run is given, it is looked for among the person's own. Safe to use from many threads.</summary>
public sealed partial class OwnReserve
{
    /// <summary>The most items of a page.</summary>
    public const int MostItems = 1000;

    private readonly SharedReserve _shared;
    private readonly OwnKey _key;

    internal OwnReserve(SharedReserve shared, Person person, OwnKey key, bool isOwner = true) => (_shared, Person, _key, Trail) = (shared, person, key, shared.Readings.TrailOf(key, isOwner));

    /// <summary>Whose it is; of a jar, or where an administrator looks, who looks.</summary>
    public Person Person { get; }

    /// <summary>Canonical names of what is looked into.</summary>
    public IReadOnlyList<string> Subjects => _key.Subjects;

    internal OwnTrail Trail { get; }

    internal ValueTask<Leased<OwnReading>> HoldAsync(CancellationToken cancel) => _shared.Readings.HoldAsync(_key, cancel);

    /// <summary>Runs that hold something of the person, newest first.</summary>
    /// <param name="from">Not before this; null for all that there are.</param>
    /// <param name="to">Before this; null for until now.</param>
    /// <param name="cancel">Cancels.</param>
    public ValueTask<IReadOnlyList<OwnRun>> RunsAsync(DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancel) =>
        LookAsync((reading, stop) => new OwnRuns(reading.Repository.Finder, reading.Trees).ReadAsync(from, to, stop), cancel);

    /// <summary>What is directly in a folder as of a run, in path order: each data class from its newest point at or before the run.</summary>
    /// <param name="backupId">The run, or <c>latest</c>.</param>
    /// <param name="path">The folder; null for the folder that all of the person's items have in common, empty for the reserve's root.</param>
    /// <param name="after">The cursor of the page before; null for the first one.</param>
    /// <param name="limit">The most items, 1 to <see cref="MostItems"/>.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>BackupNotFound</c>, <c>ItemNotFound</c>, <c>NameNotAllowed</c>, <c>CursorInvalid</c></exception>
    public ValueTask<FolderPage> FolderAsync(string backupId, string? path, string? after, int limit, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(backupId);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MostItems);
        return LookAsync((reading, stop) => new OwnFolder(reading, path, after).ReadAsync(backupId, limit, stop), cancel);
    }

    /// <summary>A file as of a run.</summary>
    /// <exception cref="StingException"><c>BackupNotFound</c>, <c>ItemNotFound</c>, <c>NameNotAllowed</c></exception>
    public ValueTask<OwnFile> FileAsync(string backupId, string path, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(backupId);
        ArgumentNullException.ThrowIfNull(path);
        return LookAsync(async (reading, stop) =>
        {
            var wanted = EntryPath.Parse(path);
            var state = await reading.Trees.AtRunAsync(backupId, stop).ConfigureAwait(false);
            return await FindAsync(reading, state, wanted, stop).ConfigureAwait(false) ?? throw NotFound(path, backupId);
        }, cancel);
    }

    /// <summary>The file at a path; a second name of a file has that one's content.</summary>
    private async ValueTask<OwnFile?> FindAsync(OwnReading reading, OwnState state, EntryPath path, CancellationToken cancel)
    {
        if (path.IsRoot || !OwnTrees.IsShown(path))
        {
            return null;
        }
        foreach (var tree in state.Trees.OrderByDescending(t => t.Point.Point.Record.TimeNs))
        {
            if (await reading.Repository.Walker.FindAsync(tree.Root, path, cancel).ConfigureAwait(false) is { } entry && await FileOfAsync(reading, tree, entry, cancel).ConfigureAwait(false) is { } file)
            {
                return file;
            }
        }
        return null;
    }

    /// <summary>A file of an item; null where that has no content.</summary>
    private async ValueTask<OwnFile?> FileOfAsync(OwnReading reading, PointTree tree, TreeEntry entry, CancellationToken cancel)
    {
        var content = entry.HardLinkTo is { } first ? await reading.Repository.Walker.FindAsync(tree.Root, first, cancel).ConfigureAwait(false) : entry;
        return content is { Kind: ItemKind.File } ? new OwnFile(this, tree, entry, content, await reading.UploadAsync(tree.Row.Pseudonym, entry.Path, content, cancel).ConfigureAwait(false)) : null;
    }

    /// <summary>Looks at the newest state, on record.</summary>
    private async ValueTask<T> LookAsync<T>(Func<OwnReading, CancellationToken, ValueTask<T>> look, CancellationToken cancel)
    {
        var reading = await HoldAsync(cancel).ConfigureAwait(false);
        try
        {
            await Trail.BrowsedAsync(reading.Value, cancel).ConfigureAwait(false);
            return await look(reading.Value, cancel).ConfigureAwait(false);
        }
        finally
        {
            await reading.ReleaseAsync().ConfigureAwait(false);
        }
    }

    internal static StingException NotFound(string path, string backupId) => new("ItemNotFound", FailureKind.NotFound, $"There is no '{path}' of yours in the backup {backupId}.", path,
        "Look one folder up, or find its versions by name.");
}
