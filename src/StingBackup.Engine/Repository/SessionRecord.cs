using System.Formats.Cbor;
using System.Globalization;

namespace StingBackup.Engine.Repository;

/// <summary>
/// <c>sessions/&lt;writer&gt;/&lt;seq&gt;</c>: a run announces itself before it looks at marks and points, so that a sweeper which
/// marks packs sees either the session or nothing that it uses.
/// </summary>
/// <param name="Identity">Who runs, and its number.</param>
/// <param name="StartedNs">When, nanoseconds since 1970 UTC.</param>
public sealed record SessionRecord(WriterIdentity Identity, long StartedNs)
{
    /// <summary>The object's name.</summary>
    public string ObjectName => NameOf(Identity.Writer, Identity.Sequence);

    /// <summary>The object's name of a session.</summary>
    public static string NameOf(Id16 writer, long sequence) => string.Create(CultureInfo.InvariantCulture, $"sessions/{writer}/{sequence:d12}");

    /// <summary>The signed object: CBOR {1: reserve, 2: writer, 3: sequence, 4: started}.</summary>
    public byte[] ToBytes()
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartMap(4);
        cbor.WriteInt32(1); cbor.WriteByteString(Identity.Reserve.ToArray());
        cbor.WriteInt32(2); cbor.WriteByteString(Identity.Writer.ToArray());
        cbor.WriteInt32(3); cbor.WriteInt64(Identity.Sequence);
        cbor.WriteInt32(4); cbor.WriteInt64(StartedNs);
        cbor.WriteEndMap();
        return ObjectFrame.Sign(ObjectKind.Session, cbor.Encode(), Identity.Signer.Sign);
    }

    /// <summary>Checks a session object as far as a reader needs: frame, content, name and signature.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public static void Check(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, Func<Id16, ReadOnlyMemory<byte>?> signingKeyOf)
    {
        ArgumentNullException.ThrowIfNull(signingKeyOf);
        var parts = ObjectFrame.Split(bytes, ObjectKind.Session, name);
        try
        {
            var cbor = new CborReader(parts.Payload, CborConformanceMode.Ctap2Canonical);
            cbor.ReadStartMap();
            cbor.ReadInt32();
            var sameReserve = new Id16(cbor.ReadByteString()) == reserve;
            cbor.ReadInt32();
            var writer = new Id16(cbor.ReadByteString());
            cbor.ReadInt32();
            var sequence = cbor.ReadInt64();
            var key = signingKeyOf(writer) ?? throw ObjectFrame.Damaged(name, $"its writer {writer} is not enrolled");
            if (!sameReserve || NameOf(writer, sequence) != name || !Cryptography.SignatureVerifier.Verify(key.Span, parts.Signed.Span, parts.Signature.Span))
            {
                throw ObjectFrame.Damaged(name, "its signature or place does not fit");
            }
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or ArgumentException)
        {
            throw ObjectFrame.Damaged(name, "its content is not what a session holds", e);
        }
    }
}
