using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tests.Tiering;
using StingBackup.Engine.Tiering;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.CountedWork;

/// <summary>What runs ask of a store (calls of a store in memory, by one process) and of a real S3 server (HTTP requests, each run a process that opens everything anew).</summary>
internal static class RequestCounts
{
    private const int Files = 200, Folders = 20;

    /// <summary>The same story for both: a first run, one with nothing changed, one with one file changed.</summary>
    private static readonly IReadOnlyList<(string Run, Action<Action<string, byte[]>> Change)> Story =
    [
        ("first", write =>
        {
            for (var i = 0; i < Files; i++)
            {
                write(SmallReserve.PathOf(i, Folders), SmallReserve.ContentOf(i));
            }
        }),
        ("nothing changed", _ => { }),
        ("one file", write => write(SmallReserve.PathOf(7, Folders), SmallReserve.ContentOf(-1))),
    ];

    /// <summary>Calls of a store by runs to it, and of a further tier's by the sync behind each.</summary>
    public static async Task<Dictionary<string, SortedDictionary<string, double>>> OfStoreAsync()
    {
        var found = new Dictionary<string, SortedDictionary<string, double>>(StringComparer.Ordinal);
        var store = new CountingStore(new MemoryObjectStore());
        await using var far = new CountingStore(new MemoryObjectStore());
        await using var test = new TestInstallation(store)
        {
            Threads = 2,
            FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = _ => ValueTask.FromResult<IObjectStore>(new TierReserve.Unowned(far)) },
        };
        foreach (var (run, change) in Story)
        {
            change((path, content) => test.Write(path, content));
            store.TakeRequests();
            await test.BackupAsync();
            found[$"run {run}"] = store.TakeRequests();
            await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(test.Open(), Tier.Remote, default));
            found[$"sync {run}"] = far.TakeRequests();
        }
        return found;
    }

    /// <summary>HTTP requests by runs to a bucket, and by syncs of a local repository to one.</summary>
    public static async Task<Dictionary<string, SortedDictionary<string, double>>> OfServerAsync()
    {
        var found = new Dictionary<string, SortedDictionary<string, double>>(StringComparer.Ordinal);
        await using var proxy = await S3Proxy.StartAsync(await S3Server.GetAsync());
        var bucket = await proxy.Behind.NewBucketAsync();
        using var direct = new TempFolder();
        var runs = await InitializeAsync(direct, proxy, $"s3://{bucket}/direct", null);
        using var tiers = new TempFolder();
        var syncs = await InitializeAsync(tiers, proxy, tiers["repository"], $"s3://{bucket}/tiers");
        foreach (var (run, change) in Story)
        {
            change((path, content) => Write(direct, path, content));
            change((path, content) => Write(tiers, path, content));
            found[$"run {run}"] = await CountAsync(proxy, runs, BackupAsync);
            await BackupAsync(syncs);
            found[$"sync {run}"] = await CountAsync(proxy, syncs, SyncAsync);
        }
        return found;
    }

    private static async Task<SortedDictionary<string, double>> CountAsync(S3Proxy proxy, StingConfiguration configuration, Func<StingConfiguration, Task> work)
    {
        proxy.Log.Clear();
        await work(configuration);
        return new(proxy.Log.GroupBy(r => r.IsList ? "LIST" : r.Method).ToDictionary(g => g.Key, g => (double)g.Count()), StringComparer.Ordinal);
    }

    private static async Task BackupAsync(StingConfiguration configuration)
    {
        await using var installation = await Installation.OpenAsync(configuration, new InstallationOptions(), default);
        var plan = await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default);
        await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default));
    }

    private static async Task SyncAsync(StingConfiguration configuration)
    {
        await using var installation = await Installation.OpenAsync(configuration, new InstallationOptions(), default);
        await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(installation, Tier.Remote, default));
    }

    private static async Task<StingConfiguration> InitializeAsync(TempFolder folder, S3Proxy proxy, string root, string? remote)
    {
        Directory.CreateDirectory(folder["reserve"]);
        var credentials = folder["credentials"];
        await File.WriteAllTextAsync(credentials, $"[backup]\naws_access_key_id = {CephCluster.AccessKey}\naws_secret_access_key = {CephCluster.SecretKey}\n");
        var settings = new Dictionary<string, string>
        {
            ["remote.endpoint"] = proxy.Address.ToString(), ["remote.credentials"] = "profile", ["remote.profile"] = "backup", ["remote.credentials_file"] = credentials,
            ["performance.bandwidth_limit"] = "none", ["keys.spares"] = "20",
        };
        if (remote is not null)
        {
            (settings["remote.location"], settings["remote.at_commit"]) = (remote, "false");
        }
        var request = new InitializeRequest
        {
            BackupRoot = root, Reserve = folder["reserve"], ConfigurationFile = folder["sting-backup.yaml"], KeyDirectory = folder["keys"], StateDirectory = folder["state"],
            CacheDirectory = folder["cache"], LogDirectory = folder["logs"], WithPassphrase = false, Setting = settings,
        };
        var made = await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, TimeProvider.System, default);
        return new ConfigurationLoader(new HostView()).Load(made.ConfigurationFile);
    }

    private static void Write(TempFolder folder, string path, byte[] content)
    {
        var file = Path.Combine(folder["reserve"], path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }
}
