using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>Key files, key records, envelopes, escrows: what stands behind checksums, signatures and tags, which are made anew around the damage.</summary>
internal static class KeyFileTargets
{
    private const string Store = "store-1", Epoch = "epoch-1";

    public static IEnumerable<FuzzTarget> All =>
    [
        new("key-frame", () => [Golden("keys", "reserve.pub"), Golden("keys", "reserve.key"), Golden("state", "host", "host.key"), Golden(Epoch, "epoch-0000000001.secret")], static input =>
        {
            foreach (var kind in (KeyFileKind[])[KeyFileKind.PublicHalf, KeyFileKind.PrivateHalf, KeyFileKind.Host, KeyFileKind.EpochSecret])
            {
                Quietly(() => KeyFrame.ReadWhole(input, kind, "x"));
                Quietly(() => KeyFrame.ReadSigned(input, kind, "x", static (_, _, _) => true));
            }
        }),
        Signed("key-public", KeyFileKind.PublicHalf, () => [Golden("keys", "reserve.pub"), Hybrid("keys", "reserve.pub"), Fixed.Golden("keys", "signing-1", "keys", "reserve.pub")], static bytes => _ = PublicHalf.Read(bytes, "x").Chain),
        Checked("key-private", KeyFileKind.PrivateHalf, () => [Golden("keys", "reserve.key"), Golden("open", "reserve.key"), Hybrid("open", "reserve.key")], static bytes =>
        {
            PrivateHalfFile.IsSealed(bytes, "x");
            PrivateHalfFile.ReserveOf(bytes, "x");
            if (PrivateHalfFile.ProtectionOf(bytes, "x") == KeyFileProtection.KeyVault)
            {
                _ = PrivateHalfFile.WrappedKeyOf(bytes, "x");
            }
            PrivateHalfFile.Open(bytes, "x", Fixed.Reserve, null).Dispose();   // without its passphrase: Argon2id is no parser
        }),
        Checked("key-host", KeyFileKind.Host, () => [Golden("state", "host", "host.key")], static bytes => HostKeys.Read(new OneFile(bytes), "x")?.Dispose()),
        new("spares", () => [[1, 1, .. SpareEntry(KemSuite.P256)], [2, 1, .. SpareEntry(KemSuite.Hybrid)]], static input =>
        {
            if (input.Length >= 2)
            {
                SpareFile.Parse(input.AsSpan(2), input[0] == 2 ? KemSuite.Hybrid : KemSuite.P256, input[1])?.ForEach(spare => spare.Dispose());
            }
        }),
        new("spares-log", () => [Golden("state", "host", "spares.log")], static input => new SpareLog(new OneFile(WithChecks(input)), "x").Load()),
        new("key-records", () => [Golden(Store, "epoch-0000000001.keys"), Hybrid(Store, "epoch-0000000001.keys")], static input =>
        {
            using var cipher = new AesGcm(Fixed.Ascending(0x70, 32), 16);
            foreach (var record in RecordFile.Read(WithRecordChecks(input), Fixed.Reserve, 1, "x").Records)
            {
                record.OpensOuter(cipher, Fixed.Reserve, 1);
            }
        }),
        Checked("epoch-secret", KeyFileKind.EpochSecret, () => [Golden(Epoch, "epoch-0000000001.secret")], static bytes =>
            new EpochSecrets(new OneFile(bytes), ["place"]).Open(Fixed.Reserve, 1, EpochSecrets.CheckOf(Fixed.Ascending(0x70, 32), Fixed.Reserve, 1), [])?.Dispose()),
        Signed("turn", KeyFileKind.Turn, () => [Golden(Store, "turn", "1")], static bytes =>
        {
            using var keyRole = new SignatureVerifier(Fixed.Signer.PublicKey.Span);
            new Turns(new OneFile(bytes), ["place"]).Current(Fixed.Reserve, keyRole, []);
        }),
        new("erasure", () => [Erasure()], static input => ErasureRecord.Read(Fields(input)).IsDue(0)),
        new("hold", () => [Hold()], static input => HoldRecord.Read(Fields(input)).ToHold()),
        Signed("host-request", KeyFileKind.HostRequest, () => [Request()], static bytes => HostRequest.Read(bytes, "x").ToWriter()),
        Signed("host-package", KeyFileKind.HostPackage, () => [Package()], static bytes =>
        {
            using var host = Host();
            var package = HostPackage.Read(bytes, "x");
            _ = (package.Chain, package.Spares);
            package.Open(host);
        }) with { PerByte = 400 },
        new("host-package-content", () => [[1, .. Fixed.Secret, 1, 0, 0, 0, .. SpareEntry(KemSuite.P256)]], static input =>
        {
            using var host = Host();
            Span<byte> info = stackalloc byte[BoundInfo.MaxSize];
            info = info[..BoundInfo.Write(info, BoundInfo.HostPackage, Fixed.Reserve, host.WriterId)];
            if (input.Length > 36)
            {
                new HostPackage(Fixed.Reserve, host.WriterId, Fixed.Signer.PublicKey.ToArray(), 9, Hpke.Seal(host.EncryptionKey.PublicKey.Span, info, [], input.AsSpan(1))) { Suite = input[0] == 2 ? KemSuite.Hybrid : KemSuite.P256 }.Open(host);
            }
        }),
        new("key-chain", () => [Handovers()], static input => KeyRoleChain.TryRead(input, Fixed.Reserve)) { PerByte = 400 },
        new("escrow-page", () => [.. new[] { "1", "2", "3" }.Select(n => Fixed.Golden("keys", "escrow-1", $"share-{n}.txt"))], static input => EscrowFolder.Read([Scratch.Write("escrow", "share.txt", input)]).Dispose()) { PerByte = 200 },
        Signed("escrow-sealed", KeyFileKind.Escrow, () => [Escrow()], static bytes => _ = SealedEscrow.Read(bytes, "x").Chain),
        Signed("approver-public", KeyFileKind.ApproverPublic, () => [Fixed.Golden("governance", "officer.approver.pub")], static bytes => ApproverKeyFile.ReadPublic(Scratch.Write("approver", "a.pub", bytes))),
        new("claims-cache", () => [CacheRow()], static input =>
        {
            using var host = Host();
            using var cache = new ClaimCache(new KeyEnvironment(TimeProvider.System, RandomNumberGenerator.Create(), new OneFile(SealedCache(input, host))), host, "folder");
            foreach (var tag in cache.Tags)
            {
                cache.Find(tag, [], "user:ada");
            }
        }),
        new("envelope", () => [Hpke.Seal(Fixed.SubjectKey.PublicKey.Span, "info"u8, [], Fixed.Secret)], static input => Envelope(Fixed.SubjectKey, input)),
        new("envelope-hybrid", () => [Hpke.Seal(HybridKey.PublicKey.Span, "info"u8, [], Fixed.Secret)], static input => Envelope(HybridKey, input)) { Burst = 40, PerByte = 4000 },
    ];

    private static readonly AgreementKey HybridKey = AgreementKey.FromSeed(Fixed.Secret);

    /// <summary>Whole files, and how a reader takes them: for damage that nobody signed or sealed.</summary>
    public static IEnumerable<(string Name, byte[] Bytes, Func<byte[], object?> Read)> Files()
    {
        yield return ("reserve.pub", Golden("keys", "reserve.pub"), b => PublicHalf.Read(b, "x"));
        yield return ("reserve.key", Golden("open", "reserve.key"), b => PrivateHalfFile.Open(b, "x", Fixed.Reserve, null).KekGeneration);
        yield return ("host.key", Golden("state", "host", "host.key"), b => HostKeys.Read(new OneFile(b), "x")!.HostName);
        yield return ("turn", Golden(Store, "turn", "1"), b =>
        {
            using var keyRole = new SignatureVerifier(Fixed.Signer.PublicKey.Span);
            return new Turns(new OneFile(b), ["place"]).Current(Fixed.Reserve, keyRole, []).Epoch;
        });
        yield return ("epoch secret", Golden(Epoch, "epoch-0000000001.secret"), b =>
            new EpochSecrets(new OneFile(b), ["place"]).Open(Fixed.Reserve, 1, EpochSecrets.CheckOf(Fixed.Ascending(0x70, 32), Fixed.Reserve, 1), []) is { } secret ? Convert.ToHexString(secret.Span) : throw KeyFrame.Damaged("x", "no place opens"));
        yield return ("spares", Golden("state", "host", "spares"), b =>
        {
            using var host = HostKeys.Read(new OneFile(Golden("state", "host", "host.key")), "x")!;
            return SpareFile.Read(b, host, "x").Count;
        });
        yield return ("envelope", Hpke.Seal(Fixed.SubjectKey.PublicKey.Span, "info"u8, [], Fixed.Secret), b =>
        {
            var opened = new byte[Fixed.Secret.Length];
            return Hpke.TryOpen(Fixed.SubjectKey, "info"u8, [], b, opened) ? Convert.ToHexString(opened) : throw KeyFrame.Damaged("x", "it does not open");
        });
        yield return ("host request", Request(), b => HostRequest.Read(b, "x").HostName);
        yield return ("approver's public half", Fixed.Golden("governance", "officer.approver.pub"), b => ApproverKeyFile.ReadPublic(Scratch.Write("approver", "b.pub", b)).Name);
    }

    private static byte[] Golden(params string[] path) => Fixed.Golden(["keys", "format-1", .. path]);

    private static byte[] Hybrid(params string[] path) => Fixed.Golden(["keys", "hybrid-1", .. path]);

    private static FuzzTarget Signed(string name, KeyFileKind kind, Func<IEnumerable<byte[]>> seeds, Action<byte[]> read) =>
        new(name, () => seeds().Select(s => s[KeyFrame.HeaderSize..^64]), payload => read(KeyFrame.Sign(kind, payload, Fixed.Signer)));

    private static FuzzTarget Checked(string name, KeyFileKind kind, Func<IEnumerable<byte[]>> seeds, Action<byte[]> read) =>
        new(name, () => seeds().Select(s => s[KeyFrame.HeaderSize..^KeyFrame.ChecksumSize]), payload => read(KeyFrame.Write(kind, payload)));

    private static void Quietly(Action read)
    {
        try
        {
            read();
        }
        catch (StingException e) when (e.ErrorId is "KeyFileDamaged" or "FormatTooNew")
        {
        }
    }

    private static CborFields Fields(byte[] input) => new(input, "x", static (why, inner) => KeyFrame.Damaged("x", why, inner));

    private static void Envelope(AgreementKey key, byte[] input)
    {
        var opened = new byte[Math.Max(0, input.Length - key.Suite.Overhead)];
        Hpke.TryOpen(key, "info"u8, [], input, opened);
    }

    private static HostKeys Host() => HostKeys.Read(new OneFile(Golden("state", "host", "host.key")), "x")!;

    private static byte[] SpareEntry(KemSuite suite)
    {
        using var key = AgreementKey.From(suite, Fixed.Secret);
        using var spare = new Spare(SubjectPublicKey.Sign(Fixed.Signer, Fixed.Reserve, Fixed.Subject, 1, key.PublicKey.ToArray()), SecretBytes.CopyOf(Fixed.Secret));
        var bytes = new byte[SpareFile.SizeOf([spare])];
        SpareFile.WriteEntries([spare], bytes);
        return bytes;
    }

    /// <summary>The same log with the check of each slot made to fit, but for those that begin with 0xff.</summary>
    private static byte[] WithChecks(byte[] input)
    {
        byte[] log = [.. input];
        for (var at = 8; at + 48 <= log.Length; at += 48)
        {
            if (log[at] != 0xff)
            {
                SHA256.HashData(log.AsSpan(at, 40)).AsSpan(0, 8).CopyTo(log.AsSpan(at + 40));
            }
        }
        return log;
    }

    /// <summary>The same records, each with a check that fits.</summary>
    private static byte[] WithRecordChecks(byte[] input)
    {
        byte[] file = [.. input];
        for (var at = file.AsSpan().IndexOf("SREC"u8); at >= 0 && at + 16 <= file.Length;)
        {
            var end = at + 8 + BitConverter.ToUInt32(file, at + 4);
            if (end + 8 > file.Length)
            {
                break;
            }
            SHA256.HashData(file.AsSpan(at, (int)(end - at))).AsSpan(0, 8).CopyTo(file.AsSpan((int)end));
            var next = file.AsSpan((int)end).IndexOf("SREC"u8);
            at = next < 0 ? -1 : (int)end + next;
        }
        return file;
    }

    private static byte[] Erasure() => new ErasureRecord
    {
        Reserve = Fixed.Reserve, Id = Fixed.Subject, State = (ErasureState)0, Names = ["user:ada"], Targets = [new ErasureTarget(Fixed.Subject, Fixed.Writer, [Fixed.Reserve], new Id32(Fixed.Secret))], RequestedNs = 4,
        RequestedBy = "ada@host", DueNs = 5, LegalBasis = "Article 17", Reference = "42", Waiting = ["epoch-2"], Approvers = ["a"], EarlierCopies = ["jar"], Delay = "7d",
    }.ToPayload();

    private static byte[] Hold() => new HoldRecord { Reserve = Fixed.Reserve, Id = Fixed.Subject, Subject = "user:ada", Tag = Fixed.Writer, Reason = "a court", SetBy = "ada@host", SetNs = 7 }.ToPayload();

    private static byte[] Request()
    {
        using var host = Host();
        var cbor = CborFields.StartMap(6);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, host.WriterId.ToArray());
        cbor.WriteInt32(3);
        cbor.WriteTextString(host.HostName);
        CborFields.Write(cbor, 4, Fixed.Signer.PublicKey.ToArray());
        CborFields.Write(cbor, 5, host.EncryptionKey.PublicKey.ToArray());
        CborFields.Write(cbor, 6, 9);
        return KeyFrame.Sign(KeyFileKind.HostRequest, CborFields.End(cbor), Fixed.Signer);
    }

    private static byte[] Package()
    {
        using var host = Host();
        using var directoryKey = SecretBytes.CopyOf(Fixed.Secret);
        return HostPackage.Write(Fixed.Signer, PublicHalf.Read(Golden("keys", "reserve.pub"), "x"), host.ToWriter(), directoryKey, [], 9);
    }

    private static byte[] Handovers()
    {
        using var next = EcdsaSigner.FromScalar(Fixed.Secret);
        return KeyRoleChain.Of(Fixed.Signer.PublicKey.ToArray()).HandOver(Fixed.Signer, next, Fixed.Reserve, 9).Handovers;
    }

    private static byte[] Escrow()
    {
        using var keys = PrivateHalfFile.Open(Golden("open", "reserve.key"), "x", Fixed.Reserve, null);
        var (escrow, shares) = SealedEscrow.Make(keys, PublicHalf.Read(Golden("keys", "reserve.pub"), "x"), 3, 2, new KeyEnvironment(TimeProvider.System, RandomNumberGenerator.Create(), new OneFile([])));
        Array.ForEach(shares, s => s.Dispose());
        return escrow.Bytes;
    }

    private static byte[] CacheRow() => [.. Fixed.Subject.ToArray(), .. Fixed.Secret, .. Fixed.Subject.ToArray(), 1, 0, 0, 0, .. Fixed.Secret, 1, 0, .. Fixed.SubjectKey.PublicKey.Span];

    private static byte[] SealedCache(byte[] rows, HostKeys host)
    {
        var key = HKDF.Expand(HashAlgorithmName.SHA256, host.SpareKey.Span.ToArray(), 32, "sting1 claims"u8.ToArray());
        using var cipher = new AesGcm(key, 16);
        var payload = new byte[12 + rows.Length + 16];
        cipher.Encrypt(payload.AsSpan(0, 12), rows, payload.AsSpan(12, rows.Length), payload.AsSpan(12 + rows.Length), [.. "sting1 claim rows"u8, .. host.ReserveId.ToArray(), .. host.WriterId.ToArray()]);
        return KeyFrame.Write(KeyFileKind.ClaimCache, payload);
    }
}
