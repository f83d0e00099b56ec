using System.Diagnostics;
using System.Globalization;
using Npgsql;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Capture;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tests.PostgreSql;

namespace StingBackup.Engine.Tests.Capture;

/// <summary>A private server with a table of notes, an installation that captures it, and whatever is restored of it.</summary>
internal sealed class CapturedServer : IAsyncDisposable
{
    private int _restores;

    private CapturedServer(PostgresCluster cluster) => Cluster = cluster;

    public PostgresCluster Cluster { get; }
    public TestInstallation Test { get; } = new();
    public StingConfiguration Configuration => Test.Configuration!;
    public string Spool => Path.Combine(Test.Root, "state", "wal");

    /// <summary>Starts one.</summary>
    /// <param name="capture">Further lines of the section <c>capture</c>.</param>
    /// <param name="options">The server's settings.</param>
    public static async Task<CapturedServer> StartAsync(string capture = "", params string[] options)
    {
        var server = new CapturedServer(await PostgresCluster.StartNewAsync(options.Prepend("fsync=off")));
        await server.Cluster.ExecuteAsync("postgres", "CREATE TABLE notes(id int PRIMARY KEY, text text)");
        server.Configure(capture);
        return server;
    }

    /// <summary>Reads a configuration with other lines; jobs take it when they open the installation next.</summary>
    public void Configure(string capture, string postgresql = "")
    {
        var file = Path.Combine(Test.Root, "sting-backup.yaml");
        File.WriteAllText(file, $"""
            repository:
              backup_root: {Test.RepositoryRoot}
            reserve:
              path: {Test.ReserveRoot}
            keys:
              spares: 20
              directory: {Path.Combine(Test.Root, "keys")}
            state_directory: {Path.Combine(Test.Root, "state")}
            cache_directory: {Path.Combine(Test.Root, "cache")}
            log_directory: {Path.Combine(Test.Root, "logs")}
            postgresql:
              host: {Cluster.Root}
              port: {Cluster.Port}
              user: postgres
              tool_directory: {PostgresBinaries.Folder}
            {Indent(postgresql)}
            capture:
              enabled: true
              alarm_spool_room: 16MiB
            {Indent(capture)}
            """);
        Test.Configuration = new ConfigurationLoader(new HostView()).Load(file);
        Test.FurtherSources = [.. new PhysicalCaptures(CapturePlaces.Of(Configuration), TimeProvider.System).Sources];
    }

    /// <summary>Starts the capture and waits till it streams and commits wait for it.</summary>
    public async Task<RunningCapture> CaptureAsync()
    {
        var running = new RunningCapture(Configuration, await MetadataCapture.PlanAsync(Configuration, default));
        await UntilAsync(async () => running.Failure is { } failure ? throw failure : await StatusAsync() is { State: CaptureState.Streaming, CommitsWait: true });
        return running;
    }

    public Task<CaptureStatus> StatusAsync() => MetadataCapture.ReadAsync(Configuration, TimeProvider.System, default).AsTask();

    /// <summary>Writes a note; a commit that is acknowledged within the time, or an exception.</summary>
    public async Task InsertAsync(int id, int timeout = 20)
    {
        await using var connection = await Cluster.ConnectAsync("postgres");
        await using var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO notes VALUES ({id}, 'x')"), connection) { CommandTimeout = timeout };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The server's clock.</summary>
    public Task<string> NowAsync() => Cluster.ValueAsync("postgres", "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");

    public Task<BackupResult> BackupAsync(BackupType type, List<StingException>? errors = null) => Test.BackupAsync(type, errors);

    /// <summary>Restores, starts a server over what comes, and gives the notes that it holds.</summary>
    public async Task<(DatabaseRestoreResult Result, IReadOnlyList<string> Notes)> RestoreAsync(string? date, Installation? installation = null)
    {
        installation ??= Test.Open();
        var destination = Path.Combine(Cluster.Root, string.Create(CultureInfo.InvariantCulture, $"restored {++_restores}"));
        var plan = await DatabaseRestoreJob.PlanAsync(installation, date, destination, default);
        Assert.False(Directory.Exists(destination));   // a plan writes nothing
        var result = await TestInstallation.CompleteAsync<DatabaseRestoreResult>(DatabaseRestoreJob.RunAsync(installation, plan, default));
        await PostgresCluster.OwnAsync(destination);
        await using var restored = await PostgresCluster.StartOverAsync(result.DataDirectory, "fsync=off");
        return (result, await restored.RowsAsync("postgres", "SELECT id::text FROM notes"));
    }

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var wait = Stopwatch.StartNew(); !await condition(); await Task.Delay(50))
        {
            Assert.True(wait.Elapsed < TimeSpan.FromSeconds(30), "It does not happen.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await Test.DisposeAsync();
    }

    private static string Indent(string lines) => string.Join('\n', lines.Split('\n').Select(l => "  " + l));
}

/// <summary>A capture at work, and what it tells.</summary>
internal sealed class RunningCapture : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private readonly List<JobEvent> _events = [];

    public RunningCapture(StingConfiguration configuration, CapturePlan plan) => _work = Task.Run(async () =>
    {
        try
        {
            await foreach (var happened in MetadataCapture.RunAsync(configuration, plan, TimeProvider.System, _stop.Token))
            {
                lock (_events)
                {
                    _events.Add(happened);
                }
            }
        }
        catch (StingException e)
        {
            Failure = e;
        }
        catch (OperationCanceledException)
        {
            // It was stopped.
        }
    });

    public StingException? Failure { get; private set; }

    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_events)
            {
                return [.. _events.OfType<WarningEvent>().Select(w => w.Message)];
            }
        }
    }

    /// <summary>What it ended with; null when it was cancelled.</summary>
    public async Task<CaptureStatus?> EndedAsync()
    {
        await _work.WaitAsync(TimeSpan.FromSeconds(40));
        return _events.OfType<CompletedEvent>().SingleOrDefault()?.Result as CaptureStatus;
    }

    /// <summary>As Ctrl+C, or the end of its process.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
    }
}
