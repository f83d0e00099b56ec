using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Keys;

/// <summary>
/// A host's enrolment: <c>writers/&lt;id&gt;</c>, signed by the key role. A revocation is a later revision under a name of its own; the highest one counts.
/// </summary>
/// <param name="ReserveId">Where it is enrolled.</param>
/// <param name="Revision">From 1.</param>
/// <param name="Writer">Who it is.</param>
/// <param name="CreatedNs">When the key role signed it, nanoseconds since 1970 UTC.</param>
public sealed record WriterObject(Id16 ReserveId, uint Revision, EnrolledWriter Writer, long CreatedNs)
{
    /// <summary>Optional: a reader that does not know it lets nothing go and believes nobody who did.</summary>
    private const int RightsKey = 100;
    private const uint MaintainRight = 1;

    /// <summary>The object's name.</summary>
    public string ObjectName => KeyObjectNames.Writer(Writer.Id, Revision);

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner keyRole)
    {
        ArgumentNullException.ThrowIfNull(keyRole);
        var cbor = CborFields.StartMap(Writer.MayMaintain ? 10 : 9);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, ReserveId.ToArray());
        CborFields.Write(cbor, 3, Revision);
        CborFields.Write(cbor, 4, Writer.Id.ToArray());
        cbor.WriteInt32(5);
        cbor.WriteTextString(Writer.HostName);
        CborFields.Write(cbor, 6, Writer.SigningKey);
        CborFields.Write(cbor, 7, Writer.EncryptionKey);
        CborFields.Write(cbor, 8, CreatedNs);
        cbor.WriteInt32(9);
        if (Writer.LastGoodSequence is { } last)
        {
            cbor.WriteInt64(last);
        }
        else
        {
            cbor.WriteNull();
        }
        if (Writer.MayMaintain)
        {
            CborFields.Write(cbor, RightsKey, MaintainRight);
        }
        return ObjectFrame.Sign(ObjectKind.Writer, CborFields.End(cbor), keyRole.Sign);
    }

    /// <summary>The revision that an enrolment gives itself, which is part of its name. Proves nothing.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static uint RevisionOf(ReadOnlyMemory<byte> bytes) => SignedObject.Fields("the enrolment", ObjectFrame.Split(bytes, ObjectKind.Writer, "the enrolment").Payload).Number(3);

    /// <summary>Reads one, and checks that the key role signed it for this reserve and that it stands under its own name.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static WriterObject Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserveId, ReadOnlySpan<byte> keyRole)
    {
        var fields = SignedObject.Fields(name, SignedObject.Open(name, bytes, ObjectKind.Writer, keyRole));
        Suite.Check(fields.Number(1), name);
        fields.CheckOthers(9);
        var writer = new WriterObject(
            new Id16(fields.Bytes(2, Id16.Size)), fields.Number(3),
            new EnrolledWriter(new Id16(fields.Bytes(4, Id16.Size)), fields.Text(5),
                fields.Bytes(6, P256.PublicSize), fields.Bytes(7, P256.PublicSize), fields.LongOrNull(9)) { MayMaintain = fields.Has(RightsKey) && (fields.Number(RightsKey) & MaintainRight) != 0 },
            fields.Long(8));
        if (writer.ReserveId != reserveId || writer.ObjectName != name)
        {
            throw Failures.Damaged(name, "it belongs to another reserve or place");
        }
        return P256.IsPublicKey(writer.Writer.SigningKey) && P256.IsPublicKey(writer.Writer.EncryptionKey)
            ? writer
            : throw Failures.Damaged(name, "its keys are no points of the curve");
    }
}
