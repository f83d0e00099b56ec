using System.Formats.Cbor;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Governance;

/// <summary>One approver's signature under one request.</summary>
/// <param name="Approver">Who signed.</param>
/// <param name="RequestDigest">The request as he saw it.</param>
/// <param name="Given">When, by his clock, in whole seconds.</param>
/// <param name="Expires">Until when it holds.</param>
/// <param name="Signature">64 bytes r‖s.</param>
internal sealed record GuardApproval(Id16 Approver, Id32 RequestDigest, DateTimeOffset Given, DateTimeOffset Expires, byte[] Signature)
{
    /// <summary>Signs a request.</summary>
    public static GuardApproval Sign(GuardRequest request, ISigner approver, DateTimeOffset given)
    {
        var unsigned = new GuardApproval(EnrolledApprover.IdOf(approver.PublicKey.Span), request.Digest, given, request.Expires, []);
        return unsigned with { Signature = approver.Sign(unsigned.Message(request.Reserve, request.Id, request.Plan.Digest)) };
    }

    /// <summary>Whether an approver's key signed it for this request and plan.</summary>
    public bool IsSignedBy(ReadOnlySpan<byte> publicKey, Id16 reserve, Id16 request, Id32 plan) =>
        SignatureVerifier.Verify(publicKey, Message(reserve, request, plan), Signature);

    /// <summary>Writes it as it stands in an audit record: [approver, request digest, given, expires, signature].</summary>
    public void Write(CborWriter cbor)
    {
        cbor.WriteStartArray(5);
        cbor.WriteByteString(Approver.ToArray());
        cbor.WriteByteString(RequestDigest.ToArray());
        cbor.WriteInt64(NanosecondTime.ToNs(Given));
        cbor.WriteInt64(NanosecondTime.ToNs(Expires));
        cbor.WriteByteString(Signature);
        cbor.WriteEndArray();
    }

    /// <summary>Reads one out of an audit record.</summary>
    public static GuardApproval Read(CborReader cbor)
    {
        cbor.ReadStartArray();
        var approval = new GuardApproval(new Id16(CborFields.Sized(cbor, Id16.Size)), new Id32(CborFields.Sized(cbor, Id32.Size)),
            NanosecondTime.FromNs(cbor.ReadInt64(), 0), NanosecondTime.FromNs(cbor.ReadInt64(), 0), CborFields.Sized(cbor, P256.SignatureSize));
        cbor.ReadEndArray();
        return approval;
    }

    /// <summary>What is signed: <c>sting1 approval</c> ‖ CBOR {1: suite, 2: reserve, 3: request, 4: plan digest, 5: request digest, 6: approver, 7: given, 8: expires}.</summary>
    private byte[] Message(Id16 reserve, Id16 request, Id32 plan)
    {
        var cbor = CborFields.StartMap(8);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, reserve.ToArray());
        CborFields.Write(cbor, 3, request.ToArray());
        CborFields.Write(cbor, 4, plan.ToArray());
        CborFields.Write(cbor, 5, RequestDigest.ToArray());
        CborFields.Write(cbor, 6, Approver.ToArray());
        CborFields.Write(cbor, 7, NanosecondTime.ToNs(Given));
        CborFields.Write(cbor, 8, NanosecondTime.ToNs(Expires));
        return [.. "sting1 approval"u8, .. CborFields.End(cbor)];
    }
}
