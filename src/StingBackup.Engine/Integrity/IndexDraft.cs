using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>An index fragment that is to be written.</summary>
/// <param name="Name">Its object's name.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Fragment">The same, read back.</param>
internal sealed record DraftFragment(string Name, byte[] Bytes, IndexFragment Fragment);

/// <summary>
/// What the new fragments will say: rows that are vouched for, and rows that readers may try and deduplication must not use. Fragments that are whole and right
/// are no part of it.
/// </summary>
internal sealed class IndexDraft
{
    /// <summary>Rows of one fragment at most: 400 MB.</summary>
    private const int MaxRows = 8 << 20;
    /// <summary>Highest level that sorts by name as by number.</summary>
    private const int MaxLevel = 9;

    private readonly List<(PackTables Tables, bool Vouched)> _rows = [];

    /// <summary>Names of fragments that the new ones replace.</summary>
    public List<string> Replaced { get; } = [];

    /// <summary>Packs that a replaced fragment says are gone.</summary>
    public List<Id32> Removes { get; } = [];

    /// <summary>Rows in it.</summary>
    public long Rows => _rows.Sum(r => (long)r.Tables.Entries.Count);

    /// <summary>Packs of which it has rows.</summary>
    public IEnumerable<Id32> Packs => _rows.Select(r => r.Tables.Pack.Id);

    /// <summary>Adds rows of a pack; what a damaged footer says of places where no chunk can be is left out.</summary>
    public void Add(PackTables tables, IEnumerable<ChunkEntry> entries, bool vouched)
    {
        ChunkEntry[] rows = [.. entries.Where(e => e.LiesIn(tables.Pack.Length))];
        if (rows.Length > 0)
        {
            _rows.Add((tables with { Entries = rows }, vouched));
        }
    }

    /// <summary>Leaves a pack out again.</summary>
    public void Remove(Id32 pack) => _rows.RemoveAll(r => r.Tables.Pack.Id == pack);

    /// <summary>True when the only fragment that would be replaced says already all that the new one would.</summary>
    public bool SaysNothingNew(IReadOnlyList<IndexFragment> replaced)
    {
        if (replaced is not [{ IsSigned: false, Removes.Count: 0 } only] || Replaced.Count != 1 || only.Count != Rows || _rows.Exists(r => r.Vouched))
        {
            return false;
        }
        var rows = _rows.SelectMany(r => r.Tables.Entries.Select(e => (e.Id, e.Offset, Pack: r.Tables.Pack.Id))).ToHashSet();
        return Enumerable.Range(0, only.Count).Select(rank => only[rank]).All(row => rows.Contains((row.Id, row.Offset, only.Segments[row.Segment].Pack.Id)));
    }

    /// <summary>
    /// The fragments, in the order in which they must be written: the last one is signed and supersedes what they replace, so that a crash before it leaves the old index in force.
    /// </summary>
    /// <param name="reserve">The reserve.</param>
    /// <param name="identity">Who vouches; without one every fragment is unsigned, and none supersedes another.</param>
    public IReadOnlyList<DraftFragment> Encode(Id16 reserve, WriterIdentity? identity)
    {
        var drafts = new List<DraftFragment>();
        var level = Replaced.Count == 0 ? 0 : Math.Min(MaxLevel, Replaced.Max(n => NameOf(n).Level) + 1);
        var contents = new List<(IndexContent Content, bool Vouched)>();
        foreach (var group in _rows.GroupBy(r => r.Vouched && identity is not null).OrderBy(g => g.Key))
        {
            contents.AddRange(Split(group.Select(r => r.Tables)).Select(c => (c, group.Key)));
        }
        if (identity is not null && Replaced.Count + Removes.Count > 0)
        {
            if (contents is [] or [.., (_, false)])
            {
                contents.Add((new IndexContent(), true));
            }
            contents[^1].Content.Supersedes.AddRange(Replaced.Select(NameOf));
            contents[^1].Content.Removes.AddRange(Removes);
        }
        foreach (var (content, vouched) in contents)
        {
            var signer = vouched ? identity : null;
            var bytes = IndexFragment.Write(content, reserve, signer?.Writer ?? default, signer?.Sequence ?? 0, level, signer?.Signer);
            var name = new FragmentName(level, new Id32(SHA256.HashData(bytes))).Name;
            drafts.Add(new DraftFragment(name, bytes, IndexFragment.Read(name, bytes, reserve, _ => identity?.Signer.PublicKey)));
        }
        return drafts;
    }

    private static IEnumerable<IndexContent> Split(IEnumerable<PackTables> packs)
    {
        var content = new IndexContent();
        foreach (var tables in packs)
        {
            if (content.Entries.Count > 0 && content.Entries.Count + tables.Entries.Count > MaxRows)
            {
                yield return content;
                content = new IndexContent();
            }
            content.Add(tables);
        }
        yield return content;
    }

    private static FragmentName NameOf(string name)
    {
        var parts = name.Split('/');
        return new FragmentName(int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), ObjectKinds.IdIn(name));
    }
}
