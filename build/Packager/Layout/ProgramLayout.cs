namespace StingBackup.Packager.Layout;

/// <summary>The programs with all that belongs to them: <c>bin</c>, <c>module</c> and <c>portal</c> beside each other, as the build has them.</summary>
internal static class ProgramLayout
{
    /// <summary>The place that units and scripts of this project name: where a <c>.tar.gz</c> is unpacked to.</summary>
    public const string UsualProgram = "/opt/sting-backup/bin/sting-backup";

    /// <summary>What runs.</summary>
    public static FileTree Program(ProgramBuild build)
    {
        var tree = new FileTree();
        tree.AddFolder(build.Program, "bin", path => Runs(path) && path != "sting-restore");
        tree.AddLink("bin/sting-restore", "sting-backup");
        // Its libraries are the program's, compiled with it.
        tree.AddFolder(build.Module, "module/StingBackup", path => Runs(path) && !path.StartsWith("lib/", StringComparison.Ordinal));
        tree.AddFolder(build.Portal, "portal", Runs);
        return tree;
    }

    /// <summary>The module as a package of its own, for any system that PowerShell runs on.</summary>
    /// <param name="folder">The module's folder.</param>
    public static FileTree Module(string folder)
    {
        var tree = new FileTree();
        tree.AddFolder(folder, "", path => path.Split('/') is not ["lib", "runtimes", var system, ..] || ProgramBuild.ServesModule(system));
        return tree;
    }

    /// <summary>Manuals, completions, units and what others may take: below <c>share</c>.</summary>
    /// <param name="root">The repository's root.</param>
    /// <param name="manuals">Manual pages by name.</param>
    public static FileTree Share(string root, IReadOnlyDictionary<string, string> manuals)
    {
        var tree = new FileTree();
        foreach (var (name, text) in manuals)
        {
            tree.AddText($"man/man1/{name}", text);
        }
        var completions = Path.Join(root, "packaging", "completions");
        tree.AddFile(Path.Join(completions, "sting-backup.bash"), "bash-completion/completions/sting-backup");
        tree.AddLink("bash-completion/completions/sting-restore", "sting-backup");
        tree.AddFile(Path.Join(completions, "_sting-backup"), "zsh/vendor-completions/_sting-backup");
        tree.AddFile(Path.Join(completions, "sting-backup.ps1"), "sting-backup/completions/sting-backup.ps1");
        tree.AddFolder(Path.Join(root, "contrib"), "sting-backup/contrib", path => !path.EndsWith(".test.yml", StringComparison.Ordinal));
        return tree;
    }

    private static bool Runs(string path) => Path.GetExtension(path) is not (".xml" or ".pdb") || path.EndsWith("-Help.xml", StringComparison.Ordinal);
}
