using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Physical;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>
/// Concurrent writers commit while the receiver and then the database are killed at random; at last the database is destroyed and restored from its base backup
/// and the spool. Every commit that a writer was told of must be there.
/// </summary>
internal static class WalCommitRun
{
    private const string Slot = "sting_capture";
    private const int Writers = 4;

    /// <summary>What came of it.</summary>
    /// <param name="Acknowledged">Commits that a writer was told of.</param>
    /// <param name="Restored">Rows in the restored database.</param>
    /// <param name="Lost">Acknowledged, but not restored.</param>
    /// <param name="Invented">Restored, though nobody wrote them.</param>
    /// <param name="Kills">Kills of receiver and database.</param>
    /// <param name="Alone">Median milliseconds of one client's commit that waits for nobody.</param>
    /// <param name="Waiting">The same while it waits for the receiver.</param>
    public sealed record Result(int Acknowledged, int Restored, IReadOnlyList<string> Lost, IReadOnlyList<string> Invented, int Kills, double Alone, double Waiting);

    /// <summary>The child that is killed: a receiver over a spool.</summary>
    public static async Task ReceiveAsync(string host, string port, string slot, string spool)
    {
        var settings = new PostgresSettings { Host = host, Port = int.Parse(port, CultureInfo.InvariantCulture), User = "postgres" };
        var options = new WalSpoolOptions { Folder = spool, RotateBytes = 1 << 20 };
        using var receiver = new WalReceiver(settings, slot, identity => FileWalSink.Open(options, identity, TimeProvider.System, _ => { }), TimeProvider.System);
        // It ends with who started it, too.
        await await Task.WhenAny(receiver.RunAsync(CancellationToken.None), Task.Run(Console.In.ReadLine));
    }

    /// <summary>As a program: exits with 0 when nothing was lost.</summary>
    public static async Task<int> SoakAsync(string commits, string kills, string seed, TextWriter output)
    {
        var watch = Stopwatch.StartNew();
        var result = await RunAsync(int.Parse(commits, CultureInfo.InvariantCulture), int.Parse(kills, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture));
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{result.Acknowledged} commits acknowledged, {result.Kills} kills, {result.Restored} rows restored, {result.Lost.Count} lost, {result.Invented.Count} invented; one client's commit takes {result.Alone:f2} ms alone and {result.Waiting:f2} ms with the receiver (median); {watch.Elapsed.TotalSeconds:f0} s"));
        foreach (var row in result.Lost.Concat(result.Invented).Take(20))
        {
            await output.WriteLineAsync(row);
        }
        return result.Lost.Count + result.Invented.Count == 0 ? 0 : 1;
    }

    public static async Task<Result> RunAsync(int commits, int kills, int seed)
    {
        var random = new Random(seed);
        await using var cluster = await PostgresCluster.StartNewAsync("checkpoint_timeout=30s");
        using var folder = new TempFolder();
        var spool = folder["spool"];
        await cluster.ExecuteAsync("postgres", "CREATE TABLE ledger(writer int, n int, at timestamptz DEFAULT clock_timestamp(), filler text, PRIMARY KEY (writer, n))");
        var setup = new WalServerSetup(cluster.Settings, new WalServerOptions { Slot = Slot, Role = "postgres" }, folder["applied.json"]);
        var plan = await setup.PlanAsync(default);
        await setup.ApplyAsync(plan, WalStepTime.First, default);
        var receiver = Start(cluster, spool);
        try
        {
            await StreamingAsync(cluster);
            var alone = await MedianAsync(cluster);
            await setup.ApplyAsync(plan, WalStepTime.WhenStreaming, default);
            var waiting = await MedianAsync(cluster);
            using var backup = await BaseBackupCapture.TakeAsync(cluster.Settings, folder.Path, default);
            await PostgresCluster.MaterialiseAsync(backup, Path.Combine(cluster.Root, "restored"));

            var acknowledged = new ConcurrentQueue<(int Writer, int N)>();
            var attempted = new ConcurrentDictionary<(int, int), bool>();
            using var stop = new CancellationTokenSource();
            var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(cluster, w, acknowledged, attempted, stop.Token))).ToList();
            var killed = 0;
            while (killed < kills || acknowledged.Count < commits)
            {
                await Task.Delay(random.Next(20, 300));
                // Kills are spread over the commits.
                if (killed < kills && acknowledged.Count >= (long)commits * killed / kills)
                {
                    killed++;
                    receiver.Kill();
                    await receiver.WaitForExitAsync();
                    await Task.Delay(random.Next(0, 100));
                    if (killed % 2 == 0)
                    {
                        await cluster.KillAsync();
                        await cluster.RestartAsync();
                    }
                    receiver.Dispose();
                    receiver = Start(cluster, spool);
                    await StreamingAsync(cluster);
                }
            }
            // In the midst of it all: the database is gone, its disk with it.
            await cluster.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(writers);
            receiver.Kill();
            await receiver.WaitForExitAsync();
            Directory.Delete(cluster.DataFolder, recursive: true);
            return (await RestoreAsync(cluster, spool, acknowledged, attempted, killed)) with { Alone = alone, Waiting = waiting };
        }
        finally
        {
            if (!receiver.HasExited)
            {
                receiver.Kill();
            }
            receiver.Dispose();
        }
    }

    private static async Task<Result> RestoreAsync(PostgresCluster cluster, string spool, ConcurrentQueue<(int, int)> acknowledged, ConcurrentDictionary<(int, int), bool> attempted, int kills)
    {
        var data = Path.Combine(cluster.Root, "restored");
        var segments = Path.Combine(cluster.Root, "segments");
        PointInTimeRestore.Prepare(data, WalSpool.Read(spool, null), WalSpool.Files(spool)[0].Identity, segments, RecoveryTarget.Latest);
        await PostgresCluster.OwnAsync(segments);
        await using var restored = await PostgresCluster.StartOverAsync(data);
        var rows = await restored.RowsAsync("postgres", "SELECT writer || '/' || n FROM ledger WHERE writer >= 0");
        var there = rows.ToHashSet(StringComparer.Ordinal);
        static string Name((int Writer, int N) row) => string.Create(CultureInfo.InvariantCulture, $"{row.Writer}/{row.N}");
        return new Result(acknowledged.Count, rows.Count, [.. acknowledged.Select(Name).Where(a => !there.Contains(a))], [.. rows.Except(attempted.Keys.Select(Name))], kills, 0, 0);
    }

    private static async Task WriteAsync(PostgresCluster cluster, int writer, ConcurrentQueue<(int, int)> acknowledged, ConcurrentDictionary<(int, int), bool> attempted, CancellationToken stop)
    {
        for (var n = 0; !stop.IsCancellationRequested;)
        {
            try
            {
                await using var connection = await cluster.ConnectAsync("postgres");
                await using var insert = new NpgsqlCommand("INSERT INTO ledger(writer, n, filler) VALUES ($1, $2, repeat('x', $2 % 700))", connection) { CommandTimeout = 0 };
                var number = new NpgsqlParameter<int>();
                insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = writer });
                insert.Parameters.Add(number);
                while (!stop.IsCancellationRequested)
                {
                    number.TypedValue = ++n;
                    attempted[(writer, n)] = true;
                    // No cancellation: a commit whose wait is cancelled is acknowledged without having been received.
                    await insert.ExecuteNonQueryAsync(CancellationToken.None);
                    acknowledged.Enqueue((writer, n));
                }
            }
            catch (NpgsqlException)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private static async Task<double> MedianAsync(PostgresCluster cluster)
    {
        await using var connection = await cluster.ConnectAsync("postgres");
        await using var commit = new NpgsqlCommand("INSERT INTO ledger(writer, n) VALUES (-1, (SELECT count(*) FROM ledger))", connection) { CommandTimeout = 0 };
        var times = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await commit.ExecuteNonQueryAsync();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return times.Order().ElementAt(times.Count / 2);
    }

    private static Process Start(PostgresCluster cluster, string spool)
    {
        var process = ChildProgram.Start([], "wal-receive", cluster.Root, cluster.Port.ToString(CultureInfo.InvariantCulture), Slot, spool);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => { if (line.Data is { } text) { Console.Error.WriteLine($"receiver: {text}"); } };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task StreamingAsync(PostgresCluster cluster)
    {
        for (var wait = Stopwatch.StartNew(); await cluster.ValueAsync("postgres", $"SELECT count(*) FROM pg_stat_replication WHERE application_name = '{Slot}' AND state = 'streaming'") != "1"; await Task.Delay(20))
        {
            Assert.True(wait.Elapsed < TimeSpan.FromSeconds(30), "The receiver does not stream.");
        }
    }
}
