using System.Globalization;
using StingBackup.Engine.Reserve;

namespace StingBackup.Console.Quickstart;

/// <summary>A folder that one quickstart made and owns: everything it writes lies in it, and a marker says that it may be removed.</summary>
/// <param name="Path">The folder.</param>
internal sealed record QuickstartFolder(string Path)
{
    private const string Marker = ".sting-quickstart";

    /// <summary>Where they are made unless told otherwise: a folder for each user, since the temporary folder is everybody's.</summary>
    public static string DefaultParent => System.IO.Path.Join(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetTempPath()), $"sting-quickstart-{Environment.UserName}");

    /// <summary>Its part of this name.</summary>
    public string this[string name] => System.IO.Path.Join(Path, name);

    /// <summary>Makes the next free one, for this user alone: it holds an open key file.</summary>
    /// <param name="parent">Where.</param>
    public static QuickstartFolder Make(string parent)
    {
        MakePrivate(parent);
        for (var number = 1; ; number++)
        {
            var folder = new QuickstartFolder(System.IO.Path.Join(parent, number.ToString(CultureInfo.InvariantCulture)));
            if (!System.IO.Path.Exists(folder.Path))
            {
                MakePrivate(folder.Path);
                File.WriteAllText(folder[Marker], "Made by 'sting-backup quickstart'; 'sting-backup quickstart --clean' removes it.\n");
                return folder;
            }
        }
    }

    /// <summary>Those that earlier ones made there: by what is in them, never by name alone.</summary>
    public static IReadOnlyList<QuickstartFolder> Find(string parent) => !Directory.Exists(parent) ? [] :
    [
        .. Directory.EnumerateDirectories(parent).Where(d => new DirectoryInfo(d).LinkTarget is null).Order(StringComparer.Ordinal)
            .Select(d => new QuickstartFolder(d)).Where(f => File.Exists(f[Marker])),
    ];

    /// <summary>Removes it with all that is in it, by raw names: .NET cannot delete a file whose name is not UTF-8.</summary>
    public void Remove()
    {
        SampleReserve.Remove(Path);
        var parent = System.IO.Path.GetDirectoryName(Path)!;
        if (parent == DefaultParent && !Directory.EnumerateFileSystemEntries(parent).Any())
        {
            Directory.Delete(parent);
        }
    }

    private static void MakePrivate(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }
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
