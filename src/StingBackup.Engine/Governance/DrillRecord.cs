using System.Formats.Cbor;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Governance;

/// <summary>Of whom a drill restored something.</summary>
/// <param name="Pseudonym">Whose; zero for all.</param>
/// <param name="Tag">Which file, as a keyed tag that tells nothing by itself; zero for all of it.</param>
/// <param name="Items">Items.</param>
/// <param name="Length">Bytes.</param>
internal sealed record DrillChoice(Id16 Pseudonym, Id16 Tag, long Items, long Length);

/// <summary>What a drill compared, by one kind of truth.</summary>
/// <param name="Kind">What by what.</param>
/// <param name="Compared">How many.</param>
/// <param name="Equal">How many were equal.</param>
internal sealed record DrillCheck(string Kind, long Compared, long Equal);

/// <summary>One thing that was not as it should be.</summary>
/// <param name="Kind">What was compared.</param>
/// <param name="Pseudonym">Whose.</param>
/// <param name="Tag">Which, as in <see cref="DrillChoice"/>.</param>
/// <param name="Why">A word for it; no name of anybody's.</param>
internal sealed record DrillDifference(string Kind, Id16 Pseudonym, Id16 Tag, string Why);

/// <summary>What a drill read of a tier.</summary>
internal sealed record DrillPacks(Tier Tier, long Packs, long Length);

/// <summary>
/// <c>drills/&lt;sha256&gt;</c>: the evidence of one drill, signed by the host that held it. It lies in the clear, on every tier, and is never removed: it holds pseudonyms and tags, never names.
/// A record of the audit chain names it, so that one that was taken away is missed.
/// </summary>
internal sealed record DrillRecord
{
    /// <summary>What names of evidence start with.</summary>
    public const string Prefix = "drills/";
    /// <summary>The command, as the audit chain has it.</summary>
    public const string Verb = "Test-StingRecovery";

    private const int LastKey = 25;

    public required Id16 Reserve { get; init; }
    public required Id16 Writer { get; init; }
    /// <summary>When it began, nanoseconds since 1970 UTC.</summary>
    public required long TimeNs { get; init; }
    public required RecoveryTestType Type { get; init; }
    public required long Seed { get; init; }
    /// <summary>The tier that the strategy names.</summary>
    public required Tier NamedTier { get; init; }
    /// <summary>The tier that was restored from.</summary>
    public required Tier Tier { get; init; }
    /// <summary>Restore points: <c>backup id, class</c>.</summary>
    public required IReadOnlyList<string> Points { get; init; }
    public required IReadOnlyList<DrillChoice> Choices { get; init; }
    public required IReadOnlyList<DrillPacks> Packs { get; init; }
    public required long Items { get; init; }
    public required long Length { get; init; }
    public required TimeSpan Recovery { get; init; }
    public required TimeSpan Thaw { get; init; }
    public required TimeSpan Comparison { get; init; }
    /// <summary>The longest of single restores, thaw included: what is held against <see cref="Target"/>.</summary>
    public required TimeSpan Reached { get; init; }
    public required TimeSpan Target { get; init; }
    public required TimeSpan Bound { get; init; }
    public required IReadOnlyList<DrillCheck> Checks { get; init; }
    /// <summary>Differences, the first of them; <see cref="DifferenceCount"/> are all.</summary>
    public required IReadOnlyList<DrillDifference> Differences { get; init; }
    public required long DifferenceCount { get; init; }
    public required RecoveryVerdict Verdict { get; init; }
    public required IReadOnlyList<string> Reasons { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }
    public required string Actor { get; init; }

    /// <summary>The object's name of its bytes.</summary>
    public static string NameOf(ReadOnlySpan<byte> bytes) => Prefix + new Id32(SHA256.HashData(bytes));

    /// <summary>The evidence that audit records tell of.</summary>
    public static IEnumerable<string> NamedBy(AuditChains chains) => chains.Records.Where(r => r.Verb == Verb && r.PlanDigest != default).Select(r => Prefix + r.PlanDigest);

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner signer)
    {
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Reserve.ToArray());
        CborFields.Write(cbor, 2, Writer.ToArray());
        CborFields.Write(cbor, 3, TimeNs);
        CborFields.Write(cbor, 4, (int)Type);
        CborFields.Write(cbor, 5, Seed);
        CborFields.Write(cbor, 6, (int)NamedTier);
        CborFields.Write(cbor, 7, (int)Tier);
        WriteTexts(cbor, 8, Points);
        WriteList(cbor, 9, Choices, 4, c =>
        {
            cbor.WriteByteString(c.Pseudonym.ToArray());
            cbor.WriteByteString(c.Tag.ToArray());
            cbor.WriteInt64(c.Items);
            cbor.WriteInt64(c.Length);
        });
        WriteList(cbor, 10, Packs, 3, p =>
        {
            cbor.WriteInt32((int)p.Tier);
            cbor.WriteInt64(p.Packs);
            cbor.WriteInt64(p.Length);
        });
        CborFields.Write(cbor, 11, Items);
        CborFields.Write(cbor, 12, Length);
        CborFields.Write(cbor, 13, Milliseconds(Recovery));
        CborFields.Write(cbor, 14, Milliseconds(Thaw));
        CborFields.Write(cbor, 15, Milliseconds(Comparison));
        CborFields.Write(cbor, 16, Milliseconds(Reached));
        CborFields.Write(cbor, 17, Milliseconds(Target));
        CborFields.Write(cbor, 18, Milliseconds(Bound));
        WriteList(cbor, 19, Checks, 3, c =>
        {
            cbor.WriteTextString(c.Kind);
            cbor.WriteInt64(c.Compared);
            cbor.WriteInt64(c.Equal);
        });
        WriteList(cbor, 20, Differences, 4, d =>
        {
            cbor.WriteTextString(d.Kind);
            cbor.WriteByteString(d.Pseudonym.ToArray());
            cbor.WriteByteString(d.Tag.ToArray());
            cbor.WriteTextString(d.Why);
        });
        CborFields.Write(cbor, 21, DifferenceCount);
        CborFields.Write(cbor, 22, (int)Verdict);
        WriteTexts(cbor, 23, Reasons);
        WriteTexts(cbor, 24, Notes);
        DangerousPlan.Write(cbor, 25, Actor);
        return ObjectFrame.Sign(ObjectKind.Drill, CborFields.End(cbor), signer.Sign);
    }

    /// <summary>Reads one, and checks that whoever it names signed it, and that its name is its SHA-256.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static DrillRecord Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, Func<Id16, ReadOnlyMemory<byte>?> signingKeyOf)
    {
        var parts = ObjectFrame.Split(bytes, ObjectKind.Drill, name);
        var fields = SignedObject.Fields(name, parts.Payload);
        fields.CheckOthers(LastKey);
        var record = new DrillRecord
        {
            Reserve = new Id16(fields.Bytes(1, Id16.Size)), Writer = new Id16(fields.Bytes(2, Id16.Size)), TimeNs = fields.Long(3), Type = (RecoveryTestType)fields.Number(4), Seed = fields.Long(5),
            NamedTier = (Tier)fields.Number(6), Tier = (Tier)fields.Number(7), Points = fields.List(8, static cbor => cbor.ReadTextString()),
            Choices = fields.List(9, static cbor => Element(cbor, static c => new DrillChoice(Id(c), Id(c), c.ReadInt64(), c.ReadInt64()))),
            Packs = fields.List(10, static cbor => Element(cbor, static c => new DrillPacks((Tier)c.ReadInt32(), c.ReadInt64(), c.ReadInt64()))),
            Items = fields.Long(11), Length = fields.Long(12), Recovery = Span(fields, 13), Thaw = Span(fields, 14), Comparison = Span(fields, 15), Reached = Span(fields, 16), Target = Span(fields, 17), Bound = Span(fields, 18),
            Checks = fields.List(19, static cbor => Element(cbor, static c => new DrillCheck(c.ReadTextString(), c.ReadInt64(), c.ReadInt64()))),
            Differences = fields.List(20, static cbor => Element(cbor, static c => new DrillDifference(c.ReadTextString(), Id(c), Id(c), c.ReadTextString()))), DifferenceCount = fields.Long(21),
            Verdict = (RecoveryVerdict)fields.Number(22), Reasons = fields.List(23, static cbor => cbor.ReadTextString()), Notes = fields.List(24, static cbor => cbor.ReadTextString()), Actor = fields.Text(25),
        };
        if (record.Reserve != reserve || NameOf(bytes.Span) != name)
        {
            throw Failures.Damaged(name, "it belongs to another reserve or place");
        }
        var key = signingKeyOf(record.Writer) ?? throw Failures.Damaged(name, $"its writer {record.Writer} is not enrolled");
        return SignatureVerifier.Verify(key.Span, parts.Signed.Span, parts.Signature.Span) ? record : throw Failures.Damaged(name, "its signature does not fit");
    }

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static TimeSpan Span(CborFields fields, int key) => fields.Get(key, static cbor => TimeSpan.FromMilliseconds(cbor.ReadInt64()));

    private static Id16 Id(CborReader cbor) => new(CborFields.Sized(cbor, Id16.Size));

    private static T Element<T>(CborReader cbor, Func<CborReader, T> read)
    {
        cbor.ReadStartArray();
        var element = read(cbor);
        cbor.ReadEndArray();
        return element;
    }

    private static void WriteList<T>(CborWriter cbor, int key, IReadOnlyList<T> list, int fields, Action<T> write)
    {
        cbor.WriteInt32(key);
        cbor.WriteStartArray(list.Count);
        foreach (var element in list)
        {
            cbor.WriteStartArray(fields);
            write(element);
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
    }

    private static void WriteTexts(CborWriter cbor, int key, IReadOnlyList<string> texts)
    {
        cbor.WriteInt32(key);
        cbor.WriteStartArray(texts.Count);
        foreach (var text in texts)
        {
            cbor.WriteTextString(text);
        }
        cbor.WriteEndArray();
    }
}
