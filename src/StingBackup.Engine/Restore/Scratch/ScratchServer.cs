using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Restore.Scratch;

/// <summary>
/// A database server of a drill's own: a new cluster in a folder of its own, reached by a socket in it and by nothing else. It ends with the drill, and with this process however that ends; what a killed
/// one left of its folder goes with the next drill.
/// </summary>
internal sealed class ScratchServer : IAsyncDisposable
{
    private const string Mark = "sting-drill-";
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(2), LooksEvery = TimeSpan.FromMilliseconds(25);

    private readonly ServerPrograms _programs;
    private readonly string _folder;
    private Process? _server, _watch;

    private readonly string _user;

    private ScratchServer(ServerPrograms programs, string folder, string user = "postgres") => (_programs, _folder, _user) = (programs, folder, user);

    /// <summary>How it is reached.</summary>
    public PostgresSettings Settings => new() { Host = _folder, User = _user, ToolFolder = _programs.Folder };

    /// <summary>The folder of sockets and data: a path of sockets must be short, and an account that is not ours must get there.</summary>
    public string Folder => _folder;

    /// <summary>Makes a cluster and starts its server.</summary>
    /// <param name="programs">Its programs.</param>
    /// <param name="note">Told of the folder as soon as it is there, so that it can be found after a kill.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>DrillServerFailed</c></exception>
    public static async Task<ScratchServer> StartAsync(ServerPrograms programs, Action<string> note, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory(Mark).FullName;
        note(folder);
        var server = new ScratchServer(programs, folder);
        try
        {
            if (programs.User is { } user)
            {
                await RunAsync(["chown", user, folder], cancel).ConfigureAwait(false);
            }
            await RunAsync(programs.Command("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"), cancel).ConfigureAwait(false);
            await server.StartAsync(cancel).ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A folder of the kind that <see cref="RemoveLeft"/> removes, and that nobody has.</summary>
    public static string NewFolder() => Path.Combine(Path.TrimEndingDirectorySeparator(Path.GetTempPath()), Mark + System.Security.Cryptography.RandomNumberGenerator.GetHexString(12, lowercase: true));

    /// <summary>Starts a server over data that a restore made in a folder, and waits until it has recovered. It is reached by its socket alone, whatever its own configuration says.</summary>
    /// <param name="programs">Its programs, of the major version of the data.</param>
    /// <param name="folder">The folder, which holds <c>data</c> and <c>wal</c>.</param>
    /// <param name="user">A superuser that the data know.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>DrillServerFailed</c></exception>
    public static async Task<ScratchServer> StartOverAsync(ServerPrograms programs, string folder, string user, CancellationToken cancel)
    {
        var server = new ScratchServer(programs, folder, user);
        try
        {
            var access = Path.Combine(folder, "access");
            await File.WriteAllTextAsync(access, "local all all trust\n", cancel).ConfigureAwait(false);
            if (programs.User is { } account)
            {
                await RunAsync(["chown", "-R", account, folder], cancel).ConfigureAwait(false);
            }
            await server.StartAsync(cancel, "-c", $"hba_file={access}", "-c", "unix_socket_directories=" + folder, "-c", "ssl=off", "-c", "shared_preload_libraries=", "-c", "hot_standby=off", "-c", "shared_buffers=128MB", "-c", "huge_pages=off").ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes the folder of a server whose drill was killed. Its server has ended with it.</summary>
    public static void RemoveLeft(string folder)
    {
        // A note in a folder of ours names it; nothing else is ever removed on its account.
        if (Path.GetFileName(folder).StartsWith(Mark, StringComparison.Ordinal) && Path.GetDirectoryName(folder) == Path.TrimEndingDirectorySeparator(Path.GetTempPath()) && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Data => Path.Combine(_folder, "data");

    private async Task StartAsync(CancellationToken cancel, params IEnumerable<string> further)
    {
        _server = Begin(_programs.Command("postgres", ["-D", Data, "-k", _folder, "-p", "5432", "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "logging_collector=off", "-c", "autovacuum=off", .. further]));
        // Should this process die, whoever holds the other end of this pipe ends the server.
        _watch = Begin(["sh", "-c", "read -r _; kill -INT $0", _server.Id.ToString(CultureInfo.InvariantCulture)], withInput: true);
        var says = TailAsync(_server.StandardError);
        _ = TailAsync(_server.StandardOutput);
        for (var started = TimeProvider.System.GetTimestamp(); ; await Task.Delay(LooksEvery, cancel).ConfigureAwait(false))
        {
            if (_server.HasExited)
            {
                throw Failed("postgres", await says.ConfigureAwait(false), null);
            }
            try
            {
                var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder { Host = _folder, Port = 5432, Username = _user, Database = "postgres", Pooling = false, Timeout = 5 }.ConnectionString);
                await using var one = connection.ConfigureAwait(false);
                await connection.OpenAsync(cancel).ConfigureAwait(false);
                return;
            }
            catch (NpgsqlException e)
            {
                if (TimeProvider.System.GetElapsedTime(started) > StartsWithin)
                {
                    throw Failed("postgres", e.Message, e);
                }
            }
        }
    }

    /// <summary>Ends the server at once and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            // An immediate shutdown: what is in it is thrown away. Its children must be gone before their folder.
            using var quit = Begin(_programs.Command("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop"));
            await quit.WaitForExitAsync().ConfigureAwait(false);
            if (!_server.HasExited)
            {
                _server.Kill(entireProcessTree: true);
            }
            await _server.WaitForExitAsync().ConfigureAwait(false);
        }
        _server?.Dispose();
        if (_watch is { HasExited: false })
        {
            _watch.Kill();
        }
        _watch?.Dispose();
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The note of it stays, and the next drill tries again.
        }
    }

    private static async Task RunAsync(IEnumerable<string> command, CancellationToken cancel)
    {
        using var process = Begin(command);
        var says = TailAsync(process.StandardError);
        _ = TailAsync(process.StandardOutput);
        try
        {
            await process.WaitForExitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        if (process.ExitCode != 0)
        {
            throw Failed(command.First(part => !part.StartsWith('-') && part != "setpriv"), await says.ConfigureAwait(false), null);
        }
    }

    private static Process Begin(IEnumerable<string> command, bool withInput = false)
    {
        string[] words = [.. command];
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = withInput, WorkingDirectory = "/" };
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var secret in start.Environment.Keys.Where(k => k.StartsWith("STING_", StringComparison.Ordinal) || k.StartsWith("PG", StringComparison.Ordinal) || k.StartsWith("VAULT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(secret);   // none of its business
        }
        try
        {
            return ChildEnvironment.Begin(start);
        }
        catch (Win32Exception e)
        {
            throw Failed(words[0], e.Message, e);
        }
    }

    private static async Task<string> TailAsync(StreamReader reader)
    {
        var last = new Queue<string>();
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            last.Enqueue(line);
            if (last.Count > 10)
            {
                last.Dequeue();
            }
        }
        return string.Join(' ', last);
    }

    private static StingException Failed(string program, string says, Exception? cause) => new("DrillServerFailed", FailureKind.Io, $"The database server of the test could not be started ({program}): {says}", program,
        "See that the account of drills.postgresql_user may run it, and that the temporary folder has room.", cause);
}
