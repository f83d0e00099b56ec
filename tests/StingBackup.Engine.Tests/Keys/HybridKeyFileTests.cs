using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>
/// Key files and claims of suite 2: what another program wrote from docs/key-formats.md (Golden/make_golden.py, whose ML-KEM is OpenSSL's) opens, and what is damaged or has a
/// wrong length is refused by name. In the golden reserve the KEK and one subject are hybrid, the other subject is not.
/// </summary>
public sealed class HybridKeyFileTests : IDisposable
{
    private const string Name = "user:7b1c0e1e-0000-4000-8000-00000000000a";
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Keys", "Golden", "hybrid-1");
    private readonly KeyFixture _fixture = new(KemSuite.Hybrid);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_hybrid_reserve_that_another_program_wrote_opens_whole()
    {
        var store = await GoldenAsync();
        using var keys = _fixture.Open();
        using var writers = await keys.LoadWritersAsync(store, default);
        await using var writer = keys.OpenWriter(store, writers);
        var first = await writer.GetAsync(Name, default);
        var second = await writer.GetAsync("user:second", default);
        using var reader = KeyFixture.Unlock(keys, "Zo\u00eb's golden passphrase");
        Assert.Empty(reader.Faults);
        Assert.Equal((1249, 65), (first.PublicKey.Length, second.PublicKey.Length));
        Assert.Equal(first.IdKey, reader.GetIdKey(first.Pseudonym).ToArray());
        Assert.Equal(second.IdKey, reader.GetIdKey(second.Pseudonym).ToArray());
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (byte)i), reader.OpenDataKey(first.Pseudonym, 1, Bytes("data-key")));
        foreach (var subject in new[] { first, second })
        {
            var dataKey = RandomNumberGenerator.GetBytes(32);
            Assert.Equal(dataKey, reader.OpenDataKey(subject.Pseudonym, 1, DataKeys.Seal(subject.PublicKey, keys.ReserveId, subject.Pseudonym, 1, dataKey)));
        }
    }

    [Fact]
    public async Task Files_of_suite_2_are_written_alike()
    {
        await GoldenAsync();
        using var keys = _fixture.Open();
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        var spares = SpareFile.Read(Bytes("state/host/spares"), host, "spares");
        Assert.Equal([KemSuite.Hybrid, KemSuite.P256], spares.Select(spare => spare.Key.Suite));
        var written = SpareFile.Write(spares, host, _fixture.Environment.Random);
        Assert.Equal(Bytes("state/host/spares").Length, written.Length);
        Assert.Equal(spares.Select(Row), SpareFile.Read(written, host, "spares").Select(Row));

        var records = RecordFile.Read(Bytes("store-1/epoch-0000000001.keys"), keys.ReserveId, 1, "store-1");
        Assert.Empty(records.Faults);
        Assert.Equal([(KemSuite.Hybrid, 1287), (KemSuite.P256, 1287)], records.Records.Select(record => (record.Suite, record.Size)));
        byte[] again = [.. RecordFile.Head(keys.ReserveId, 1), .. RecordFile.Frame(records.Records)];
        Assert.Equal(Bytes("store-1/epoch-0000000001.keys"), again);

        using var half = PrivateHalfFile.Open(Bytes("open/reserve.key"), "reserve.key", keys.ReserveId, null);
        Assert.Equal(KemSuite.Hybrid, half.Kek.Suite);
        Assert.Equal(Bytes("open/reserve.key"), PrivateHalfFile.Write(half, keys.ReserveId, null, Argon2Parameters.Default, _fixture.Environment.Random));
        var publicHalf = Bytes("keys/reserve.pub");
        Assert.Equal(publicHalf[..^64], PublicHalf.Read(publicHalf, "reserve.pub").ToBytes(half.KeyRole)[..^64]);
    }

    [Fact]
    public async Task A_claim_whose_key_has_another_length_than_its_suite_or_an_unknown_suite_is_refused_by_name()
    {
        var store = await GoldenAsync();
        using var keys = _fixture.Open();
        using var writers = await keys.LoadWritersAsync(store, default);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        using var signer = EcdsaSigner.FromScalar(Ascending(0x03, 32));
        var (name, bytes) = store.Objects.Single(item => item.Key.StartsWith("subjects/", StringComparison.Ordinal));
        foreach (var (suite, error) in new[] { (1, "ClaimDamaged"), (2, ""), (3, "SuiteUnknown") })
        {
            var changed = bytes.ToArray();
            Assert.Equal(2, changed[14]);    // frame 12, head of the map, key 1, suite
            changed[14] = (byte)suite;
            signer.Sign(changed.AsSpan(0, changed.Length - 64)).CopyTo(changed, changed.Length - 64);
            if (error.Length == 0)
            {
                Assert.Equal(KemSuite.Hybrid, SubjectClaim.Read(name, changed, keys.ReserveId, verifier, writers).Key.Suite);
                continue;
            }
            var refused = Assert.Throws<StingException>(() => SubjectClaim.Read(name, changed, keys.ReserveId, verifier, writers));
            Assert.Equal((error, name), (refused.ErrorId, refused.Target));
        }
        var flipped = bytes.ToArray();
        flipped[600] ^= 1;    // within the public key
        Assert.Equal("ClaimDamaged", Assert.Throws<StingException>(() => SubjectClaim.Read(name, flipped, keys.ReserveId, verifier, writers)).ErrorId);
    }

    [Fact]
    public async Task Every_byte_of_a_key_record_counts_and_a_torn_one_is_no_damage()
    {
        await GoldenAsync();
        using var keys = _fixture.Open();
        var file = Bytes("store-1/epoch-0000000001.keys");
        var start = file.Length - 1287 - 16;
        for (var cut = start; cut < file.Length; cut++)
        {
            var torn = RecordFile.Read(file[..cut], keys.ReserveId, 1, "store-1");
            Assert.Equal((1, 0, (long)start), (torn.Records.Count, torn.Faults.Count, torn.SoundLength));
        }
        Assert.Empty(RecordFile.Read([.. file[..(start + 900)], .. new byte[file.Length - start - 900]], keys.ReserveId, 1, "store-1").Faults);
        for (var at = start; at < file.Length; at++)
        {
            file[at] ^= 1;
            var damaged = RecordFile.Read(file, keys.ReserveId, 1, "store-1");
            Assert.Single(damaged.Records);
            Assert.Equal("store-1", Assert.Single(damaged.Faults).Target);
            file[at] ^= 1;
        }
    }

    [Fact]
    public async Task A_spare_file_with_a_wrong_length_suite_or_count_is_refused()
    {
        await GoldenAsync();
        using var keys = _fixture.Open();
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        var spares = SpareFile.Read(Bytes("state/host/spares"), host, "spares");
        var entries = new byte[SpareFile.SizeOf(spares)];
        SpareFile.WriteEntries(spares, entries);
        Assert.Equal(2, SpareFile.Parse(entries, KemSuite.Hybrid, 2)!.Count);
        Assert.Null(SpareFile.Parse(entries, KemSuite.Hybrid, 3));
        Assert.Null(SpareFile.Parse(entries, KemSuite.P256, 2));
        Assert.Null(SpareFile.Parse(entries.AsSpan(0, entries.Length - 1), KemSuite.Hybrid, 2));
        Assert.Null(SpareFile.Parse([.. entries, 2], KemSuite.Hybrid, 2));
        entries[0] = 3;
        Assert.Null(SpareFile.Parse(entries, KemSuite.Hybrid, 2));
    }

    [Fact]
    public void A_package_brings_hybrid_spares_to_its_host_alone()
    {
        using var keyRole = EcdsaSigner.Generate();
        using var directoryKey = SecretBytes.Random(32, _fixture.Environment.Random);
        var reserve = _fixture.Environment.NewId();
        using var host = HostKeys.Generate(_fixture.Environment, reserve, "b", directoryKey.Span, keyRole.PublicKey.ToArray());
        using var other = HostKeys.Generate(_fixture.Environment, reserve, "c", directoryKey.Span, keyRole.PublicKey.ToArray());
        var spares = Enumerable.Range(0, 3).Select(_ => Spare(keyRole, reserve)).ToList();
        var package = HostPackage.Read(HostPackage.Write(keyRole, new PublicHalf { ReserveId = reserve, KekPublicKey = [], KekGeneration = 1, KeyRolePublicKey = keyRole.PublicKey.ToArray(), CreatedNs = 1 }, host.ToWriter(), directoryKey, spares, 1), "b.package");
        Assert.Equal((3, KemSuite.Hybrid), (package.Spares, package.Suite));
        var opened = package.Open(host)!.Value;
        Assert.Equal(spares.Select(Row), opened.Spares.Select(Row));
        Assert.Null(package.Open(other));
        Assert.Null((package with { Suite = KemSuite.P256 }).Open(host));
    }

    [Fact]
    public void The_KEK_can_change_its_suite_in_either_direction()
    {
        using var classical = AgreementKey.Generate();
        using var hybrid = AgreementKey.Generate(KemSuite.Hybrid);
        using var subject = AgreementKey.Generate(KemSuite.Hybrid);
        using var secret = SecretBytes.Random(32, _fixture.Environment.Random);
        var (reserve, pseudonym) = (_fixture.Environment.NewId(), _fixture.Environment.NewId());
        InnerLayer[] layers = [new(pseudonym, 1, 1, KeyRecord.SealInner(classical.PublicKey.Span, reserve, pseudonym, 1, subject, secret))];
        var there = KekRotation.Reseal(layers, reserve, generation => generation == 1 ? classical : null, hybrid.PublicKey.ToArray(), 2, default);
        Assert.Equal(64 + KemSuite.Hybrid.Overhead, there[0].Bytes.Length);
        var back = KekRotation.Reseal(there, reserve, generation => generation == 2 ? hybrid : null, classical.PublicKey.ToArray(), 3, default);
        Assert.Equal(layers[0].Bytes.Length, back[0].Bytes.Length);

        // A key file that holds KEKs of both suites, as it does while the KEK changes.
        using var half = new PrivateHalf(EcdsaSigner.Generate(), SecretBytes.CopyOf(secret.Span), [new(1, classical.Copy()), new(2, hybrid.Copy())]);
        using var bytes = half.ToSecret();
        using var again = PrivateHalf.FromSecret(bytes, "reserve.key");
        Assert.Equal([classical.PublicKey.ToArray(), hybrid.PublicKey.ToArray()], [again.KekOf(1)!.PublicKey.ToArray(), again.KekOf(2)!.PublicKey.ToArray()]);
        using var cut = SecretBytes.CopyOf(bytes.Span[..^1]);
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => PrivateHalf.FromSecret(cut, "reserve.key")).ErrorId);
    }

    private static Spare Spare(EcdsaSigner keyRole, Id16 reserve)
    {
        using var subject = AgreementKey.Generate(KemSuite.Hybrid);
        var pseudonym = new Id16(RandomNumberGenerator.GetBytes(16));
        return new Spare(SubjectPublicKey.Sign(keyRole, reserve, pseudonym, 1, subject.PublicKey.ToArray()), SecretBytes.CopyOf(RandomNumberGenerator.GetBytes(32)));
    }

    private static string Row(Spare spare) => $"{spare.Key.Pseudonym} {spare.Key.Generation} {Convert.ToHexString(spare.Key.PublicKey)} {Convert.ToHexString(spare.Key.Signature)} {Convert.ToHexString(spare.WriterSecret.Span)}";

    private static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Golden, name));

    private static byte[] Ascending(int first, int length) => [.. Enumerable.Range(first, length).Select(i => (byte)i)];

    private async Task<MemoryObjectStore> GoldenAsync()
    {
        var store = new MemoryObjectStore();
        foreach (var path in Directory.GetFiles(Golden, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(Golden, path).Replace('\\', '/');
            var target = Path.Combine(_fixture.Folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
            if (name.StartsWith("repository/", StringComparison.Ordinal))
            {
                await store.PutAsync(name["repository/".Length..], File.ReadAllBytes(path), default);
            }
        }
        return store;
    }
}
