namespace StingBackup.Engine.Reserve;

/// <summary>A folder that holds where nothing is configured, and the environment variable that moved it, if one did.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Variable">The variable it follows, such as <c>XDG_STATE_HOME</c>, or null.</param>
public sealed record PlatformFolder(string Path, string? Variable);

/// <summary>
/// The folders of this platform: those of the system where this user may write them, the user's own (XDG) otherwise; below ProgramData on Windows.
/// Finding them creates nothing.
/// </summary>
public sealed record PlatformFolders
{
    /// <summary>The product's folder name.</summary>
    public const string Product = "sting-backup";

    private PlatformFolders()
    {
    }

    /// <summary>What must survive a restart: the writer's identity, the snapshot of the last run.</summary>
    public required PlatformFolder State { get; init; }
    /// <summary>What can be made again from the repository.</summary>
    public required PlatformFolder Cache { get; init; }
    /// <summary>Logs, a file a run.</summary>
    public required PlatformFolder Logs { get; init; }
    /// <summary>The local key store.</summary>
    public required PlatformFolder Keys { get; init; }
    /// <summary>The configuration folder of this user.</summary>
    public required PlatformFolder UserConfiguration { get; init; }
    /// <summary>The configuration folder of the whole host.</summary>
    public required string SystemConfiguration { get; init; }

    /// <summary>Finds the folders of a host.</summary>
    public static PlatformFolders Of(IHostView host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.IsWindows ? OfWindows(host) : OfUnix(host);
    }

    private static PlatformFolders OfUnix(IHostView host)
    {
        var state = Choose(host, "/var/lib", "XDG_STATE_HOME", ".local/state", "");
        return new PlatformFolders
        {
            State = state,
            Cache = Choose(host, "/var/cache", "XDG_CACHE_HOME", ".cache", ""),
            Logs = Choose(host, "/var/log", "XDG_STATE_HOME", ".local/state", "log"),
            Keys = state.Path.StartsWith("/var/lib/", StringComparison.Ordinal) && state.Variable is null
                ? new PlatformFolder(Path.Join(state.Path, "keys"), null)
                : OfUser(host, "XDG_DATA_HOME", ".local/share", "keys"),
            UserConfiguration = OfUser(host, "XDG_CONFIG_HOME", ".config", ""),
            SystemConfiguration = "/etc/sting",
        };
    }

    private static PlatformFolders OfWindows(IHostView host)
    {
        var programData = Path.Join(host.GetVariable("ProgramData") ?? @"C:\ProgramData", "StingBackup");
        var appData = host.GetVariable("APPDATA");
        return new PlatformFolders
        {
            State = new(Path.Join(programData, "state"), null),
            Cache = new(Path.Join(programData, "cache"), null),
            Logs = new(Path.Join(programData, "logs"), null),
            Keys = new(Path.Join(programData, "keys"), null),
            UserConfiguration = new(Path.Join(appData ?? Path.Join(host.HomeDirectory, "AppData", "Roaming"), Product), appData is null ? null : "APPDATA"),
            SystemConfiguration = programData,
        };
    }

    /// <summary>The system's folder when it stands there writable or can be made; else the user's own.</summary>
    private static PlatformFolder Choose(IHostView host, string systemParent, string variable, string belowHome, string subfolder)
    {
        var system = $"{systemParent}/{Product}";
        return (host.DirectoryExists(system) ? host.CanWrite(system) : host.DirectoryExists(systemParent) && host.CanWrite(systemParent))
            ? new PlatformFolder(system, null)
            : OfUser(host, variable, belowHome, subfolder);
    }

    private static PlatformFolder OfUser(IHostView host, string variable, string belowHome, string subfolder)
    {
        // The XDG base directory specification: a value that is not absolute is to be ignored.
        var set = host.GetVariable(variable) is { } value && Path.IsPathRooted(value) ? value : null;
        var parent = set ?? Path.Join(host.HomeDirectory, belowHome);
        return new PlatformFolder(Path.Join(parent, Product, subfolder).TrimEnd(Path.DirectorySeparatorChar), set is null ? null : variable);
    }
}
