using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>A reserve's keys, a store with its claims, and short ways to look at them.</summary>
public abstract class ClaimTestBase : IDisposable
{
    private protected const string Passphrase = "open sesame";

    private protected readonly KeyFixture _fixture = new();

    public void Dispose()
    {
        _fixture.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task<HostOf> OtherHostAsync(ReserveKeys keys)
    {
        var options = _fixture.Options with { HostStateDirectory = Path.Combine(_fixture.Folder, "other-state") };
        using var secret = SecretBytes.FromPassphrase(Passphrase);
        using var opened = ReserveKeys.OpenIn(_fixture.Environment, options, keys.KeyRoleFingerprint);
        using var enrolled = await opened.EnrollHostAsync(secret, "host-b", _fixture.Store, default);
        return new HostOf(_fixture, options);
    }

    private protected sealed record HostOf(KeyFixture Fixture, KeyOptions Options)
    {
        public ReserveKeys Open() => ReserveKeys.OpenIn(Fixture.Environment, Options, null);
    }

    private protected static Id16 SubjectTag(ReserveKeys keys, string name)
    {
        using var reader = KeyFixture.Unlock(keys, Passphrase);
        return reader.TagOf(name);
    }

    private protected SubjectClaim ReadClaim(ReserveKeys keys, EnrolledWriters writers, Id16 tag)
    {
        using var verifier = new SignatureVerifier(keys.KeyRolePublicKey.Span);
        var name = KeyObjectNames.Claim(tag);
        return SubjectClaim.Read(name, _fixture.Store.Objects[name], keys.ReserveId, verifier, writers);
    }

    private protected void AssertOnePseudonymEach(ReserveKeys keys, EnrolledWriters writers, int count)
    {
        var pseudonyms = _fixture.Store.Objects.Keys.Where(name => name.StartsWith("subjects/", StringComparison.Ordinal))
            .Select(name => { Assert.True(Id16.TryParse(name["subjects/".Length..], out var tag)); return ReadClaim(keys, writers, tag).Key.Pseudonym; }).ToList();
        Assert.Equal(count, pseudonyms.Count);
        Assert.Equal(count, pseudonyms.Distinct().Count());
    }
}
