using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Restore;

/// <summary>Restores items one by one on one worker: decides by the conflict rule, writes, and tells what became of each.</summary>
internal sealed class ItemRestorer(RestoreContext context, RestoreWorker worker, Func<LongFilePart, bool> share, Action longFileBegun, Action longFileEnded)
{
    private readonly ExistingContent _existing = new(context, worker);

    /// <summary>Restores an item, and the links that waited for it.</summary>
    public void Restore(PendingItem item)
    {
        RestoreOne(item);
        TakeUpLinks();
    }

    /// <summary>Restores the links that waited for a file which this worker has ended.</summary>
    public void TakeUpLinks()
    {
        while (worker.TryTakeUp(out var link))
        {
            RestoreOne(link!);
        }
    }

    private void RestoreOne(PendingItem item)
    {
        worker.Cancel.ThrowIfCancellationRequested();
        try
        {
            switch (item.Entry.Kind)
            {
                case ItemKind.File: RestoreFile(item); break;
                case ItemKind.HardLink: RestoreLink(item); break;
                default: RestoreSpecial(item); break;
            }
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            Fail(item, e);
        }
    }

    private void RestoreFile(PendingItem item)
    {
        if (Choose(item) is not { } place)
        {
            return;
        }
        var file = context.Target.CreateFile(place.Path, item.Entry.Length);
        if (item.Entry.Length > LongFile.Shared)
        {
            RestoreLong(item, place, file);
            return;
        }
        using (file)
        {
            long at = 0, written = 0;
            foreach (var extents in worker.Extents(item.Tree.Row.Pseudonym, item.Entry))
            {
                written += worker.Write(item.Tree.Row.Pseudonym, file, extents, ref at);
            }
            if (at != item.Entry.Length)
            {
                throw Failures.Damaged(item.Path.ToString(), $"its parts make {at} bytes, not {item.Entry.Length}");
            }
            context.Degraded(place.Path, file.Place(place.Path, item.Entry.Metadata, place.Replace));
            End(item, Outcome.Restored, place.Path, written);
        }
    }

    private void RestoreLong(PendingItem item, Place place, IRestoreFile file)
    {
        longFileBegun();
        LongFile? self = null;
        self = new LongFile(context, item, file, (last, error, written) =>
        {
            using (file)
            {
                EndLong(item, place, file, error, written, last);
            }
            context.LongFiles.TryRemove(self!, out _);
            longFileEnded();
        });
        context.LongFiles.TryAdd(self, true);
        self.Run(share, worker);
    }

    /// <summary>Runs on whichever worker wrote the last part; links that waited are taken up by it.</summary>
    private void EndLong(PendingItem item, Place place, IRestoreFile file, StingException? error, long written, RestoreWorker last)
    {
        try
        {
            if (error is not null)
            {
                throw error;
            }
            context.Degraded(place.Path, file.Place(place.Path, item.Entry.Metadata, place.Replace));
            last.TakeUp(item.Links?.Ended(place.Path) ?? []);
            context.Done(item, Outcome.Restored, written, ahead: item.Entry.Length);
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            last.TakeUp(item.Links?.Ended(null) ?? []);
            context.Failed(item, e, ahead: item.Entry.Length);
        }
    }

    private void RestoreSpecial(PendingItem item)
    {
        if (item.Entry.Kind == ItemKind.Socket)
        {
            End(item, Outcome.Skipped, null);   // it belongs to the program that listened on it, which makes it anew
        }
        else if (Choose(item) is { } place)
        {
            context.Degraded(place.Path, context.Target.CreateSpecial(place.Path, item.Entry.Kind, item.Entry.Metadata, place.Replace));
            End(item, Outcome.Restored, place.Path);
        }
    }

    private void RestoreLink(PendingItem item)
    {
        switch (item.Links!.Join(item, out var place))
        {
            case LinkStep.Link:
                Link(item, place!);
                break;
            case LinkStep.BecomeFile:
                BecomeFile(item);
                break;
        }
    }

    private void Link(PendingItem item, EntryPath place)
    {
        var file = context.Target.Find(place);
        bool IsTheFile(SourceEntry entry) => file is not null && entry.Stamp.Inode != 0 && (entry.Stamp.Inode, entry.Stamp.Device) == (file.Stamp.Inode, file.Stamp.Device);
        if (Choose(item, entry => IsTheFile(entry) ? Standing.Same : Standing.Different) is { } chosen)
        {
            context.Target.CreateHardLink(chosen.Path, place, chosen.Replace);
            End(item, Outcome.Restored, null);
        }
    }

    /// <summary>The file's first name is not there to be linked to: this name gets the content.</summary>
    private void BecomeFile(PendingItem item)
    {
        PendingItem? file = null;
        try
        {
            var first = worker.Find(item.Tree, item.Entry.HardLinkTo!) is { Kind: ItemKind.File } entry ? entry
                : throw new StingException("LinkWithoutFile", FailureKind.NotFound, $"its content stands under '{item.Entry.HardLinkTo}', which that backup could not read.",
                    item.Path.ToString(), "Restore it from another point; Find-StingItem shows its versions.");
            file = item with { Entry = first with { Path = item.Path } };
            RestoreFile(file);
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            Fail(file ?? item, e);
        }
    }

    private Place? Choose(PendingItem item) => Choose(item, existing => _existing.Compare(item, existing));

    /// <summary>Where an item goes, or null when it is done without being written.</summary>
    private Place? Choose(PendingItem item, Func<SourceEntry, Standing> compare)
    {
        if (item.Folder.IsNew || context.Target.Find(item.Path) is not { } existing)
        {
            return new Place(item.Path, Replace: false);
        }
        var standing = compare(existing);
        if (standing == Standing.Same)
        {
            End(item, Outcome.Unchanged, item.Path);
            return null;
        }
        switch (context.Conflict)
        {
            case ConflictAction.Overwrite when standing == Standing.SameContent:
                context.Degraded(item.Path, context.Target.ApplyMetadata(item.Path, item.Entry.Kind, item.Entry.Metadata));
                End(item, Outcome.Restored, item.Path);
                return null;
            case ConflictAction.Overwrite:
            case ConflictAction.Newer when item.Entry.Metadata.ModifiedNs > existing.Stamp.ModifiedNs:
                return new Place(item.Path, Replace: true);
            case ConflictAction.Rename:
                return ChooseName(item, compare);
            default:
                // Content that is the same serves links as well as restored content would.
                End(item, Outcome.Skipped, standing == Standing.SameContent ? item.Path : null);
                return null;
        }
    }

    /// <summary>The first name beside the taken one that is free, or that holds the item already (a restore that is run again).</summary>
    private Place? ChooseName(PendingItem item, Func<SourceEntry, Standing> compare)
    {
        foreach (var candidate in RenamedPath.Candidates(item.Path, item.Tree.Point.BackupId))
        {
            if (context.Target.Find(candidate) is not { } taken)
            {
                return new Place(candidate, Replace: false);
            }
            if (compare(taken) == Standing.Same)
            {
                End(item, Outcome.Unchanged, candidate);
                return null;
            }
        }
        return null;
    }

    private void End(PendingItem item, Outcome outcome, EntryPath? place, long bytes = 0)
    {
        if (item.Entry.Kind == ItemKind.File)
        {
            worker.TakeUp(item.Links?.Ended(place) ?? []);
        }
        context.Done(item, outcome, bytes);
    }

    private void Fail(PendingItem item, StingException error)
    {
        if (item.Entry.Kind == ItemKind.File)
        {
            worker.TakeUp(item.Links?.Ended(null) ?? []);
        }
        context.Failed(item, error);
    }

    /// <summary>Where an item is written.</summary>
    private sealed record Place(EntryPath Path, bool Replace);
}
