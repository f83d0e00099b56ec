using System.Formats.Cbor;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>One data class of one point that retention let go.</summary>
/// <param name="Writer">Whose point.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="Class">The data class.</param>
/// <param name="Reason">Why.</param>
/// <param name="EndedNs">When its time was over, nanoseconds since 1970 UTC.</param>
public sealed record DroppedPart(Id16 Writer, long Sequence, DataClass Class, RetentionReason Reason, long EndedNs);

/// <summary>
/// <c>drops/&lt;sha256&gt;</c>: which parts of which points were let go, and why. From then on nobody is given them, and what only they reach can be swept. Signed by a host that may.
/// </summary>
public sealed record DropRecord
{
    /// <summary>What names of drops start with.</summary>
    public const string Prefix = "drops/";
    private const int LastKey = 5;

    /// <summary>The reserve.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>Who let them go.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>Number of his last point then: a host that is revoked counts up to his last good number.</summary>
    public required long Sequence { get; init; }
    /// <summary>When, nanoseconds since 1970 UTC.</summary>
    public required long TimeNs { get; init; }
    /// <summary>What.</summary>
    public required IReadOnlyList<DroppedPart> Parts { get; init; }

    /// <summary>The object's name of its bytes.</summary>
    public static string NameOf(ReadOnlySpan<byte> bytes) => Prefix + new Id32(SHA256.HashData(bytes));

    /// <summary>The signed object: CBOR {1: reserve, 2: writer, 3: sequence, 4: time, 5: [[writer, sequence, class, reason, ended] …]}.</summary>
    public byte[] ToBytes(ISigner signer)
    {
        ArgumentNullException.ThrowIfNull(signer);
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Reserve.ToArray());
        CborFields.Write(cbor, 2, Writer.ToArray());
        CborFields.Write(cbor, 3, Sequence);
        CborFields.Write(cbor, 4, TimeNs);
        cbor.WriteInt32(5);
        cbor.WriteStartArray(Parts.Count);
        foreach (var part in Parts)
        {
            cbor.WriteStartArray(5);
            cbor.WriteByteString(part.Writer.ToArray());
            cbor.WriteInt64(part.Sequence);
            cbor.WriteInt32((int)part.Class);
            cbor.WriteInt32((int)part.Reason);
            cbor.WriteInt64(part.EndedNs);
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
        return ObjectFrame.Sign(ObjectKind.Drop, CborFields.End(cbor), signer.Sign);
    }

    /// <summary>Reads one, and checks that an enrolled writer who may let points go signed it, and that its name is its SHA-256.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static DropRecord Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, EnrolledWriters writers)
    {
        ArgumentNullException.ThrowIfNull(writers);
        var parts = ObjectFrame.Split(bytes, ObjectKind.Drop, name);
        var fields = SignedObject.Fields(name, parts.Payload);
        fields.CheckOthers(LastKey);
        var drop = new DropRecord
        {
            Reserve = new Id16(fields.Bytes(1, Id16.Size)), Writer = new Id16(fields.Bytes(2, Id16.Size)), Sequence = fields.Long(3), TimeNs = fields.Long(4),
            Parts = fields.List(5, ReadPart),
        };
        return drop.Reserve == reserve && NameOf(bytes.Span) == name
            ? Maintenance.Check(name, drop.Writer, parts, writers, drop)
            : throw Failures.Damaged(name, "it belongs to another reserve or place");
    }

    private static DroppedPart ReadPart(CborReader cbor)
    {
        cbor.ReadStartArray();
        var part = new DroppedPart(new Id16(CborFields.Sized(cbor, Id16.Size)), cbor.ReadInt64(), (DataClass)cbor.ReadInt32(), (RetentionReason)cbor.ReadInt32(), cbor.ReadInt64());
        cbor.ReadEndArray();
        return part;
    }
}
