using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>
/// PostgreSQL's own client tools (pg_dump, pg_dumpall, pg_restore, pg_basebackup, psql) of exactly the server's major version: found on the host, else
/// run in the database's container. Another version is refused rather than tried: pg_dump does not dump a newer server, and what a newer one writes an older server cannot load.
/// </summary>
public sealed partial class PostgresTools
{
    private static readonly string[] Needed = ["pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "psql"];

    private readonly PostgresSettings _settings;
    private readonly string? _folder;

    private PostgresTools(PostgresSettings settings, string? folder, Version version)
    {
        _settings = settings;
        _folder = folder;
        Version = version;
    }

    /// <summary>Their version.</summary>
    public Version Version { get; }

    /// <summary>Where they are, for messages.</summary>
    public string Location => _folder ?? $"container {_settings.Container}";

    /// <summary>Whether psql knows <c>\restrict</c>, which keeps a script from leaving SQL (CVE-2025-8714).</summary>
    internal bool CanRestrict => Version >= Version.Major switch { 13 => new(13, 22), 14 => new(14, 19), 15 => new(15, 14), 16 => new(16, 10), 17 => new(17, 6), < 13 => new(99, 0), _ => new(18, 0) };

    /// <summary>Finds them: in the configured folder alone where there is one; else in the systems' usual folders, on the path, and in the container.</summary>
    /// <param name="server">The server that they must match.</param>
    /// <param name="searchPath">Folders to search, as PATH has them; null: this process's.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>PostgresToolMismatch</c> names both versions; <c>PostgresToolMissing</c></exception>
    public static async Task<PostgresTools> FindAsync(PostgresServer server, string? searchPath, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(server);
        var settings = server.Settings;
        var others = new List<string>();
        var missing = new List<string>();
        foreach (var folder in Folders(settings, server.Major, searchPath ?? Environment.GetEnvironmentVariable("PATH") ?? ""))
        {
            var absent = Needed.Where(tool => !File.Exists(Path.Combine(folder, Program(tool)))).ToList();
            if (absent.Count == Needed.Length)
            {
                continue;
            }
            var version = await VersionAsync(new PostgresTools(settings, folder, new Version()), absent.Contains("pg_dump") ? Needed.Except(absent).First() : "pg_dump", cancel).ConfigureAwait(false);
            if (version?.Major != server.Major)
            {
                others.Add($"{version?.ToString() ?? "an unknown version"} in {folder}");
            }
            else if (absent.Count > 0)
            {
                missing.Add($"{folder} lacks {string.Join(", ", absent)}");
            }
            else
            {
                return new PostgresTools(settings, folder, version);
            }
        }
        if (settings.Container is { } container)
        {
            var version = await VersionAsync(new PostgresTools(settings, null, new Version()), "pg_dump", cancel).ConfigureAwait(false);
            if (version?.Major == server.Major)
            {
                return new PostgresTools(settings, null, version);
            }
            (version is null ? missing : others).Add(version is null ? $"'{settings.ContainerCommand} exec {container} pg_dump --version' failed" : $"{version} in container {container}");
        }
        throw others.Count > 0
            ? PostgresErrors.ToolMismatch(settings, server.Version, server.Major, others)
            : PostgresErrors.ToolMissing(settings, server.Major, missing.Count > 0 ? string.Join("; ", missing) : "no pg_dump in the usual folders nor on the path");
    }

    /// <summary>A tool's start: connection and password go by its environment, never by its arguments, which every user of a host can read.</summary>
    internal ProcessStartInfo Start(string tool, string? database, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);   // what the caller's shell has set for another server
        }
        var environment = EnvironmentOf(database);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        if (_folder is not null)
        {
            start.FileName = Path.Combine(_folder, Program(tool));
        }
        else
        {
            start.FileName = _settings.ContainerCommand;
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add("-i");
            foreach (var (name, _) in environment)
            {
                start.ArgumentList.Add("-e");
                start.ArgumentList.Add(name);   // a name alone hands on the value of docker's own environment
            }
            start.ArgumentList.Add(_settings.Container!);
            start.ArgumentList.Add(tool);
        }
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        return start;
    }

    private Dictionary<string, string> EnvironmentOf(string? database)
    {
        var inContainer = _folder is null;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PGHOST"] = inContainer ? _settings.ContainerHost : _settings.Host,
            ["PGPORT"] = (inContainer ? _settings.ContainerPort : _settings.Port).ToString(CultureInfo.InvariantCulture),
            ["PGUSER"] = _settings.User, ["PGDATABASE"] = database ?? _settings.MaintenanceDatabase, ["PGAPPNAME"] = "sting-backup", ["PGCLIENTENCODING"] = "UTF8",
            ["PGCONNECT_TIMEOUT"] = Math.Ceiling(_settings.ConnectTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture), ["LC_ALL"] = "C",
        };
        if (_settings.CommitsLocally)
        {
            environment["PGOPTIONS"] = PostgresSettings.LocalCommits;
        }
        // A pass file of the host is not there in the container.
        var password = _settings.Password ?? (inContainer && _settings.PassFile is { } file ? PassFile.Find(file, _settings, environment["PGDATABASE"]) : null);
        if (password is not null)
        {
            environment["PGPASSWORD"] = password;
        }
        else if (_settings.PassFile is { } passFile && !inContainer)
        {
            environment["PGPASSFILE"] = passFile;
        }
        if (_settings.RequireTls && !inContainer)
        {
            environment["PGSSLMODE"] = "verify-full";
            environment["PGSSLROOTCERT"] = _settings.RootCertificate ?? "system";
        }
        return environment;
    }

    private static IEnumerable<string> Folders(PostgresSettings settings, int major, string searchPath) => settings.ToolFolder is { } configured
        ? [configured]
        : OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL", $"{major}", "bin"), .. searchPath.Split(';', StringSplitOptions.RemoveEmptyEntries)]
            : [$"/usr/lib/postgresql/{major}/bin", $"/usr/pgsql-{major}/bin", $"/opt/homebrew/opt/postgresql@{major}/bin", .. searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries)];

    private static string Program(string tool) => OperatingSystem.IsWindows() ? tool + ".exe" : tool;

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)(?:\.(\d+))?")]
    private static partial Regex VersionLine();

    private static async Task<Version?> VersionAsync(PostgresTools tools, string tool, CancellationToken cancel)
    {
        try
        {
            using var output = new MemoryStream();
            await ToolProcess.RunAsync(tools._settings, tool, tools.Start(tool, null, "--version"), null, output.WriteAsync, cancel).ConfigureAwait(false);
            return VersionLine().Match(System.Text.Encoding.UTF8.GetString(output.ToArray())) is { Success: true } match
                ? new Version(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Success ? int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) : 0)
                : null;
        }
        catch (StingException)
        {
            return null;
        }
    }
}
