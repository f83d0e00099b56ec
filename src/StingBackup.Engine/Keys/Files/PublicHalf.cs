using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The public half of a key directory, <c>reserve.pub</c>: in the clear, signed by the key role itself. What makes it trustworthy is the fingerprint
/// in the reader's configuration.
/// </summary>
internal sealed record PublicHalf
{
    /// <summary>Its file name.</summary>
    public const string FileName = "reserve.pub";

    private const int KekSinceField = 100;   // from 100 on readers pass over what they do not know
    private const int SubjectsSinceField = 101;
    private const int HandoversField = 102;

    /// <summary>The reserve.</summary>
    public required Id16 ReserveId { get; init; }
    /// <summary>Public key of the key vault (KEK), of whichever suite.</summary>
    public required byte[] KekPublicKey { get; init; }
    /// <summary>Which KEK, from 1.</summary>
    public required uint KekGeneration { get; init; }
    /// <summary>Public key of the key role, 65 bytes.</summary>
    public required byte[] KeyRolePublicKey { get; init; }
    /// <summary>When the reserve was made, nanoseconds since 1970 UTC.</summary>
    public required long CreatedNs { get; init; }

    /// <summary>When the KEK came into force, nanoseconds since 1970 UTC; null for the first one, which is as old as the reserve.</summary>
    public long? KekSinceNs { get; init; }

    /// <summary>When the keys of all subjects had been renewed for the last time; null for never.</summary>
    public long? SubjectsSinceNs { get; init; }

    /// <summary>How the key role's keys followed one another (<see cref="KeyRoleChain"/>); empty while it is the first.</summary>
    public byte[] Handovers { get; init; } = [];

    /// <summary>The key role's keys, from the first to the one in force.</summary>
    public KeyRoleChain Chain => KeyRoleChain.TryRead(Handovers, ReserveId) ?? KeyRoleChain.Of(KeyRolePublicKey);

    /// <summary>The signed file.</summary>
    public byte[] ToBytes(ISigner keyRole)
    {
        var cbor = CborFields.StartMap(6 + (KekSinceNs is null ? 0 : 1) + (SubjectsSinceNs is null ? 0 : 1) + (Handovers.Length == 0 ? 0 : 1));
        CborFields.Write(cbor, 1, KemSuite.OfPublicKey(KekPublicKey).Number);
        CborFields.Write(cbor, 2, ReserveId.ToArray());
        CborFields.Write(cbor, 3, KekPublicKey);
        CborFields.Write(cbor, 4, KekGeneration);
        CborFields.Write(cbor, 5, KeyRolePublicKey);
        CborFields.Write(cbor, 6, CreatedNs);
        if (KekSinceNs is { } since)
        {
            CborFields.Write(cbor, KekSinceField, since);
        }
        if (SubjectsSinceNs is { } all)
        {
            CborFields.Write(cbor, SubjectsSinceField, all);
        }
        if (Handovers.Length > 0)
        {
            CborFields.Write(cbor, HandoversField, Handovers);
        }
        return KeyFrame.Sign(KeyFileKind.PublicHalf, CborFields.End(cbor), keyRole);
    }

    /// <summary>Reads one and checks that its own key role signed it.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static PublicHalf Read(byte[] bytes, string path)
    {
        var payload = KeyFrame.ReadSigned(bytes, KeyFileKind.PublicHalf, path,
            (content, signed, signature) => SignatureVerifier.Verify(Fields(content, path).Bytes(5, P256.PublicSize), signed, signature));
        var fields = Fields(payload, path);
        var suite = KemSuite.Of(fields.Number(1), path);
        var half = new PublicHalf
        {
            ReserveId = new Id16(fields.Bytes(2, Id16.Size)), KekPublicKey = fields.Bytes(3, suite.PublicSize), KekGeneration = fields.Number(4),
            KeyRolePublicKey = fields.Bytes(5, P256.PublicSize), CreatedNs = fields.Long(6),
            KekSinceNs = fields.Has(KekSinceField) ? fields.Long(KekSinceField) : null, SubjectsSinceNs = fields.Has(SubjectsSinceField) ? fields.Long(SubjectsSinceField) : null,
            Handovers = fields.Has(HandoversField) ? fields.Bytes(HandoversField) : [],
        };
        fields.CheckOthers(6);
        if (!half.Chain.Current.AsSpan().SequenceEqual(half.KeyRolePublicKey) || half.Handovers.Length != half.Chain.Handovers.Length)
        {
            throw KeyFrame.Damaged(path, "the key role's earlier keys do not lead to the one that it names");
        }
        return KemSuite.IsPublicKey(half.KekPublicKey) ? half : throw KeyFrame.Damaged(path, $"its key is no public key of {suite.Name}");
    }

    private static CborFields Fields(ReadOnlyMemory<byte> payload, string path) => new(payload, path, (why, inner) => KeyFrame.Damaged(path, why, inner));
}
