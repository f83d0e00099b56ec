using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.World;

/// <summary>
/// What of the stores committed points need and where it lies, told from the bytes that came and went and by rules of its own: the engine's parsers are used, its index, walk and survey are not.
/// Content never changes under its id, so what a pack told once stays known after the pack is gone.
/// </summary>
internal sealed class ReachBook(Id16 reserve, EnrolledWriters writers) : IDisposable
{
    private sealed record Held(Dictionary<Id32, PackInfo> Packs, Dictionary<string, IndexFragment> Fragments, Dictionary<string, PointRecord> Points, Dictionary<string, DropRecord> Drops);

    private readonly Dictionary<Tier, Held> _tiers = [];
    private readonly Dictionary<Id32, Id32[]> _parsed = [];
    private readonly Dictionary<Id32, Id32[]> _children = [];
    private readonly Dictionary<Id32, SubjectRow[]> _rows = [];
    private readonly Dictionary<Id32, HashSet<Id32>> _closures = [];
    private readonly Codec _codec = new(1);

    /// <summary>Pseudonyms that the ledger names: nobody needs what they had.</summary>
    public HashSet<Id16> Erased { get; } = [];

    public IEnumerable<PointRecord> PointsOf(Tier tier) => Of(tier).Points.Values;
    public IEnumerable<PackInfo> PacksOf(Tier tier) => Of(tier).Packs.Values;

    public void Came(Tier tier, string name, ReadOnlyMemory<byte> bytes)
    {
        var held = Of(tier);
        var kind = ObjectKinds.Of(name);
        switch (kind)
        {
            case ObjectKind.DataPack or ObjectKind.MetaPack:
                var pack = new PackInfo(ObjectKinds.IdIn(name), kind.Value, bytes.Length);
                if (!_parsed.ContainsKey(pack.Id))
                {
                    var tables = PackReader.ReadTables(pack, bytes, reserve);
                    _parsed[pack.Id] = [.. tables.Entries.Select(e => e.Id)];
                    Learn(tables, bytes.Span);
                }
                held.Packs[pack.Id] = pack;
                break;
            case ObjectKind.Index: held.Fragments[name] = IndexFragment.Read(name, bytes, reserve, Known); break;
            case ObjectKind.Point: held.Points[name] = PointRecord.Read(name, bytes, reserve, Known); break;
            case ObjectKind.Drop: held.Drops[name] = DropRecord.Read(name, bytes, reserve, writers); break;
        }
    }

    public void Went(Tier tier, string name)
    {
        var held = Of(tier);
        switch (ObjectKinds.Of(name))
        {
            case ObjectKind.DataPack or ObjectKind.MetaPack: held.Packs.Remove(ObjectKinds.IdIn(name)); break;
            case ObjectKind.Index: held.Fragments.Remove(name); break;
            case ObjectKind.Point: held.Points.Remove(name); break;
            case ObjectKind.Drop: held.Drops.Remove(name); break;
        }
    }

    /// <summary>Parts of points that hold data and that nobody let go, on a tier.</summary>
    public IEnumerable<(PointRecord Point, PointClass Part)> LiveOn(Tier tier)
    {
        var dropped = _tiers.Values.SelectMany(t => t.Drops.Values).SelectMany(d => d.Parts).Select(p => (p.Writer, p.Sequence, p.Class)).ToHashSet();
        return from point in Of(tier).Points.Values where !point.IsVoid from part in point.Classes where !dropped.Contains((point.Writer, point.Sequence, part.Class)) select (point, part);
    }

    /// <summary>Ids that a part needs.</summary>
    public IEnumerable<Id32> NeedsOf(PointClass part) => part.SubjectPages.Concat(part.SubjectPages.SelectMany(page => _rows.TryGetValue(page, out var rows)
        ? rows.Where(row => !Erased.Contains(row.Pseudonym)).SelectMany(row => Closure(row.Root)) : [])).Distinct();

    /// <summary>What a pack holds.</summary>
    public IReadOnlyList<Id32> IdsOf(Id32 pack) => _parsed[pack];

    /// <summary>Ids that the index of a tier names in a pack that some tier of these has.</summary>
    public HashSet<Id32> PlacedBy(Tier tier, IEnumerable<Tier> packsOn)
    {
        var (counted, gone) = Counted(tier);
        var stored = packsOn.SelectMany(on => Of(on).Packs.Keys).ToHashSet();
        var placed = new HashSet<Id32>();
        foreach (var fragment in counted)
        {
            for (var rank = 0; rank < fragment.Count; rank++)
            {
                var pack = fragment.Segments[fragment.SegmentAt(rank)].Pack.Id;
                if (!gone.Contains(pack) && stored.Contains(pack))
                {
                    placed.Add(fragment.IdAt(rank));
                }
            }
        }
        return placed;
    }

    /// <summary>Packs that the index of a tier names as being there.</summary>
    public HashSet<Id32> NamedBy(Tier tier)
    {
        var (counted, gone) = Counted(tier);
        return [.. counted.SelectMany(f => f.Packs).Select(p => p.Id).Where(id => !gone.Contains(id))];
    }

    private (List<IndexFragment> Counted, HashSet<Id32> Gone) Counted(Tier tier)
    {
        var fragments = Of(tier).Fragments;
        var superseded = fragments.Values.Where(f => f.IsSigned).SelectMany(f => f.Supersedes).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        List<IndexFragment> counted = [.. fragments.Values.Where(f => !superseded.Contains(f.Name))];
        return (counted, [.. counted.Where(f => f.IsSigned).SelectMany(f => f.Removes)]);
    }

    private HashSet<Id32> Closure(Id32 root)
    {
        if (_closures.TryGetValue(root, out var known))
        {
            return known;
        }
        var closure = new HashSet<Id32> { root };
        var whole = true;
        var open = new Stack<Id32>([root]);
        while (open.TryPop(out var id))
        {
            whole &= _children.TryGetValue(id, out var children) || id != root;
            foreach (var child in children ?? [])
            {
                if (closure.Add(child))
                {
                    open.Push(child);
                }
            }
        }
        return whole ? _closures[root] = closure : closure;   // its page may not have come yet: then it is asked for again
    }

    private void Learn(PackTables tables, ReadOnlySpan<byte> pack)
    {
        foreach (var entry in tables.Entries)
        {
            var record = pack.Slice(entry.Offset, entry.StoredLength);
            var header = ChunkHeader.Read(record);
            if (header.Type == ChunkType.Tree)
            {
                var table = TreeTable.Read(record.Slice(ChunkHeader.Size, header.TableLength));
                _children[entry.Id] = [.. table.Pages, .. table.Chunks];
            }
            else if (header.Type == ChunkType.SubjectPage)
            {
                var raw = new byte[header.RawLength];
                _codec.Decompress(header.Codec, record[ChunkHeader.Size..], raw);
                _rows[entry.Id] = SubjectTable.Decode(raw);
            }
        }
    }

    public void Dispose() => _codec.Dispose();

    private ReadOnlyMemory<byte>? Known(Id16 writer) => writers.SigningKeyOf(writer);

    private Held Of(Tier tier) => _tiers.TryGetValue(tier, out var held) ? held : _tiers[tier] = new([], new(StringComparer.Ordinal), new(StringComparer.Ordinal), new(StringComparer.Ordinal));
}
