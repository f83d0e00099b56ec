using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Lifecycle;

/// <summary>A legal hold as the key role keeps it: <c>holds/&lt;id&gt;</c> in the key directory, signed. One that was lifted stays, with who lifted it.</summary>
internal sealed record HoldRecord
{
    private const int LastKey = 10;

    public required Id16 Reserve { get; init; }
    public required Id16 Id { get; init; }
    public required string Subject { get; init; }
    public required Id16 Tag { get; init; }
    public required string Reason { get; init; }
    public required string SetBy { get; init; }
    public required long SetNs { get; init; }
    public string LiftedBy { get; init; } = "";
    /// <summary>0 while it stands.</summary>
    public long LiftedNs { get; init; }

    public bool IsActive => LiftedNs == 0;

    public byte[] ToPayload()
    {
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, Reserve.ToArray());
        CborFields.Write(cbor, 3, Id.ToArray());
        cbor.WriteInt32(4);
        cbor.WriteTextString(Subject);
        CborFields.Write(cbor, 5, Tag.ToArray());
        cbor.WriteInt32(6);
        cbor.WriteTextString(Reason);
        cbor.WriteInt32(7);
        cbor.WriteTextString(SetBy);
        CborFields.Write(cbor, 8, SetNs);
        cbor.WriteInt32(9);
        cbor.WriteTextString(LiftedBy);
        CborFields.Write(cbor, 10, LiftedNs);
        return CborFields.End(cbor);
    }

    public static HoldRecord Read(CborFields fields)
    {
        fields.CheckOthers(LastKey);
        return new HoldRecord
        {
            Reserve = new Id16(fields.Bytes(2, Id16.Size)), Id = new Id16(fields.Bytes(3, Id16.Size)), Subject = fields.Text(4), Tag = new Id16(fields.Bytes(5, Id16.Size)),
            Reason = fields.Text(6), SetBy = fields.Text(7), SetNs = fields.Long(8), LiftedBy = fields.Text(9), LiftedNs = fields.Long(10),
        };
    }

    public LegalHold ToHold() => new()
    {
        Id = Id.ToString(), Subject = Subject, Reason = Reason, SetBy = SetBy, SetTime = NanosecondTime.FromNs(SetNs, 0),
        LiftedBy = LiftedBy, LiftedTime = IsActive ? null : NanosecondTime.FromNs(LiftedNs, 0),
    };
}
