using System.Buffers.Binary;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// What the key role gives a host: the directory key and spares, sealed by HPKE to the host's encryption key (info = "sting1 host" ‖ reserve id ‖ writer id), and
/// all of it signed by the key role, whom the host knows by the fingerprint in its configuration. Nobody else can open it, so it may travel any way.
/// </summary>
/// <param name="ReserveId">The reserve.</param>
/// <param name="WriterId">Whom it is for.</param>
/// <param name="KeyRolePublicKey">Who made it, 65 bytes.</param>
/// <param name="CreatedNs">When, nanoseconds since 1970 UTC.</param>
/// <param name="Sealed">directory key 32 ‖ count u32 ‖ spares, sealed.</param>
internal sealed record HostPackage(Id16 ReserveId, Id16 WriterId, byte[] KeyRolePublicKey, long CreatedNs, byte[] Sealed)
{
    private const int DirectoryKeySize = 32;
    private const int HandoversField = 100;
    private const int HeadSize = DirectoryKeySize + sizeof(uint);

    /// <summary>How many spares it holds, by its length.</summary>
    public int Spares => Math.Max(0, Sealed.Length - KemSuite.P256.Overhead - HeadSize) / SpareFile.EntrySize(Suite);

    /// <summary>Suite of its spares: they are minted together. What seals it is the host's key, of suite 1.</summary>
    public KemSuite Suite { get; init; } = KemSuite.P256;

    /// <summary>How the key role's keys followed one another; empty while it is the first.</summary>
    public byte[] Handovers { get; init; } = [];

    /// <summary>The key role's keys, from the first to the one that made it.</summary>
    public KeyRoleChain Chain => KeyRoleChain.TryRead(Handovers, ReserveId) is { } chain && chain.Current.AsSpan().SequenceEqual(KeyRolePublicKey) ? chain : KeyRoleChain.Of(KeyRolePublicKey);

    /// <summary>Makes the file.</summary>
    public static byte[] Write(ISigner keyRole, PublicHalf reserve, EnrolledWriter host, SecretBytes directoryKey, IReadOnlyCollection<Spare> spares, long nowNs)
    {
        using var plaintext = new SecretBytes(HeadSize + SpareFile.SizeOf(spares));
        directoryKey.Span.CopyTo(plaintext.Writable);
        BinaryPrimitives.WriteUInt32LittleEndian(plaintext.Writable[DirectoryKeySize..], (uint)spares.Count);
        SpareFile.WriteEntries(spares, plaintext.Writable[HeadSize..]);
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.HostPackage, reserve.ReserveId, host.Id)];
        var cbor = CborFields.StartMap(reserve.Handovers.Length == 0 ? 6 : 7);
        CborFields.Write(cbor, 1, SpareFile.SuiteOf(spares).Number);
        CborFields.Write(cbor, 2, reserve.ReserveId.ToArray());
        CborFields.Write(cbor, 3, host.Id.ToArray());
        CborFields.Write(cbor, 4, keyRole.PublicKey.ToArray());
        CborFields.Write(cbor, 5, nowNs);
        CborFields.Write(cbor, 6, Hpke.Seal(host.EncryptionKey, info, [], plaintext.Span));
        if (reserve.Handovers.Length > 0)
        {
            CborFields.Write(cbor, HandoversField, reserve.Handovers);
        }
        return KeyFrame.Sign(KeyFileKind.HostPackage, CborFields.End(cbor), keyRole);
    }

    /// <summary>Reads one and checks its signature by the key role that it names; whether that is the right one the caller knows.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static HostPackage Read(byte[] bytes, string path)
    {
        CborFields Fields(ReadOnlyMemory<byte> payload) => new(payload, path, (why, inner) => KeyFrame.Damaged(path, why, inner));
        var fields = Fields(KeyFrame.ReadSigned(bytes, KeyFileKind.HostPackage, path,
            (payload, signed, signature) => SignatureVerifier.Verify(Fields(payload).Bytes(4, P256.PublicSize), signed, signature)));
        var suite = KemSuite.Of(fields.Number(1), path);
        var package = new HostPackage(new Id16(fields.Bytes(2, Id16.Size)), new Id16(fields.Bytes(3, Id16.Size)), fields.Bytes(4, P256.PublicSize), fields.Long(5), fields.Bytes(6)) {
            Suite = suite, Handovers = fields.Has(HandoversField) ? fields.Bytes(HandoversField) : [],
        };
        fields.CheckOthers(6);
        return package.Sealed.Length >= KemSuite.P256.Overhead + HeadSize ? package : throw KeyFrame.Damaged(path, "it is too short");
    }

    /// <summary>Opens it as the host that it is for; null when it is not, or was changed. The caller disposes what it is given.</summary>
    public (SecretBytes DirectoryKey, IReadOnlyList<Spare> Spares)? Open(HostKeys host)
    {
        Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
        info = info[..BoundInfo.Write(info, BoundInfo.HostPackage, ReserveId, host.WriterId)];
        using var plaintext = new SecretBytes(Sealed.Length - KemSuite.P256.Overhead);
        if (!Hpke.TryOpen(host.EncryptionKey, info, [], Sealed, plaintext.Writable)
            || SpareFile.Parse(plaintext.Span[HeadSize..], Suite, BinaryPrimitives.ReadUInt32LittleEndian(plaintext.Span[DirectoryKeySize..])) is not { } spares)
        {
            return null;
        }
        return (SecretBytes.CopyOf(plaintext.Span[..DirectoryKeySize]), spares);
    }
}
