using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>What is brought back from before a renewal of the key role's signing key, or leads elsewhere: named, never followed, and never made worse.</summary>
public sealed class SigningRollbackTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_format_object_of_before_the_turn_is_named_and_mended_and_the_new_key_stays_in_force()
    {
        using var keys = await _fixture.CreateAsync();
        var before = _fixture.Store.Objects[KeyObjectNames.Format(1)].ToArray();
        var renewed = Fingerprint.Of((await SigningRenewalTests.RenewAsync(keys, _fixture)).Current);
        await PutFormatsAsync(before, before);
        var full = _fixture.Options;
        foreach (var options in new[] { full, full with { KeyDirectory = Path.Combine(_fixture.Folder, "nowhere") } })
        {
            _fixture.Options = options;
            using var pinned = _fixture.Open(renewed);   // a host that pins the new fingerprint, with the key directory and without
            var (format, faults) = await pinned.LoadFormatAsync(_fixture.Store, default);
            Assert.Equal(1u, format.Revision);
            Assert.Contains("before the key role's signing key was renewed", Assert.Single(faults).Message, StringComparison.Ordinal);
            Assert.Equal(renewed, pinned.KeyRoleFingerprint);
            using var writers = await pinned.LoadWritersAsync(_fixture.Store, default);
            Assert.Empty(writers.Faults);   // the past is known as well
        }
        _fixture.Options = full;
        using var mending = _fixture.Open(renewed);
        Assert.Equal([KeyObjectNames.Format(1), KeyObjectNames.Format(2)], (await mending.PublishAsync(_fixture.Store, default)).Names);
        Assert.Empty((await mending.LoadFormatAsync(_fixture.Store, default)).Faults);
    }

    [Fact]
    public async Task Of_two_successors_of_one_key_nobody_follows_one_who_knows_neither_and_the_other_is_named_by_who_knows_one()
    {
        using var keys = await _fixture.CreateAsync();
        var old = keys.KeyRoleFingerprint;
        using EcdsaSigner thief = EcdsaSigner.Generate(), later = EcdsaSigner.Generate();
        KeyRoleChain stolen;
        using (var reader = keys.Unlock(null))
        {
            stolen = KeyRoleChain.Of(reader.Role.Keys.KeyRole.PublicKey.ToArray()).HandOver(reader.Role.Keys.KeyRole, thief, keys.ReserveId, 1);
        }
        var renewed = await SigningRenewalTests.RenewAsync(keys, _fixture);
        Assert.True(stolen.Contradicts(renewed) && renewed.Contradicts(stolen));
        Assert.False(renewed.Contradicts(renewed) || renewed.Contradicts(KeyRoleChain.Of(renewed.Current)) || KeyRoleChain.Of(thief.PublicKey.ToArray()).Contradicts(renewed));
        var sound = _fixture.Store.Objects[KeyObjectNames.Format(1)].ToArray();
        stolen = stolen.HandOver(thief, later, keys.ReserveId, 2);   // longer than the right one
        var forked = new FormatObject { ReserveId = keys.ReserveId, Revision = 9, CreatedNs = 1, KekFingerprint = new string('0', 64), Handovers = stolen.Handovers }.ToBytes(later);
        foreach (var slots in new[] { (forked, sound), (sound, forked) })
        {
            await PutFormatsAsync(slots.Item1, slots.Item2);
            using (var knows = _fixture.Open())
            {
                var (format, faults) = await knows.LoadFormatAsync(_fixture.Store, default);
                Assert.Equal((2u, "KeyRoleForked"), (format.Revision, Assert.Single(faults).ErrorId));
                Assert.Equal(Fingerprint.Of(renewed.Current), knows.KeyRoleFingerprint);
            }
            var full = _fixture.Options;
            var state = Path.Combine(_fixture.Folder, Guid.NewGuid().ToString("N"));
            Directory.CreateDirectory(Path.Combine(state, "host"));
            File.Copy(_fixture.InHost(HostKeys.FileName), Path.Combine(state, "host", HostKeys.FileName));
            _fixture.Options = full with { KeyDirectory = Path.Combine(_fixture.Folder, "nowhere"), HostStateDirectory = state };
            using (var neither = _fixture.Open(old))
            {
                Assert.Equal("KeyRoleForked", (await Assert.ThrowsAsync<StingException>(async () => await neither.LoadFormatAsync(_fixture.Store, default))).ErrorId);
                Assert.Equal(old, neither.KeyRoleFingerprint);
                Assert.False(File.Exists(_fixture.InHost("key-role")));
            }
            _fixture.Options = full;
        }
    }

    [Fact]
    public async Task An_older_copy_of_the_key_directory_reads_and_mints_and_renews_nothing()
    {
        using var keys = await _fixture.CreateAsync();
        var copy = new[] { PublicHalf.FileName, PrivateHalfFile.FileName }.ToDictionary(_fixture.InKeys, name => File.ReadAllBytes(_fixture.InKeys(name)));
        using (var reader = keys.Unlock(null))
        {
            var (early, shares) = keys.MakeEscrow(reader, 3, 2);
            Assert.Equal(EscrowState.Current, await keys.StateOfAsync(early, _fixture.Store, default));
            var renewed = await SigningRenewalTests.RenewAsync(keys, _fixture);
            Assert.Equal(EscrowState.Stale, await keys.StateOfAsync(early, _fixture.Store, default));   // new shares are due
            Array.ForEach(shares, share => share.Dispose());
            // Of the same process: what it makes now is of the new key, and leads to it.
            using var now = keys.Unlock(null);
            (early, shares) = keys.MakeEscrow(now, 3, 2);
            Assert.Equal((EscrowState.Current, 2), (await keys.StateOfAsync(early, _fixture.Store, default), early.Chain!.Count));
            Array.ForEach(shares, share => share.Dispose());
        }
        foreach (var (path, bytes) in copy)
        {
            File.WriteAllBytes(path, bytes);
        }
        foreach (var remembers in new[] { true, false })
        {
            if (!remembers)
            {
                File.Delete(_fixture.InHost("key-role"));
            }
            using var old = _fixture.Open();
            Assert.Equal(remembers ? 1 : 0, old.Warnings.Count(warning => warning.Contains("older copy", StringComparison.Ordinal)));
            using (var reader = old.Unlock(null))
            {
                Assert.Empty(reader.Faults);
                Assert.Equal(1, await old.AddSparesAsync(null, 1, default));
            }
            var writes = _fixture.Files.Writes;
            Assert.Equal("KeyDirectoryOutdated", (await Assert.ThrowsAsync<StingException>(() => SigningRenewalTests.RenewAsync(old, _fixture))).ErrorId);
            using (var reader = old.Unlock(null))
            {
                Assert.Equal("KeyDirectoryOutdated", (await Assert.ThrowsAsync<StingException>(async () => await old.RenewKekAsync(reader, null, _fixture.Store, default))).ErrorId);
            }
            Assert.InRange(_fixture.Files.Writes - writes, 0, 1);   // what it has learned, and no key
            Assert.All(copy, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
        }
    }

    [Fact]
    public async Task A_replica_and_a_place_that_are_away_while_the_key_turns_follow_when_they_are_back()
    {
        using var keys = await _fixture.CreateAsync();
        var (replica, place) = (_fixture.Options.KeyStoreReplicas[1], _fixture.Options.EpochPlaces[1]);
        Directory.Move(replica, replica + ".away");
        Directory.Move(place, place + ".away");
        await SigningRenewalTests.RenewAsync(keys, _fixture);
        using (var reader = keys.Unlock(null))
        {
            Assert.NotEmpty((await ReserveKeys.RenewEpochAsync(reader, default)).Away);   // a turn that the new key signed
        }
        Directory.Move(replica + ".away", replica);   // with a turn that the old one signed
        Directory.Move(place + ".away", place);
        await keys.RefillKeyStoreAsync((SecretBytes?)null, default);
        using (var reader = keys.Unlock(null))
        {
            Assert.Empty((await ReserveKeys.RenewEpochAsync(reader, default)).Away);
        }
        using var after = keys.Unlock(null);
        Assert.Equal((KeyFixture.FewSpares, 0), (after.Pseudonyms.Count, after.Faults.Count));
    }

    private async Task PutFormatsAsync(params byte[][] slots)
    {
        for (var slot = 1; slot <= slots.Length; slot++)
        {
            await _fixture.Store.DeleteAsync(KeyObjectNames.Format(slot), default);
            await _fixture.Store.PutAsync(KeyObjectNames.Format(slot), slots[slot - 1], default);
        }
    }
}
