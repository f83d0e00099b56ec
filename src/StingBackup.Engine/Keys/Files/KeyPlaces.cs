namespace StingBackup.Engine.Keys;

/// <summary>Checks where keys are to lie, before anything is written and each time they are opened.</summary>
public static class KeyPlaces
{
    /// <summary>
    /// Refuses places that would undo what the keys are for; gives warnings for what is only weak. Looks through symbolic links. Changes nothing.
    /// </summary>
    /// <exception cref="StingException"><c>KeyPlacesInvalid</c> (two or three replicas and epoch places, apart from one another), <c>KeysInSource</c>,
    /// <c>KeysUnderBackupRoot</c></exception>
    public static IReadOnlyList<string> Check(KeyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        CheckCount("key store replicas", options.KeyStoreReplicas);
        CheckCount("epoch places", options.EpochPlaces);
        CheckApart(options);
        var warnings = new List<string>();
        foreach (var (what, path) in All(options))
        {
            if (!Path.IsPathFullyQualified(path))
            {
                throw Invalid($"The {what} '{path}' is not an absolute path.", path, "Write the whole path.");
            }
            foreach (var source in options.Sources)
            {
                if (IsWithin(path, source))
                {
                    throw new StingException("KeysInSource", FailureKind.InvalidConfiguration,
                        $"The {what} '{path}' lies in '{source}', which is backed up: every backup would carry the keys, and no erasure could reach them.", path,
                        "Move it to a place that is not backed up.");
                }
            }
            if (options.BackupRoot is { } root && IsWithin(path, root))
            {
                if (!options.AllowUnderBackupRoot)
                {
                    throw new StingException("KeysUnderBackupRoot", FailureKind.InvalidConfiguration,
                        $"The {what} '{path}' lies under the backup root '{root}': whoever takes the backups takes the keys.", path,
                        "Choose another place, or allow it expressly.");
                }
                warnings.Add($"The {what} '{path}' lies under the backup root '{root}': whoever takes the backups takes the keys.");
            }
        }
        return warnings;
    }

    /// <summary>Warns of replicas, or epoch places, that all lie on one volume: together they survive no more than one does.</summary>
    public static IReadOnlyList<string> CheckVolumes(KeyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var volumes = DriveInfo.GetDrives().Select(drive => drive.RootDirectory.FullName).ToList();
        var warnings = new List<string>(2);
        foreach (var (what, paths) in new[] { ("key store replicas", options.KeyStoreReplicas), ("epoch places", options.EpochPlaces) })
        {
            if (paths.Select(path => VolumeOf(RealPath(path), volumes)).Distinct().Count() == 1)
            {
                warnings.Add($"All {what} lie on one volume. When it is lost, every backup is: move one to another site.");
            }
        }
        return warnings;
    }

    /// <summary>Warns where every copy of the keys, or every epoch place, lies on the backups' own volume: when it is lost, no other copy of the backups can be read either.</summary>
    public static IReadOnlyList<string> CheckBesideBackups(KeyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.BackupRoot is not { } root)
        {
            return [];
        }
        var volumes = DriveInfo.GetDrives().Select(drive => drive.RootDirectory.FullName).ToList();
        var backups = VolumeOf(RealPath(root), volumes);
        return
        [
            .. new[] { ("key store replica", options.KeyStoreReplicas), ("epoch place", options.EpochPlaces) }
                .Where(places => places.Item2.All(path => VolumeOf(RealPath(path), volumes) == backups))
                .Select(places => $"Every {places.Item1} lies on the volume of the backups '{root}'. When it is lost, copies of the backups elsewhere cannot be read: move one to another disk."),
        ];
    }

    /// <summary>Whether a path is a folder or lies below it, symbolic links followed.</summary>
    internal static bool IsWithin(string path, string folder)
    {
        var comparison = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        var inner = Path.TrimEndingDirectorySeparator(RealPath(path)) + Path.DirectorySeparatorChar;
        var outer = Path.TrimEndingDirectorySeparator(RealPath(folder));
        return inner.StartsWith(Path.EndsInDirectorySeparator(outer) ? outer : outer + Path.DirectorySeparatorChar, comparison);
    }

    /// <summary>The path with every symbolic link on the way resolved; what does not exist yet stays as it is.</summary>
    internal static string RealPath(string path)
    {
        var full = Path.GetFullPath(path);
        var real = Path.GetPathRoot(full) ?? "";
        foreach (var part in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            try
            {
                real = new DirectoryInfo(real).ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : real;
            }
            catch (IOException)
            {
                // A loop of links, or a part that cannot be read: opening it will say so.
            }
        }
        return real;
    }

    private static IEnumerable<(string What, string Path)> All(KeyOptions options) =>
    [
        ("key directory", options.KeyDirectory),
        .. options.KeyStoreReplicas.Select(path => ("key store replica", path)),
        .. options.EpochPlaces.Select(path => ("epoch place", path)),
        ("host's key folder", HostKeys.FolderOf(options)),
    ];

    private static void CheckCount(string what, IReadOnlyList<string> paths)
    {
        if (paths.Count is < 2 or > 3)
        {
            throw Invalid($"There are {paths.Count} {what}; two or three are needed.", paths.Count > 0 ? paths[0] : null,
                "Name two or three folders, on different disks or sites.");
        }
    }

    private static void CheckApart(KeyOptions options)
    {
        List<string> paths = [.. options.KeyStoreReplicas, .. options.EpochPlaces];
        for (var a = 0; a < paths.Count; a++)
        {
            for (var b = 0; b < paths.Count; b++)
            {
                if (a != b && IsWithin(paths[a], paths[b]))
                {
                    throw Invalid($"'{paths[a]}' and '{paths[b]}' are not apart: replicas and epoch places protect only where each is lost alone.", paths[a],
                        "Give each replica and each epoch place a folder of its own, none within another.");
                }
            }
        }
    }

    private static string VolumeOf(string path, List<string> volumes) =>
        volumes.Where(volume => IsWithin(path, volume)).MaxBy(volume => volume.Length) ?? Path.GetPathRoot(path) ?? "";

    private static StingException Invalid(string message, string? target, string remedy) =>
        new("KeyPlacesInvalid", FailureKind.InvalidConfiguration, message, target, remedy);
}
