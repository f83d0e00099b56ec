using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Tests.Backup;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>Claims where something beside them is lost, damaged or done by others: the cache of what a host knows, the ledger, a renewal's journal.</summary>
public sealed class ClaimEdgeTests : ClaimTestBase
{
    [Fact]
    public async Task A_cache_of_claims_that_cannot_be_read_costs_reading_and_is_written_anew()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        var path = _fixture.InHost("claims.cache");
        Id16? pseudonym = null;
        foreach (var content in (byte[]?[])[null, [1, 2, 3], KeyFrame.Write(KeyFileKind.ClaimCache, new byte[5]), KeyFrame.Write(KeyFileKind.ClaimCache, new byte[200])])
        {
            if (content is not null)
            {
                await File.WriteAllBytesAsync(path, content);
            }
            await using (var writer = keys.OpenWriter(_fixture.Store, writers))
            {
                var found = (await writer.GetAsync("user:ada", default)).Pseudonym;
                Assert.Equal(pseudonym ??= found, found);
            }
            Assert.NotEqual(content, await File.ReadAllBytesAsync(path));
        }
    }

    [Fact]
    public async Task A_cache_of_claims_that_cannot_be_written_fails_no_run()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        var writer = keys.OpenWriter(_fixture.Store, writers);
        var first = await writer.GetAsync("user:ada", default);
        _fixture.Files.FailAt = _fixture.Files.Writes + 1;
        await writer.DisposeAsync();
        _fixture.Files.FailAt = 0;
        await using var later = keys.OpenWriter(_fixture.Store, writers);
        Assert.Equal(first.Pseudonym, (await later.GetAsync("user:ada", default)).Pseudonym);
    }

    [Fact]
    public async Task A_subject_of_the_ledger_is_claimed_by_nobody_and_counts_as_no_new_one()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        using var reader = KeyFixture.Unlock(keys);
        var entry = new LedgerEntry { Reserve = keys.ReserveId, Sequence = 1, Previous = default, Pseudonym = keys.WriterId, Tag = reader.TagOf("user:ada"), Aliases = [reader.TagOf("email:ada@example.com")], ErasedNs = 1, Epoch = 2, Request = keys.WriterId };
        var ledger = ErasureLedger.Read([(entry.ObjectName, entry.ToBytes(reader.Role.Keys.KeyRole))], keys.ReserveId, keys.KeyRolePublicKey);
        Assert.Empty(ledger.Faults);
        await using var writer = keys.OpenWriter(_fixture.Store, writers, ledger: ledger);
        Assert.Equal(1, await writer.CountUnclaimedAsync(["user:ada", "email:ada@example.com", "user:bob", "user:bob"], default));
        await writer.PrepareAsync(["user:ada", "user:bob"], default);
        Assert.Equal(0, await writer.CountUnclaimedAsync(["user:ada", "user:bob"], default));
        foreach (var name in (string[])["user:ada", "email:ada@example.com"])
        {
            Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(async () => await writer.GetAsync(name, default))).ErrorId);
        }
        Assert.Single(_fixture.Store.Objects.Keys, name => name.StartsWith("subjects/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_damaged_claim_among_many_keeps_the_others_from_nothing()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.GetAsync("user:ada", default);
        }
        var name = KeyObjectNames.Claim(SubjectTag(keys, "user:ada"));
        var damaged = _fixture.Store.Objects[name].ToArray();
        damaged[40] ^= 1;
        await _fixture.Store.DeleteAsync(name, default);
        await _fixture.Store.PutAsync(name, damaged, default);
        File.Delete(_fixture.InHost("claims.cache"));
        await _fixture.Store.PutAsync("subjects/stray", damaged, default);   // no name of a claim
        await using var later = keys.OpenWriter(_fixture.Store, writers);
        await later.PrepareAsync(["user:ada", "user:bob", "user:cyd"], default);
        Assert.Equal("ClaimDamaged", (await Assert.ThrowsAsync<StingException>(async () => await later.GetAsync("user:ada", default))).ErrorId);
        Assert.NotEqual((await later.GetAsync("user:bob", default)).Pseudonym, (await later.GetAsync("user:cyd", default)).Pseudonym);
        using var reader = KeyFixture.Unlock(keys, Passphrase);
        var (names, faults) = await keys.ResealClaimsAsync(_fixture.Store, reader, writers, default);
        Assert.Empty(names);
        Assert.Equal("ClaimDamaged", Assert.Single(faults).ErrorId);
    }

    [Fact]
    public async Task A_claim_that_another_host_made_anew_while_its_key_was_renewed_is_told_and_stays()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.PrepareAsync(["user:ada", "user:bob"], default);
        }
        var name = KeyObjectNames.Claim(SubjectTagOf(keys, "user:ada"));
        var theirs = _fixture.Store.Objects[name].ToArray();
        var store = new FaultyStore(_fixture.Store)
        {
            Before = (verb, staged) =>
            {
                if (verb == "stage" && staged == name)
                {
                    _fixture.Store.PutAsync(name, theirs, default).AsTask().GetAwaiter().GetResult();
                }
            },
        };
        using var reader = KeyFixture.Unlock(keys);
        var told = 0;
        var renewed = await keys.RenewSubjectsAsync(store, reader, writers, new SubjectOrder(null), done => told += done, default);
        Assert.Equal((2, 1, 2), (renewed.Keys, renewed.Claims, told));
        Assert.Equal("ClaimConflict", Assert.Single(renewed.Faults).ErrorId);
        Assert.Equal(theirs, _fixture.Store.Objects[name].ToArray());
        // What the round left unnamed is taken over by the next.
        var next = await keys.RenewSubjectsAsync(_fixture.Store, reader, writers, new SubjectOrder(null), _ => { }, default);
        Assert.Equal((1, 2), (next.Keys, next.Claims));
        Assert.Empty(next.Faults);
    }

    [Fact]
    public async Task A_journal_of_claims_that_is_no_list_of_claims_is_damage()
    {
        using var keys = await _fixture.CreateAsync();
        foreach (var payload in (byte[][])[[], [0x01], [0x81, 0x01], [0x81, 0x82, 0x41, 0x00, 0x40]])
        {
            await File.WriteAllBytesAsync(_fixture.InKeys("claims.renewal"), KeyFrame.Write(KeyFileKind.ClaimRenewal, payload));
            Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => keys.FindUnfinishedClaim(keys.ReserveId)).ErrorId);
        }
        File.Delete(_fixture.InKeys("claims.renewal"));
        Assert.Null(keys.FindUnfinishedClaim(keys.ReserveId));
    }

    [Fact]
    public async Task A_key_that_the_key_role_signed_and_that_is_no_point_counts_for_none()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        using var point = AgreementKey.Generate();
        SubjectPublicKey Signed(byte[] key) => SubjectPublicKey.Sign(reader.Role.Keys.KeyRole, keys.ReserveId, keys.WriterId, 1, key);
        Assert.True(Signed(point.PublicKey.ToArray()).IsSignedBy(verifier, keys.ReserveId));
        Assert.False(Signed(point.PublicKey.ToArray()).IsSignedBy(verifier, keys.WriterId));
        Assert.False(Signed(new byte[65]).IsSignedBy(verifier, keys.ReserveId));
    }

    [Fact]
    public async Task A_claim_whose_writer_secret_was_sealed_to_another_key_is_of_no_use_to_this_host()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.GetAsync("user:ada", default);
        }
        var claim = ReadClaim(keys, writers, SubjectTagOf(keys, "user:ada"));
        var changed = claim.Secrets[0].Sealed.ToArray();
        changed[^1] ^= 1;
        await _fixture.Store.DeleteAsync(claim.ObjectName, default);
        await _fixture.Store.PutAsync(claim.ObjectName, (claim with { Secrets = [claim.Secrets[0] with { Sealed = changed }] }).ToBytes(keys.Signer), default);
        await using var later = keys.OpenWriter(_fixture.Store, writers);
        var error = await Assert.ThrowsAsync<StingException>(async () => await later.GetAsync("user:ada", default));
        Assert.Equal("ClaimNotReadable", error.ErrorId);
        Assert.Contains("was not sealed to this host's key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_of_a_writer_that_was_revoked_since_counts_for_nothing()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.GetAsync("user:ada", default);
        }
        var tag = SubjectTagOf(keys, "user:ada");
        using var without = new EnrolledWriters(writers.All.Select(writer => writer with { LastGoodSequence = 3 }), []);
        Assert.Contains("was revoked", Assert.Throws<StingException>(() => ReadClaim(keys, without, tag)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_claim_is_told_by_a_renewal_and_the_others_are_renewed()
    {
        using var keys = await _fixture.CreateAsync();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.PrepareAsync(["user:ada", "user:bob"], default);
        }
        var name = KeyObjectNames.Claim(SubjectTagOf(keys, "user:ada"));
        var damaged = _fixture.Store.Objects[name].ToArray();
        damaged[40] ^= 1;
        await _fixture.Store.DeleteAsync(name, default);
        await _fixture.Store.PutAsync(name, damaged, default);
        await _fixture.Store.PutAsync("subjects/stray", damaged, default);   // no name of a claim
        using var reader = KeyFixture.Unlock(keys);
        var renewed = await keys.RenewSubjectsAsync(_fixture.Store, reader, writers, new SubjectOrder(null), _ => { }, default);
        Assert.Equal((1, 1), (renewed.Keys, renewed.Claims));
        Assert.Equal(name, Assert.Single(renewed.Faults).Target);
        Assert.Null(keys.PublicNow.SubjectsSinceNs);   // not all were renewed
    }

    [Fact]
    public async Task Of_many_that_are_claimed_at_once_one_that_another_spoils_is_told_to_whoever_asks_for_it()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        var name = KeyObjectNames.Claim(SubjectTag(keys, "user:ada"));
        await using var store = new FaultyStore(_fixture.Store)
        {
            Before = (verb, staged) =>
            {
                if (verb == "stage" && staged == name)
                {
                    _fixture.Store.PutAsync(name, new byte[] { 1 }, default).AsTask().GetAwaiter().GetResult();
                }
            },
        };
        await using var writer = keys.OpenWriter(store, writers);
        await writer.PrepareAsync(["user:ada", "user:bob"], default);
        Assert.Equal("ClaimDamaged", (await Assert.ThrowsAsync<StingException>(async () => await writer.GetAsync("user:ada", default))).ErrorId);
        Assert.Equal(32, (await writer.GetAsync("user:bob", default)).IdKey.Length);
    }

    private static Id16 SubjectTagOf(ReserveKeys keys, string name)
    {
        using var reader = KeyFixture.Unlock(keys);
        return reader.TagOf(name);
    }
}
