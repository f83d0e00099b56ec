namespace StingBackup.Module.Tests.Hosting;

/// <summary>Where the sources and what the build made of them lie.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The built module.</summary>
    public static string Module => Path.Combine(Root, "out", "module", "StingBackup");

    /// <summary>The help pages.</summary>
    public static string Help => Path.Combine(Root, "docs", "help");

    /// <summary>One of the built programs.</summary>
    public static string Program(string name) => Path.Combine(Root, "out", "bin", OperatingSystem.IsWindows() ? $"{name}.exe" : name);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "StingBackup.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not lie within the solution.");
    }
}
