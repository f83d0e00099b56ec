using System.Collections.Concurrent;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Restore;

/// <summary>What a hard link does now.</summary>
internal enum LinkStep
{
    /// <summary>Its file is being written: it is taken up again when that ends.</summary>
    Wait,
    /// <summary>Its file stands at a place: it becomes a second name of it.</summary>
    Link,
    /// <summary>Its file stands nowhere: it gets the content itself.</summary>
    BecomeFile,
}

/// <summary>
/// A file with several names. The first of its names that is restored gets the content, be it that the file's first path is not selected, was left alone
/// by the conflict rule, or failed; the others are linked to it.
/// </summary>
internal sealed class LinkedFile(bool isBusy)
{
    private readonly Lock _gate = new();
    private readonly List<PendingItem> _waiting = [];
    private bool _isBusy = isBusy;
    private EntryPath? _place;

    /// <summary>What a link to it does; <paramref name="place"/> is where the content stands.</summary>
    public LinkStep Join(PendingItem link, out EntryPath? place)
    {
        lock (_gate)
        {
            place = _place;
            if (_isBusy)
            {
                _waiting.Add(link);
                return LinkStep.Wait;
            }
            if (_place is not null)
            {
                return LinkStep.Link;
            }
            _isBusy = true;
            return LinkStep.BecomeFile;
        }
    }

    /// <summary>The name that was being written is done: it stands at a place, or (null) nowhere. Returns the links that waited.</summary>
    public IReadOnlyList<PendingItem> Ended(EntryPath? place)
    {
        lock (_gate)
        {
            _isBusy = false;
            _place ??= place;
            PendingItem[] waiting = [.. _waiting];
            _waiting.Clear();
            return waiting;
        }
    }
}

/// <summary>
/// The files of a restore that have several names, by subject and first path: a link to another subject's file is none, whatever a tree says, or a person's folder would hold a name of what is somebody else's.
/// </summary>
internal sealed class LinkedFiles
{
    private readonly ConcurrentDictionary<(Id16 Pseudonym, EntryPath First), LinkedFile> _files = new();

    /// <summary>The file's first name itself is about to be restored.</summary>
    public LinkedFile Begin(Id16 pseudonym, EntryPath first) => _files.GetOrAdd((pseudonym, first), static _ => new LinkedFile(isBusy: true));

    /// <summary>The file that a link refers to; when its first name did not come before, it is not selected.</summary>
    public LinkedFile Of(Id16 pseudonym, EntryPath first) => _files.GetOrAdd((pseudonym, first), static _ => new LinkedFile(isBusy: false));
}
