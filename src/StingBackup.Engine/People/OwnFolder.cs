using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>A page of a folder of a person's own reserve.</summary>
/// <param name="reading">The person's reserve.</param>
/// <param name="path">The folder as it was asked for.</param>
/// <param name="after">The cursor.</param>
internal sealed class OwnFolder(OwnReading reading, string? path, string? after)
{
    private const int NamesAtOnce = 8;

    public async ValueTask<FolderPage> ReadAsync(string backupId, int limit, CancellationToken cancel)
    {
        var state = await reading.Trees.AtRunAsync(backupId, cancel).ConfigureAwait(false);
        var run = reading.Repository.Finder.Named(backupId).Record.Name;
        var under = path is null ? CommonFolder(state.Trees) : EntryPath.Parse(path);
        if (!OwnTrees.IsShown(under))
        {
            throw OwnReserve.NotFound(path!, backupId);
        }
        var from = CursorIn(under);
        var damage = state.Damage.Select(e => e.ErrorId).ToHashSet(StringComparer.Ordinal);
        var items = new List<RestorePointItem>();
        var uploads = new List<(int At, PointTree Tree, TreeEntry Entry)>();
        string? next = null;
        await foreach (var (at, tree, entry) in new FolderWalk(reading.Repository.Reader, state.Trees, under, e => damage.Add(e.ErrorId)).WalkAsync(from, cancel).ConfigureAwait(false))
        {
            if (items.Count == limit)
            {
                next = items[^1].Path;
                break;
            }
            if (entry is { Kind: ItemKind.File } && at.IsWithin(ReserveMounts.Vault))
            {
                uploads.Add((items.Count, tree, entry));
            }
            items.Add(entry is null ? ImpliedFolder(tree, at) : tree.ToItem(entry));
        }
        var names = await NameAsync(items, uploads, cancel).ConfigureAwait(false);
        if (items.Count == 0 && from is null && damage.Count == 0 && !under.IsRoot && !await IsFolderAsync(state, under, cancel).ConfigureAwait(false))
        {
            throw OwnReserve.NotFound(under.ToString(), backupId);
        }
        return new FolderPage { BackupId = run, Path = under.ToString(), Items = items, Names = names, Next = next, Damage = [.. damage.Order(StringComparer.Ordinal)] };
    }

    /// <summary>Gives what was uploaded to STING the length that it had, and its name.</summary>
    private async ValueTask<Dictionary<string, string>> NameAsync(List<RestorePointItem> items, List<(int At, PointTree Tree, TreeEntry Entry)> uploads, CancellationToken cancel)
    {
        var found = new OwnUpload?[uploads.Count];
        await Parallel.ForAsync(0, uploads.Count, new ParallelOptions { MaxDegreeOfParallelism = NamesAtOnce, CancellationToken = cancel }, async (i, stop) =>
            found[i] = await reading.UploadAsync(uploads[i].Tree.Row.Pseudonym, uploads[i].Entry.Path, uploads[i].Entry, stop).ConfigureAwait(false)).ConfigureAwait(false);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (upload, at) in found.Zip(uploads, (u, f) => (u, f.At)))
        {
            if (upload is not null)
            {
                items[at] = items[at] with { Length = upload.Length };
                if (upload.Name is { } name)
                {
                    names[items[at].Path] = name;
                }
            }
        }
        return names;
    }

    private EntryPath? CursorIn(EntryPath under)
    {
        if (after is null)
        {
            return null;
        }
        try
        {
            if (EntryPath.Parse(after) is { IsRoot: false } cursor && cursor.Parent == under)
            {
                return cursor;
            }
        }
        catch (StingException e) when (e.ErrorId == "NameNotAllowed")
        {
            // The same as a path of another folder.
        }
        throw new StingException("CursorInvalid", FailureKind.InvalidArgument, "That is no cursor of this folder.", after, "Give what the page before named as the next one, or begin with the first page.");
    }

    /// <summary>An empty folder is one that has an item of its own.</summary>
    private async ValueTask<bool> IsFolderAsync(OwnState state, EntryPath under, CancellationToken cancel)
    {
        foreach (var tree in state.Trees)
        {
            if (await reading.Repository.Walker.FindAsync(tree.Root, under, cancel).ConfigureAwait(false) is { Kind: ItemKind.Directory })
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>A folder on the way to what is the person's, whose own item is somebody else's, or nobody's.</summary>
    private static RestorePointItem ImpliedFolder(PointTree tree, EntryPath path) => new()
    {
        BackupId = tree.Point.BackupId, DataClass = tree.Point.DataClass, Subject = tree.Subject, Path = path.ToString(), Kind = ItemKind.Directory, Length = 0, ModifiedTime = tree.Point.Time,
    };

    private static EntryPath CommonFolder(IReadOnlyList<PointTree> trees)
    {
        EntryPath? common = null;
        foreach (var tree in trees.Where(t => OwnTrees.IsShown(t.First)))
        {
            var own = tree.OwnFolder ?? EntryPath.Root;
            common ??= own;
            while (!own.IsWithin(common))
            {
                common = common.Parent;
            }
        }
        return common ?? EntryPath.Root;
    }
}
