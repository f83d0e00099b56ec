using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>Everything that retention has let go.</summary>
internal sealed class DropBook
{
    private readonly HashSet<(Id16 Writer, long Sequence, DataClass Class)> _parts = [];

    private readonly List<DropRecord> _records = [];

    /// <summary>What it was made of.</summary>
    public IReadOnlyList<DropRecord> Records => _records;

    /// <summary>Parts in it.</summary>
    public int Count => _parts.Count;

    /// <summary>Adds what a record let go.</summary>
    public void Add(DropRecord drop)
    {
        _records.Add(drop);
        _parts.UnionWith(drop.Parts.Select(p => (p.Writer, p.Sequence, p.Class)));
    }

    /// <summary>Whether a part of a point was let go.</summary>
    public bool Has(PointRecord point, DataClass dataClass) => _parts.Contains((point.Writer, point.Sequence, dataClass));

    /// <summary>A point less what was let go of it; the point itself when nothing was.</summary>
    public StoredPoint Trim(StoredPoint point) => _parts.Count == 0 || !point.Record.Classes.Any(c => Has(point.Record, c.Class)) ? point
        : point with { Record = point.Record with { Classes = [.. point.Record.Classes.Where(c => !Has(point.Record, c.Class))], IsLetGo = point.Record.Classes.All(c => Has(point.Record, c.Class)) } };

    /// <summary>Reads every drop that counts; one that does not goes to <paramref name="damage"/>, and lets nothing go.</summary>
    public static ValueTask<DropBook> LoadAsync(IObjectStore store, Id16 reserve, EnrolledWriters writers, List<StingException> damage, CancellationToken cancel) =>
        LoadAsync(new RepositoryView.Reading(store, reserve, writers, null, null), damage, cancel);

    /// <summary>The same, of what this host has read before as far as it goes.</summary>
    public static async ValueTask<DropBook> LoadAsync(RepositoryView.Reading from, List<StingException> damage, CancellationToken cancel)
    {
        var book = new DropBook();
        await foreach (var item in from.Store.ListAsync(DropRecord.Prefix, cancel).ConfigureAwait(false))
        {
            try
            {
                var drop = await from.ReadAsync(item, bytes => DropRecord.Read(item.Name, bytes, from.Reserve, from.Writers), cancel).ConfigureAwait(false);
                if (Maintenance.Counts(from.Writers, drop.Writer, drop.Sequence))
                {
                    book.Add(drop);
                }
            }
            catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotSupported)
            {
                damage.Add(e);
            }
        }
        return book;
    }
}
