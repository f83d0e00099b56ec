using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tiering;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Tiering.Locks;

/// <summary>A configured installation whose remote tier is a locked bucket of the real server, robbed of its host and its credentials.</summary>
public sealed class S3LockedTierTests
{
    [CephFact]
    public async Task A_stolen_host_destroys_nothing_and_the_reserve_comes_back_from_the_bucket()
    {
        var cluster = await S3Server.GetAsync();
        var (bucket, prefix) = (await cluster.LockedBucketAsync(), Guid.NewGuid().ToString("n"));
        using var folder = new TempFolder();
        var credentials = folder["credentials"];
        await File.WriteAllTextAsync(credentials, $"[backup]\naws_access_key_id = {CephCluster.AccessKey}\naws_secret_access_key = {CephCluster.SecretKey}\n");
        await using var tiers = await ConfiguredTiers.MakeAsync($"s3://{bucket}/{prefix}", new Dictionary<string, string>
        {
            ["remote.endpoint"] = cluster.SecureAddress.ToString(), ["remote.ca_file"] = cluster.Authority, ["remote.credentials"] = "profile", ["remote.profile"] = "backup", ["remote.credentials_file"] = credentials,
            ["remote.object_lock"] = "compliance", ["remote.only_writer"] = Environment.MachineName,   // in a bucket with versions Ceph 16.2 ignores If-None-Match
            ["performance.bandwidth_limit"] = "none",
        });
        tiers.Write("users/1/big.bin", 3_000_000);
        tiers.Write("jars/7/doc.pdf", 50_000);
        await tiers.BackupAsync();
        var done = await tiers.SyncAsync();
        Assert.Equal(TierLockMode.Compliance, done.Locks!.Mode);
        Assert.True(done.Locks.LatestEnd > tiers.Clock.GetUtcNow().AddDays(300));
        var image = tiers.Image();

        // Every version that there is, with the right to bypass; then over everything, and everything hidden.
        var refused = 0;
        var all = (await cluster.Client.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket, Prefix = prefix + "/" })).Versions;
        var versions = all.Where(v => LockedNames.Covers(v.Key[(prefix.Length + 1)..])).ToList();
        foreach (var version in all.Except(versions))
        {
            await cluster.Client.DeleteObjectAsync(bucket, version.Key, version.VersionId);   // claims
        }
        foreach (var version in versions)
        {
            try
            {
                await cluster.Client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = version.Key, VersionId = version.VersionId, BypassGovernanceRetention = true });
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
            {
                refused++;
            }
            await cluster.Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = version.Key, ContentBody = "junk" });
            await cluster.Client.DeleteObjectAsync(bucket, version.Key);
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
}
