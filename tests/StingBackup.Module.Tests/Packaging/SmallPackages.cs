using System.IO.Compression;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Packager;
using StingBackup.Packager.Archives;
using StingBackup.Packager.Bom;
using StingBackup.Packager.Layout;

namespace StingBackup.Module.Tests.Packaging;

/// <summary>Packages as ./package.sh makes them, of programs of one line, so that they are made in a moment.</summary>
internal sealed class SmallPackages : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string this[string name] => _folder[name];

    public static PackageOptions Options(string version = "1.2.3") => new() { Root = Repository.Root, Version = version, Date = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000) };

    /// <summary>Writes a .deb, and gives its path.</summary>
    public string WriteDeb(string version, string name)
    {
        var options = Options(version);
        DebLayout.Package(options, Program(version), ProgramLayout.Share(Repository.Root, new Dictionary<string, string> { ["sting-backup.1"] = ".TH X 1\n" }),
            new Dictionary<string, string> { ["sbom.cdx.json"] = "{}", ["THIRD-PARTY-NOTICES.txt"] = "nobody's" }).Write(this[name], options.Date, CompressionLevel.Fastest);
        return this[name];
    }

    public static PackageFolder Packages { get; } = new(PackageFolder.Default, Path.Combine(Repository.Root, "packaging", "licences"));

    /// <summary>The bill of the module that was built.</summary>
    public static BillOfMaterials Bill() => new(new DepsFile(Path.Combine(Repository.Module, "lib", "StingBackup.Cmdlets.deps.json")).Components(Packages), Packages);

    private static FileTree Program(string version)
    {
        var tree = new FileTree();
        tree.AddText("bin/sting-backup", $"#!/bin/sh\necho \"{version}\"\n", FileTree.Executable);
        tree.AddLink("bin/sting-restore", "sting-backup");
        tree.AddText("module/StingBackup/StingBackup.psd1", "@{}\n");
        tree.AddText("portal/sting-portal", "#!/bin/sh\n", FileTree.Executable);
        return tree;
    }

    public void Dispose() => _folder.Dispose();
}
