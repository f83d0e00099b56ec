using System.Globalization;

namespace StingBackup.Engine.Restore.Scratch;

/// <summary>The programs of a PostgreSQL server on this host.</summary>
/// <param name="Folder">Where they are.</param>
/// <param name="User">The account that the server is started as, where this process is root's; else null.</param>
internal sealed record ServerPrograms(string Folder, string? User)
{
    private static readonly string[] Needed = ["initdb", "postgres", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "psql"];

    /// <summary>Finds them: in the configured folder of tools, then in the systems' usual folders, the newest first. Null where there are none, or no account to start a server as.</summary>
    public static ServerPrograms? Find(Installation installation)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        var user = Environment.IsPrivilegedProcess ? (installation.Configuration?.Drills ?? Reserve.Configuration.DrillOptions.Default).PostgresUser : null;
        if (user is not null && !HasUser(user))
        {
            return null;
        }
        var folders = installation.Configuration?.PostgreSql?.ToolFolder is { } configured ? (IEnumerable<string>)[configured]
            : [.. Versions("/usr/lib/postgresql", "*", "bin"), .. Versions("/usr", "pgsql-*", "bin"), .. Versions("/opt/homebrew/opt", "postgresql@*", "bin")];
        return folders.FirstOrDefault(f => Array.TrueForAll(Needed, tool => File.Exists(Path.Combine(f, tool)))) is { } folder ? new ServerPrograms(folder, user) : null;
    }

    /// <summary>A program with what must stand before it: servers refuse to run as root.</summary>
    public IEnumerable<string> Command(string tool, params IEnumerable<string> arguments) =>
        [.. User is null ? [] : (string[])["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups"], Path.Combine(Folder, tool), .. arguments];

    private static bool HasUser(string user)
    {
        try
        {
            return File.ReadLines("/etc/passwd").Any(line => line.StartsWith(user + ":", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Versions(string parent, string pattern, string below) => !Directory.Exists(parent) ? []
        : Directory.EnumerateDirectories(parent, pattern).OrderByDescending(d => int.TryParse(Path.GetFileName(d).Split('-', '@')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0).Select(d => Path.Combine(d, below));
}
