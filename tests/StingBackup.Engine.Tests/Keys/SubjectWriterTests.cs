using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Tests.Backup;

namespace StingBackup.Engine.Tests.Keys;

public sealed class SubjectWriterTests : ClaimTestBase
{
    [Fact]
    public async Task A_subject_that_is_claimed_can_be_written_for_and_read_back()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        var subject = await writer.GetAsync("user:ada", default);
        Assert.Equal("user:ada", subject.Name);
        Assert.Equal(1u, subject.Generation);
        Assert.Contains(KeyObjectNames.Claim(writer.TagOf("user:ada")), _fixture.Store.Objects.Keys);

        var dataKey = new byte[32];
        Random.Shared.NextBytes(dataKey);
        var sealedKey = DataKeys.Seal(subject.PublicKey, keys.ReserveId, subject.Pseudonym, subject.Generation, dataKey);
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(dataKey, reader.OpenDataKey(subject.Pseudonym, subject.Generation, sealedKey));
        Assert.Equal(subject.IdKey, reader.GetIdKey(subject.Pseudonym).ToArray());
        Assert.Equal(subject.CutKey, reader.GetCutKey(subject.Pseudonym).ToArray());
        Assert.Equal(writer.TagOf("user:ada"), reader.TagOf("user:ada"));
        Assert.Empty(reader.Faults);
    }

    [Fact]
    public async Task A_later_run_and_every_thread_get_the_same_keys()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        SubjectWriteKeys first;
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () => await writer.GetAsync("user:ada", default))));
            first = all[0];
            Assert.All(all, one => Assert.Equal(first.Pseudonym, one.Pseudonym));
            Assert.Equal(KeyFixture.FewSpares - 1, writer.Spares.Left);
        }
        await using var later = keys.OpenWriter(_fixture.Store, writers);
        var again = await later.GetAsync("user:ada", default);
        Assert.Equal(first.Pseudonym, again.Pseudonym);
        Assert.Equal(first.PublicKey, again.PublicKey);
        Assert.Equal(first.IdKey, again.IdKey);
        Assert.Equal(first.CutKey, again.CutKey);
        Assert.Equal(KeyFixture.FewSpares - 1, later.Spares.Left);
    }

    [Fact]
    public async Task Claims_that_a_host_knows_are_read_ahead_and_once()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        var first = new Dictionary<string, Id16>();
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            for (var i = 0; i < 5; i++)
            {
                first[$"user:{i}"] = (await writer.GetAsync($"user:{i}", default)).Pseudonym;
            }
        }
        var reads = 0;
        await using var counted = new FaultyStore(_fixture.Store) { Before = (verb, _) => { if (verb == "read") { Interlocked.Increment(ref reads); } } };
        await using var later = keys.OpenWriter(counted, writers);
        await later.ReadAheadAsync(3, default);
        Assert.Equal(5, reads);
        foreach (var (name, pseudonym) in first)
        {
            Assert.Equal(pseudonym, (await later.GetAsync(name, default)).Pseudonym);
        }
        Assert.Equal(5, reads);
        // A store that fails is told by whoever asks for the subject, not by the look ahead.
        await using var broken = keys.OpenWriter(new FaultyStore(_fixture.Store) { Before = (verb, name) => throw new StingException("StoreUnavailable", FailureKind.Io, "away", name, "wait") }, writers);
        await broken.ReadAheadAsync(3, default);
        Assert.Equal("StoreUnavailable", (await Assert.ThrowsAsync<StingException>(async () => await broken.GetAsync("user:0", default))).ErrorId);
    }

    [Fact]
    public async Task Many_subjects_are_prepared_at_once()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        var early = await writer.GetAsync("user:0", default);
        var before = _fixture.Files.Writes;
        await writer.PrepareAsync([.. Enumerable.Range(0, 10).Select(i => $"user:{i}")], default);
        Assert.Equal(1, _fixture.Files.Writes - before);
        Assert.Equal(10, _fixture.Store.Objects.Keys.Count(name => name.StartsWith("subjects/", StringComparison.Ordinal)));
        var subjects = new List<SubjectWriteKeys>();
        for (var i = 0; i < 10; i++)
        {
            subjects.Add(await writer.GetAsync($"user:{i}", default));
        }
        Assert.Equal(10, subjects.Select(subject => subject.Pseudonym).Distinct().Count());
        Assert.Equal(early.Pseudonym, subjects[0].Pseudonym);
    }

    [Fact]
    public async Task Aliases_stand_in_the_claim_as_tags()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers, name => [$"{name}@example.com", name, $"{name}@example.com"]);
        await writer.GetAsync("user:ada", default);
        var claim = ReadClaim(keys, writers, writer.TagOf("user:ada"));
        Assert.Equal([writer.TagOf("user:ada@example.com")], claim.Aliases);
    }

    [Fact]
    public async Task The_loser_of_a_race_uses_the_winners_claim_and_keeps_its_spare()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        var other = await OtherHostAsync(keys);
        using var otherKeys = other.Open();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        Assert.Equal(2, writers.All.Count);
        var store = new FaultyStore(_fixture.Store);
        await using var loser = keys.OpenWriter(store, writers);
        await using var winner = otherKeys.OpenWriter(_fixture.Store, writers);

        SubjectWriteKeys? won = null;
        store.Meanwhile = async () => won = await winner.GetAsync("user:ada", default);
        var lost = await loser.GetAsync("user:ada", default);
        Assert.Equal(won!.Pseudonym, lost.Pseudonym);
        Assert.Equal(won.IdKey, lost.IdKey);
        Assert.Equal(KeyFixture.FewSpares, loser.Spares.Left);

        store.Meanwhile = async () => await winner.GetAsync("user:bob", default);
        await loser.PrepareAsync(["user:bob", "user:cyd"], default);
        Assert.Equal((await winner.GetAsync("user:bob", default)).Pseudonym, (await loser.GetAsync("user:bob", default)).Pseudonym);
        Assert.Equal(KeyFixture.FewSpares - 1, loser.Spares.Left);
        AssertOnePseudonymEach(keys, writers, 3);
    }

    [Fact]
    public async Task A_store_that_retried_and_found_its_own_claim_does_not_make_a_loser()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(new FaultyStore(_fixture.Store) { Next = StoreFault.AnswersExists }, writers);
        await writer.GetAsync("user:ada", default);
        Assert.Equal(KeyFixture.FewSpares - 1, writer.Spares.Left);
        await writer.GetAsync("user:bob", default);
        AssertOnePseudonymEach(keys, writers, 2);
    }

    [Fact]
    public async Task Without_spares_only_new_subjects_fail_and_are_named()
    {
        using var keys = await _fixture.CreateAsync(Passphrase, spares: 2);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        await writer.PrepareAsync(["user:ada", "user:bob", "user:cyd"], default);
        var results = await Task.WhenAll(new[] { "user:ada", "user:bob", "user:cyd" }.Select(async name =>
        {
            try
            {
                await writer.GetAsync(name, default);
                return null;
            }
            catch (StingException error)
            {
                Assert.Equal("NoSpareLeft", error.ErrorId);
                Assert.Equal(FailureKind.ResourceExhausted, error.Kind);
                Assert.Equal(name, error.Target);
                return name;
            }
        }));
        Assert.Single(results, name => name is not null);
        Assert.True(writer.Spares.IsLow);
        Assert.False(writer.Spares.TopsUpItself);

        await writer.DisposeAsync();
        using (var secret = SecretBytes.FromPassphrase(Passphrase))
        {
            Assert.Equal(3, await keys.AddSparesAsync(secret, 3, default));
        }
        await using var later = keys.OpenWriter(_fixture.Store, writers);
        await later.GetAsync(results.Single(name => name is not null)!, default);
        Assert.Equal(2, later.Spares.Left);
    }

    [Fact]
    public async Task With_an_open_key_file_spares_top_up_by_themselves()
    {
        using var keys = await _fixture.CreateAsync(spares: 1);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        Assert.True(writer.Spares.TopsUpItself);
        await writer.PrepareAsync(["user:ada", "user:bob", "user:cyd"], default);
        Assert.Equal(KeyFixture.FewSpares, writer.Spares.Left);
        Assert.False(writer.Spares.IsLow);
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal(KeyFixture.FewSpares + 3, reader.Pseudonyms.Count);
    }

    [Fact]
    public async Task A_host_whose_state_was_rolled_back_uses_no_spare_twice()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        var snapshot = Directory.GetFiles(HostKeys.FolderOf(_fixture.Options)).ToDictionary(path => path, File.ReadAllBytes);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.PrepareAsync(["user:ada", "user:bob"], default);
        }
        foreach (var (path, bytes) in snapshot)
        {
            File.WriteAllBytes(path, bytes);
        }
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.PrepareAsync([.. Enumerable.Range(0, KeyFixture.FewSpares - 2).Select(i => $"user:{i}")], default);
            Assert.Equal(0, writer.Spares.Left);
        }
        AssertOnePseudonymEach(keys, writers, KeyFixture.FewSpares);
    }

    [Fact]
    public async Task A_claim_that_vanished_is_not_made_anew_under_another_key()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        Id16 pseudonym;
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            pseudonym = (await writer.GetAsync("user:ada", default)).Pseudonym;
        }
        await _fixture.Store.DeleteAsync(KeyObjectNames.Claim(SubjectTag(keys, "user:ada")), default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            var error = await Assert.ThrowsAsync<StingException>(async () => await writer.GetAsync("user:ada", default));
            Assert.Equal("ClaimMissing", error.ErrorId);
            await writer.PrepareAsync(["user:ada", "user:bob"], default);
            await writer.GetAsync("user:bob", default);
        }
        using var reader = KeyFixture.Unlock(keys, Passphrase);
        await keys.RebuildClaimAsync(_fixture.Store, reader, writers, "user:ada", pseudonym, ["email:ada@example.com"], default);
        await using var mended = keys.OpenWriter(_fixture.Store, writers);
        Assert.Equal(pseudonym, (await mended.GetAsync("user:ada", default)).Pseudonym);
        Assert.Equal([SubjectTag(keys, "email:ada@example.com")], ReadClaim(keys, writers, SubjectTag(keys, "user:ada")).Aliases);
    }

    [Fact]
    public async Task A_rebuilt_claim_gives_the_same_keys_and_never_contradicts_a_sound_one()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        SubjectWriteKeys ada, bob;
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            ada = await writer.GetAsync("user:ada", default);
            bob = await writer.GetAsync("user:bob", default);
        }
        using var reader = KeyFixture.Unlock(keys, Passphrase);
        var conflict = await Assert.ThrowsAsync<StingException>(
            async () => await keys.RebuildClaimAsync(_fixture.Store, reader, writers, "user:ada", bob.Pseudonym, [], default));
        Assert.Equal("ClaimConflict", conflict.ErrorId);

        var name = KeyObjectNames.Claim(SubjectTag(keys, "user:ada"));
        var damaged = _fixture.Store.Objects[name].ToArray();
        damaged[40] ^= 1;
        await _fixture.Store.DeleteAsync(name, default);
        await _fixture.Store.PutAsync(name, damaged, default);
        await keys.RebuildClaimAsync(_fixture.Store, reader, writers, "user:ada", ada.Pseudonym, [], default);
        await using var mended = keys.OpenWriter(_fixture.Store, writers);
        var again = await mended.GetAsync("user:ada", default);
        Assert.Equal(ada.IdKey, again.IdKey);
        Assert.Equal(ada.PublicKey, again.PublicKey);

        var erased = await Assert.ThrowsAsync<StingException>(
            async () => await keys.RebuildClaimAsync(_fixture.Store, reader, writers, "user:cyd", keys.ReserveId, [], default));
        Assert.Equal("SubjectKeyMissing", erased.ErrorId);
    }

    [Fact]
    public async Task A_host_enrolled_later_reads_a_claim_only_after_it_is_resealed()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        SubjectWriteKeys ada;
        using (var before = await keys.LoadWritersAsync(_fixture.Store, default))
        await using (var writer = keys.OpenWriter(_fixture.Store, before))
        {
            ada = await writer.GetAsync("user:ada", default);
        }
        var other = await OtherHostAsync(keys);
        using var otherKeys = other.Open();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var late = otherKeys.OpenWriter(_fixture.Store, writers))
        {
            var error = await Assert.ThrowsAsync<StingException>(async () => await late.GetAsync("user:ada", default));
            Assert.Equal("ClaimNotReadable", error.ErrorId);
            Assert.Contains("user:ada", error.Message, StringComparison.Ordinal);
        }
        using var reader = KeyFixture.Unlock(keys, Passphrase);
        var (names, faults) = await keys.ResealClaimsAsync(_fixture.Store, reader, writers, default);
        Assert.Equal([KeyObjectNames.Claim(SubjectTag(keys, "user:ada"))], names);
        Assert.Empty(faults);
        await using var now = otherKeys.OpenWriter(_fixture.Store, writers);
        Assert.Equal(ada.IdKey, (await now.GetAsync("user:ada", default)).IdKey);
        Assert.Empty((await keys.ResealClaimsAsync(_fixture.Store, reader, writers, default)).Names);
    }
}
