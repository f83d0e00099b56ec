using System.Formats.Cbor;
using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>The head of a writer's chain as a point saw it.</summary>
/// <param name="Writer">The writer.</param>
/// <param name="Sequence">Number of the last point seen.</param>
/// <param name="Hash">SHA-256 of that point's bytes.</param>
public sealed record ChainHead(Id16 Writer, long Sequence, Id32 Hash);

/// <summary>One data class of a run.</summary>
/// <param name="Class">The data class.</param>
/// <param name="SubjectPages">Ids of the subject table's pages, in order.</param>
/// <param name="Subjects">Rows in the table.</param>
/// <param name="Items">Items of every kind.</param>
/// <param name="Length">Sum of file lengths in bytes.</param>
/// <param name="Errors">Items that could not be read.</param>
public sealed record PointClass(DataClass Class, IReadOnlyList<Id32> SubjectPages, long Subjects, long Items, long Length, long Errors);

/// <summary>What a run met in files, holes left out, by whether it had to be stored.</summary>
/// <param name="WholeFiles">Bytes of files whose content one known file has: of the same run, or of the one before on this host.</param>
/// <param name="Blocks">Bytes of other files whose chunks the repository had.</param>
/// <param name="New">Bytes of chunks that it did not have.</param>
public sealed record PointDeduplication(long WholeFiles, long Blocks, long New);

/// <summary>What a class of a point holds of a source that failed in its run: what an earlier point of the class holds of it.</summary>
/// <param name="Class">The data class.</param>
/// <param name="Source">The source, as people know it.</param>
/// <param name="From">The run that read it last.</param>
public sealed record PointCarry(DataClass Class, string Source, string From);

/// <summary>What the run of a point found suspicious of a subject; with a score of 0: that somebody has settled what earlier points say of it.</summary>
/// <param name="Pseudonym">Whose; zero for the reserve as a whole.</param>
/// <param name="SinceNs">Points of this moment and later may hold the damage.</param>
/// <param name="Score">1 to 100; 0 where it is settled.</param>
/// <param name="Reasons">Why.</param>
public sealed record PointAnomaly(Id16 Pseudonym, long SinceNs, int Score, AnomalyReasons Reasons);

/// <summary>What a point was imported from, instead of from the sources.</summary>
/// <param name="Archive">The archive's name by its date, <c>sting_backup_yyyyMMdd_HHmmss.tar.gz</c>.</param>
/// <param name="Hash">SHA-256 of its bytes, before encryption.</param>
public sealed record PointOrigin(string Archive, Id32 Hash);

/// <summary>
/// The commit: <c>points/&lt;writer&gt;/&lt;seq&gt;</c>. All classes of a run, or (a void point) the fact that a run was given up.
/// </summary>
public sealed record PointRecord
{
    private const int LastKey = 13;
    /// <summary>Optional: a reader that does not know it takes the point for one of its writer's own.</summary>
    private const int OriginKey = 100;
    /// <summary>Optional: a reader that does not know it cannot tell that an audit chain was cut.</summary>
    private const int AuditKey = 101;
    /// <summary>Optional: a reader that does not know it sees a class with errors, and not that a part of it is older.</summary>
    private const int CarryKey = 102;
    /// <summary>Optional: a reader that does not know it cannot tell what the run need not store.</summary>
    private const int DeduplicationKey = 103;
    /// <summary>Optional: a reader that does not know it cannot tell which subjects' points are suspect.</summary>
    private const int AnomalyKey = 104;
    private const int MostOffset = 14 * 60;

    /// <summary>The reserve.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>Who made it.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>Its number in the writer's chain, from 1, without gaps.</summary>
    public required long Sequence { get; init; }
    /// <summary>SHA-256 of the writer's point before; zero for the first.</summary>
    public required Id32 Previous { get; init; }
    /// <summary>Heads of the other writers that were listed.</summary>
    public IReadOnlyList<ChainHead> Seen { get; init; } = [];
    /// <summary>The run's name, <c>backup_yyyyMMdd_HHmmss</c>; empty in a void point.</summary>
    public string Name { get; init; } = "";
    /// <summary>How sources were read.</summary>
    public BackupType Type { get; init; } = BackupType.Incremental;
    /// <summary>The moment of the cut, nanoseconds since 1970 UTC.</summary>
    public required long TimeNs { get; init; }
    /// <summary>When it was committed.</summary>
    public required long CompletedNs { get; init; }
    /// <summary>Offset from UTC in minutes of the configured zone at that moment.</summary>
    public int OffsetMinutes { get; init; }
    /// <summary>The data classes, ascending; empty in a void point.</summary>
    public IReadOnlyList<PointClass> Classes { get; init; } = [];
    /// <summary>True for a void point: the run with this number was given up and nothing of it counts.</summary>
    public bool IsVoid { get; init; }
    /// <summary>True when retention has let all of it go; no part of the object itself.</summary>
    public bool IsLetGo { get; init; }
    /// <summary>Hash of the erasure ledger's head; zero while there is none.</summary>
    public Id32 LedgerHead { get; init; }

    /// <summary>
    /// What it was imported from; null for a point of the reserve itself. An imported point has the date of what it was made of, which is older than points before it in its writer's chain: a chain's
    /// order is not one of time, and <see cref="Origin"/> tells the points that break it.
    /// </summary>
    public PointOrigin? Origin { get; init; }
    /// <summary>True for a point that was imported.</summary>
    public bool IsImported => Origin is not null;

    /// <summary>Heads of the audit chains when it was committed, ascending by writer: a chain that is shorter later was cut.</summary>
    public IReadOnlyList<ChainHead> AuditHeads { get; init; } = [];

    /// <summary>Parts of its classes that are older than the point.</summary>
    public IReadOnlyList<PointCarry> Carried { get; init; } = [];

    /// <summary>What its run read and need not store; null where it was not counted.</summary>
    public PointDeduplication? Deduplication { get; init; }
    /// <summary>What its run found suspicious, ascending by pseudonym; nothing for most.</summary>
    public IReadOnlyList<PointAnomaly> Anomalies { get; init; } = [];

    /// <summary>The object's name.</summary>
    public string ObjectName => NameOf(Writer, Sequence);

    /// <summary>The object's name of a point: numbers padded, so that names sort as they count.</summary>
    public static string NameOf(Id16 writer, long sequence) => string.Create(CultureInfo.InvariantCulture, $"points/{writer}/{sequence:d12}");

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner signer)
    {
        ArgumentNullException.ThrowIfNull(signer);
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartMap(LastKey + (Origin is null ? 0 : 1) + (AuditHeads.Count == 0 ? 0 : 1) + (Carried.Count == 0 ? 0 : 1) + (Deduplication is null ? 0 : 1) + (Anomalies.Count == 0 ? 0 : 1));
        Pair(cbor, 1, Reserve.ToArray());
        Pair(cbor, 2, Writer.ToArray());
        cbor.WriteInt32(3); cbor.WriteInt64(Sequence);
        Pair(cbor, 4, Previous.ToArray());
        WriteHeads(cbor, 5, Seen);
        cbor.WriteInt32(6); cbor.WriteTextString(Name);
        cbor.WriteInt32(7); cbor.WriteInt32((int)Type);
        cbor.WriteInt32(8); cbor.WriteInt64(TimeNs);
        cbor.WriteInt32(9); cbor.WriteInt64(CompletedNs);
        cbor.WriteInt32(10); cbor.WriteInt32(OffsetMinutes);
        cbor.WriteInt32(11); cbor.WriteStartArray(Classes.Count);
        foreach (var part in Classes)
        {
            cbor.WriteStartArray(6);
            cbor.WriteInt32((int)part.Class);
            cbor.WriteStartArray(part.SubjectPages.Count);
            foreach (var page in part.SubjectPages)
            {
                cbor.WriteByteString(page.ToArray());
            }
            cbor.WriteEndArray();
            cbor.WriteInt64(part.Subjects);
            cbor.WriteInt64(part.Items);
            cbor.WriteInt64(part.Length);
            cbor.WriteInt64(part.Errors);
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
        cbor.WriteInt32(12); cbor.WriteInt32(IsVoid ? 1 : 0);
        Pair(cbor, 13, LedgerHead.ToArray());
        if (Origin is { } origin)
        {
            cbor.WriteInt32(OriginKey); cbor.WriteStartArray(2);
            cbor.WriteTextString(origin.Archive);
            cbor.WriteByteString(origin.Hash.ToArray());
            cbor.WriteEndArray();
        }
        if (AuditHeads.Count > 0)
        {
            WriteHeads(cbor, AuditKey, AuditHeads);
        }
        if (Carried.Count > 0)
        {
            cbor.WriteInt32(CarryKey); cbor.WriteStartArray(Carried.Count);
            foreach (var carry in Carried)
            {
                cbor.WriteStartArray(3);
                cbor.WriteInt32((int)carry.Class);
                cbor.WriteTextString(carry.Source);
                cbor.WriteTextString(carry.From);
                cbor.WriteEndArray();
            }
            cbor.WriteEndArray();
        }
        if (Deduplication is { } known)
        {
            cbor.WriteInt32(DeduplicationKey); cbor.WriteStartArray(3);
            cbor.WriteInt64(known.WholeFiles);
            cbor.WriteInt64(known.Blocks);
            cbor.WriteInt64(known.New);
            cbor.WriteEndArray();
        }
        if (Anomalies.Count > 0)
        {
            cbor.WriteInt32(AnomalyKey); cbor.WriteStartArray(Anomalies.Count);
            foreach (var anomaly in Anomalies)
            {
                cbor.WriteStartArray(4);
                cbor.WriteByteString(anomaly.Pseudonym.ToArray());
                cbor.WriteInt64(anomaly.SinceNs);
                cbor.WriteInt32(anomaly.Score);
                cbor.WriteInt32((int)anomaly.Reasons);
                cbor.WriteEndArray();
            }
            cbor.WriteEndArray();
        }
        cbor.WriteEndMap();
        return ObjectFrame.Sign(ObjectKind.Point, cbor.Encode(), signer.Sign);
    }

    /// <summary>Reads a point and checks that its writer signed it and that it stands under its own name.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public static PointRecord Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, Func<Id16, ReadOnlyMemory<byte>?> signingKeyOf)
    {
        ArgumentNullException.ThrowIfNull(signingKeyOf);
        var parts = ObjectFrame.Split(bytes, ObjectKind.Point, name);
        var point = Decode(SignedObject.Fields(name, parts.Payload));
        if (point.Reserve != reserve || point.ObjectName != name)
        {
            throw Failures.Damaged(name, "it belongs to another reserve or place");
        }
        var key = signingKeyOf(point.Writer) ?? throw Failures.Damaged(name, $"its writer {point.Writer} is not enrolled");
        return SignatureVerifier.Verify(key.Span, parts.Signed.Span, parts.Signature.Span) ? point : throw Failures.Damaged(name, "its signature does not fit");
    }

    /// <summary>What a damaged point still seems to say, or null. Proves nothing: for telling people what it held.</summary>
    internal static PointRecord? Guess(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < ObjectFrame.HeaderSize + ObjectFrame.SignatureSize)
        {
            return null;
        }
        try
        {
            return Decode(SignedObject.Fields("", bytes[ObjectFrame.HeaderSize..^ObjectFrame.SignatureSize]));
        }
        catch (StingException)
        {
            return null;
        }
    }

    /// <summary>The hash by which the next point names this one.</summary>
    public static Id32 HashOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(bytes, hash);
        return new Id32(hash);
    }

    private static PointRecord Decode(CborFields fields)
    {
        fields.CheckOthers(LastKey);
        return new PointRecord
        {
            Reserve = new Id16(fields.Bytes(1, Id16.Size)), Writer = new Id16(fields.Bytes(2, Id16.Size)), Sequence = fields.Long(3), Previous = new Id32(fields.Bytes(4, Id32.Size)),
            Seen = fields.List(5, ReadHead), Name = fields.Text(6), Type = (BackupType)fields.Number(7), TimeNs = fields.Long(8), CompletedNs = fields.Long(9),
            OffsetMinutes = fields.Get(10, ReadOffset), Classes = fields.List(11, ReadClass), IsVoid = fields.Get(12, ReadVoid), LedgerHead = new Id32(fields.Bytes(13, Id32.Size)),
            Origin = fields.Has(OriginKey) ? fields.Get(OriginKey, ReadOrigin) : null,
            AuditHeads = fields.Has(AuditKey) ? fields.List(AuditKey, ReadHead) : [],
            Carried = fields.Has(CarryKey) ? fields.List(CarryKey, ReadCarry) : [],
            Deduplication = fields.Has(DeduplicationKey) ? fields.Get(DeduplicationKey, ReadDeduplication) : null,
            Anomalies = fields.Has(AnomalyKey) ? fields.List(AnomalyKey, ReadAnomaly) : [],
        };
    }

    /// <summary>As clocks have them, at most fourteen hours: no moment can be shown at another.</summary>
    private static int ReadOffset(CborReader cbor) => cbor.ReadInt32() is >= -MostOffset and <= MostOffset and var offset ? offset : throw new CborContentException("an offset from UTC is none");

    private static bool ReadVoid(CborReader cbor) => cbor.ReadInt32() is (0 or 1) and var value ? value == 1 : throw new CborContentException("a point is void or not");

    private static PointOrigin ReadOrigin(CborReader cbor)
    {
        cbor.ReadStartArray();
        var origin = new PointOrigin(cbor.ReadTextString(), new Id32(CborFields.Sized(cbor, Id32.Size)));
        cbor.ReadEndArray();
        return origin;
    }

    private static PointCarry ReadCarry(CborReader cbor)
    {
        cbor.ReadStartArray();
        var carry = new PointCarry((DataClass)cbor.ReadInt32(), cbor.ReadTextString(), cbor.ReadTextString());
        cbor.ReadEndArray();
        return carry;
    }

    private static PointDeduplication ReadDeduplication(CborReader cbor)
    {
        cbor.ReadStartArray();
        var known = new PointDeduplication(cbor.ReadInt64(), cbor.ReadInt64(), cbor.ReadInt64());
        cbor.ReadEndArray();
        return known;
    }

    private static PointAnomaly ReadAnomaly(CborReader cbor)
    {
        cbor.ReadStartArray();
        var anomaly = new PointAnomaly(new Id16(CborFields.Sized(cbor, Id16.Size)), cbor.ReadInt64(), cbor.ReadInt32(), (AnomalyReasons)cbor.ReadInt32());
        cbor.ReadEndArray();
        return anomaly;
    }

    private static ChainHead ReadHead(CborReader cbor)
    {
        cbor.ReadStartArray();
        var head = new ChainHead(new Id16(CborFields.Sized(cbor, Id16.Size)), cbor.ReadInt64(), new Id32(CborFields.Sized(cbor, Id32.Size)));
        cbor.ReadEndArray();
        return head;
    }

    private static PointClass ReadClass(CborReader cbor)
    {
        cbor.ReadStartArray();
        var dataClass = (DataClass)cbor.ReadInt32();
        var pages = new List<Id32>();
        for (cbor.ReadStartArray(); cbor.PeekState() != CborReaderState.EndArray;)
        {
            pages.Add(new Id32(CborFields.Sized(cbor, Id32.Size)));
        }
        cbor.ReadEndArray();
        var part = new PointClass(dataClass, pages, cbor.ReadInt64(), cbor.ReadInt64(), cbor.ReadInt64(), cbor.ReadInt64());
        cbor.ReadEndArray();
        return part;
    }

    private static void WriteHeads(CborWriter cbor, int key, IReadOnlyList<ChainHead> heads)
    {
        cbor.WriteInt32(key); cbor.WriteStartArray(heads.Count);
        foreach (var head in heads)
        {
            cbor.WriteStartArray(3);
            cbor.WriteByteString(head.Writer.ToArray());
            cbor.WriteInt64(head.Sequence);
            cbor.WriteByteString(head.Hash.ToArray());
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
    }

    private static void Pair(CborWriter cbor, int key, byte[] value)
    {
        cbor.WriteInt32(key);
        cbor.WriteByteString(value);
    }
}
