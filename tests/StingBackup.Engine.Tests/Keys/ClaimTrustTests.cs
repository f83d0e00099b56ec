using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>What a claim must prove before its keys are used, and which hosts it serves.</summary>
public sealed class ClaimTrustTests : ClaimTestBase
{
    [Fact]
    public async Task A_claim_with_any_byte_changed_is_named_as_damaged()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using (var writer = keys.OpenWriter(_fixture.Store, writers))
        {
            await writer.GetAsync("user:ada", default);
        }
        var tag = SubjectTag(keys, "user:ada");
        var name = KeyObjectNames.Claim(tag);
        var sound = _fixture.Store.Objects[name];
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        for (var i = 0; i < sound.Length; i++)
        {
            var bytes = sound.ToArray();
            bytes[i] ^= 1;
            var error = Assert.Throws<StingException>(() => SubjectClaim.Read(name, bytes, keys.ReserveId, verifier, writers));
            Assert.True(error.ErrorId is "ClaimDamaged" or "FormatTooNew", $"byte {i}: {error.ErrorId}");
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }
        for (var length = 0; length < sound.Length; length += 7)
        {
            Assert.Throws<StingException>(() => SubjectClaim.Read(name, sound[..length], keys.ReserveId, verifier, writers));
        }
    }

    [Fact]
    public async Task A_claim_moved_to_another_name_or_signed_by_a_stranger_is_refused()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        await writer.GetAsync("user:ada", default);
        var claim = ReadClaim(keys, writers, writer.TagOf("user:ada"));
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        var name = claim.ObjectName;

        Assert.Equal("ClaimDamaged", Refusal(KeyObjectNames.Claim(writer.TagOf("user:bob")), claim.ToBytes(keys.Signer)));
        using var stranger = EcdsaSigner.Generate();
        Assert.Equal("ClaimDamaged", Refusal(name, claim.ToBytes(stranger)));
        Assert.Equal("ClaimDamaged", Refusal(name, (claim with { Writer = keys.ReserveId }).ToBytes(keys.Signer)));
        // A true host that forges a subject key: the key role never signed it.
        using var forged = AgreementKey.Generate();
        Assert.Equal("ClaimDamaged", Refusal(name, (claim with { Key = claim.Key with { PublicKey = forged.PublicKey.ToArray() } }).ToBytes(keys.Signer)));
        Assert.Equal("ClaimDamaged", Refusal(name,
            (claim with { Key = SubjectPublicKey.Sign(keys.Signer, keys.ReserveId, claim.Key.Pseudonym, 1, forged.PublicKey.ToArray()) }).ToBytes(keys.Signer)));
        // Another reserve's signature.
        using var otherVerifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        Assert.False(claim.Key.IsSignedBy(otherVerifier, claim.Key.Pseudonym));

        string Refusal(string objectName, byte[] bytes) =>
            Assert.Throws<StingException>(() => SubjectClaim.Read(objectName, bytes, keys.ReserveId, verifier, writers)).ErrorId;
    }

    [Fact]
    public async Task A_host_that_is_not_enrolled_or_was_revoked_gets_no_writer()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var nobody = new EnrolledWriters([], []);
        Assert.Equal("HostNotEnrolled", Assert.Throws<StingException>(() => keys.OpenWriter(_fixture.Store, nobody)).ErrorId);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        using var revoked = new EnrolledWriters([writers.All[0] with { LastGoodSequence = 7 }], []);
        Assert.Equal("HostRevoked", Assert.Throws<StingException>(() => keys.OpenWriter(_fixture.Store, revoked)).ErrorId);
        using var impostor = EcdsaSigner.Generate();
        using var replaced = new EnrolledWriters([writers.All[0] with { SigningKey = impostor.PublicKey.ToArray() }], []);
        Assert.Equal("HostNotEnrolled", Assert.Throws<StingException>(() => keys.OpenWriter(_fixture.Store, replaced)).ErrorId);
    }

    [Fact]
    public async Task A_revoked_host_gets_no_writer_secret_of_later_claims()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        var other = await OtherHostAsync(keys);
        using var otherKeys = other.Open();
        using var all = await keys.LoadWritersAsync(_fixture.Store, default);
        using var writers = new EnrolledWriters(all.All.Select(writer => writer.Id == otherKeys.WriterId ? writer with { LastGoodSequence = 3 } : writer), []);
        await using var writer = keys.OpenWriter(_fixture.Store, writers);
        await writer.GetAsync("user:ada", default);
        Assert.Equal([keys.WriterId], ReadClaim(keys, writers, writer.TagOf("user:ada")).Secrets.Select(secret => secret.Writer));
    }

    [Fact]
    public async Task A_claim_that_was_checked_before_is_known_by_its_hash_alone()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        var other = await OtherHostAsync(keys);
        using var otherKeys = other.Open();
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        SubjectWriteKeys ada;
        await using (var writer = otherKeys.OpenWriter(_fixture.Store, writers))
        {
            ada = await writer.GetAsync("user:ada", default);
        }
        // Without the other host's enrolment its claim cannot be checked, only recognised.
        using var alone = new EnrolledWriters(writers.All.Where(writer => writer.Id == keys.WriterId), []);
        Assert.Equal("ClaimDamaged", (await GetAsync(alone)).Error);
        Assert.Equal(ada.IdKey, (await GetAsync(writers)).Keys!.IdKey);
        var known = (await GetAsync(alone)).Keys!;
        Assert.Equal((ada.Pseudonym, ada.Generation), (known.Pseudonym, known.Generation));
        Assert.Equal(ada.PublicKey, known.PublicKey);
        Assert.Equal(ada.IdKey, known.IdKey);
        Assert.Equal(ada.CutKey, known.CutKey);

        var cache = File.ReadAllBytes(_fixture.InHost("claims.cache"));
        for (var i = 0; i < cache.Length; i += 11)
        {
            KeyFixture.Flip(_fixture.InHost("claims.cache"), i);
            Assert.Equal("ClaimDamaged", (await GetAsync(alone)).Error);
            File.WriteAllBytes(_fixture.InHost("claims.cache"), cache);
        }
        KeyFixture.Flip(_fixture.InHost("claims.cache"), 40);
        Assert.Equal(ada.IdKey, (await GetAsync(writers)).Keys!.IdKey);
        Assert.Equal(ada.IdKey, (await GetAsync(alone)).Keys!.IdKey);

        var name = KeyObjectNames.Claim(SubjectTag(keys, "user:ada"));
        var bytes = _fixture.Store.Objects[name].ToArray();
        bytes[^1] ^= 1;
        await _fixture.Store.DeleteAsync(name, default);
        await _fixture.Store.PutAsync(name, bytes, default);
        Assert.Equal("ClaimDamaged", (await GetAsync(writers)).Error);

        async Task<(SubjectWriteKeys? Keys, string? Error)> GetAsync(EnrolledWriters enrolled)
        {
            await using var writer = keys.OpenWriter(_fixture.Store, enrolled);
            try
            {
                return (await writer.GetAsync("user:ada", default), null);
            }
            catch (StingException error)
            {
                return (null, error.ErrorId);
            }
        }
    }
}
