using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// Index fragments: name, signature, tables. Where one is damaged or missing, the packs that no other covers are read by their footers, so that what they
/// hold is judged by itself and not by the lost index.
/// </summary>
internal sealed class IndexCheck(ObjectProbe probe, Census census, EnrolledWriters writers, Id16 reserve)
{
    private const int Relists = 3;

    private readonly List<IndexFragment> _valid = [];
    private readonly List<string> _damaged = [];

    /// <summary>Fragments whose bytes and tables are sound.</summary>
    public IReadOnlyList<IndexFragment> Valid => _valid;

    /// <summary>Names of those that are not.</summary>
    public IReadOnlyList<string> Damaged => _damaged;

    /// <summary>The table to look up in.</summary>
    public RepositoryIndex Index { get; private set; } = new([]);

    /// <summary>Packs in the store that no valid fragment names.</summary>
    public IReadOnlyList<PackInfo> Uncovered { get; private set; } = [];

    /// <summary>True when <see cref="Index"/> holds footers of uncovered packs.</summary>
    public bool UsesFooters { get; private set; }

    public async ValueTask RunAsync(CancellationToken cancel)
    {
        var names = census.Fragments.ToList();
        for (var attempt = 0; ; attempt++)
        {
            var vanished = false;
            foreach (var name in names)
            {
                vanished |= !await ReadAsync(name, last: attempt == Relists, cancel).ConfigureAwait(false);
            }
            if (!vanished)
            {
                break;
            }
            // A merge replaced it since the listing: what it held stands in another one now.
            var known = _valid.Select(f => f.Name).Concat(_damaged).ToHashSet(StringComparer.Ordinal);
            names.Clear();
            await foreach (var item in probe.Store.ListAsync("index/", cancel).ConfigureAwait(false))
            {
                if (ObjectKinds.Of(item.Name) is not null && !known.Contains(item.Name))
                {
                    names.Add(item.Name);
                }
            }
        }
        Index = new RepositoryIndex(_valid);
        var covered = Index.Fragments.SelectMany(f => f.Packs).Select(p => p.Id).Concat(_valid.SelectMany(f => f.Removes)).ToHashSet();
        Uncovered = [.. census.Packs.Values.Where(p => !covered.Contains(p.Id)).OrderBy(p => p.Name, StringComparer.Ordinal)];
        if (_damaged.Count > 0)
        {
            await UseFootersAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Adds what the footers of uncovered packs say.</summary>
    public async ValueTask UseFootersAsync(CancellationToken cancel)
    {
        UsesFooters = true;
        var content = new IndexContent();
        foreach (var pack in Uncovered)
        {
            // One at a time and only the tables kept: a lost index may leave every pack of the store uncovered.
            await probe.CheckAsync(pack.Name, bytes => content.Add(PackReader.ReadFooter(pack, bytes, reserve)), cancel).ConfigureAwait(false);
        }
        if (content.Packs.Count > 0)
        {
            var bytes = IndexFragment.Write(content, reserve, default, 0, level: 0, signer: null);
            Index = new RepositoryIndex([.. _valid, IndexFragment.Read("index/footers", bytes, reserve, static _ => null)]);
        }
    }

    /// <summary>False when the object is gone since it was listed.</summary>
    private async ValueTask<bool> ReadAsync(string name, bool last, CancellationToken cancel)
    {
        if (!last && await probe.Store.GetLengthAsync(name, cancel).ConfigureAwait(false) is null)
        {
            return false;
        }
        var sound = await probe.CheckAsync(name, bytes =>
        {
            if (new Id32(SHA256.HashData(bytes)) != ObjectKinds.IdIn(name))
            {
                throw Failures.Damaged(name, "its SHA-256 is not its name");
            }
            var fragment = IndexFragment.Read(name, bytes, reserve, writers.SigningKeyOf);
            CheckRows(fragment);
            _valid.Add(fragment);
        }, cancel).ConfigureAwait(false);
        if (!sound)
        {
            _damaged.Add(name);
        }
        return true;
    }

    private static void CheckRows(IndexFragment fragment)
    {
        for (var rank = 0; rank < fragment.Count; rank++)
        {
            var row = fragment[rank];
            if ((uint)row.Segment >= (uint)fragment.Segments.Count)
            {
                throw Failures.Damaged(fragment.Name, $"row {rank} names a segment that it does not list");
            }
            var pack = fragment.Segments[row.Segment].Pack;
            if (!row.LiesIn(pack.Length))
            {
                throw Failures.Damaged(fragment.Name, $"row {rank} lies outside '{pack.Name}'");
            }
            if (rank > 0 && fragment.IdAt(rank - 1).CompareTo(row.Id) > 0)
            {
                throw Failures.Damaged(fragment.Name, $"row {rank} is not in order");
            }
        }
    }
}
