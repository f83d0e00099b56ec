using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>A committed point as it lies in the store.</summary>
/// <param name="Record">What it says.</param>
/// <param name="Hash">SHA-256 of its bytes.</param>
public sealed record StoredPoint(PointRecord Record, Id32 Hash);

/// <summary>A point of an enrolled writer that cannot be used.</summary>
/// <param name="Writer">Whose it is, by its name.</param>
/// <param name="Sequence">Its number, by its name.</param>
/// <param name="Error">What is wrong with it.</param>
public sealed record DamagedPoint(Id16 Writer, long Sequence, StingException Error);

/// <summary>
/// What a reader knows of a repository: points first, then the index, so that every point listed finds its chunks.
/// Damaged objects are kept by name, not thrown: what is whole stays usable.
/// </summary>
public sealed class RepositoryView
{
    private readonly List<StingException> _damage;

    private RepositoryView(Id16 reserve, IReadOnlyList<StoredPoint> points, IReadOnlyList<DamagedPoint> damagedPoints, RepositoryIndex index, List<StingException> damage) =>
        (Reserve, Points, DamagedPoints, Index, _damage) = (reserve, points, damagedPoints, index, damage);

    /// <summary>The reserve.</summary>
    public Id16 Reserve { get; }

    /// <summary>Every point with a valid signature, void ones included, oldest first; less the data classes that retention let go.</summary>
    public IReadOnlyList<StoredPoint> Points { get; }

    /// <summary>Points that enrolled writers made and that cannot be used; what they say is not known. Each is among <see cref="Damage"/> too.</summary>
    public IReadOnlyList<DamagedPoint> DamagedPoints { get; }

    /// <summary>Where chunks are.</summary>
    public RepositoryIndex Index { get; }

    /// <summary>Objects that could not be used, each named.</summary>
    public IReadOnlyList<StingException> Damage => _damage;

    /// <summary>Points that hold data, oldest first.</summary>
    public IEnumerable<StoredPoint> Backups => Points.Where(p => !p.Record.IsVoid && !p.Record.IsLetGo);

    /// <summary>The same points over another index.</summary>
    internal RepositoryView With(RepositoryIndex index) => new(Reserve, Points, DamagedPoints, index, _damage);

    /// <summary>Reads points and index.</summary>
    /// <param name="store">The store.</param>
    /// <param name="reserve">The reserve that it must belong to.</param>
    /// <param name="writers">Enrolled writers; a revoked one counts up to his last good number.</param>
    /// <param name="cancel">Cancels.</param>
    public static ValueTask<RepositoryView> LoadAsync(IObjectStore store, Id16 reserve, EnrolledWriters writers, CancellationToken cancel) => LoadAsync(store, reserve, writers, null, cancel);

    /// <summary>The same; what is damaged is taken from another tier's copy where that is whole, and stays among <see cref="Damage"/>.</summary>
    internal static ValueTask<RepositoryView> LoadAsync(IObjectStore store, Id16 reserve, EnrolledWriters writers, CopyReader? copies, CancellationToken cancel) => LoadAsync(new Reading(store, reserve, writers, null, copies), cancel);

    /// <summary>The same from wherever a reading says.</summary>
    internal static async ValueTask<RepositoryView> LoadAsync(Reading from, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(from.Store);
        ArgumentNullException.ThrowIfNull(from.Writers);
        var (_, reserve, writers, _, _) = from;
        var damage = new List<StingException>();
        var damagedPoints = new List<DamagedPoint>();
        var points = await LoadPointsAsync(from, damagedPoints, damage, cancel).ConfigureAwait(false);
        points.RemoveAll(p => !Maintenance.Counts(writers, p.Record.Writer, p.Record.Sequence));
        var drops = await DropBook.LoadAsync(from, damage, cancel).ConfigureAwait(false);
        var index = from.NeedsIndex ? await LoadIndexAsync(from, damage, cancel).ConfigureAwait(false) : new RepositoryIndex([]);
        from.Recall?.Save(from.NeedsIndex);
        return new RepositoryView(reserve, RunNames.Settle([.. points.Select(drops.Trim)]), [.. damagedPoints.Where(p => Maintenance.Counts(writers, p.Writer, p.Sequence))], index, damage);
    }

    /// <summary>The points that can be read and count, without the index.</summary>
    internal static async ValueTask<IReadOnlyList<PointRecord>> LoadPointsAsync(IObjectStore store, Id16 reserve, EnrolledWriters writers, CancellationToken cancel) =>
        [.. RunNames.Settle([.. (await LoadPointsAsync(new Reading(store, reserve, writers, null, null), [], [], cancel).ConfigureAwait(false)).Where(p => Maintenance.Counts(writers, p.Record.Writer, p.Record.Sequence))]).Select(p => p.Record)];

    private static async ValueTask<List<StoredPoint>> LoadPointsAsync(Reading from, List<DamagedPoint> damagedPoints, List<StingException> damage, CancellationToken cancel)
    {
        var points = new List<StoredPoint>();
        var copies = from.Copies;
        StoredPoint Open(string name, byte[] bytes) => new(PointRecord.Read(name, bytes, from.Reserve, from.Writers.SigningKeyOf), PointRecord.HashOf(bytes));
        await foreach (var item in from.ListPointsAsync(cancel).ConfigureAwait(false))
        {
            try
            {
                points.Add(await from.ReadAsync(item, bytes => Open(item.Name, bytes), cancel).ConfigureAwait(false));
            }
            catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotSupported)
            {
                damage.Add(e);
                if (copies is not null && ObjectKinds.Of(item.Name) == ObjectKind.Point
                    && await copies.ReadAsync(item.Name, bytes => Open(item.Name, bytes), e, cancel).ConfigureAwait(false) is { } copy)
                {
                    points.Add(copy);
                }
                else if (ObjectKinds.Of(item.Name) == ObjectKind.Point)
                {
                    var (writer, sequence) = ObjectKinds.RunIn(item.Name);
                    damagedPoints.Add(new DamagedPoint(writer, sequence, e));
                }
            }
        }
        points.Sort(static (a, b) => (a.Record.TimeNs, a.Record.Sequence).CompareTo((b.Record.TimeNs, b.Record.Sequence)));
        return points;
    }

    /// <summary>The index as its fragments say it. What a damaged one held is not made anew from the packs: those of an archive cannot be read.</summary>
    internal static async ValueTask<RepositoryIndex> LoadIndexAsync(IObjectStore store, Id16 reserve, EnrolledWriters writers, List<StingException> damage, CancellationToken cancel) =>
        new((await ReadFragmentsAsync(new Reading(store, reserve, writers, null, null), damage, cancel).ConfigureAwait(false)).Fragments);

    private static async ValueTask<RepositoryIndex> LoadIndexAsync(Reading from, List<StingException> damage, CancellationToken cancel)
    {
        var (fragments, broken) = await ReadFragmentsAsync(from, damage, cancel).ConfigureAwait(false);
        if (broken)
        {
            fragments.AddRange(await PackFooters.IndexOfUncoveredAsync(from.Store, from.Reserve, fragments, damage, cancel).ConfigureAwait(false));
        }
        return new RepositoryIndex(fragments);
    }

    private static async ValueTask<(List<IndexFragment> Fragments, bool Broken)> ReadFragmentsAsync(Reading from, List<StingException> damage, CancellationToken cancel)
    {
        var (store, reserve, writers, _, copies) = from;
        for (var attempt = 0; ; attempt++)
        {
            var fragments = new List<IndexFragment>();
            var broken = new List<StingException>();
            var vanished = false;
            // Levels ascend by name as they do by number while there are fewer than ten.
            await foreach (var item in store.ListAsync("index/", cancel).ConfigureAwait(false))
            {
                try
                {
                    var fragment = await from.ReadAsync(item, bytes => IndexFragment.Read(item.Name, bytes, reserve, writers.SigningKeyOf), cancel).ConfigureAwait(false);
                    // A revoked writer's later ones could hide what others stored: they may supersede and remove.
                    if (!fragment.IsSigned || Maintenance.Counts(writers, fragment.Writer, fragment.Sequence))
                    {
                        fragments.Add(from.RowsOf?.Contains(fragment.Writer) == false ? fragment.WithoutRows() : fragment);
                    }
                }
                catch (StingException e) when (e.ErrorId == "ObjectNotFound" && attempt < 3)
                {
                    // A merge replaced it after the listing: what it held stands at a higher level now.
                    vanished = true;
                    break;
                }
                catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotSupported)
                {
                    if (copies is not null && await copies.ReadAsync(item.Name, bytes => ReadFragment(item.Name, bytes, reserve, writers), e, cancel).ConfigureAwait(false) is { } copy)
                    {
                        fragments.Add(copy);
                        damage.Add(e);
                    }
                    else
                    {
                        broken.Add(e);
                    }
                }
            }
            if (vanished)
            {
                continue;
            }
            damage.AddRange(broken);
            return (fragments, broken.Count > 0);
        }
    }

    /// <summary>Where a view is read from.</summary>
    /// <param name="Store">The store.</param>
    /// <param name="Reserve">The reserve that it must belong to.</param>
    /// <param name="Writers">Whose signatures count.</param>
    /// <param name="Recall">What this host has read before; null where all is read from the store.</param>
    /// <param name="Copies">Other tiers' copies of what is damaged.</param>
    internal sealed record Reading(IObjectStore Store, Id16 Reserve, EnrolledWriters Writers, ObjectRecall? Recall, CopyReader? Copies)
    {
        /// <summary>Whether points that this host knows need not be listed again: a run wants what came since.</summary>
        public bool IsTick { get; init; }

        /// <summary>Of whose fragments the chunks are needed; null for all.</summary>
        public IReadOnlySet<Id16>? RowsOf { get; init; }

        /// <summary>Whether the index is read.</summary>
        public bool NeedsIndex { get; init; } = true;

        /// <summary>The points that there are.</summary>
        public async IAsyncEnumerable<ObjectInfo> ListPointsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        {
            var points = IsTick && Recall is not null ? (await Recall.ListPointsAsync(Store, [.. Writers.All.Select(w => w.Id)], cancel).ConfigureAwait(false)).ToAsyncEnumerable() : Store.ListAsync("points/", cancel);
            await foreach (var point in points.ConfigureAwait(false))
            {
                yield return point;
            }
        }

        /// <summary>What an object says, proved by whoever opens it.</summary>
        public async ValueTask<T> ReadAsync<T>(ObjectInfo item, Func<byte[], T> open, CancellationToken cancel) =>
            Recall is not null ? await Recall.ReadAsync(Store, item, open, cancel).ConfigureAwait(false) : open(await Store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false));
    }

    private static IndexFragment ReadFragment(string name, byte[] bytes, Id16 reserve, EnrolledWriters writers) =>
        new Id32(System.Security.Cryptography.SHA256.HashData(bytes)) == ObjectKinds.IdIn(name) ? IndexFragment.Read(name, bytes, reserve, writers.SigningKeyOf) : throw Failures.Damaged(name, "its SHA-256 is not its name");
}
