namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Which configuration file is used, and where was looked.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why this one, for people.</param>
/// <param name="LookedAt">The places looked at, in order, the one used last.</param>
public sealed record ConfigurationLocation(string Path, string Reason, IReadOnlyList<string> LookedAt);

/// <summary>
/// Finds the configuration file: the path given, <c>STING_BACKUP_CONFIG</c>, <c>./sting-backup.yaml</c>, the user's configuration folder,
/// <c>/etc/sting/sting-backup.yaml</c>, then <c>/etc/sting/backup-config.sh</c>.
/// </summary>
/// <param name="host">The host.</param>
public sealed class ConfigurationLocator(IHostView host)
{
    /// <summary>The name of our own file.</summary>
    public const string YamlName = "sting-backup.yaml";

    /// <summary>The name of the strategy's file.</summary>
    public const string ShellName = "backup-config.sh";

    /// <summary>The variable that names the file.</summary>
    public const string Variable = "STING_BACKUP_CONFIG";

    /// <summary>The file to use.</summary>
    /// <param name="path">The path given by <c>-ConfigPath</c> or <c>--config</c>, or null.</param>
    /// <exception cref="StingException"><c>ConfigurationNotFound</c>, naming every place looked at</exception>
    public ConfigurationLocation Find(string? path = null) => TryFind(path, out var lookedAt) ?? throw NotFound(lookedAt);

    private StingException NotFound(IReadOnlyList<string> lookedAt)
    {
        var missing = lookedAt.Count == 1 ? $"There is no configuration file {lookedAt[0]}" : $"There is no configuration file. Looked for: {string.Join(", ", lookedAt)}";
        // What lies in a folder that may not be entered looks as if it were not there. Where somebody happens to stand says nothing.
        return lookedAt.Select(file => Path.GetDirectoryName(file)!).FirstOrDefault(folder => (lookedAt.Count == 1 || folder != host.CurrentDirectory) && host.DirectoryExists(folder) && !host.CanRead(folder)) is { } closed
            ? new StingException("ConfigurationNotFound", FailureKind.PermissionDenied, $"{missing}. But {closed} may not be entered by this user, so what is there cannot be seen.", closed,
                "Run it as the account that made the repository, or as one of the folder's group.")
            : new StingException("ConfigurationNotFound", FailureKind.NotFound, $"{missing}.", lookedAt[0],
                $"Make one with Initialize-StingRepository (sting-backup init --backup-root DIR --reserve DIR), or name one with -ConfigPath (--config) or {Variable}.");
    }

    /// <summary>The file to use, or null with the places looked at.</summary>
    public ConfigurationLocation? TryFind(string? path, out IReadOnlyList<string> lookedAt)
    {
        var looked = new List<string>();
        lookedAt = looked;
        foreach (var (candidate, reason) in Candidates(path))
        {
            looked.Add(candidate);
            if (host.FileExists(candidate))
            {
                return new ConfigurationLocation(candidate, reason, looked);
            }
        }
        return null;
    }

    /// <summary>Where <c>init</c> writes the file: the path given, what the variable names, <c>/etc/sting</c> where this user may write there, else the user's folder.</summary>
    public string PathForNew(string? path = null)
    {
        var folders = PlatformFolders.Of(host);
        var system = folders.SystemConfiguration;
        var parent = Path.GetDirectoryName(system)!;
        var mayWrite = host.DirectoryExists(system) ? host.CanWrite(system) : host.DirectoryExists(parent) && host.CanWrite(parent);
        return path is not null ? Path.GetFullPath(path, host.CurrentDirectory)
            : host.GetVariable(Variable) is { } named ? Path.GetFullPath(named, host.CurrentDirectory)
            : Path.Join(mayWrite ? system : folders.UserConfiguration.Path, YamlName);
    }

    private IEnumerable<(string Path, string Reason)> Candidates(string? path)
    {
        // A path that a person names is the only one: falling through to another file would use settings that nobody asked for.
        if (path is not null)
        {
            return [(Path.GetFullPath(path, host.CurrentDirectory), "it was named")];
        }
        if (host.GetVariable(Variable) is { } named)
        {
            return [(Path.GetFullPath(named, host.CurrentDirectory), $"{Variable} names it")];
        }
        var folders = PlatformFolders.Of(host);
        return
        [
            (Path.Join(host.CurrentDirectory, YamlName), "it stands in the current folder"),
            (Path.Join(folders.UserConfiguration.Path, YamlName), "it is this user's"),
            (Path.Join(folders.SystemConfiguration, YamlName), "it is this host's"),
            (Path.Join(folders.SystemConfiguration, ShellName), "it is this host's, in the strategy's form"),
        ];
    }
}
