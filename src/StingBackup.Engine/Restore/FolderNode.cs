using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Restore;

/// <summary>
/// A folder being restored. It gets its attributes when all in it is done and the walk has left it, deepest first, so that writing into it
/// neither fails for lack of rights nor changes its times afterwards.
/// </summary>
internal sealed class FolderNode(RestoreContext context, FolderNode? parent, EntryPath path)
{
    private int _open = 1;
    private long _hidden;

    public EntryPath Path => path;
    public FolderNode? Parent => parent;
    /// <summary>Attributes to set; null for a folder on the way that stood there already.</summary>
    public ItemMetadata? Metadata { get; init; }
    /// <summary>True when this restore made it: nothing stands in it yet.</summary>
    public bool IsNew { get; init; }
    /// <summary>True when it was asked for itself, not only what is in it.</summary>
    public bool IsItem { get; init; }
    /// <summary>Why it could not be made; then nothing in it is restored.</summary>
    public StingException? Error { get; init; }

    /// <summary>Something in it begins.</summary>
    public FolderNode Hold()
    {
        Interlocked.Increment(ref _open);
        return this;
    }

    /// <summary>Something in it is done, or the walk has left it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            Finish();
            parent?.Release();
        }
    }

    /// <summary>An item that cannot be restored because the folder could not be made.</summary>
    public void Hide() => _hidden++;   // by the walk alone

    private void Finish()
    {
        if (Error is not null)
        {
            var lost = _hidden + (IsItem ? 1 : 0);
            context.Output.Failed(_hidden == 0 ? Error : new StingException(Error.ErrorId, Error.Kind, $"{Error.Message} {_hidden} items in it are not restored.", Error.Target, Error.Remedy, Error), Math.Max(1, lost));
            context.Count(Outcome.Failed, lost);
            return;
        }
        if (Metadata is null)
        {
            return;
        }
        try
        {
            var isSame = !IsNew && context.Target.Find(path) is { Kind: ItemKind.Directory } existing && new ExistingMetadata(context).IsAsWanted(existing, Metadata);
            if (!isSame)
            {
                context.Degraded(path, context.Target.ApplyMetadata(path, ItemKind.Directory, Metadata));
            }
            Count(isSame ? Outcome.Unchanged : Outcome.Restored);
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            context.Output.Failed(e);
            Count(Outcome.Failed);
        }
    }

    private void Count(Outcome outcome)
    {
        if (IsItem)
        {
            context.Count(outcome);
        }
    }
}
