using System.Text;
using System.Text.RegularExpressions;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// What pg_dump and pg_dumpall write: globals, and each database's definition under the capture's own snapshot. Taken through line by line, since new
/// versions put a random token into every script (<c>\restrict</c>), and one that differs each time is stored each time; a restore puts a token of its own there.
/// </summary>
internal sealed partial class SchemaDump(PostgresServer server, PostgresTools tools, CaptureSpool spool, CaptureTree tree)
{
    /// <summary>Roles, memberships, tablespaces.</summary>
    public async Task GlobalsAsync(bool withPasswords, CancellationToken cancel)
    {
        string[] arguments = withPasswords ? ["--globals-only", "--no-password"] : ["--globals-only", "--no-password", "--no-role-passwords"];
        Add(CapturePath.Globals, await RunAsync("pg_dumpall", null, arguments, cancel).ConfigureAwait(false));
    }

    /// <summary>A database's own definition, and its schema before and after rows.</summary>
    public async Task DatabaseAsync(SnapshotSession session, CancellationToken cancel)
    {
        var before = await RunAsync("pg_dump", session.Database, ["--schema-only", "--section=pre-data", "--create", "--no-password", $"--snapshot={session.Snapshot}"], cancel).ConfigureAwait(false);
        // What makes the database is said in another one, till the script connects to it; it does so once more when the database has settings of its own.
        var connect = ConnectLine().Match(before);
        Add(CapturePath.Of(session.Database, CapturePath.Database), connect.Success ? before[..connect.Index] : "");
        Add(CapturePath.Of(session.Database, CapturePath.PreData), ConnectLine().Replace(connect.Success ? before[(connect.Index + connect.Length)..] : before, ""));
        Add(CapturePath.Of(session.Database, CapturePath.PostData),
            await RunAsync("pg_dump", session.Database, ["--schema-only", "--section=post-data", "--no-password", $"--snapshot={session.Snapshot}"], cancel).ConfigureAwait(false));
    }

    private async Task<string> RunAsync(string tool, string? database, string[] arguments, CancellationToken cancel)
    {
        using var output = new MemoryStream();
        await ToolProcess.RunAsync(server.Settings, tool, tools.Start(tool, database, arguments), null, output.WriteAsync, cancel).ConfigureAwait(false);
        return RestrictLine().Replace(Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length), "");
    }

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
