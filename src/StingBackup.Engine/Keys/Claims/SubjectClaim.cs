using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Keys;

/// <summary>A writer secret as one host can read it.</summary>
/// <param name="Writer">The host.</param>
/// <param name="Sealed">113 bytes: HPKE to his encryption key, info = "sting1 ws" ‖ reserve id ‖ pseudonym.</param>
public sealed record SealedWriterSecret(Id16 Writer, byte[] Sealed);

/// <summary>
/// Whom a pseudonym stands for: <c>subjects/&lt;tag&gt;</c>, made by the host that first wrote for the subject, and signed by it. Holds no name:
/// the tag is a keyed hash of it.
/// </summary>
public sealed record SubjectClaim
{
    /// <summary>HMAC of the canonical name.</summary>
    public required Id16 Tag { get; init; }
    /// <summary>The subject's key, as the key role signed it.</summary>
    public required SubjectPublicKey Key { get; init; }
    /// <summary>Who claimed it.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>When, nanoseconds since 1970 UTC.</summary>
    public required long CreatedNs { get; init; }
    /// <summary>The writer secret for each host that was enrolled then, ordered by host.</summary>
    public required IReadOnlyList<SealedWriterSecret> Secrets { get; init; }
    /// <summary>Tags of other names of the same subject (an e-mail address), ascending.</summary>
    public IReadOnlyList<Id16> Aliases { get; init; } = [];

    /// <summary>The object's name.</summary>
    public string ObjectName => KeyObjectNames.Claim(Tag);

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var cbor = CborFields.StartMap(10);
        CborFields.Write(cbor, 1, Key.Suite.Number);
        CborFields.Write(cbor, 2, Tag.ToArray());
        CborFields.Write(cbor, 3, Key.Pseudonym.ToArray());
        CborFields.Write(cbor, 4, Key.Generation);
        CborFields.Write(cbor, 5, Key.PublicKey);
        CborFields.Write(cbor, 6, Key.Signature);
        CborFields.Write(cbor, 7, Writer.ToArray());
        cbor.WriteInt32(8);
        cbor.WriteStartArray(Secrets.Count);
        foreach (var secret in Secrets.OrderBy(secret => secret.Writer))
        {
            cbor.WriteStartArray(2);
            cbor.WriteByteString(secret.Writer.ToArray());
            cbor.WriteByteString(secret.Sealed);
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
        cbor.WriteInt32(9);
        cbor.WriteStartArray(Aliases.Count);
        foreach (var alias in Aliases.Order())
        {
            cbor.WriteByteString(alias.ToArray());
        }
        cbor.WriteEndArray();
        CborFields.Write(cbor, 10, CreatedNs);
        return ObjectFrame.Sign(ObjectKind.Claim, CborFields.End(cbor), writer.Sign);
    }

    /// <summary>
    /// Reads one and checks both signatures, the writer's over all of it and the key role's over the public key, and that it stands under its own name.
    /// </summary>
    /// <exception cref="StingException"><c>ClaimDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static SubjectClaim Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserveId, SignatureVerifier keyRole, EnrolledWriters writers)
    {
        ArgumentNullException.ThrowIfNull(keyRole);
        ArgumentNullException.ThrowIfNull(writers);
        try
        {
            var parts = ObjectFrame.Split(bytes, ObjectKind.Claim, name);
            var fields = SignedObject.Fields(name, parts.Payload);
            var writer = new Id16(fields.Bytes(7, Id16.Size));
            if (writers.Find(writer) is null)
            {
                throw Damaged(name, $"its writer {writer} is not enrolled");
            }
            if (writers.Find(writer) is { LastGoodSequence: not null })
            {
                // The key role took over what he had claimed when it revoked him: what bears his signature now came later.
                throw Damaged(name, $"its writer {writer} was revoked");
            }
            if (!writers.Verify(writer, parts.Signed.Span, parts.Signature.Span))
            {
                throw Damaged(name, "its signature does not fit");
            }
            var claim = Decode(name, fields);
            if (claim.ObjectName != name)
            {
                throw Damaged(name, "it belongs to another name");
            }
            return claim.Key.IsSignedBy(keyRole, reserveId) ? claim : throw Damaged(name, "the key role did not sign its public key");
        }
        catch (StingException damaged) when (damaged.ErrorId == "ObjectDamaged")
        {
            throw Damaged(name, "its content is not what a claim holds", damaged);
        }
    }

    /// <summary>The error for a claim that cannot be trusted.</summary>
    internal static StingException Damaged(string name, string why, Exception? inner = null) =>
        new("ClaimDamaged", FailureKind.Integrity, $"Claim '{name}' is damaged: {why}.", name,
            "Run Repair-StingRepository with the key file's passphrase: it rebuilds claims from restore points.", inner);

    private static SubjectClaim Decode(string name, CborFields fields)
    {
        var suite = KemSuite.Of(fields.Number(1), name);
        fields.CheckOthers(10);
        return new SubjectClaim
        {
            Tag = new Id16(fields.Bytes(2, Id16.Size)),
            Key = new SubjectPublicKey(
                new Id16(fields.Bytes(3, Id16.Size)), fields.Number(4), fields.Bytes(5, suite.PublicSize), fields.Bytes(6, P256.SignatureSize)),
            Writer = new Id16(fields.Bytes(7, Id16.Size)),
            Secrets = fields.List(8, reader =>
            {
                reader.ReadStartArray();
                var secret = new SealedWriterSecret(new Id16(CborFields.Sized(reader, Id16.Size)), reader.ReadByteString());
                reader.ReadEndArray();
                return secret;
            }),
            Aliases = fields.List(9, reader => new Id16(CborFields.Sized(reader, Id16.Size))),
            CreatedNs = fields.Long(10),
        };
    }
}
