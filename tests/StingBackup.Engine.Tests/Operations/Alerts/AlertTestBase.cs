using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Operations.Alerts;

/// <summary>Metrics of an installation where all is well, and configurations with channels.</summary>
public abstract class AlertTestBase : IDisposable
{
    protected static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();

    private protected string Folder => _folder.Path;

    private protected static BackupMetrics Good { get; } = new()
    {
        Time = Noon, ReserveId = "00", Repository = "/backups", Health = Health.Good,
        Ratings = [MetricThresholds.SuccessRate(1), MetricThresholds.Duration(TimeSpan.FromMinutes(5)), MetricThresholds.Storage(0.5), MetricThresholds.RecoveryTests(null)], Window = TimeSpan.FromDays(7),
        Runs = new ReportedRuns { Total = 100, Completed = 100, WithErrors = 0, Failed = 0, MedianDuration = null, LongestDuration = null }, ConsecutiveFailures = 0, LastFailure = "", LastRunTime = Noon, LastDuration = TimeSpan.FromMinutes(5), RunningFor = null,
        Classes = [new ClassMetric(DataClass.UserFiles, Noon, TimeSpan.FromMinutes(90), TimeSpan.FromMinutes(15))], Storage = [new StorageMetric("disk", 80, 100)],
        Replication = [new ReplicationMetric(Tier.Remote, 1, 10, TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(60))], Wal = new WalMetric(CaptureState.Streaming, CaptureAlarm.None, "", TimeSpan.Zero, 0),
        Checks = [new TierCheck { Tier = Tier.Local, Packs = 3, NeverChecked = 0, OldestCheck = Noon, OldestAge = TimeSpan.FromDays(90) }], Damage = [], DamagedObjects = 0, HealedObjects = 0,
        Keys = [new KeyMetric(KeyRotationKind.Epoch, Noon, TimeSpan.FromDays(92), TimeSpan.FromDays(92))], Points = 3, StoreLength = 10, DeduplicationRatio = 1, CompressionRatio = 1, Warnings = [],
    };

    /// <summary>A configuration with these lines in its section 'alerts'.</summary>
    private protected StingConfiguration Configuration(params string[] alerts)
    {
        var file = Path.Combine(Folder, "sting-backup.yaml");
        File.WriteAllText(file, $"repository:\n  backup_root: {Folder}/backups\nreserve:\n  path: {Folder}/reserve\ntime_zone: UTC\nstate_directory: {Folder}/state\n{(alerts.Length > 0 ? "alerts:\n" : "")}{string.Concat(alerts.Select(line => $"  {line}\n"))}");
        return new ConfigurationLoader(new HostView()).Load(file);
    }

    /// <summary>A file with a secret.</summary>
    private protected string Secret(string text)
    {
        var path = Path.Combine(Folder, Path.GetRandomFileName());
        File.WriteAllText(path, text + "\n");
        return path;
    }

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
