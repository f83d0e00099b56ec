using System.Security.Cryptography;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>An installation as <c>init</c> makes it, with real keys, whose remote tier is a folder or a bucket. Each job opens it anew.</summary>
internal sealed class ConfiguredTiers : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private string _file = "";

    public MovedClock Clock { get; } = new();
    public string Root => _folder.Path;
    public string Local => _folder["repository"];
    public string Remote => _folder["remote"];
    public string Reserve => _folder["reserve"];
    public string State => _folder["state"];

    public static async Task<ConfiguredTiers> MakeAsync(string? remote = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var tiers = new ConfiguredTiers();
        Directory.CreateDirectory(tiers.Reserve);
        if (remote is null)
        {
            Directory.CreateDirectory(tiers.Remote);
        }
        var request = new InitializeRequest
        {
            BackupRoot = tiers.Local, Reserve = tiers.Reserve, ConfigurationFile = tiers._folder["sting-backup.yaml"], KeyDirectory = tiers._folder["keys"], StateDirectory = tiers.State, CacheDirectory = tiers._folder["cache"],
            LogDirectory = tiers._folder["logs"], TimeZone = "UTC", WithPassphrase = false,
            Setting = new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["remote.location"] = remote ?? tiers.Remote, ["local.max_percent"] = "100", ["keys.spares"] = "20" },
        };
        tiers._file = (await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, tiers.Clock, default)).ConfigurationFile;
        return tiers;
    }

    public ValueTask<Installation> OpenAsync() => Installation.OpenAsync(new ConfigurationLoader(new HostView()).Load(_file), new InstallationOptions { Clock = Clock }, default);

    public byte[] Write(string path, int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        var full = Path.Combine(Reserve, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
        return content;
    }

    public async Task<BackupResult> BackupAsync(List<string>? warnings = null)
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        await using var installation = await OpenAsync();
        var plan = await BackupJob.PlanAsync(installation, BackupType.Incremental, null, due: false, default);
        BackupResult? result = null;
        await foreach (var happened in BackupJob.RunAsync(installation, plan, default))
        {
            switch (happened)
            {
                case ItemFailedEvent failed: throw failed.Error;
                case WarningEvent warning: warnings?.Add(warning.Message); break;
                case CompletedEvent completed: result = (BackupResult)completed.Result!; break;
            }
        }
        return result!;
    }

    public async Task<TierSyncResult> SyncAsync(Tier tier = Tier.Remote)
    {
        await using var installation = await OpenAsync();
        return await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(installation, tier, default));
    }

    public async Task<SortedDictionary<string, string>> RestoreAsync(string? backupId = null, List<StingException>? errors = null)
    {
        await using var installation = await OpenAsync();
        var destination = _folder[$"out-{Guid.NewGuid():n}"];
        var plan = await RestoreJob.PlanAsync(installation, new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination, BackupId = backupId }, default);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, plan, default), errors);
        return FolderImage.Read(destination);
    }

    public async Task<IReadOnlyList<IntegrityFault>> VerifyAsync()
    {
        await using var installation = await OpenAsync();
        return (await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data }, default))).Faults;
    }

    public SortedDictionary<string, string> Image() => FolderImage.Read(Reserve);

    public static SortedSet<string> Names(string root) => new(Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(root, f)).Where(n => TierObjects.StepOf(n) is not null), StringComparer.Ordinal);

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
