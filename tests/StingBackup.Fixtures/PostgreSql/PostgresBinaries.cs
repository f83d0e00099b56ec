namespace StingBackup.Fixtures.PostgreSql;

/// <summary>Debian's PostgreSQL, where it is installed.</summary>
internal static class PostgresBinaries
{
    /// <summary>Folder of the programs of the newest version, or null.</summary>
    public static string? Folder { get; } = !OperatingSystem.IsLinux() || !Directory.Exists("/usr/lib/postgresql") ? null
        : Directory.EnumerateDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb")))
            .OrderByDescending(d => int.TryParse(Path.GetFileName(Path.GetDirectoryName(d)), out var major) ? major : 0).FirstOrDefault();

    /// <summary>Why nothing that needs a server can run here, or null.</summary>
    public static string? Missing { get; } = Folder is null ? "PostgreSQL's server is not installed (/usr/lib/postgresql/*/bin)."
        : Environment.IsPrivilegedProcess && !File.ReadLines("/etc/passwd").Any(l => l.StartsWith("postgres:", StringComparison.Ordinal)) ? "There is no user 'postgres', and a server does not run as root."
        : null;

    public static string Tool(string name) => Path.Combine(Folder!, name);

    /// <summary>A program and what must stand before it, since servers refuse to run as root.</summary>
    public static IEnumerable<string> AsServerUser(params IEnumerable<string> command) => Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", .. command]
        : command;
}
