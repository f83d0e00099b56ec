using System.Globalization;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Tests.Tiering.Cold;

/// <summary>Runs where the environment names a server that archives for real; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RealArchiveFactAttribute : FactAttribute
{
    public RealArchiveFactAttribute() => Skip = RealArchive.Endpoint is null ? "STING_TEST_ARCHIVE_ENDPOINT names no server that archives for real: docs/operations.md, 'The suite against a real archive'." : null;
}

internal static class RealArchive
{
    public static string? Endpoint => Environment.GetEnvironmentVariable("STING_TEST_ARCHIVE_ENDPOINT");
    public static string AccessKey => Environment.GetEnvironmentVariable("STING_TEST_ARCHIVE_ACCESS_KEY") ?? "testaccess";
    public static string SecretKey => Environment.GetEnvironmentVariable("STING_TEST_ARCHIVE_SECRET_KEY") ?? "testsecret";
    public static string Bucket => Environment.GetEnvironmentVariable("STING_TEST_ARCHIVE_BUCKET") ?? "sting-archive-test";
    public static TimeSpan Patience => TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("STING_TEST_ARCHIVE_SECONDS") ?? "180", CultureInfo.InvariantCulture));
}

/// <summary>
/// The whole cycle against a server that does it: a pack is moved to the archive by a lifecycle rule, refused, thawed, read, and archived again when its copy expires. Made for Ceph 20.2 with a cloud tier,
/// which differs from Amazon in that HEAD gives length 0 of an archived object, and a GET while it is being thawed is RequestTimeout.
/// </summary>
public sealed class ArchiveCycleTests
{
    [RealArchiveFact]
    public async Task A_pack_is_archived_by_a_rule_refused_thawed_read_and_archived_again()
    {
        var endpoint = new Uri(RealArchive.Endpoint!);
        using var client = new AmazonS3Client(new BasicAWSCredentials(RealArchive.AccessKey, RealArchive.SecretKey), new AmazonS3Config
        {
            ServiceURL = endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1", UseHttp = endpoint.Scheme == Uri.UriSchemeHttp,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        await client.PutBucketAsync(RealArchive.Bucket);
        var prefix = Guid.NewGuid().ToString("n");
        await client.PutLifecycleConfigurationAsync(RealArchive.Bucket, new LifecycleConfiguration
        {
            Rules = [new LifecycleRule { Id = "archive", Status = LifecycleRuleStatus.Enabled, Filter = new LifecycleFilter { Prefix = $"{prefix}/data/" }, Transitions = [new LifecycleTransition { Days = 1, StorageClass = S3StorageClass.Glacier }] }],
        });
        var options = new S3Options { Address = S3Address.Parse($"glacier://{RealArchive.Bucket}/{prefix}"), Endpoint = endpoint, PathStyle = true, Login = new S3GivenLogin(RealArchive.AccessKey, RealArchive.SecretKey) };
        await using var store = await S3ObjectStore.OpenAsync(options, TimeProvider.System, default);
        var thawing = ((IObjectStore)store).Thawing!;
        var name = $"data/ab/{new string('a', 64)}";
        var content = RandomNumberGenerator.GetBytes(3 << 20);
        await store.StageAsync(name, content, default);
        await store.BarrierAsync(default);

        await UntilAsync(thawing, name, ThawState.Archived);
        Assert.Equal("GLACIER", (await thawing.GetStateAsync(name, default))!.Object.StorageClass);
        Assert.Equal("PackArchived", (await Assert.ThrowsAsync<StingException>(() => store.ReadAsync(name, 0, new byte[10], default).AsTask())).ErrorId);
        Assert.Equal(ThawAnswer.Begun, await thawing.ThawAsync(name, RetrievalSpeed.Standard, 1, default));
        await UntilAsync(thawing, name, ThawState.Thawed);
        Assert.NotNull((await thawing.GetStateAsync(name, default))!.ThawedUntil);
        var read = new byte[content.Length];
        Assert.Equal(content.Length, await store.ReadAsync(name, 0, read, default));
        Assert.Equal(content, read);
        await UntilAsync(thawing, name, ThawState.Archived);
        Assert.Equal("PackArchived", (await Assert.ThrowsAsync<StingException>(() => store.ReadAsync(name, 0, new byte[10], default).AsTask())).ErrorId);
    }

    private static async Task UntilAsync(IThawingStore store, string name, ThawState state)
    {
        using var patience = new CancellationTokenSource(RealArchive.Patience);
        while ((await store.GetStateAsync(name, patience.Token))?.State != state)
        {
            await Task.Delay(500, patience.Token);
        }
    }
}
