using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Keys;

/// <summary>
/// One erased subject: <c>ledger/&lt;seq&gt;</c>, signed by the key role and chained, in every tier. Names nobody: pseudonym and tags are all that it has.
/// </summary>
public sealed record LedgerEntry
{
    /// <summary>The reserve.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>Its number, from 1, without gaps.</summary>
    public required long Sequence { get; init; }
    /// <summary>SHA-256 of the entry before, as stored; zero for the first.</summary>
    public required Id32 Previous { get; init; }
    /// <summary>Whose key was destroyed.</summary>
    public required Id16 Pseudonym { get; init; }
    /// <summary>Tag of the canonical name.</summary>
    public required Id16 Tag { get; init; }
    /// <summary>Tags of other names, ascending.</summary>
    public IReadOnlyList<Id16> Aliases { get; init; } = [];
    /// <summary>When the keys had been destroyed, nanoseconds since 1970 UTC.</summary>
    public required long ErasedNs { get; init; }
    /// <summary>The first epoch without it.</summary>
    public required uint Epoch { get; init; }
    /// <summary>The request that it fulfils.</summary>
    public required Id16 Request { get; init; }

    /// <summary>The object's name.</summary>
    public string ObjectName => KeyObjectNames.Ledger(Sequence);

    /// <summary>SHA-256 of a stored entry, by which the next one and points name it.</summary>
    public static Id32 HashOf(ReadOnlySpan<byte> bytes) => new(SHA256.HashData(bytes));

    /// <summary>When the keys had been destroyed.</summary>
    public DateTimeOffset Time => NanosecondTime.FromNs(ErasedNs, 0);

    /// <summary>Whether it stands for a tag.</summary>
    public bool HasTag(Id16 tag) => Tag == tag || Aliases.Contains(tag);

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner keyRole)
    {
        ArgumentNullException.ThrowIfNull(keyRole);
        var cbor = CborFields.StartMap(10);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, Reserve.ToArray());
        CborFields.Write(cbor, 3, Sequence);
        CborFields.Write(cbor, 4, Previous.ToArray());
        CborFields.Write(cbor, 5, Pseudonym.ToArray());
        CborFields.Write(cbor, 6, Tag.ToArray());
        cbor.WriteInt32(7);
        cbor.WriteStartArray(Aliases.Count);
        foreach (var alias in Aliases.Order())
        {
            cbor.WriteByteString(alias.ToArray());
        }
        cbor.WriteEndArray();
        CborFields.Write(cbor, 8, ErasedNs);
        CborFields.Write(cbor, 9, Epoch);
        CborFields.Write(cbor, 10, Request.ToArray());
        return ObjectFrame.Sign(ObjectKind.Ledger, CborFields.End(cbor), keyRole.Sign);
    }

    /// <summary>Reads one, and checks that the key role signed it for this reserve and that it stands under its own name.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static LedgerEntry Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, ReadOnlySpan<byte> keyRole)
    {
        var fields = SignedObject.Fields(name, SignedObject.Open(name, bytes, ObjectKind.Ledger, keyRole));
        Suite.Check(fields.Number(1), name);
        fields.CheckOthers(10);
        var entry = new LedgerEntry
        {
            Reserve = new Id16(fields.Bytes(2, Id16.Size)), Sequence = fields.Long(3), Previous = new Id32(fields.Bytes(4, Id32.Size)),
            Pseudonym = new Id16(fields.Bytes(5, Id16.Size)), Tag = new Id16(fields.Bytes(6, Id16.Size)), Aliases = fields.List(7, reader => new Id16(CborFields.Sized(reader, Id16.Size))),
            ErasedNs = fields.Long(8), Epoch = fields.Number(9), Request = new Id16(fields.Bytes(10, Id16.Size)),
        };
        return entry.Reserve == reserve && entry.ObjectName == name ? entry : throw Failures.Damaged(name, "it belongs to another reserve or place");
    }
}

/// <summary>
/// Who was erased: the longest chain of entries that can be put together from a repository and the key role's copies. Needs no secret.
/// </summary>
public sealed class ErasureLedger
{
    private readonly Dictionary<Id16, LedgerEntry> _byPseudonym = [];
    private readonly HashSet<Id32> _hashes = [default];

    private ErasureLedger(IReadOnlyList<LedgerEntry> entries, IReadOnlyList<Id32> hashes, IReadOnlyList<StingException> faults)
    {
        Entries = entries;
        Faults = faults;
        Head = hashes.Count > 0 ? hashes[^1] : default;
        _hashes.UnionWith(hashes);
        foreach (var entry in entries)
        {
            _byPseudonym[entry.Pseudonym] = entry;
        }
    }

    /// <summary>Nobody was erased.</summary>
    public static ErasureLedger Empty { get; } = new([], [], []);

    /// <summary>The chain, oldest first.</summary>
    public IReadOnlyList<LedgerEntry> Entries { get; }
    /// <summary>Hash of the last entry; zero when there is none. Points carry it.</summary>
    public Id32 Head { get; }
    /// <summary>Entries that cannot be read or do not fit the chain, each named.</summary>
    public IReadOnlyList<StingException> Faults { get; }

    /// <summary>What the ledger says of a pseudonym; null when it was not erased.</summary>
    public LedgerEntry? Find(Id16 pseudonym) => _byPseudonym.GetValueOrDefault(pseudonym);

    /// <summary>What the ledger says of a name's tag; null when it was not erased.</summary>
    public LedgerEntry? FindTag(Id16 tag) => Entries.FirstOrDefault(entry => entry.HasTag(tag));

    /// <summary>Whether a head that a point carries is part of this chain.</summary>
    public bool Reaches(Id32 head) => _hashes.Contains(head);

    /// <summary>Puts the chain together.</summary>
    /// <param name="objects">Ledger objects by name, in any order; of one name several, when a copy stands beside what the repository has.</param>
    /// <param name="reserve">The reserve.</param>
    /// <param name="keyRole">The key role's public key.</param>
    public static ErasureLedger Read(IEnumerable<(string Name, byte[] Bytes)> objects, Id16 reserve, ReadOnlyMemory<byte> keyRole)
    {
        ArgumentNullException.ThrowIfNull(objects);
        var sound = new SortedDictionary<long, (LedgerEntry Entry, Id32 Hash)>();
        var faults = new List<StingException>();
        foreach (var (name, bytes) in objects)
        {
            try
            {
                var entry = LedgerEntry.Read(name, bytes, reserve, keyRole.Span);
                sound.TryAdd(entry.Sequence, (entry, LedgerEntry.HashOf(bytes)));
            }
            catch (StingException fault)
            {
                faults.Add(fault);
            }
        }
        var entries = new List<LedgerEntry>();
        var hashes = new List<Id32>();
        foreach (var (sequence, (entry, hash)) in sound)
        {
            if (sequence != entries.Count + 1 || entry.Previous != (hashes.Count > 0 ? hashes[^1] : default))
            {
                faults.Add(new StingException("LedgerBroken", FailureKind.Integrity,
                    $"'{entry.ObjectName}' does not follow entry {entries.Count} of the erasure ledger: what stands between was removed or changed.", entry.ObjectName,
                    "Run Repair-StingRepository where the key directory is: it puts back what it has copies of. Find out who removed it."));
                break;
            }
            entries.Add(entry);
            hashes.Add(hash);
        }
        return new ErasureLedger(entries, hashes, faults);
    }

    /// <summary>Refuses a ledger that is shorter than what the newest point has seen of it: an erased subject might come back.</summary>
    /// <exception cref="StingException"><c>LedgerShort</c></exception>
    public void Require(IEnumerable<StoredPoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Where(point => !Reaches(point.Record.LedgerHead)).MaxBy(point => point.Record.CompletedNs) is { } newer)
        {
            throw new StingException("LedgerShort", FailureKind.Integrity,
                $"The erasure ledger ends at entry {Entries.Count.ToString(CultureInfo.InvariantCulture)}, but point '{newer.Record.ObjectName}' has seen a longer one: what was erased since might come back.", KeyObjectNames.LedgerPrefix,
                "Run Repair-StingRepository where the key directory is, or mount another tier: the ledger lies in each of them.");
        }
    }
}
