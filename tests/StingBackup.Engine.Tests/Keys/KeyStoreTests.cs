using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

public sealed class KeyStoreTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Every_replica_holds_every_record_before_a_host_has_the_public_half()
    {
        var sizes = new List<long>();
        _fixture.Files.Watch = path =>
        {
            if (path.EndsWith("spares", StringComparison.Ordinal))
            {
                sizes.AddRange([new FileInfo(_fixture.Replica(0)).Length, new FileInfo(_fixture.Replica(1)).Length]);
            }
        };
        using var keys = await _fixture.CreateAsync();
        Assert.Equal(2, sizes.Count);
        Assert.All(sizes, size => Assert.True(size > KeyFixture.FewSpares * KeyRecord.SizeOf(KemSuite.P256)));
        Assert.Equal(File.ReadAllBytes(_fixture.Replica(0)), File.ReadAllBytes(_fixture.Replica(1)));
    }

    [Fact]
    public async Task One_damaged_byte_anywhere_in_a_replica_is_named_and_the_other_serves()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        var path = _fixture.Replica(0);
        var sound = File.ReadAllBytes(path);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        for (var i = 0; i < sound.Length; i++)
        {
            KeyFixture.Flip(path, i);
            using var store = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier);
            Assert.Equal(3, store.Count);
            Assert.True(store.Faults.Count > 0, $"byte {i}");
            Assert.All(store.Faults, fault => Assert.Equal(path, fault.Target));
            File.WriteAllBytes(path, sound);
        }
        using var healthy = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier);
        Assert.Empty(healthy.Faults);
    }

    [Fact]
    public async Task A_record_damaged_in_every_replica_costs_that_subject_alone()
    {
        using var keys = await _fixture.CreateAsync(spares: 5);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        int victim;
        using (var store = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier))
        {
            victim = (int)new FileInfo(_fixture.Replica(0)).Length - 300;
        }
        KeyFixture.Flip(_fixture.Replica(0), victim);
        KeyFixture.Flip(_fixture.Replica(1), victim);
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(4, reader.Pseudonyms.Count);
        Assert.Equal(2, reader.Faults.Count(fault => fault.ErrorId == "KeyRecordDamaged"));
        Assert.All(reader.Pseudonyms, pseudonym => Assert.Equal(32, reader.GetIdKey(pseudonym).Length));
    }

    [Fact]
    public async Task A_torn_end_is_no_damage_and_the_next_append_cuts_it_off()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        var path = _fixture.Replica(0);
        var sound = File.ReadAllBytes(path);
        var frame = (sound.Length - 70) / 3;
        byte[][] tails = [sound[^frame..^10], sound[^frame..^(frame - 1)], sound[^frame..^(frame - 5)], new byte[5000], [.. sound[^frame..^100], .. new byte[500]]];
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        foreach (var tail in tails)
        {
            File.WriteAllBytes(path, [.. sound, .. tail]);
            using var store = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier);
            Assert.Empty(store.Faults);
            Assert.Equal(3, store.Count);
        }
        await keys.AddSparesAsync(null, 2, default);
        Assert.Equal(File.ReadAllBytes(_fixture.Replica(1)).Length, File.ReadAllBytes(path).Length);
        using var after = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier);
        Assert.Empty(after.Faults);
        Assert.Equal(5, after.Count);
    }

    [Fact]
    public async Task An_append_that_dies_anywhere_loses_nothing_and_the_next_one_heals_the_replicas()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        var known = 3;
        foreach (var (failing, torn, whole) in new[] { (1, 0, false), (1, 100, false), (1, 300, false), (1, 0, true), (2, 0, false), (2, 250, false), (2, 0, true) })
        {
            _fixture.Files.FailAt = _fixture.Files.Writes + failing;
            _fixture.Files.TornBytes = torn;
            _fixture.Files.DoIt = whole;
            var error = await Assert.ThrowsAsync<StingException>(async () => await keys.AddSparesAsync(null, 2, default));
            Assert.Equal("KeyFileUnavailable", error.ErrorId);
            _fixture.Files.FailAt = 0;

            await keys.AddSparesAsync(null, 1, default);
            known++;
            using var store = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier);
            Assert.Empty(store.Faults);
            using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
            var spares = SpareFile.Read(File.ReadAllBytes(_fixture.InHost("spares")), host, "spares");
            Assert.Equal(known, spares.Count);
            Assert.All(spares, spare => Assert.Contains(spare.Key.Pseudonym, store.Pseudonyms));
        }
    }

    [Fact]
    public async Task A_replica_that_does_not_read_back_stops_the_minting()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        var before = File.ReadAllBytes(_fixture.InHost("spares"));
        var lying = new LyingFiles(_fixture.Files, _fixture.Replica(1));
        using var same = ReserveKeys.OpenIn(_fixture.Environment with { Files = lying }, _fixture.Options, null);
        var error = await Assert.ThrowsAsync<StingException>(async () => await same.AddSparesAsync(null, 2, default));
        Assert.Equal("KeyRecordDamaged", error.ErrorId);
        Assert.Equal(_fixture.Replica(1), error.Target);
        Assert.Equal(before, File.ReadAllBytes(_fixture.InHost("spares")));
    }

    [Fact]
    public async Task A_missing_replica_stops_minting_but_not_reading_and_is_refilled()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        Directory.Delete(_fixture.Options.KeyStoreReplicas[0], recursive: true);
        using (var reader = KeyFixture.Unlock(keys))
        {
            Assert.Equal(3, reader.Pseudonyms.Count);
            Assert.All(reader.Faults, fault => Assert.Equal("KeyStoreReplicaMissing", fault.ErrorId));
            Assert.NotEmpty(reader.Faults);
        }
        Assert.Equal("KeyStoreReplicaMissing", (await Assert.ThrowsAsync<StingException>(async () => await keys.AddSparesAsync(null, 1, default))).ErrorId);

        var (written, unmended) = await keys.RefillKeyStoreAsync(null, default);
        Assert.Empty(written);
        Assert.All(unmended, fault => Assert.Equal("KeyStoreReplicaMissing", fault.ErrorId));
        Assert.False(Directory.Exists(_fixture.Options.KeyStoreReplicas[0]));

        Directory.CreateDirectory(_fixture.Options.KeyStoreReplicas[0]);
        (written, unmended) = await keys.RefillKeyStoreAsync(null, default);
        Assert.Equal([_fixture.Replica(0), Turns.PathOf(_fixture.Options.KeyStoreReplicas[0], 1)], written);
        Assert.Empty(unmended);
        using var refilled = KeyFixture.Unlock(keys);
        Assert.Empty(refilled.Faults);
        Assert.Equal(3, refilled.Pseudonyms.Count);
        Assert.Empty((await keys.RefillKeyStoreAsync(null, default)).Written);
    }

    [Fact]
    public async Task A_damaged_replica_and_a_lost_secret_are_refilled_from_the_others()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        KeyFixture.Flip(_fixture.Replica(1), 150);
        File.Delete(_fixture.Secret(0));
        Assert.Equal([_fixture.Replica(1), _fixture.Secret(0)], (await keys.RefillKeyStoreAsync(null, default)).Written);
        Assert.Equal(File.ReadAllBytes(_fixture.Secret(1)), File.ReadAllBytes(_fixture.Secret(0)));
        using var reader = KeyFixture.Unlock(keys);
        Assert.Empty(reader.Faults);
    }

    [Fact]
    public async Task Another_reserves_replica_is_neither_read_nor_overwritten()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        using var other = new KeyFixture();
        using var otherKeys = await other.CreateAsync(spares: 2);
        File.Copy(other.Replica(0), _fixture.Replica(1), overwrite: true);
        using (var reader = KeyFixture.Unlock(keys))
        {
            Assert.Equal(3, reader.Pseudonyms.Count);
            Assert.Equal("KeyStoreForeign", Assert.Single(reader.Faults).ErrorId);
        }
        var (written, faults) = await keys.RefillKeyStoreAsync(null, default);
        Assert.Empty(written);
        Assert.Equal("KeyStoreForeign", Assert.Single(faults).ErrorId);
        Assert.Equal(File.ReadAllBytes(other.Replica(0)), File.ReadAllBytes(_fixture.Replica(1)));
    }

    [Fact]
    public async Task One_epoch_place_is_enough_and_the_damaged_one_is_named()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        var path = _fixture.Secret(0);
        var sound = File.ReadAllBytes(path);
        for (var i = 0; i < sound.Length; i++)
        {
            KeyFixture.Flip(path, i);
            using var reader = KeyFixture.Unlock(keys);
            Assert.Equal(3, reader.Pseudonyms.Count);
            var fault = Assert.Single(reader.Faults);
            Assert.Equal("KeyFileDamaged", fault.ErrorId);
            Assert.Equal(path, fault.Target);
            File.WriteAllBytes(path, sound);
        }
    }

    [Fact]
    public async Task A_place_with_another_secret_of_the_same_epoch_is_found_out()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        var payload = File.ReadAllBytes(_fixture.Secret(0))[16..^32];
        RandomNumberGenerator.Fill(payload.AsSpan(20));
        File.WriteAllBytes(_fixture.Secret(0), KeyFrame.Write(KeyFileKind.EpochSecret, payload));
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(3, reader.Pseudonyms.Count);
        Assert.Contains("another secret", Assert.Single(reader.Faults).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_any_epoch_place_nothing_opens()
    {
        using var keys = await _fixture.CreateAsync();
        File.Delete(_fixture.Secret(0));
        KeyFixture.Flip(_fixture.Secret(1), 40);
        var error = Assert.Throws<StingException>(() => KeyFixture.Unlock(keys));
        Assert.Equal("EpochSecretMissing", error.ErrorId);
        Assert.Contains(_fixture.Options.EpochPlaces[1], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_turn_with_any_byte_changed_is_named_and_the_copy_serves()
    {
        using var keys = await _fixture.CreateAsync(spares: 3);
        var path = Turns.PathOf(_fixture.Options.KeyStoreReplicas[0], 1);
        var sound = File.ReadAllBytes(path);
        for (var i = 0; i < sound.Length; i++)
        {
            KeyFixture.Flip(path, i);
            using var reader = KeyFixture.Unlock(keys);
            Assert.Equal(1u, reader.Epoch);
            Assert.Equal(path, Assert.Single(reader.Faults).Target);
            File.WriteAllBytes(path, sound);
        }
        File.Delete(path);
        File.Delete(Turns.PathOf(_fixture.Options.KeyStoreReplicas[1], 1));
        Assert.Equal("KeyStoreMissing", Assert.Throws<StingException>(() => KeyFixture.Unlock(keys)).ErrorId);
    }

    [Fact]
    public async Task A_record_never_opens_under_another_pseudonym_generation_epoch_or_reserve()
    {
        using var cipher = new AesGcm(new byte[32], 16);
        using var random = RandomNumberGenerator.Create();
        using var kek = AgreementKey.Generate();
        using var subject = AgreementKey.Generate();
        using var writerSecret = SecretBytes.Random(32, random);
        var reserve = _fixture.Environment.NewId();
        var pseudonym = _fixture.Environment.NewId();
        var inner = KeyRecord.SealInner(kek.PublicKey.Span, reserve, pseudonym, 1, subject, writerSecret);
        var record = KeyRecord.SealOuter(cipher, random, reserve, 1, new KeyRecord(KemSuite.P256, pseudonym, 1, 1, default, default), inner);
        var opened = new byte[record.InnerSize];
        Assert.True(record.TryOpenOuter(cipher, reserve, 1, opened));
        Assert.Equal(inner, opened);
        Assert.False(record.TryOpenOuter(cipher, pseudonym, 1, opened));
        Assert.False(record.TryOpenOuter(cipher, reserve, 2, opened));
        Assert.False((record with { Pseudonym = reserve }).TryOpenOuter(cipher, reserve, 1, opened));
        Assert.False((record with { Generation = 2 }).TryOpenOuter(cipher, reserve, 1, opened));
        Assert.False((record with { KekGeneration = 2 }).TryOpenOuter(cipher, reserve, 1, opened));
        Assert.False((record with { Suite = KemSuite.Hybrid }).TryOpenOuter(cipher, reserve, 1, opened));

        using var secret = new SecretBytes(KeyRecord.SecretSize);
        Assert.True(record.TryOpenInner(kek, reserve, inner, secret));
        Assert.Equal(writerSecret.Span.ToArray(), secret.Span[32..].ToArray());
        using var otherKek = AgreementKey.Generate();
        Assert.False(record.TryOpenInner(otherKek, reserve, inner, secret));
        Assert.False((record with { Generation = 2 }).TryOpenInner(kek, reserve, inner, secret));
        Assert.False((record with { Pseudonym = reserve }).TryOpenInner(kek, reserve, inner, secret));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_store_of_10000_records_opens_one_subject_without_unwrapping_the_others()
    {
        using var keys = await _fixture.CreateAsync(spares: 10);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        using (var store = KeyStore.Open(_fixture.Environment, _fixture.Options, keys.ReserveId, verifier))
        {
            // Inner layers that no key opens: whoever unwrapped them would fail.
            var records = new List<KeyRecord>(10_000);
            for (var i = 0; i < 10_000; i++)
            {
                records.Add(store.Seal(KemSuite.P256, _fixture.Environment.NewId(), 1, 1, RandomNumberGenerator.GetBytes(KeyRecord.SecretSize + KemSuite.P256.Overhead)));
            }
            store.Append(records, default);
        }
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(10_010, reader.Pseudonyms.Count);
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        var spare = SpareFile.Read(File.ReadAllBytes(_fixture.InHost("spares")), host, "spares")[3];
        Assert.Equal(WriterSecret.IdKey(spare.WriterSecret.Span), reader.GetIdKey(spare.Key.Pseudonym).ToArray());
        var bogus = reader.Pseudonyms.Last();
        Assert.Equal("KeyRecordDamaged", Assert.Throws<StingException>(() => reader.GetIdKey(bogus)).ErrorId);
    }

    [Fact]
    public async Task A_subject_that_was_never_kept_is_named_as_missing()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        var pseudonym = _fixture.Environment.NewId();
        foreach (var error in new[] { Assert.Throws<StingException>(() => reader.GetIdKey(pseudonym)), Assert.Throws<StingException>(() => reader.OpenDataKey(pseudonym, 1, new byte[113])) })
        {
            Assert.Equal("SubjectKeyMissing", error.ErrorId);
            Assert.Equal(FailureKind.NotFound, error.Kind);
            Assert.Contains(pseudonym.ToString(), error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_sealed_data_key_with_any_byte_changed_is_refused()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        var spare = SpareFile.Read(File.ReadAllBytes(_fixture.InHost("spares")), host, "spares")[0];
        var sealedKey = DataKeys.Seal(spare.Key.PublicKey, keys.ReserveId, spare.Key.Pseudonym, 1, new byte[32]);
        Assert.Equal(new byte[32], reader.OpenDataKey(spare.Key.Pseudonym, 1, sealedKey));
        for (var i = 0; i < sealedKey.Length; i += 3)
        {
            sealedKey[i] ^= 1;
            Assert.Equal("DataKeyDamaged", Assert.Throws<StingException>(() => reader.OpenDataKey(spare.Key.Pseudonym, 1, sealedKey)).ErrorId);
            sealedKey[i] ^= 1;
        }
        Assert.Equal("DataKeyDamaged", Assert.Throws<StingException>(() => reader.OpenDataKey(spare.Key.Pseudonym, 1, sealedKey.AsSpan(1))).ErrorId);
    }

    /// <summary>A disk that takes an append and keeps something else.</summary>
    private sealed class LyingFiles(IKeyFiles inner, string path) : IKeyFiles
    {
        public byte[]? Read(string name, long offset = 0) => inner.Read(name, offset);
        public bool Create(string name, ReadOnlySpan<byte> content) => inner.Create(name, content);
        public void Replace(string name, ReadOnlySpan<byte> content) => inner.Replace(name, content);
        public void Rename(string name, string newPath) => inner.Rename(name, newPath);
        public void Delete(string name) => inner.Delete(name);
        public void Destroy(string name) => inner.Destroy(name);
        public IReadOnlyList<string>? List(string folder) => inner.List(folder);
        public void MakeFolder(string name) => inner.MakeFolder(name);
        public bool IsExposed(string name) => inner.IsExposed(name);
        public ValueTask<IDisposable> LockAsync(string name, CancellationToken cancel) => inner.LockAsync(name, cancel);

        public void Append(string name, long length, ReadOnlySpan<byte> content)
        {
            var kept = content.ToArray();
            if (name == path)
            {
                kept[^1] ^= 1;
            }
            inner.Append(name, length, kept);
        }
    }
}
