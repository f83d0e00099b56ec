using Amazon.S3;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Storage.S3;

/// <summary>What keeps a host from its bucket: each error names endpoint, bucket, object where there is one, and the remedy; no secret stands in any.</summary>
public sealed class S3FailureTests
{
    [CephFact]
    public async Task Wrong_credentials_are_named_as_such()
    {
        var cluster = await S3Server.GetAsync();
        var options = await S3Server.NewOptionsAsync();
        var error = await FailsAsync("StoreLoginFailed", options with { Login = new S3GivenLogin(CephCluster.AccessKey, "a-wrong-secret-Zz9") });
        Assert.Contains(cluster.Address.Authority, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Zz9", error.ToString() + error.Remedy, StringComparison.Ordinal);
        error = await FailsAsync("StoreLoginFailed", options with { Login = new S3GivenLogin("nobody", "a-wrong-secret-Zz9") });
        Assert.Contains(options.Address.Bucket, error.Message, StringComparison.Ordinal);
    }

    [CephFact]
    public async Task A_missing_bucket_is_no_empty_store()
    {
        var cluster = await S3Server.GetAsync();
        var error = await FailsAsync("StoreUnavailable", cluster.Options("s3://there-is-no-such-bucket/x"));
        Assert.Contains("there-is-no-such-bucket", error.Message, StringComparison.Ordinal);

        var bucket = await cluster.NewBucketAsync();
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var store = await S3ObjectStore.OpenAsync(cluster.Options($"s3://{bucket}"), clock, default);
        await cluster.Client.DeleteBucketAsync(bucket);
        clock.Advance(TimeSpan.FromMinutes(2));
        foreach (var call in (Func<Task>[])[async () => await store.GetLengthAsync("a", default), async () => await store.ReadAsync("a", 0, new byte[1], default), async () => await store.PutAsync("a", new byte[1], default),
            async () => await store.ListAsync("", default).GetAsyncEnumerator().MoveNextAsync(), async () => await store.DeleteAsync("a", default)])
        {
            Assert.Equal("StoreUnavailable", (await Assert.ThrowsAsync<StingException>(call)).ErrorId);
        }
    }

    [CephFact]
    public async Task A_server_that_is_down_or_untrusted_is_named_as_such()
    {
        var cluster = await S3Server.GetAsync();
        var options = await S3Server.NewOptionsAsync();
        var error = await FailsAsync("StoreUnreachable", options with { Endpoint = new Uri("http://127.0.0.1:1") });
        Assert.Contains("127.0.0.1:1", error.Message, StringComparison.Ordinal);
        error = await FailsAsync("StoreTlsFailed", options with { Endpoint = cluster.SecureAddress });
        Assert.Contains("ca_file", error.Remedy, StringComparison.Ordinal);
        Assert.Equal("StoreTlsFailed", (await FailsAsync("StoreTlsFailed", options with { Endpoint = cluster.SecureAddress, CertificateAuthorities = "/nowhere.pem" })).ErrorId);

        await using var store = await S3Server.OpenAsync(options with { Endpoint = cluster.SecureAddress, CertificateAuthorities = cluster.Authority });
        Assert.True(await store.PutAsync("a", new byte[3_000_000], default));
        Assert.Equal(3_000_000, (await store.ReadAllAsync("a", default)).Length);
    }

    [CephFact]
    public async Task A_server_that_falls_silent_is_given_up()
    {
        await using var proxy = await S3Proxy.StartAsync(await S3Server.GetAsync());
        proxy.Disturb = (_, _) => S3ProxyDeed.Hang;
        var options = (await S3Server.NewOptionsAsync()) with { Endpoint = proxy.Address };
        // Wherever the end of the wait finds the request: connecting, sending, waiting.
        for (var round = 0; round < 60; round++)
        {
            var error = await FailsAsync("StoreUnreachable", options with { Silence = TimeSpan.FromMilliseconds(1 + round % 12) });
            Assert.Contains("silent", error.Message, StringComparison.Ordinal);
        }
    }

    [CephFact]
    public async Task A_host_that_only_backs_up_needs_no_more_than_its_policy()
    {
        var cluster = await S3Server.GetAsync();
        var bucket = await cluster.NewBucketAsync();
        await cluster.Client.PutBucketPolicyAsync(bucket, Policy(bucket));
        await using (var owner = await S3Server.OpenAsync(cluster.Options($"s3://{bucket}/p")))
        {
            await owner.PutAsync("points/w/1", new byte[5], default);
            await owner.PutAsync("data/aa/1", new byte[5], default);
        }
        var options = cluster.Options($"s3://{bucket}/p") with { Login = new S3GivenLogin(CephCluster.GuestAccessKey, CephCluster.GuestSecretKey), LongestHeld = 0 };
        await using var store = await S3ObjectStore.OpenAsync(options, TimeProvider.System, default);
        Assert.Equal(Ability.No, (await store.GetAbilitiesAsync(default)).MayDelete);
        Assert.False(await store.PutAsync("points/w/1", new byte[6], default));
        Assert.True(await store.PutAsync("points/w/2", new byte[6], default));
        await store.StageAsync("data/aa/2", new byte[70_000], default);
        await store.BarrierAsync(default);
        Assert.Equal(70_000, await store.GetLengthAsync("data/aa/2", default));   // by listing
        Assert.Equal(5, (await store.ReadAllAsync("points/w/1", default)).Length);
        foreach (var call in (Func<Task>[])[async () => await store.ReadAsync("data/aa/1", 0, new byte[1], default), async () => await store.DeleteAsync("points/w/1", default)])
        {
            var error = await Assert.ThrowsAsync<StingException>(call);
            Assert.Equal("StoreAccessDenied", error.ErrorId);
            Assert.Contains("operations.md", error.Remedy, StringComparison.Ordinal);
        }
        Assert.Equal("StoreAccessDenied", (await FailsAsync("StoreAccessDenied", cluster.Options($"s3://{await cluster.NewBucketAsync()}") with { Login = options.Login })).ErrorId);
    }

    [CephFact]
    public async Task Packs_of_an_archive_go_to_its_storage_class_and_nothing_else_does()
    {
        var cluster = await S3Server.GetAsync();
        var bucket = await cluster.NewBucketAsync();
        await using var store = await S3Server.OpenAsync(cluster.Options($"glacier://{bucket}/p") with { DataStorageClass = "GLACIER", LongestHeld = 100 });
        await store.StageAsync("data/aa/1", new byte[1000], default);
        await store.StageAsync("data/aa/2", new byte[10], default);
        await store.StageAsync("meta/aa/1", new byte[1000], default);
        await store.BarrierAsync(default);
        var listed = (await cluster.Client.ListObjectsAsync(bucket, "p/")).S3Objects.Where(o => !o.Key.Contains('~', StringComparison.Ordinal)).Select(o => $"{o.Key} {o.StorageClass}");
        Assert.Equal(["p/data/aa/1 GLACIER", "p/data/aa/2 GLACIER", "p/meta/aa/1 STANDARD"], listed);
    }

    [CephFact]
    public async Task What_this_server_does_is_found_out_and_noted()
    {
        using var folder = new TempFolder();
        await using var proxy = await S3Proxy.StartAsync(await S3Server.GetAsync());
        var options = (await S3Server.NewOptionsAsync()) with { Endpoint = proxy.Address, AbilityFolder = folder.Path };
        await using (var store = await S3ObjectStore.OpenAsync(options, TimeProvider.System, default))
        {
            var found = await store.GetAbilitiesAsync(default);
            Assert.Equal(Ability.Yes, found.ConditionalPut);
            Assert.Equal(Ability.Yes, found.Md5Checked);
            Assert.Equal(Ability.Yes, found.EtagIsMd5);
            Assert.Equal(Ability.Yes, found.ListsAtOnce);
            Assert.Equal(Ability.Yes, found.MayDelete);
            Assert.Equal(Ability.No, found.Versioning);
            Assert.Equal(Ability.No, found.ObjectLock);
            // What later versions of the server do and 16.2 does not: taken from what it does, not from what it is.
            await proxy.Behind.Client.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest { BucketName = options.Address.Bucket, Key = options.Address.KeyOf("there"), ContentBody = "1" });
            Assert.Equal(await HonoursConditionalCompletionAsync(proxy.Behind.Client, options.Address.Bucket, options.Address.KeyOf("there")) ? Ability.Yes : Ability.No, found.ConditionalComplete);
            // Probing again comes to the same, though its objects are there by now.
            Assert.Equal(found, await store.ProbeAsync(default) with { Probed = found.Probed });
        }
        proxy.Log.Clear();
        await using (var again = await S3ObjectStore.OpenAsync(options, TimeProvider.System, default))
        {
            Assert.Equal(Ability.Yes, (await again.GetAbilitiesAsync(default)).ConditionalPut);
            Assert.DoesNotContain(proxy.Log, r => r.Method == "PUT");
        }
        await File.WriteAllTextAsync(Directory.EnumerateFiles(folder.Path).Single(), "{ damaged");
        await using var damaged = await S3ObjectStore.OpenAsync(options, TimeProvider.System, default);
        Assert.Equal(Ability.Yes, (await damaged.GetAbilitiesAsync(default)).ConditionalPut);
    }

    private static async Task<bool> HonoursConditionalCompletionAsync(AmazonS3Client client, string bucket, string key)
    {
        var upload = (await client.InitiateMultipartUploadAsync(bucket, key)).UploadId;
        var part = await client.UploadPartAsync(new Amazon.S3.Model.UploadPartRequest { BucketName = bucket, Key = key, UploadId = upload, PartNumber = 1, InputStream = new MemoryStream([1]) });
        try
        {
            await client.CompleteMultipartUploadAsync(new Amazon.S3.Model.CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload, PartETags = [new(1, part.ETag)], IfNoneMatch = "*" });
            return false;
        }
        catch (AmazonS3Exception)
        {
            return true;
        }
    }

    private static async Task<StingException> FailsAsync(string id, S3Options options)
    {
        var error = await Assert.ThrowsAsync<StingException>(async () =>
        {
            await using var store = await S3Server.OpenAsync(options);
        });
        Assert.Equal(id, error.ErrorId);
        Assert.NotEmpty(error.Remedy);
        return error;
    }

    /// <summary>What docs/operations.md gives a host that only backs up; this server's policies know no condition on If-None-Match.</summary>
    private static string Policy(string bucket) => $$"""
        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/guest"]}, "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::{{bucket}}"]},
          {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/guest"]}, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::{{bucket}}/*"]},
          {"Effect": "Deny", "Principal": {"AWS": ["arn:aws:iam:::user/guest"]}, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::{{bucket}}/p/data/*"]},
          {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/guest"]}, "Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": ["arn:aws:s3:::{{bucket}}/*"]}
        ]}
        """;
}
