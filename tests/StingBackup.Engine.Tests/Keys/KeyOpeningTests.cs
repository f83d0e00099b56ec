using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>Opening keys where part of them is away, lost or not to be looked at.</summary>
public sealed class KeyOpeningTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_host_that_may_not_look_into_the_key_directory_writes_like_one_that_has_none()
    {
        using (await _fixture.CreateAsync())
        {
        }
        var denied = _fixture.Environment with { Files = new DeniedKeyFiles(_fixture.Files, _fixture.Options.KeyDirectory) };
        using var host = ReserveKeys.OpenIn(denied, _fixture.Options, null);
        Assert.False(host.HasKeyDirectory);
        using var writers = await host.LoadWritersAsync(_fixture.Store, default);
        await using var writer = host.OpenWriter(_fixture.Store, writers);
        Assert.Equal(32, (await writer.GetAsync("user:ada", default)).IdKey.Length);
        Assert.Empty((await host.PublishAsync(_fixture.Store, default)).Names);
        Assert.Equal("KeyDirectoryMissing", Assert.Throws<StingException>(() => KeyFixture.Unlock(host)).ErrorId);
        Assert.Equal("KeyDirectoryMissing", Assert.Throws<StingException>(() => host.PublicNow).ErrorId);
    }

    [Fact]
    public async Task Keys_that_were_opened_before_the_public_half_was_lost_unlock_and_mint()
    {
        using var keys = await _fixture.CreateAsync();
        File.Delete(_fixture.InKeys(PublicHalf.FileName));
        using var reader = KeyFixture.Unlock(keys);
        using var spare = Assert.Single(await reader.Role.MintAsync(1, default));
        Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task What_a_host_remembers_of_the_key_role_may_be_damaged_or_of_another_kind(bool isFrame)
    {
        using (await _fixture.CreateAsync())
        {
        }
        await File.WriteAllBytesAsync(_fixture.InHost("key-role"), isFrame ? KeyFrame.Write(KeyFileKind.KeyRoleChain, [1, 2, 3]) : [1, 2, 3]);
        using var keys = _fixture.Open();
        using var reader = KeyFixture.Unlock(keys);
        Assert.Empty(keys.Warnings);
    }

    [Fact]
    public async Task A_damaged_key_file_keeps_no_host_from_writing()
    {
        using (await _fixture.CreateAsync())
        {
        }
        KeyFixture.Flip(_fixture.InKeys(PrivateHalfFile.FileName), 40);
        using var keys = _fixture.Open();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        Assert.Equal(32, (await writer.GetAsync("user:ada", default)).IdKey.Length);
        Assert.False(writer.Spares.TopsUpItself);   // it cannot: whoever unlocks is told why
    }

    [Fact]
    public async Task Each_key_of_the_reserve_is_known_as_its_own_and_a_strangers_is_not()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        using var stranger = EcdsaSigner.Generate();
        var host = Assert.Single(writers.All);
        byte[][] own = [keys.KeyRolePublicKey.ToArray(), keys.PublicNow.KekPublicKey, host.SigningKey, host.EncryptionKey];
        Assert.All(own, key => Assert.True(keys.IsOwnKey(key, writers)));
        Assert.False(keys.IsOwnKey(stranger.PublicKey.Span, writers));
        Assert.Equal(own[0], keys.KeyRoleKeyOf(EnrolledApprover.IdOf(own[0]))!.Value.ToArray());
        Assert.Null(keys.KeyRoleKeyOf(host.Id));
        Directory.Delete(_fixture.Options.KeyDirectory, recursive: true);
        using var without = _fixture.Open();
        Assert.Equal((true, false), (without.IsOwnKey(host.SigningKey, writers), without.IsOwnKey(own[1], writers)));   // it does not know the KEK
        Assert.Empty(without.Escrows);
    }

    [Fact]
    public async Task A_host_key_that_is_too_short_or_holds_no_key_is_damage()
    {
        using (await _fixture.CreateAsync())
        {
        }
        var path = _fixture.InHost(HostKeys.FileName);
        byte[] payload = KeyFrame.ReadWhole(await File.ReadAllBytesAsync(path), KeyFileKind.Host, path).ToArray();
        var empty = (byte[])payload.Clone();
        empty.AsSpan(42, 32).Clear();
        foreach (var wrong in (byte[][])[payload[..100], empty])
        {
            await File.WriteAllBytesAsync(path, KeyFrame.Write(KeyFileKind.Host, wrong));
            Assert.Equal(("KeyFileDamaged", path), (Assert.Throws<StingException>(() => _fixture.Open()) is var error ? error.ErrorId : "", error.Target));
        }
    }

    [Fact]
    public async Task A_begun_renewal_of_a_host_that_is_not_enrolled_any_more_is_refused_and_says_what_to_delete()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        using (var other = HostKeys.GeneratePending(_fixture.Environment, "host-x"))
        {
            await File.WriteAllBytesAsync(_fixture.InHost(HostKeys.NextName), other.ToBytes());
        }
        var error = await Assert.ThrowsAsync<StingException>(async () => await keys.RenewWriterAsync(reader, _fixture.Store, default));
        Assert.Equal(("HostNotEnrolled", _fixture.InHost(HostKeys.NextName)), (error.ErrorId, error.Target));
        File.Delete(_fixture.InHost(HostKeys.NextName));
        await keys.RenewWriterAsync(reader, _fixture.Store, default);
        Assert.False(File.Exists(_fixture.InHost(HostKeys.NextName)));
    }

    [Fact]
    public async Task Records_that_no_secret_opens_are_told_and_without_any_file_of_records_nothing_opens()
    {
        using var keys = await _fixture.CreateAsync();
        var stranger = RecordFile.Frame([new KeyRecord(KemSuite.P256, keys.WriterId, 1, 1, new byte[12], new byte[KeyRecord.SizeOf(KemSuite.P256) - KeyRecord.HeadSize])]);
        await File.WriteAllBytesAsync(_fixture.Replica(0), [.. await File.ReadAllBytesAsync(_fixture.Replica(0)), .. stranger]);
        using (var reader = KeyFixture.Unlock(keys))
        {
            Assert.Contains("does not open with this epoch's secret", Assert.Single(reader.Faults).Message, StringComparison.Ordinal);
            Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
        }
        File.Delete(_fixture.Replica(0));
        File.Delete(_fixture.Replica(1));
        Assert.Equal("KeyStoreMissing", Assert.Throws<StingException>(() => KeyFixture.Unlock(keys)).ErrorId);
    }

    [Fact]
    public async Task A_reader_apart_opens_what_the_whole_one_opens_and_leaves_it_its_store()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        var pseudonym = reader.Pseudonyms.First();
        using (var apart = reader.Apart())
        {
            Assert.Equal(reader.GetIdKey(pseudonym).ToArray(), apart.GetIdKey(pseudonym).ToArray());
        }
        using var again = reader.Again();
        Assert.Equal(reader.GetCutKey(pseudonym).ToArray(), again.GetCutKey(pseudonym).ToArray());
    }

    [Fact]
    public async Task A_turn_that_leaves_nobody_behind_is_none_and_files_of_others_stay_when_one_is_made()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        using (var store = reader.Role.OpenStore())
        {
            Assert.Equal(1u, reader.Role.LeaveBehind(store, new HashSet<Id16>(), default).Epoch);
        }
        Assert.Equal((false, true), (reader.Role.HasLost(reader.Pseudonyms), reader.Role.HasLost([keys.WriterId])));
        string[] others = ["notes", "epoch-12.secret", "epoch-0000000001.old", "epoch-000000000x.secret", "epoch-0000000009.secret"];
        foreach (var name in others)
        {
            await File.WriteAllTextAsync(Path.Combine(_fixture.Options.EpochPlaces[0], name), "another's");
        }
        Assert.Equal(2u, (await ReserveKeys.RenewEpochAsync(reader, default)).Epoch);
        Assert.All(others, name => Assert.True(File.Exists(Path.Combine(_fixture.Options.EpochPlaces[0], name))));
        Assert.False(File.Exists(_fixture.Secret(0)));
    }

    [Fact]
    public async Task An_escrow_is_imported_where_no_keys_are_but_its_own_key_file()
    {
        using var keys = await _fixture.CreateAsync();
        SealedEscrow escrow;
        using (var reader = KeyFixture.Unlock(keys))
        {
            (escrow, var shares) = keys.MakeEscrow(reader, 3, 2);
            Array.ForEach(shares, share => share.Dispose());
        }
        string? Refusal(string? pin) => (Record.Exception(() => ReserveKeys.CheckImport(_fixture.Environment, _fixture.Options, escrow, pin)) as StingException)?.ErrorId;
        Assert.Equal("KeysExist", Refusal(null));
        File.Delete(_fixture.InKeys(PublicHalf.FileName));
        Assert.Null(Refusal(null));   // of an import that was cut off
        Assert.Null(Refusal(string.Join(':', keys.KeyRoleFingerprint.ToUpperInvariant().Chunk(8).Select(part => new string(part)))));
        Assert.Equal("KeyRoleMismatch", Refusal(new string('0', 64)));
        await File.WriteAllTextAsync(_fixture.InKeys(PrivateHalfFile.FileName), "no key file");
        Assert.Equal("KeysExist", Refusal(null));
    }
}
