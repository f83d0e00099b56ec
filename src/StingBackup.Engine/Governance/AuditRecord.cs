using System.Formats.Cbor;
using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Governance;

/// <summary>
/// One record of a writer's audit chain: <c>audit/&lt;writer&gt;/&lt;seq&gt;</c>, signed by the writer and naming the one before. It lies in the clear and is kept for ever: it holds ids, never names.
/// </summary>
internal sealed record AuditRecord
{
    /// <summary>Prefix of all chains.</summary>
    public const string Prefix = "audit/";

    private const int LastKey = 13;

    /// <summary>The reserve.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>Whose chain: a host, or the key role where it has no host.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>From 1, without gaps.</summary>
    public required long Sequence { get; init; }
    /// <summary>SHA-256 of the record before, as stored; zero for the first.</summary>
    public required Id32 Previous { get; init; }
    /// <summary>Nanoseconds since 1970 UTC.</summary>
    public required long TimeNs { get; init; }
    /// <summary>What happened.</summary>
    public required AuditEvent Event { get; init; }
    /// <summary>The cmdlet.</summary>
    public required string Verb { get; init; }
    /// <summary>Account and host.</summary>
    public required string Actor { get; init; }
    /// <summary>The plan's digest; zero where there is none.</summary>
    public Id32 PlanDigest { get; init; }
    /// <summary>What the plan touches.</summary>
    public IReadOnlyList<Id16> Subjects { get; init; } = [];
    /// <summary>The request; zero where there is none.</summary>
    public Id16 Request { get; init; }
    /// <summary>The approvals on which the deed was begun.</summary>
    public IReadOnlyList<GuardApproval> Approvals { get; init; } = [];
    /// <summary>How it ended, in a word, or the id of an error: no text of theirs, which may hold names.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>The object's name.</summary>
    public string ObjectName => NameOf(Writer, Sequence);

    /// <summary>The object's name of a record.</summary>
    public static string NameOf(Id16 writer, long sequence) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{writer}/{sequence:d12}");

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner signer)
    {
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Reserve.ToArray());
        CborFields.Write(cbor, 2, Writer.ToArray());
        CborFields.Write(cbor, 3, Sequence);
        CborFields.Write(cbor, 4, Previous.ToArray());
        CborFields.Write(cbor, 5, TimeNs);
        CborFields.Write(cbor, 6, (int)Event);
        DangerousPlan.Write(cbor, 7, Verb);
        DangerousPlan.Write(cbor, 8, Actor);
        CborFields.Write(cbor, 9, PlanDigest.ToArray());
        cbor.WriteInt32(10);
        DangerousPlan.WriteIds(cbor, Subjects);
        CborFields.Write(cbor, 11, Request.ToArray());
        cbor.WriteInt32(12);
        cbor.WriteStartArray(Approvals.Count);
        foreach (var approval in Approvals)
        {
            approval.Write(cbor);
        }
        cbor.WriteEndArray();
        DangerousPlan.Write(cbor, 13, Outcome);
        return ObjectFrame.Sign(ObjectKind.Audit, CborFields.End(cbor), signer.Sign);
    }

    /// <summary>Reads a record and checks that its writer signed it and that it stands under its own name.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static AuditRecord Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, Func<Id16, ReadOnlyMemory<byte>?> signingKeyOf)
    {
        var parts = ObjectFrame.Split(bytes, ObjectKind.Audit, name);
        var fields = SignedObject.Fields(name, parts.Payload);
        fields.CheckOthers(LastKey);
        var record = new AuditRecord
        {
            Reserve = new Id16(fields.Bytes(1, Id16.Size)), Writer = new Id16(fields.Bytes(2, Id16.Size)), Sequence = fields.Long(3), Previous = new Id32(fields.Bytes(4, Id32.Size)),
            TimeNs = fields.Long(5), Event = (AuditEvent)fields.Number(6), Verb = fields.Text(7), Actor = fields.Text(8), PlanDigest = new Id32(fields.Bytes(9, Id32.Size)),
            Subjects = fields.List(10, cbor => new Id16(CborFields.Sized(cbor, Id16.Size))), Request = new Id16(fields.Bytes(11, Id16.Size)), Approvals = fields.List(12, GuardApproval.Read),
            Outcome = fields.Text(13),
        };
        if (record.Reserve != reserve || record.ObjectName != name)
        {
            throw Failures.Damaged(name, "it belongs to another reserve or place");
        }
        var key = signingKeyOf(record.Writer) ?? throw Failures.Damaged(name, $"its writer {record.Writer} is not enrolled");
        return SignatureVerifier.Verify(key.Span, parts.Signed.Span, parts.Signature.Span) ? record : throw Failures.Damaged(name, "its signature does not fit");
    }
}
