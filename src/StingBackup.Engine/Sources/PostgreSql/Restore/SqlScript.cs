using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace StingBackup.Engine.Sources.PostgreSql.Restore;

/// <summary>
/// Runs scripts of a capture by psql, stopping at the first error. Where psql knows it, it is told to take SQL only: names in a dump come from the database, and an old dump tool could be
/// made to write a command of psql's own.
/// </summary>
internal sealed partial class SqlScript(PostgresServer server, PostgresTools tools, ICaptureFiles files)
{
    /// <summary>Runs a file; one that is not there or empty is passed over.</summary>
    public Task RunAsync(string database, string path, CancellationToken cancel) => RunAsync(database, path, static script => script, cancel);

    /// <summary>Runs what makes keys, indexes and triggers, its foreign keys unchecked: rows that they forbid may be there yet.</summary>
    public Task RunWithOpenKeysAsync(string database, string path, CancellationToken cancel) => RunAsync(database, path, script => CheckedKey().Replace(script, "$1 NOT VALID;"), cancel);

    private async Task RunAsync(string database, string path, Func<string, string> change, CancellationToken cancel)
    {
        if (!files.Paths.Contains(path))
        {
            return;
        }
        using var reader = new StreamReader(files.Open(path), Encoding.UTF8);
        var script = change(await reader.ReadToEndAsync(cancel).ConfigureAwait(false));
        if (path == Logical.CapturePath.Globals)
        {
            script = TolerateExistingRoles(script);
        }
        var token = tools.CanRestrict ? Convert.ToHexString(RandomNumberGenerator.GetBytes(16)) : null;
        await ToolProcess.RunAsync(server.Settings, "psql", tools.Start("psql", database, "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-"), async (input, c) =>
        {
            var writer = new StreamWriter(input, new UTF8Encoding(false));
            await using (writer.ConfigureAwait(false))
            {
                await writer.WriteAsync((token is null ? script : $"\\restrict {token}\n{script}\n\\unrestrict {token}\n").AsMemory(), c).ConfigureAwait(false);
            }
        }, (_, _) => ValueTask.CompletedTask, cancel).ConfigureAwait(false);
    }

    /// <summary>The role that restores is there already, and others may be: what makes a role then does nothing, what sets its attributes is done.</summary>
    private static string TolerateExistingRoles(string script) => CreateRole().Replace(script,
        "DO $sting$ BEGIN CREATE ROLE $1; EXCEPTION WHEN duplicate_object THEN NULL; END $sting$;");

    // As pg_dump writes it; a partitioned table, without ONLY, has no unchecked keys.
    [GeneratedRegex(@"^(ALTER TABLE ONLY [^\n]+\n    ADD CONSTRAINT [^\n]+ FOREIGN KEY [^\n]+(?<! NOT VALID));$", RegexOptions.Multiline)]
    private static partial Regex CheckedKey();

    [GeneratedRegex(@"^CREATE ROLE ((?:""(?:[^""\n]|"""")+""|[^"";\s]+));$", RegexOptions.Multiline)]
    private static partial Regex CreateRole();
}
