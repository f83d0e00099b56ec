using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>
/// <c>sessions/&lt;writer&gt;/&lt;seq&gt;</c>: a run announces itself before it looks at marks and points, so that a sweeper which
/// marks packs sees either the session or nothing that it uses.
/// </summary>
/// <param name="Identity">Who runs, and its number.</param>
/// <param name="StartedNs">When, nanoseconds since 1970 UTC.</param>
public sealed record SessionRecord(WriterIdentity Identity, long StartedNs)
{
    private const int LastKey = 4;

    /// <summary>The object's name.</summary>
    public string ObjectName => NameOf(Identity.Writer, Identity.Sequence);

    /// <summary>The object's name of a session.</summary>
    public static string NameOf(Id16 writer, long sequence) => string.Create(CultureInfo.InvariantCulture, $"sessions/{writer}/{sequence:d12}");

    /// <summary>The signed object: CBOR {1: reserve, 2: writer, 3: sequence, 4: started}.</summary>
    public byte[] ToBytes()
    {
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Identity.Reserve.ToArray());
        CborFields.Write(cbor, 2, Identity.Writer.ToArray());
        CborFields.Write(cbor, 3, Identity.Sequence);
        CborFields.Write(cbor, 4, StartedNs);
        return ObjectFrame.Sign(ObjectKind.Session, CborFields.End(cbor), Identity.Signer.Sign);
    }

    /// <summary>Checks a session object as far as a reader needs: frame, content, name and signature. Returns when the run started, nanoseconds since 1970 UTC.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c></exception>
    public static long Check(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, Func<Id16, ReadOnlyMemory<byte>?> signingKeyOf)
    {
        ArgumentNullException.ThrowIfNull(signingKeyOf);
        var parts = ObjectFrame.Split(bytes, ObjectKind.Session, name);
        var fields = SignedObject.Fields(name, parts.Payload);
        fields.CheckOthers(LastKey);
        var writer = new Id16(fields.Bytes(2, Id16.Size));
        var key = signingKeyOf(writer) ?? throw Failures.Damaged(name, $"its writer {writer} is not enrolled");
        if (new Id16(fields.Bytes(1, Id16.Size)) != reserve || NameOf(writer, fields.Long(3)) != name || !SignatureVerifier.Verify(key.Span, parts.Signed.Span, parts.Signature.Span))
        {
            throw Failures.Damaged(name, "its signature or place does not fit");
        }
        return fields.Long(4);
    }
}
