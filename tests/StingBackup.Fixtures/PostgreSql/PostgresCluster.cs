using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;

namespace StingBackup.Fixtures.PostgreSql;

/// <summary>
/// A private cluster: real servers' programs, a Unix socket in a temporary folder and a free loopback port, never root. The server is this process's own child, so that a
/// test can kill it; it ends with this process, however that ends.
/// </summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private static readonly Lazy<Task<string>> Initialised = new(InitialiseAsync);

    private const string Careless = "fsync=off";

    private readonly TempFolder _folder;
    private readonly List<string> _options;
    private Process? _server, _watch;

    private PostgresCluster(IEnumerable<string> options)
    {
        _options = [.. options];
        _folder = new TempFolder(inMemory: _options.Contains(Careless));   // who does without fsync does without a disk
    }

    /// <summary>Folder of socket, data and whatever a test puts beside it; the server's user may write there.</summary>
    public string Root => _folder["pg"];
    public string DataFolder { get; private set; } = "";
    public int Port { get; private set; }
    public Process Server => _server!;

    /// <summary>By the socket, as a superuser without password.</summary>
    public PostgresSettings Settings => new() { Host = Root, Port = Port, User = "postgres", ToolFolder = PostgresBinaries.Folder };

    /// <summary>By TCP.</summary>
    public PostgresSettings Tcp => Settings with { Host = "127.0.0.1" };

    /// <summary>A new, empty cluster that runs.</summary>
    /// <param name="options">Settings, <c>name=value</c>.</param>
    public static async Task<PostgresCluster> StartNewAsync(params IEnumerable<string> options)
    {
        var cluster = new PostgresCluster(options);
        try
        {
            cluster.Prepare("data");
            await RunAsync("cp", "-a", await Initialised.Value, cluster.DataFolder);
            await cluster.StartAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A cluster over a data folder that a restore made; it is given to the server's user.</summary>
    public static async Task<PostgresCluster> StartOverAsync(string dataFolder, params IEnumerable<string> options)
    {
        var cluster = new PostgresCluster(options);
        try
        {
            cluster.Prepare("unused");
            cluster.DataFolder = dataFolder;
            await OwnAsync(dataFolder);
            await cluster.StartAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server and waits till it takes connections for writing.</summary>
    public async Task StartAsync()
    {
        string[] command = [.. PostgresBinaries.AsServerUser([PostgresBinaries.Tool("postgres"), "-D", DataFolder, "-p", $"{Port}", "-k", Root, "-c", "listen_addresses=127.0.0.1",
            "-c", "logging_collector=off", "-c", "max_wal_senders=10", "-c", "max_replication_slots=10", "-c", "shared_buffers=16MB", "-c", "autovacuum=off", .. _options.SelectMany(o => new[] { "-c", o })])];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        _server = Process.Start(start)!;
        // Should this process die, what holds the other end of this pipe ends the server.
        _watch?.Dispose();
        _watch = Process.Start(new ProcessStartInfo("sh", ["-c", "read -r _; kill -INT $0", $"{_server.Id}"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        var log = new List<string>();
        _server.ErrorDataReceived += (_, line) => { lock (log) { log.Add(line.Data ?? ""); } };
        _server.BeginErrorReadLine();
        _server.BeginOutputReadLine();
        for (var wait = Stopwatch.StartNew(); ; await Task.Delay(25))
        {
            try
            {
                await using var connection = await ConnectAsync("postgres");
                await using var asking = new NpgsqlCommand("SELECT pg_is_in_recovery()", connection);
                if (await asking.ExecuteScalarAsync() is false)
                {
                    return;
                }
            }
            catch (NpgsqlException) when (!_server.HasExited && wait.Elapsed < TimeSpan.FromSeconds(60))
            {
                continue;
            }
            catch (NpgsqlException e)
            {
                throw new InvalidOperationException($"The server did not start: {string.Join('\n', log)}", e);
            }
            if (wait.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException("The server stays in recovery.");
            }
        }
    }

    /// <summary>A power cut: from now on nothing is written. Stopping the children first leaves none that could finish a commit.</summary>
    public async Task KillAsync()
    {
        _watch!.Kill();
        _server!.Kill(entireProcessTree: true);
        await _server.WaitForExitAsync();
    }

    /// <summary>Starts again after a kill. The dead server's children may hold its memory for a moment yet.</summary>
    public async Task RestartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await StartAsync();
                return;
            }
            catch (InvalidOperationException) when (attempt < 40)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Writes a captured tree as files, and gives them to the server's user.</summary>
    public static async Task MaterialiseAsync(ISourceTree tree, string folder)
    {
        Directory.CreateDirectory(folder);
        var buffer = new byte[1 << 16];
        foreach (var entry in tree.Scan((_, _) => ScanChoice.Include, e => throw e, default))
        {
            var path = Path.Combine(folder, entry.Path.ToString());
            if (entry.Kind == ItemKind.Directory)
            {
                Directory.CreateDirectory(path);
                continue;
            }
            using var source = tree.Open(entry);
            await using var file = File.Create(path);
            for (int read, at = 0; (read = source.Read(at, buffer)) > 0; at += read)
            {
                file.Write(buffer, 0, read);
            }
        }
        await OwnAsync(folder);
    }

    /// <summary>An orderly end.</summary>
    public async Task StopAsync()
    {
        _watch?.Kill();
        if (_server is { HasExited: false })
        {
            using var signal = Process.Start("kill", ["-INT", $"{_server.Id}"]);
            await signal.WaitForExitAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await _server.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _server.Kill(entireProcessTree: true);
            }
        }
    }

    public async Task<NpgsqlConnection> ConnectAsync(string database, string user = "postgres")
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder { Host = Root, Port = Port, Username = user, Database = database, Pooling = false, Timeout = 5, CancellationTimeout = -1 }.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs statements.</summary>
    public async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>One value as text.</summary>
    public async Task<string> ValueAsync(string database, string sql)
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString() ?? "";
    }

    /// <summary>Each row as one text, sorted.</summary>
    public async Task<List<string>> RowsAsync(string database, string sql)
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await StopAsync();
            _server.Dispose();
            _watch?.Dispose();
        }
        _folder.Dispose();
    }

    private void Prepare(string data)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_001_001);   // the server's user must get through
        }
        Directory.CreateDirectory(Root);
        OwnAsync(Root).GetAwaiter().GetResult();
        DataFolder = Path.Combine(Root, data);
        Port = FreePorts.Next();
    }

    public static Task OwnAsync(string folder) => Environment.IsPrivilegedProcess ? RunAsync("chown", "-R", "postgres:postgres", folder) : Task.CompletedTask;

    /// <summary>initdb once a process; clusters are copies, with another identity each where a test needs that.</summary>
    private static async Task<string> InitialiseAsync()
    {
        var folder = new TempFolder(inMemory: true);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        var data = folder["data"];
        await OwnAsync(folder.Path);
        await RunAsync([.. PostgresBinaries.AsServerUser(PostgresBinaries.Tool("initdb"), "-D", data, "-A", "trust", "--no-sync", "-k", "--wal-segsize=1", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions")]);
        await File.WriteAllTextAsync(Path.Combine(data, "pg_hba.conf"), """
            local all all trust
            local replication all trust
            host all sting_password 127.0.0.1/32 scram-sha-256
            host replication sting_password 127.0.0.1/32 scram-sha-256
            host all all 127.0.0.1/32 trust
            host replication all 127.0.0.1/32 trust

            """);
        return data;
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command[0]} ended with {process.ExitCode}: {errors} {await output}");
        }
    }
}
