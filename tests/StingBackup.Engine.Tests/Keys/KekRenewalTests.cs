using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>A new KEK and a new epoch: what could be read can be read, wherever it is interrupted; and what lay there before opens nothing later.</summary>
public sealed class KekRenewalTests : IDisposable
{
    private const string Passphrase = "a long passphrase";
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(Passphrase)]
    public async Task A_new_KEK_seals_every_record_and_the_old_one_is_gone(string? passphrase)
    {
        using var keys = await _fixture.CreateAsync(passphrase);
        var (all, before) = (Secrets(keys, passphrase), keys.PublicNow);
        _fixture.Clock.Advance(TimeSpan.FromDays(90));
        var renewed = await RenewAsync(keys, _fixture, passphrase);
        Assert.Equal((2u, 2u, KeyFixture.FewSpares), (renewed.Generation, renewed.Left.Epoch, renewed.Left.Survivors));
        Assert.Empty(renewed.Left.Away);
        var now = keys.PublicNow;
        Assert.Equal((2u, before.CreatedNs, _fixture.Environment.NowNs), (now.KekGeneration, now.CreatedNs, now.KekSinceNs!.Value));
        Assert.NotEqual(before.KekPublicKey, now.KekPublicKey);

        using var again = _fixture.Open(keys.KeyRoleFingerprint);
        Assert.Equal(all, Secrets(again, passphrase));
        Assert.Equal(all, Secrets(keys, passphrase));   // opened before it was renewed: unlocking looks anew
        Assert.All(Records(again), record => Assert.Equal(2u, record.KekGeneration));
        using (var half = Private(again, passphrase))
        {
            Assert.Equal([2u], half.KekGenerations);
        }
        var (format, faults) = await again.LoadFormatAsync(_fixture.Store, default);
        Assert.Empty(faults);
        Assert.Equal((2u, Fingerprint.Of(now.KekPublicKey)), (format.Revision, format.KekFingerprint));
        Assert.Empty(Directory.EnumerateFiles(_fixture.Folder, "epoch-0000000001.*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task An_old_key_file_opens_no_later_record()
    {
        using var keys = await _fixture.CreateAsync();
        var (oldKey, oldPublic) = (await File.ReadAllBytesAsync(_fixture.InKeys(PrivateHalfFile.FileName)), await File.ReadAllBytesAsync(_fixture.InKeys(PublicHalf.FileName)));
        await RenewAsync(keys, _fixture);

        await File.WriteAllBytesAsync(_fixture.InKeys(PrivateHalfFile.FileName), oldKey);
        using var theirs = _fixture.Open();
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => theirs.Unlock(null)).ErrorId);
        // With the public half of its time beside it, it unlocks, and opens nothing.
        await File.WriteAllBytesAsync(_fixture.InKeys(PublicHalf.FileName), oldPublic);
        using var older = _fixture.Open();
        using var reader = older.Unlock(null);
        Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
        Assert.All(reader.Pseudonyms, one => Assert.Equal("KeyRecordDamaged", Assert.Throws<StingException>(() => reader.GetIdKey(one)).ErrorId));
    }

    [Fact]
    public async Task Killed_after_any_write_everything_opens_and_the_next_try_ends_it_with_the_same_KEK()
    {
        int writes;
        using var begin = new KeyFixture();
        (await begin.CreateAsync()).Dispose();
        using (var counting = begin.Copy())
        {
            using var keys = counting.Open();
            var before = counting.Files.Writes;
            await RenewAsync(keys, counting);
            writes = counting.Files.Writes - before;
        }
        Assert.True(writes >= 14, $"{writes} writes");
        for (var failing = 1; failing <= writes; failing++)
        {
            foreach (var whole in new[] { false, true })
            {
                using var fixture = begin.Copy();
                using var made = fixture.Open();
                var all = Secrets(made, null);
                (fixture.Files.FailAt, fixture.Files.DoIt) = (fixture.Files.Writes + failing, whole);
                try
                {
                    await RenewAsync(made, fixture);
                }
                catch (StingException)
                {
                }
                fixture.Files.FailAt = 0;
                var when = $"write {failing}, done {whole}";
                using (var keys = fixture.Open())
                {
                    Assert.True(all.SequenceEqual(Secrets(keys, null)), when);
                    // Somebody who does not know of it mints: that opens too, then and later.
                    Assert.Equal(1, await keys.AddSparesAsync(null, 1, default));
                    all = Secrets(keys, null);
                }
                using var next = fixture.Open();
                var renewed = await RenewAsync(next, fixture);
                // Ended where it had begun; begun where it had not, or anew where only the report of its end was lost.
                Assert.True(renewed.Generation == (failing == writes && whole ? 3u : 2u), $"{when}: KEK {renewed.Generation}");
                using var after = fixture.Open();
                Assert.True(all.SequenceEqual(Secrets(after, null)), when);
                Assert.All(Records(after), record => Assert.Equal(renewed.Generation, record.KekGeneration));
                using var half = Private(after, null);
                Assert.Equal([renewed.Generation], half.KekGenerations);
                Assert.Equal(Fingerprint.Of(after.PublicNow.KekPublicKey), (await after.LoadFormatAsync(fixture.Store, default)).Format.KekFingerprint);
                using var reader = after.Unlock(null);
                Assert.Empty(reader.Faults);
            }
        }
    }

    [Fact]
    public async Task Whoever_unlocked_before_mints_for_the_KEK_that_is_in_force()
    {
        using var keys = await _fixture.CreateAsync();
        using var early = keys.Unlock(null);
        await RenewAsync(keys, _fixture);
        var spare = Assert.Single(await early.Role.MintAsync(1, default));
        using var reader = keys.Unlock(null);
        Assert.Equal(WriterSecret.IdKey(spare.WriterSecret.Span), reader.GetIdKey(spare.Key.Pseudonym).ToArray());
        Assert.Equal(2u, Records(keys).Single(record => record.Pseudonym == spare.Key.Pseudonym).KekGeneration);
        spare.Dispose();
    }

    [Fact]
    public async Task A_record_that_does_not_open_stops_it_before_anything_is_let_go_of()
    {
        using var keys = await _fixture.CreateAsync();
        using (var role = keys.Unlock(null))
        using (var store = keys.OpenKeyStore())
        {
            // A record whose outer layer is sound, and whose inner one is nothing.
            var bogus = new Id16(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
            store.Append([store.Seal(KemSuite.P256, bogus, 1, 1, new byte[KeyRecord.SecretSize + KemSuite.P256.Overhead])], default);
        }
        var failed = await Assert.ThrowsAsync<StingException>(() => RenewAsync(keys, _fixture));
        Assert.Equal("KeyRecordDamaged", failed.ErrorId);
        using var half = Private(keys, null);
        Assert.Equal([1u, 2u], half.KekGenerations);
        using var reader = keys.Unlock(null);
        Assert.Equal(1u, reader.Epoch);
        Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count(one => Record.Exception(() => reader.GetIdKey(one)) is null));
    }

    [Fact]
    public async Task A_replica_that_is_away_is_told_and_filled_later()
    {
        using var keys = await _fixture.CreateAsync();
        var all = Secrets(keys, null);
        var (here, elsewhere) = (_fixture.Options.KeyStoreReplicas[1], Path.Combine(_fixture.Folder, "elsewhere"));
        Directory.Move(here, elsewhere);
        var renewed = await RenewAsync(keys, _fixture);
        Assert.Contains(renewed.Left.Away, fault => fault.Target == here);
        Directory.Move(elsewhere, here);
        using (var reader = keys.Unlock(null))
        {
            var again = await ReserveKeys.RenewEpochAsync(reader, default);
            Assert.Equal(3u, again.Epoch);
            Assert.Empty(again.Away);
        }
        Assert.Equal(all, Secrets(keys, null));
        Assert.Empty(Directory.EnumerateFiles(_fixture.Folder, "epoch-000000000[12].*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_new_epoch_leaves_nobody_behind()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        var all = Secrets(keys, Passphrase);
        using (var reader = KeyFixture.Unlock(keys, Passphrase))
        {
            var left = await ReserveKeys.RenewEpochAsync(reader, default);
            Assert.Equal((2u, KeyFixture.FewSpares), (left.Epoch, left.Survivors));
            Assert.NotEmpty(left.Destroyed);
        }
        Assert.Equal(all, Secrets(keys, Passphrase));
    }

    private static async Task<KekRenewed> RenewAsync(ReserveKeys keys, KeyFixture fixture, string? passphrase = null)
    {
        using var secret = passphrase is null ? null : SecretBytes.FromPassphrase(passphrase);
        using var reader = keys.Unlock(secret);
        return await keys.RenewKekAsync(reader, secret, fixture.Store, default);
    }

    /// <summary>What every record holds, by pseudonym.</summary>
    private static (Id16, string)[] Secrets(ReserveKeys keys, string? passphrase)
    {
        using var reader = KeyFixture.Unlock(keys, passphrase);
        return [.. reader.Pseudonyms.Order().Select(one => (one, Convert.ToHexString(reader.GetIdKey(one).Span)))];
    }

    private static KeyRecord[] Records(ReserveKeys keys)
    {
        using var store = keys.OpenKeyStore();
        return [.. store.Records];
    }

    private static PrivateHalf Private(ReserveKeys keys, string? passphrase)
    {
        using var secret = passphrase is null ? null : SecretBytes.FromPassphrase(passphrase);
        var path = Path.Combine(keys.KeyDirectory, PrivateHalfFile.FileName);
        return PrivateHalfFile.Open(File.ReadAllBytes(path), path, keys.ReserveId, secret);
    }
}
