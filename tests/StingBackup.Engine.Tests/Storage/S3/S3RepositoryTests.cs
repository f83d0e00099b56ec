using System.Text;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.Storage.S3;

/// <summary>A repository whose store is a bucket, opened as any other.</summary>
public sealed class S3RepositoryTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [CephFact]
    public async Task A_backup_to_a_bucket_verifies_and_comes_back_equal()
    {
        var cluster = await S3Server.GetAsync();
        var bucket = await cluster.NewBucketAsync();
        WriteReserve();
        var credentials = _folder["credentials"];
        await File.WriteAllTextAsync(credentials, $"[backup]\naws_access_key_id = {CephCluster.AccessKey}\naws_secret_access_key = {CephCluster.SecretKey}\n");
        var request = new InitializeRequest
        {
            BackupRoot = $"s3://{bucket}/sting", Reserve = _folder["reserve"], ConfigurationFile = _folder["sting-backup.yaml"], KeyDirectory = _folder["keys"], StateDirectory = _folder["state"],
            CacheDirectory = _folder["cache"], LogDirectory = _folder["logs"], WithPassphrase = false,
            Setting = new Dictionary<string, string>
            {
                ["remote.endpoint"] = cluster.SecureAddress.ToString(), ["remote.ca_file"] = cluster.Authority, ["remote.credentials"] = "profile", ["remote.profile"] = "backup", ["remote.credentials_file"] = credentials,
                ["performance.bandwidth_limit"] = "none", ["keys.spares"] = "20",
            },
        };
        var made = await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, TimeProvider.System, default);
        Assert.Equal($"s3://{bucket}/sting", made.BackupRoot);
        var configuration = new ConfigurationLoader(new HostView()).Load(made.ConfigurationFile);
        Assert.Equal($"s3://{bucket}/sting", configuration.Repository.BackupRoot);

        await using (var installation = await Installation.OpenAsync(configuration, new InstallationOptions(), default))
        {
            Assert.NotNull((await BackupAsync(installation)).BackupId);
        }
        await File.AppendAllTextAsync(Path.Combine(_folder["reserve"], "users", "1", "notes.txt"), "more");
        await using (var installation = await Installation.OpenAsync(configuration, new InstallationOptions(), default))
        {
            var second = await BackupAsync(installation);
            Assert.InRange(second.BytesStored, 1, 300_000);
            Assert.Empty((await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data }, default))).Faults);
            var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = _folder["restored"] }, default);
            await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default));
        }
        Assert.Equal(Image(_folder["reserve"]), Image(_folder["restored"]));
        Assert.Contains((await cluster.Client.ListObjectsAsync(bucket, "sting/data/")).S3Objects, o => o.Size > 1_000_000);
        Assert.DoesNotContain(CephCluster.SecretKey, string.Concat(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(f => f != credentials && !f.StartsWith(_folder["reserve"], StringComparison.Ordinal)).Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f)))), StringComparison.Ordinal);

        var again = await Assert.ThrowsAsync<StingException>(async () => await ReserveInitializer.RunAsync(
            await ReserveInitializer.PlanAsync(request with { ConfigurationFile = _folder["other.yaml"], KeyDirectory = _folder["other-keys"], StateDirectory = _folder["other-state"] }, default), null, TimeProvider.System, default));
        Assert.Equal("RepositoryExists", again.ErrorId);
        Assert.False(Directory.Exists(_folder["other-keys"]));
    }

    private static async Task<BackupResult> BackupAsync(Installation installation) =>
        await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default), default));

    private void WriteReserve()
    {
        var random = new Random(7);
        foreach (var (path, length) in new[] { ("users/1/big.bin", 3_000_000), ("users/1/notes.txt", 4_000), ("users/2/a.bin", 200_000), ("jars/7/doc.pdf", 700_000), ("conf/config.yml", 300) })
        {
            var file = Path.Combine(_folder["reserve"], path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var content = new byte[length];
            random.NextBytes(content);
            File.WriteAllBytes(file, content);
        }
    }

    private static string[] Image(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(f => $"{Path.GetRelativePath(folder, f)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];
}
