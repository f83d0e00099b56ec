using System.Globalization;
using StingBackup.Engine;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Capture;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Fixtures.PostgreSql;

namespace StingBackup.Module.Tests.Hosting;

/// <summary>Runs where PostgreSQL's server is installed; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresBinaries.Missing;
}

/// <summary>A sample installation with a private database server that it captured once: a table with one note, and a full run that holds base backup and log. Nothing captures it when it is given.</summary>
internal sealed class CapturedSample : IDisposable
{
    private CapturedSample(SampleInstallation sample, PostgresCluster cluster) => (Sample, Cluster) = (sample, cluster);

    public SampleInstallation Sample { get; }
    public PostgresCluster Cluster { get; }

    public static CapturedSample Create() => Wait(async () =>
    {
        var captured = new CapturedSample(SampleInstallation.Copy(), await PostgresCluster.StartNewAsync("fsync=off"));
        try
        {
            await captured.Cluster.ExecuteAsync("postgres", "CREATE TABLE notes(id int PRIMARY KEY); CREATE TABLE pii_deletion_requests(id int PRIMARY KEY, user_id text, status text); INSERT INTO pii_deletion_requests VALUES (1, '0b9d7f6e-1111-4000-8000-00000000000b', 'pending')");
            await captured.PrepareAsync();
            return captured;
        }
        catch
        {
            captured.Dispose();
            throw;
        }
    });

    /// <summary>Runs a statement; its commit waits for whoever captures.</summary>
    public void Execute(string sql) => Wait(async () =>
    {
        await Cluster.ExecuteAsync("postgres", sql);
        return 0;
    });

    /// <summary>One value as text.</summary>
    public string Value(string sql) => Wait(() => Cluster.ValueAsync("postgres", sql));

    /// <summary>The notes that a server holds which is started over a folder.</summary>
    public static IReadOnlyList<string> NotesOf(string data) => Wait(async () =>
    {
        await PostgresCluster.OwnAsync(Path.GetDirectoryName(data)!);
        await using var restored = await PostgresCluster.StartOverAsync(data, "fsync=off");
        return await restored.RowsAsync("postgres", "SELECT id::text FROM notes");
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        Wait(async () =>
        {
            await Cluster.DisposeAsync();
            return 0;
        });
        Sample.Dispose();
    }

    private async Task PrepareAsync()
    {
        var file = Sample["sting-backup.yaml"];
        File.WriteAllText(file, File.ReadAllText(file)
            .Replace("\npostgresql:\n", string.Create(CultureInfo.InvariantCulture, $"\npostgresql:\n  host: {Cluster.Root}\n  port: {Cluster.Port}\n  user: postgres\n  tool_directory: {PostgresBinaries.Folder}\n"), StringComparison.Ordinal)
            .Replace("\ncapture:\n", "\ncapture:\n  enabled: true\n  alarm_spool_room: 16MiB\n", StringComparison.Ordinal));
        var configuration = new ConfigurationLoader(new HostView()).Load(Sample["sting-backup.yaml"]);
        using var stop = new CancellationTokenSource();
        var capture = CaptureAsync(configuration, stop.Token);
        while (await MetadataCapture.ReadAsync(configuration, TimeProvider.System, default) is not { State: CaptureState.Streaming, CommitsWait: true })
        {
            Assert.False(capture.IsCompleted, "The capture ended.");
            await Task.Delay(100, default(CancellationToken));
        }
        await Cluster.ExecuteAsync("postgres", "INSERT INTO notes VALUES (1)");
        await using (var installation = await Installation.OpenAsync(configuration, new InstallationOptions(), default))
        {
            var plan = await BackupJob.PlanAsync(installation, BackupType.Full, [DataClass.Physical], due: false, default);
            await foreach (var happened in BackupJob.RunAsync(installation, plan, default))
            {
                Assert.False(happened is ItemFailedEvent, happened.ToString());
            }
        }
        await stop.CancelAsync();
        await capture;
        await MetadataCapture.StopAsync(configuration, TimeProvider.System, default);
    }

    private static async Task CaptureAsync(StingConfiguration configuration, CancellationToken cancel)
    {
        try
        {
            await foreach (var _ in MetadataCapture.RunAsync(configuration, await MetadataCapture.PlanAsync(configuration, cancel), TimeProvider.System, cancel))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // It was stopped.
        }
    }

    // Blocks a thread of the pool, not one of xunit's few, which would wait for each other.
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
