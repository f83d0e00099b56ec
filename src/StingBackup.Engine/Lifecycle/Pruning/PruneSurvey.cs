using System.Buffers.Binary;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Pruning;

/// <summary>
/// What lies in a repository and what of it some point reaches: told from what is in the clear, without any key. Refuses where anything that says so is damaged or missing, since what lies behind it may be needed; content that is lost already stops no sweep, which takes nothing that is reached.
/// </summary>
internal sealed class PruneSurvey
{
    private readonly Installation _installation;
    private readonly Dictionary<Id16, SortedSet<long>> _ended;
    private ReachedRows? _physical;

    private PruneSurvey(Installation installation, PruneBounds? bounds, RepositoryView view)
    {
        _installation = installation;
        Bounds = bounds;
        View = view;
        _ended = view.Points.GroupBy(p => p.Record.Writer).ToDictionary(g => g.Key, g => new SortedSet<long>(g.Select(p => p.Record.Sequence)));
        LastSequence = _ended.TryGetValue(installation.Writer, out var own) ? own.Max : 0;
    }

    /// <summary>What a sweep of a further tier may touch; null on the local one.</summary>
    public PruneBounds? Bounds { get; }
    /// <summary>Fragments that another one replaces; of a further tier those that the tier before has replaced, and has no more. They can go.</summary>
    public IReadOnlyList<string> Replaced { get; private init; } = [];
    /// <summary>Which fragments each replaces that replaces any.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Replacing { get; private init; } = new Dictionary<string, IReadOnlyList<string>>();
    /// <summary>Points and index.</summary>
    public RepositoryView View { get; }
    /// <summary>The index turned round.</summary>
    public PackRows Rows { get; private set; } = null!;
    /// <summary>Rows that some point reaches.</summary>
    public ReachedRows Reached { get; private set; } = null!;
    /// <summary>Marks.</summary>
    public MarkBook Marks { get; private set; } = null!;
    /// <summary>Every pack of the store that no mark names, by name.</summary>
    public IReadOnlyList<PackUse> Packs { get; private set; } = [];
    /// <summary>Every pack of the store.</summary>
    public IReadOnlyDictionary<Id32, PackInfo> Stored { get; private set; } = new Dictionary<Id32, PackInfo>();
    /// <summary>Bytes that some point reaches.</summary>
    public long LiveLength { get; private set; }
    /// <summary>Number of this host's last point.</summary>
    public long LastSequence { get; }

    /// <summary>Looks through the repository.</summary>
    /// <exception cref="StingException"><c>PruneUnsafe</c></exception>
    public static async ValueTask<PruneSurvey> TakeAsync(Installation installation, PruneBounds? bounds, JobOutput output, CancellationToken cancel)
    {
        // Packs first, then points: a pack that comes meanwhile is not looked at; one that a new point reaches is seen reached.
        var stored = new Dictionary<Id32, PackInfo>();
        await foreach (var pack in PackFooters.ListAsync(installation.Store, cancel).ConfigureAwait(false))
        {
            stored.TryAdd(pack.Id, pack);
        }
        var damage = new List<StingException>();
        var marks = await MarkBook.LoadAsync(installation.Store, installation.Reserve, installation.Writers, damage, cancel).ConfigureAwait(false);
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        damage.AddRange([.. view.Damage, .. installation.OpeningFaults]);
        // What the tier before still has would come back with the next sync, and until then the tier would count as behind.
        var superseded = view.Index.Superseded.Where(name => bounds?.Fragments.Contains(name) != true).ToList();
        var replacing = view.Index.Replacing;
        var replaced = view.Index.Fragments.Where(f => bounds?.IsReplaced(f) == true).ToList();
        if (replaced.Count > 0)
        {
            // The walk shows whether they are needed all the same: then what they name is missing, and nothing is swept.
            view = view.With(new RepositoryIndex([.. view.Index.Fragments.Except(replaced)]));
        }
        Refuse(damage);
        installation.Ledger.Require(view.Backups);
        var survey = new PruneSurvey(installation, bounds, view) { Replaced = [.. superseded, .. replaced.Select(f => f.Name)], Replacing = replacing, Marks = marks, Stored = stored, Rows = new PackRows(view.Index) };
        await survey.WalkAsync(output, cancel).ConfigureAwait(false);
        await survey.SortAsync(cancel).ConfigureAwait(false);
        return survey;
    }

    /// <summary>Whether a session can write nothing any more.</summary>
    public bool HasEnded(Id16 writer, long sequence) =>
        writer == _installation.Writer   // the host's lock is ours
        || (_ended.TryGetValue(writer, out var points) && sequence <= points.Max)
        || _installation.Writers.Find(writer) is { LastGoodSequence: { } last } && sequence > last;

    /// <summary>Whether some point reaches anything of a pack that the index names.</summary>
    public bool IsReached(Id32 pack)
    {
        foreach (var rank in Rows.Of(pack))
        {
            if (Reached.Contains(rank))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The rows of a pack that some point reaches.</summary>
    public IEnumerable<ChunkPlace> LiveOf(Id32 pack)
    {
        foreach (var rank in Rows.Of(pack).ToArray())
        {
            if (Reached.Contains(rank) && View.Index.TryPlaceAt(rank, out var place))
            {
                yield return place;
            }
        }
    }

    /// <summary>Whether a pack of content has something of a capture of a whole server.</summary>
    public bool IsPhysical(PackUse use)
    {
        if (use.Pack.Kind == ObjectKind.DataPack && _physical is { } physical)
        {
            foreach (var rank in Rows.Of(use.Pack.Id))
            {
                if (physical.Contains(rank) && Reached.Contains(rank))
                {
                    return true;
                }
            }
        }
        return false;
    }

    private async ValueTask WalkAsync(JobOutput output, CancellationToken cancel)
    {
        output.Progress.Status = "what the restore points reach";
        var book = new FaultBook();
        using var reader = new ChunkReader(_installation.Store, View.Index, _installation.Reserve, null);
        var walk = new ReachWalk(reader, null, _installation.Ledger, book, _installation.Threads, output);
        var parts = View.Backups.SelectMany(p => p.Record.Classes.Select(c => PointSelection.PartOf(p.Record, c))).ToList();
        await walk.RunAsync(parts, cancel).ConfigureAwait(false);
        Refuse([.. walk.Unreadable.Values, .. walk.Missing.Select(m => new StingException("ChunkMissing", FailureKind.Integrity, $"Chunk {m.Id}, which '{m.From}' names, is in no pack that the index names.", m.From, ""))]);
        Reached = walk.Reached;
        var physical = View.Backups.SelectMany(p => p.Record.Classes.Where(c => c.Class == DataClass.Physical).Select(c => PointSelection.PartOf(p.Record, c))).ToList();
        if (physical.Count > 0)
        {
            var apart = new ReachWalk(reader, null, _installation.Ledger, book, _installation.Threads, output);
            await apart.RunAsync(physical, cancel).ConfigureAwait(false);
            _physical = apart.Reached;
        }
    }

    private async ValueTask SortAsync(CancellationToken cancel)
    {
        // Most packs are named by one run: a set for each would take more than the packs' names.
        var signers = new Dictionary<Id32, (Id16 Writer, long Sequence)[]>();
        foreach (var fragment in View.Index.Fragments)
        {
            (Id16 Writer, long Sequence)[] by = [fragment.IsSigned ? (fragment.Writer, fragment.Sequence) : default];
            foreach (var pack in fragment.Packs)
            {
                signers[pack.Id] = !signers.TryGetValue(pack.Id, out var known) ? by : known.Contains(by[0]) ? known : [.. known, by[0]];
            }
        }
        var marked = Marks.Packs;
        var sums = Rows.Sum(Reached);
        var packs = new List<PackUse>(Stored.Count);
        foreach (var pack in Stored.Values.OrderBy(p => p.Kind == ObjectKind.MetaPack).ThenBy(p => p.Id))   // as their names sort
        {
            var sum = sums.GetValueOrDefault(pack.Id);
            LiveLength += sum.Length;
            if (!marked.Contains(pack.Id))
            {
                var isSigned = signers.TryGetValue(pack.Id, out var of) && !of.Contains(default);
                var known = isSigned ? of! : await SessionOfAsync(pack, cancel).ConfigureAwait(false) is { } session ? [session] : [];
                if (known.Length == 0)
                {
                    continue;   // another host's sweep took it since it was listed
                }
                packs.Add(new PackUse(pack, sum.Rows, sum.Length, sum.Whole, of is not null && Array.TrueForAll(known, k => k.Writer == _installation.Writer),
                    Array.TrueForAll(known, k => HasEnded(k.Writer, k.Sequence)) && Bounds?.Allows(pack.Id, named: Rows.Knows(pack.Id), known.Select(k => k.Writer)) != false));
            }
        }
        Packs = packs;
    }

    /// <summary>Who wrote a pack that no signed fragment names: its header says so. Null for one that is not there any more.</summary>
    private async ValueTask<(Id16 Writer, long Sequence)?> SessionOfAsync(PackInfo pack, CancellationToken cancel)
    {
        var header = new byte[PackFormat.HeaderSize];
        try
        {
            return await _installation.Store.ReadAsync(pack.Name, 0, header, cancel).ConfigureAwait(false) == header.Length
                ? (new Id16(header.AsSpan(28)), BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(44))) : default((Id16, long));
        }
        catch (StingException e) when (e.ErrorId == "ObjectNotFound")
        {
            return null;
        }
    }

    private static void Refuse(List<StingException> faults)
    {
        if (faults.Count > 0)
        {
            throw new StingException("PruneUnsafe", FailureKind.Integrity, $"Nothing is swept while something is damaged or missing, since what lies behind it may be needed: {faults[0].Message}{(faults.Count > 1 ? $" And {faults.Count - 1} more." : "")}",
                faults[0].Target, "Run Test-StingBackupIntegrity, then Repair-StingRepository.", faults[0]);
        }
    }
}
