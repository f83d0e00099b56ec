using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>What keys hang on is read back where it was written, before anything older is let go of: a disk that lies is found out while the older still opens.</summary>
public sealed class ReadBackTests : IDisposable
{
    private readonly KeyFixture _fixture = new();
    private readonly LyingKeyFiles _files;

    public ReadBackTests() => _files = new LyingKeyFiles(_fixture.Files);

    public void Dispose() => _fixture.Dispose();

    private KeyEnvironment Environment => _fixture.Environment with { Files = _files };

    private ReserveKeys Open() => ReserveKeys.OpenIn(Environment, _fixture.Options, null);

    private void Lie(string path) => _files.About = asked => asked == path;

    private async Task CreateAsync() => (await _fixture.CreateAsync()).Dispose();

    /// <summary>Whatever was begun: with an honest disk everything opens.</summary>
    private void AssertOpens()
    {
        _files.About = _ => false;
        using var keys = Open();
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
        Assert.All(reader.Pseudonyms, pseudonym => Assert.Equal(32, reader.GetIdKey(pseudonym).Length));
    }

    [Fact]
    public async Task An_epoch_secret_that_does_not_read_back_stops_the_making_of_keys()
    {
        Lie(_fixture.Secret(1));
        var plan = new KeyCreator(Environment, _fixture.Options).Plan(KeyFixture.Creation());
        var error = await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.CreateInAsync(Environment, plan, null, default));
        Assert.Equal(("KeyFileDamaged", _fixture.Secret(1)), (error.ErrorId, error.Target));
    }

    [Theory]
    [InlineData(PrivateHalfFile.FileName, false), InlineData(PublicHalf.FileName, false), InlineData(PrivateHalfFile.FileName, true), InlineData(PublicHalf.FileName, true)]
    public async Task A_half_that_does_not_read_back_stops_a_renewal_and_says_which(string name, bool isSigning)
    {
        await CreateAsync();
        var (path, sound) = (_fixture.InKeys(name), await File.ReadAllBytesAsync(_fixture.InKeys(name)));
        using var keys = Open();
        using (var reader = KeyFixture.Unlock(keys))
        {
            Lie(path);
            var error = await Assert.ThrowsAsync<StingException>(async () => _ = isSigning ? (object)await keys.RenewSigningAsync(reader, null, _fixture.Store, default) : await keys.RenewKekAsync(reader, null, _fixture.Store, default));
            Assert.Equal(("KeyFileDamaged", path), (error.ErrorId, error.Target));
        }
        await File.WriteAllBytesAsync(path, sound);   // the copy that the remedy speaks of
        AssertOpens();
    }

    [Fact]
    public async Task A_key_file_that_does_not_read_back_is_told_by_whoever_protects_it()
    {
        await CreateAsync();
        using var keys = Open();
        using var reader = KeyFixture.Unlock(keys);
        using var passphrase = SecretBytes.FromPassphrase("open sesame");
        await keys.ProtectAsync(reader, KeyFileProtection.Passphrase, passphrase, KeyFixture.LittleWork, default);
        Assert.Equal(KeyFileProtection.Passphrase, keys.Protection);
        Lie(keys.KeyFilePath);
        var error = await Assert.ThrowsAsync<StingException>(async () => await keys.ProtectAsync(reader, KeyFileProtection.Open, null, KeyFixture.LittleWork, default));
        Assert.Equal(("KeyFileDamaged", keys.KeyFilePath), (error.ErrorId, error.Target));
        _files.About = _ => false;
        await keys.ProtectAsync(reader, KeyFileProtection.Open, null, KeyFixture.LittleWork, default);   // who has the keys still writes it anew
        AssertOpens();
        Assert.Equal("PassphraseNeeded", (await Assert.ThrowsAsync<StingException>(async () => await keys.ProtectAsync(reader, KeyFileProtection.Passphrase, null, KeyFixture.LittleWork, default))).ErrorId);
        Assert.Equal("KeyVaultNeeded", (await Assert.ThrowsAsync<StingException>(async () => await keys.ProtectAsync(reader, KeyFileProtection.KeyVault, null, KeyFixture.LittleWork, default))).ErrorId);
        Assert.Equal("KeyVaultNotUsed", (await Assert.ThrowsAsync<StingException>(async () => await keys.PlanRewrapAsync(default))).ErrorId);
    }

    [Theory]
    [InlineData(0), InlineData(1)]
    public async Task Records_of_a_new_epoch_that_do_not_read_back_end_it_on_the_first_replica_and_are_told_of_another(int replica)
    {
        await CreateAsync();
        var path = Path.Combine(_fixture.Options.KeyStoreReplicas[replica], RecordFile.NameOf(2));
        using (var keys = Open())
        using (var reader = KeyFixture.Unlock(keys))
        {
            Lie(path);
            if (replica == 0)
            {
                Assert.Equal("KeyPlaceAway", (await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.RenewEpochAsync(reader, default))).ErrorId);
            }
            else
            {
                Assert.NotEmpty((await ReserveKeys.RenewEpochAsync(reader, default)).Away);
            }
        }
        AssertOpens();
    }

    [Fact]
    public async Task A_secret_of_an_epoch_that_ended_and_is_still_there_is_told_until_it_is_gone()
    {
        await CreateAsync();
        using var keys = Open();
        using (var reader = KeyFixture.Unlock(keys))
        {
            Lie(_fixture.Secret(0));
            Assert.Contains("it was destroyed, and is still there", Assert.Single((await ReserveKeys.RenewEpochAsync(reader, default)).Away).Message, StringComparison.Ordinal);
        }
        _files.About = _ => false;
        using var again = KeyFixture.Unlock(keys);
        Assert.Empty((await ReserveKeys.RenewEpochAsync(again, default)).Away);
        Assert.False(File.Exists(_fixture.Secret(0)));
    }

    [Fact]
    public async Task A_place_that_is_filled_anew_and_does_not_read_back_is_told()
    {
        await CreateAsync();
        File.Delete(_fixture.Secret(0));
        File.Delete(_fixture.Replica(1));
        using var keys = Open();
        _files.About = path => path == _fixture.Secret(0) || path == _fixture.Replica(1);
        var (written, faults) = await keys.RefillKeyStoreAsync(null, default);
        Assert.Empty(written);
        Assert.Equal([_fixture.Replica(1), _fixture.Secret(0)], faults.Select(fault => fault.Target));
        _files.About = _ => false;
        (written, faults) = await keys.RefillKeyStoreAsync(null, default);
        Assert.Equal((2, 0), (written.Count, faults.Count));
    }
}
