using System.Net;
using System.Text.Json.Nodes;
using Amazon.S3;
using Amazon.S3.Model;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tiering;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Tiering.Locks;

/// <summary>A configured installation whose remote tier is a locked bucket of the real server.</summary>
public sealed class S3LockedTierTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _prefix = Guid.NewGuid().ToString("n");
    private CephCluster _cluster = null!;
    private string _bucket = "";

    public void Dispose() => _folder.Dispose();

    private async Task<ConfiguredTiers> MakeAsync()
    {
        _cluster = await S3Server.GetAsync();
        _bucket = await _cluster.LockedBucketAsync();
        var credentials = _folder["credentials"];
        await File.WriteAllTextAsync(credentials, $"[backup]\naws_access_key_id = {CephCluster.AccessKey}\naws_secret_access_key = {CephCluster.SecretKey}\n");
        return await ConfiguredTiers.MakeAsync($"s3://{_bucket}/{_prefix}", new Dictionary<string, string>
        {
            ["remote.endpoint"] = _cluster.SecureAddress.ToString(), ["remote.ca_file"] = _cluster.Authority, ["remote.credentials"] = "profile", ["remote.profile"] = "backup", ["remote.credentials_file"] = credentials,
            ["remote.object_lock"] = "compliance", ["remote.only_writer"] = Environment.MachineName,   // in a bucket with versions Ceph 16.2 ignores If-None-Match
            ["performance.bandwidth_limit"] = "none",
        });
    }

    private async Task<List<S3ObjectVersion>> VersionsAsync() => (await _cluster.Client.ListVersionsAsync(new ListVersionsRequest { BucketName = _bucket, Prefix = _prefix + "/" })).Versions;

    private string NameOf(S3ObjectVersion version) => version.Key[(_prefix.Length + 1)..];

    [CephFact]
    public async Task A_stolen_host_destroys_nothing_and_the_reserve_comes_back_from_the_bucket()
    {
        await using var tiers = await MakeAsync();
        tiers.Write("users/1/big.bin", 3_000_000);
        tiers.Write("jars/7/doc.pdf", 50_000);
        await tiers.BackupAsync();
        var done = await tiers.SyncAsync();
        Assert.Equal(TierLockMode.Compliance, done.Locks!.Mode);
        Assert.True(done.Locks.LatestEnd > tiers.Clock.GetUtcNow().AddDays(300));
        var image = tiers.Image();

        // Every version that there is, with the right to bypass; then over everything, and everything hidden.
        var refused = 0;
        var all = await VersionsAsync();
        var versions = all.Where(v => LockedNames.Covers(NameOf(v))).ToList();
        foreach (var version in all.Except(versions))
        {
            await _cluster.Client.DeleteObjectAsync(_bucket, version.Key, version.VersionId);   // claims
        }
        foreach (var version in versions)
        {
            try
            {
                await _cluster.Client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = _bucket, Key = version.Key, VersionId = version.VersionId, BypassGovernanceRetention = true });
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
            {
                refused++;
            }
            await _cluster.Client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = version.Key, ContentBody = "junk" });
            await _cluster.Client.DeleteObjectAsync(_bucket, version.Key);
        }
        Assert.Equal(versions.Count, refused);
        Directory.Delete(tiers.Local, recursive: true);
        Directory.CreateDirectory(tiers.Local);

        Assert.Equal(image, await tiers.RestoreAsync());
        await tiers.SyncAsync(Tier.Local);
        Assert.All(await tiers.VerifyAsync(), fault => Assert.StartsWith("subjects/", fault.Object, StringComparison.Ordinal));   // which Repair-StingRepository makes anew
        await using var installation = await tiers.OpenAsync();
        var status = await TierStatusReader.ReadAsync(installation, Tier.Remote, default);
        Assert.Equal(versions.Count, status.Locks!.Shadowed.Count);
    }

    [CephFact]
    public async Task An_erasure_removes_the_claim_with_its_versions_and_says_what_stays_locked_as_ciphertext()
    {
        await using var tiers = await MakeAsync();
        tiers.Write("users/ada/diary.bin", 100_000);
        tiers.Write("users/bob/own.bin", 100_000);
        await tiers.BackupAsync();
        var locked = (await tiers.SyncAsync()).Locks!;
        var before = await VersionsAsync();
        var (_, done) = await TierErasureTests.EraseAsync(tiers);
        Assert.Equal(ErasureState.Completed, done.State);
        var after = await VersionsAsync();
        var claim = Assert.Single(before, v => NameOf(v).StartsWith("subjects/", StringComparison.Ordinal) && after.All(a => a.Key != v.Key));
        Assert.Equal(before.Where(v => v != claim).Select(v => v.VersionId).Order(StringComparer.Ordinal), before.Select(v => v.VersionId).Intersect(after.Select(v => v.VersionId)).Order(StringComparer.Ordinal));
        var residual = Assert.Single(JsonNode.Parse(await File.ReadAllTextAsync(done.Certificate!))!["certificate"]!["residual_copies"]!.AsArray(), r => r!["what"]!.GetValue<string>().Contains("Remote", StringComparison.Ordinal))!;
        Assert.Contains("no key opens any more", residual["what"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.StartsWith(locked.LatestEnd!.Value.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), residual["ends"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
