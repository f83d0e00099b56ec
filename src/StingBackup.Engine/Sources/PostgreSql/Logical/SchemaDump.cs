using System.Text;
using System.Text.RegularExpressions;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// What pg_dump and pg_dumpall write: globals, and each database's definition under the capture's own snapshot. Taken through line by line, since new
/// versions put a random token into every script (<c>\restrict</c>), and one that differs each time is stored each time; a restore puts a token of its own there.
/// </summary>
internal sealed partial class SchemaDump(PostgresServer server, PostgresTools tools, CaptureSpool spool, CaptureTree tree) : IDisposable
{
    // Each is a process here and one in the server; more at once would only wait for each other.
    private readonly SemaphoreSlim _places = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Reads roles, memberships, tablespaces.</summary>
    public async Task<string> ReadGlobalsAsync(bool withPasswords, CancellationToken cancel)
    {
        using var script = await RunAsync("pg_dumpall", null, withPasswords ? ["--globals-only", "--no-password"] : ["--globals-only", "--no-password", "--no-role-passwords"], null, cancel).ConfigureAwait(false);
        return TextOf(script);
    }

    /// <summary>
    /// Reads a database's own definition, and its schema before and after rows, beside whatever else is read of the snapshot. The catalogue is read once, into pg_dump's archive; pg_restore makes the scripts of it
    /// that pg_dump would write, without the server, in a fifth of the time.
    /// </summary>
    public async Task<SchemaScripts> ReadAsync(SnapshotSession session, CancellationToken cancel)
    {
        using var archive = await RunAsync("pg_dump", session.Database, ["--schema-only", "--format=custom", "--no-password", $"--snapshot={session.Snapshot}"], null, cancel).ConfigureAwait(false);
        var before = ScriptAsync(archive, ["--section=pre-data", "--create", "--file=-"], cancel);
        var after = ScriptAsync(archive, ["--section=post-data", "--file=-"], cancel);
        await Task.WhenAll(before, after).ConfigureAwait(false);
        return new SchemaScripts(session.Database, await before.ConfigureAwait(false), await after.ConfigureAwait(false));
    }

    /// <summary>Puts them into the capture.</summary>
    public void AddGlobals(string text) => Add(CapturePath.Globals, text);

    /// <summary>Puts them into the capture.</summary>
    public void Add(SchemaScripts scripts)
    {
        // What makes the database is said in another one, till the script connects to it; it does so once more when the database has settings of its own.
        var connect = ConnectLine().Match(scripts.Before);
        Add(CapturePath.Of(scripts.Database, CapturePath.Database), connect.Success ? scripts.Before[..connect.Index] : "");
        Add(CapturePath.Of(scripts.Database, CapturePath.PreData), ConnectLine().Replace(connect.Success ? scripts.Before[(connect.Index + connect.Length)..] : scripts.Before, ""));
        Add(CapturePath.Of(scripts.Database, CapturePath.PostData), scripts.After);
    }

    public void Dispose() => _places.Dispose();

    private async Task<string> ScriptAsync(MemoryStream archive, string[] arguments, CancellationToken cancel)
    {
        var bytes = archive.GetBuffer().AsMemory(0, (int)archive.Length);
        using var script = await RunAsync("pg_restore", null, arguments, (input, token) => input.WriteAsync(bytes, token).AsTask(), cancel).ConfigureAwait(false);
        return TextOf(script);
    }

    private async Task<MemoryStream> RunAsync(string tool, string? database, string[] arguments, Func<Stream, CancellationToken, Task>? input, CancellationToken cancel)
    {
        var output = new MemoryStream();
        await _places.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await ToolProcess.RunAsync(server.Settings, tool, tools.Start(tool, database, arguments), input, output.WriteAsync, cancel).ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
        return output;
    }

    private static string TextOf(MemoryStream script) => RestrictLine().Replace(Encoding.UTF8.GetString(script.GetBuffer(), 0, (int)script.Length), "");

    private void Add(string path, string text)
    {
        spool.Write(Encoding.UTF8.GetBytes(text));
        var (range, hash) = spool.EndRange();
        tree.Add(EntryPath.Parse(path), new CapturedFile([range], [hash], new ItemMetadata { Mode = 0b110_000_000 }));
    }

    [GeneratedRegex(@"^\\connect .*\n", RegexOptions.Multiline)]
    private static partial Regex ConnectLine();

    [GeneratedRegex(@"^\\(un)?restrict [A-Za-z0-9]+\n\n?", RegexOptions.Multiline)]
    private static partial Regex RestrictLine();
}

/// <summary>What makes a database again.</summary>
/// <param name="Database">Its name.</param>
/// <param name="Before">Its own definition, and what comes before rows.</param>
/// <param name="After">What comes after rows.</param>
internal sealed record SchemaScripts(string Database, string Before, string After);
