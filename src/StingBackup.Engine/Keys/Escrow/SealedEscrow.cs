using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// An escrow (key file kind 9, signed by the key role): what <c>reserve.key</c> holds, sealed under a random key that is split and then forgotten. Useless without as many shares as the threshold
/// says, so that it may lie beside them. It holds the KEK, the key role's signing key and the directory key; neither a subject's key nor an epoch's secret, and so nothing that an erasure destroys.
/// </summary>
internal sealed record SealedEscrow
{
    /// <summary>Length of the key that is split.</summary>
    public const int KeySize = 32;
    /// <summary>What its file names end in.</summary>
    public const string Suffix = ".sealed";

    private const int ShareCheckSize = 8;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int LastField = 12;
    private const int HandoversField = 100;

    /// <summary>The file.</summary>
    public required byte[] Bytes { get; init; }
    /// <summary>The reserve.</summary>
    public required Id16 ReserveId { get; init; }
    /// <summary>Its own id.</summary>
    public required Id16 Id { get; init; }
    /// <summary>The newest KEK that it holds.</summary>
    public required uint KekGeneration { get; init; }
    /// <summary>Fingerprint of that KEK's public key.</summary>
    public required string KekFingerprint { get; init; }
    /// <summary>Fingerprint of the key role whose signing key it holds.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>How many shares open it.</summary>
    public required byte Threshold { get; init; }
    /// <summary>When the reserve was made, nanoseconds since 1970 UTC.</summary>
    public required long ReserveCreatedNs { get; init; }
    /// <summary>When the escrow was made.</summary>
    public required long CreatedNs { get; init; }
    /// <summary>How many shares were made.</summary>
    public int Shares => ShareChecks.Length / ShareCheckSize;

    /// <summary>The key role's keys, where the one that it holds is not the first, and they lead to it.</summary>
    public KeyRoleChain? Chain => KeyRoleChain.TryRead(Handovers, ReserveId) is { } chain && Fingerprint.Matches(KeyFingerprint, chain.Current) ? chain : null;

    private byte[] Handovers { get; init; } = [];
    private byte[] ShareChecks { get; init; } = [];
    private byte[] Nonce { get; init; } = [];
    private byte[] Body { get; init; } = [];

    /// <summary>The name of its file.</summary>
    public string FileName => $"escrow-{Id.ToString()[..8]}{Suffix}";

    /// <summary>Seals keys under a fresh key and splits that. The caller disposes the shares.</summary>
    public static (SealedEscrow Escrow, EscrowShare[] Shares) Make(PrivateHalf keys, PublicHalf reserve, int shares, int threshold, KeyEnvironment environment)
    {
        using var key = SecretBytes.Random(KeySize, environment.Random);
        var id = environment.NewId();
        EscrowShare[] split = [.. SecretSplit.Split(key, shares, threshold, environment.Random)
            .Select((value, index) => new EscrowShare(reserve.ReserveId, id, (byte)(index + 1), (byte)threshold, (byte)shares, value))];
        var nonce = new byte[NonceSize];
        environment.Random.GetBytes(nonce);
        var made = new SealedEscrow
        {
            Bytes = [], ReserveId = reserve.ReserveId, Id = id, KekGeneration = keys.KekGeneration, KekFingerprint = Fingerprint.Of(keys.Kek.PublicKey.Span), KeyFingerprint = Fingerprint.Of(keys.KeyRole.PublicKey.Span),
            Threshold = (byte)threshold, ReserveCreatedNs = reserve.CreatedNs, CreatedNs = environment.NowNs, ShareChecks = [.. split.SelectMany(CheckOf)], Nonce = nonce,
            Handovers = reserve.Handovers,
        };
        using var secret = keys.ToSecret();
        using var cipher = new AesGcm(key.Span, TagSize);
        var body = new byte[secret.Length + TagSize];
        cipher.Encrypt(nonce, secret.Span, body.AsSpan(0, secret.Length), body.AsSpan(secret.Length), made.Fields(null));
        return (made with { Body = body, Bytes = KeyFrame.Sign(KeyFileKind.Escrow, made.Fields(body), keys.KeyRole) }, split);
    }

    /// <summary>Reads one. Whose signature it bears is checked once its keys, or the key role's public half, are at hand.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static SealedEscrow Read(byte[] bytes, string path)
    {
        var payload = KeyFrame.ReadSigned(bytes, KeyFileKind.Escrow, path, static (_, _, _) => true);
        var fields = new CborFields(payload, path, (why, inner) => KeyFrame.Damaged(path, why, inner));
        Suite.Check(fields.Number(1), path);
        fields.CheckOthers(LastField);
        var read = new SealedEscrow
        {
            Bytes = bytes, ReserveId = new Id16(fields.Bytes(2, Id16.Size)), Id = new Id16(fields.Bytes(3, Id16.Size)), KekGeneration = fields.Number(4),
            KekFingerprint = Convert.ToHexStringLower(fields.Bytes(5, Id32.Size)), KeyFingerprint = Convert.ToHexStringLower(fields.Bytes(6, Id32.Size)), Threshold = (byte)Math.Min(fields.Number(7), byte.MaxValue),
            ShareChecks = fields.Bytes(8), ReserveCreatedNs = fields.Long(9), CreatedNs = fields.Long(10), Nonce = fields.Bytes(11, NonceSize), Body = fields.Bytes(12),
            Handovers = fields.Has(HandoversField) ? fields.Bytes(HandoversField) : [],
        };
        return read.ShareChecks.Length % ShareCheckSize == 0 && read.Shares is > 1 and <= SecretSplit.MaxShares && read.Threshold > 1 && read.Threshold <= read.Shares && read.Body.Length > TagSize
            ? read : throw KeyFrame.Damaged(path, "its numbers cannot be");
    }

    /// <summary>Whether a key signed it.</summary>
    public bool IsSignedBy(ReadOnlySpan<byte> keyRole) => SignatureVerifier.Verify(keyRole, Bytes.AsSpan(0, Bytes.Length - P256.SignatureSize), Bytes.AsSpan(Bytes.Length - P256.SignatureSize));

    /// <summary>Whether a share is the one that was made under its number.</summary>
    public bool Holds(EscrowShare share) => share.EscrowId == Id && share.ReserveId == ReserveId && share.Number <= Shares && share.Threshold == Threshold && share.Shares == Shares
        && CryptographicOperations.FixedTimeEquals(CheckOf(share), ShareChecks.AsSpan((share.Number - 1) * ShareCheckSize, ShareCheckSize));

    /// <summary>Opens it. The caller disposes the keys.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c></exception>
    public PrivateHalf Open(SecretBytes key, string path)
    {
        using var secret = new SecretBytes(Body.Length - TagSize);
        using var cipher = new AesGcm(key.Span, TagSize);
        try
        {
            cipher.Decrypt(Nonce, Body.AsSpan(0, secret.Length), Body.AsSpan(secret.Length), secret.Writable, Fields(null));
        }
        catch (AuthenticationTagMismatchException wrong)
        {
            throw KeyFrame.Damaged(path, "it does not open with the key that its shares give", wrong);
        }
        var keys = PrivateHalf.FromSecret(secret, path);
        if (Fingerprint.Matches(KeyFingerprint, keys.KeyRole.PublicKey.Span) && Fingerprint.Matches(KekFingerprint, keys.Kek.PublicKey.Span) && IsSignedBy(keys.KeyRole.PublicKey.Span))
        {
            return keys;
        }
        keys.Dispose();
        throw KeyFrame.Damaged(path, "what it holds is not what it says, or its signature does not fit");
    }

    private static byte[] CheckOf(EscrowShare share)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("sting1 share check"u8);
        hash.AppendData(share.EscrowId.ToArray());
        hash.AppendData([share.Number]);
        hash.AppendData(share.Value.Span);
        return hash.GetHashAndReset()[..ShareCheckSize];
    }

    /// <summary>The map; without the body it is the associated data of the sealed keys.</summary>
    private byte[] Fields(byte[]? body)
    {
        var cbor = CborFields.StartMap((body is null ? LastField - 1 : LastField) + (Handovers.Length == 0 ? 0 : 1));
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, ReserveId.ToArray());
        CborFields.Write(cbor, 3, Id.ToArray());
        CborFields.Write(cbor, 4, KekGeneration);
        CborFields.Write(cbor, 5, Convert.FromHexString(KekFingerprint));
        CborFields.Write(cbor, 6, Convert.FromHexString(KeyFingerprint));
        CborFields.Write(cbor, 7, Threshold);
        CborFields.Write(cbor, 8, ShareChecks);
        CborFields.Write(cbor, 9, ReserveCreatedNs);
        CborFields.Write(cbor, 10, CreatedNs);
        CborFields.Write(cbor, 11, Nonce);
        if (body is not null)
        {
            CborFields.Write(cbor, 12, body);
        }
        if (Handovers.Length > 0)
        {
            CborFields.Write(cbor, HandoversField, Handovers);
        }
        return CborFields.End(cbor);
    }
}
