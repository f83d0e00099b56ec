using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Certificates;
using StingBackup.Engine.Tests.Keys;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>What lives through renewals of the key role's signing key: requests, approvals, certificates, the audit chain, restore points.</summary>
public sealed class SigningRotationTests
{
    [Fact]
    public async Task What_every_key_of_the_key_role_signed_counts_together()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await fixture.RequestAsync("bob");   // a record, approvals and an approver, signed by the first key
        using var first = fixture.Keys.Open();
        var (_, result) = await KeyRotationTests.RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Signing));
        using var second = fixture.Keys.Open(first.KeyRoleFingerprint);
        Assert.Equal((second.KeyRoleFingerprint, false), (result.KeyFingerprint, second.KeyRoleFingerprint == first.KeyRoleFingerprint));
        await KeyRotationTests.RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Signing));
        using var third = fixture.Keys.Open(first.KeyRoleFingerprint);
        Assert.Equal(3, third.KeyRoleKeys.Length / P256.PublicSize);
        fixture.Write("users/eve/new.txt", "Eve's, under a spare that the third key signed"u8);
        await third.AddSparesAsync(null, 3, default);
        Assert.Equal(0, (await fixture.BackupAsync()).Errors);

        // What was asked for under the first key is carried out under the third, whose certificate whoever pinned the first can check.
        var erased = Assert.Single(await fixture.CompleteAsync());
        Assert.Equal(ErasureState.Completed, erased.State);
        var path = Assert.Single(Directory.EnumerateFiles(fixture.Keys.Folder, $"{erased.Id}.json", SearchOption.AllDirectories));
        var certificate = await File.ReadAllBytesAsync(path);
        foreach (var fingerprint in new[] { first.KeyRoleFingerprint, second.KeyRoleFingerprint, third.KeyRoleFingerprint })
        {
            Assert.True(CertificateReader.Check(path, certificate, fingerprint) is { IsValid: true, IsTrusted: true }, fingerprint);
        }
        Assert.False(CertificateReader.Check(path, certificate, new string('a', 64)).IsTrusted);

        // A certificate that is older than the key whose fingerprint somebody has: reserve.pub leads there.
        await KeyRotationTests.RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Signing));
        using var fourth = fixture.Keys.Open();
        var reserve = CertificateReserve.Read("reserve.pub", await File.ReadAllBytesAsync(fixture.Keys.InKeys(PublicHalf.FileName)));
        Assert.Equal((false, true), (CertificateReader.Check(path, certificate, fourth.KeyRoleFingerprint).IsTrusted, CertificateReader.Check(path, certificate, fourth.KeyRoleFingerprint, reserve).IsTrusted));
        using var other = new KeyFixture();
        using var stranger = await other.CreateAsync();
        reserve = CertificateReserve.Read("reserve.pub", await File.ReadAllBytesAsync(other.InKeys(PublicHalf.FileName)));
        Assert.False(CertificateReader.Check(path, certificate, stranger.KeyRoleFingerprint, reserve).IsTrusted);
        Assert.Empty((await fixture.VerifyAsync()).Faults);
        Assert.All(await KeyRotationTests.AuditAsync(fixture), entry => Assert.Equal(AuditState.Sound, entry.State));
        Assert.Equal("Eve's, under a spare that the third key signed", await File.ReadAllTextAsync(Path.Combine(await fixture.RestoreAsync("eve"), "users/eve/new.txt")));
    }
}
