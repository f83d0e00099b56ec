using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Keys;

/// <summary>
/// An approver's enrolment: <c>approvers/&lt;id&gt;</c>, signed by the key role. A revocation is a later revision under a name of its own; the highest one counts.
/// </summary>
/// <param name="ReserveId">Where he is enrolled.</param>
/// <param name="Revision">From 1.</param>
/// <param name="Approver">Who he is.</param>
internal sealed record ApproverObject(Id16 ReserveId, uint Revision, EnrolledApprover Approver)
{
    private const int LastKey = 8;

    /// <summary>The object's name.</summary>
    public string ObjectName => KeyObjectNames.Approver(Approver.Id, Revision);

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner keyRole)
    {
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, ReserveId.ToArray());
        CborFields.Write(cbor, 3, Revision);
        CborFields.Write(cbor, 4, Approver.Id.ToArray());
        cbor.WriteInt32(5);
        cbor.WriteTextString(Approver.Name);
        CborFields.Write(cbor, 6, Approver.PublicKey);
        CborFields.Write(cbor, 7, Approver.CreatedNs);
        cbor.WriteInt32(8);
        if (Approver.RevokedNs is { } revoked)
        {
            cbor.WriteInt64(revoked);
        }
        else
        {
            cbor.WriteNull();
        }
        return ObjectFrame.Sign(ObjectKind.Approver, CborFields.End(cbor), keyRole.Sign);
    }

    /// <summary>Reads one, and checks that the key role signed it for this reserve, that it stands under its own name, and that the name is that of its key.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static ApproverObject Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserveId, ReadOnlySpan<byte> keyRole)
    {
        var fields = SignedObject.Fields(name, SignedObject.Open(name, bytes, ObjectKind.Approver, keyRole));
        Suite.Check(fields.Number(1), name);
        fields.CheckOthers(LastKey);
        var approver = new ApproverObject(new Id16(fields.Bytes(2, Id16.Size)), fields.Number(3),
            new EnrolledApprover(new Id16(fields.Bytes(4, Id16.Size)), fields.Text(5), fields.Bytes(6, P256.PublicSize), fields.Long(7), fields.LongOrNull(8)));
        if (approver.ReserveId != reserveId || approver.ObjectName != name)
        {
            throw Failures.Damaged(name, "it belongs to another reserve or place");
        }
        return P256.IsPublicKey(approver.Approver.PublicKey) && EnrolledApprover.IdOf(approver.Approver.PublicKey) == approver.Approver.Id
            ? approver
            : throw Failures.Damaged(name, "its key is no point of the curve, or not that of its name");
    }
}
