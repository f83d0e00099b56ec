namespace StingBackup.Console.Quickstart;

/// <summary>A folder that one quickstart made and owns: everything it writes lies in it, and a marker says that it may be removed.</summary>
/// <param name="Path">The folder.</param>
internal sealed record QuickstartFolder(string Path)
{
    private const string Marker = ".sting-quickstart";

    public string Reserve => System.IO.Path.Combine(Path, "reserve");
    public string Repository => System.IO.Path.Combine(Path, "repository");
    public string Restored => System.IO.Path.Combine(Path, "restored");
    public string Configuration => System.IO.Path.Combine(Path, "sting-backup.yaml");

    /// <summary>A folder below.</summary>
    public string Below(string name) => System.IO.Path.Combine(Path, name);

    private static string Base => System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"sting-quickstart-{Environment.UserName}");

    /// <summary>Makes the next free one, for this user alone.</summary>
    public static QuickstartFolder Create()
    {
        MakePrivate(Base);
        for (var number = 1; ; number++)
        {
            var path = System.IO.Path.Combine(Base, number.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (!Directory.Exists(path))
            {
                MakePrivate(path);
                File.WriteAllText(System.IO.Path.Combine(path, Marker), "Made by 'sting-backup quickstart'; 'sting-backup quickstart --clean' removes it.\n");
                return new QuickstartFolder(path);
            }
        }
    }

    /// <summary>Those that quickstarts of this user made.</summary>
    public static IReadOnlyList<QuickstartFolder> All() => !Directory.Exists(Base) ? []
        : [.. Directory.GetDirectories(Base).Where(d => File.Exists(System.IO.Path.Combine(d, Marker))).Order(StringComparer.Ordinal).Select(d => new QuickstartFolder(d))];

    /// <summary>Removes the folder and all that is in it.</summary>
    public void Remove()
    {
        // By raw names: .NET cannot delete a file whose name is not UTF-8.
        StingBackup.Engine.Reserve.SampleReserve.Remove(Path);
        if (!Directory.EnumerateFileSystemEntries(Base).Any())
        {
            Directory.Delete(Base);
        }
    }

    private static void MakePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
