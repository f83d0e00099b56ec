using StingBackup.Packager.Bom;

namespace StingBackup.Packager;

/// <summary>The commit, built for packages, in a folder that holds nothing else: no earlier build can get into a package.</summary>
internal sealed class ProgramBuild
{
    /// <summary>The system that programs are made for.</summary>
    public const string System = "linux-x64";

    private readonly PackageOptions _options;
    private readonly string _work;

    /// <summary>Builds.</summary>
    public ProgramBuild(PackageOptions options)
    {
        _options = options;
        // Within the checkout, whose place the compiler takes out of what it writes.
        _work = Path.Join(options.Root, "out", "package-build");
        if (Directory.Exists(_work))
        {
            Directory.Delete(_work, recursive: true);
        }
        // The console's build makes the module too: as IL, which runs on every system.
        Publish("StingBackup.Console", Program);
        Publish("StingBackup.Portal", Portal);
        File.CreateSymbolicLink(Path.Join(Program, "sting-restore"), "sting-backup");
        new DepsFile(Path.Join(Module, "lib", "StingBackup.Cmdlets.deps.json")).Keep(ServesModule);
        if (options.Sign is { } sign)
        {
            foreach (var folder in new[] { Module, Program, Portal })
            {
                Tool.Run(sign, [folder]);
            }
        }
    }

    /// <summary>The module's folder.</summary>
    public string Module => Path.Join(_work, "out", "module", "StingBackup");

    /// <summary>The programs' folder: beside the module's, where a program looks for it.</summary>
    public string Program => Path.Join(_work, "out", "program");

    /// <summary>The portal's folder.</summary>
    public string Portal => Path.Join(_work, "portal");

    /// <summary>Whether the module serves a system: where PowerShell runs. Native zstd is there for linux-x64, linux-arm64, win and osx; elsewhere the managed one works.</summary>
    public static bool ServesModule(string system) => system is "win" or "linux-x64" or "linux-arm64" or "linux-arm" or "linux-musl-x64" or "linux-musl-arm64" or "win-x64" or "win-x86" or "win-arm64" or "osx-x64" or "osx-arm64";

    private void Publish(string project, string folder) => Tool.Run("dotnet",
    [
        "publish", Path.Join(_options.Root, "src", project), "-c", "Release", "-r", System, "--self-contained", "--artifacts-path", Path.Join(_work, "artifacts"), "-o", folder,
        "-tl:off", "-v", "q", "-p:Packaged=true", $"-p:PackagedNative={!_options.Quick}", "-p:ReadyToRun=false", $"-p:OutRoot={_work}/out/", $"-p:VersionPrefix={_options.Version}", "-p:UseSharedCompilation=false",
    ]);
}
