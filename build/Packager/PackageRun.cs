using System.IO.Compression;
using System.Security.Cryptography;
using StingBackup.Packager.Archives;
using StingBackup.Packager.Bom;
using StingBackup.Packager.Layout;
using StingBackup.Packager.Manual;

namespace StingBackup.Packager;

/// <summary>From a commit to everything in <c>out/packages</c>.</summary>
internal static class PackageRun
{
    /// <summary>Makes the packages.</summary>
    /// <exception cref="PackageException">Something is missing or does not fit.</exception>
    public static async Task RunAsync(PackageOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PackageException("Packages are made on Linux: modes and links of their files are set there.");
        }
        var build = new ProgramBuild(options);
        var packages = new PackageFolder(PackageFolder.Default, Path.Join(options.Root, "packaging", "licences"));
        var moduleBom = new BillOfMaterials(new DepsFile(Path.Join(build.Module, "lib", "StingBackup.Cmdlets.deps.json")).Components(packages), packages);
        var programBom = new BillOfMaterials(
            [.. new DepsFile(Path.Join(build.Program, "sting-backup.deps.json")).Components(packages), .. new DepsFile(Path.Join(build.Portal, "sting-portal.deps.json")).Components(packages)], packages);
        var module = ProgramLayout.Module(build.Module);
        var program = ProgramLayout.Program(build);
        moduleBom.RequireWhole(module);
        programBom.RequireWhole(program);
        if (Directory.Exists(options.Output))
        {
            Directory.Delete(options.Output, recursive: true);
        }
        Directory.CreateDirectory(options.Output);
        string At(string name) => Path.Join(options.Output, name);
        var level = options.Quick ? CompressionLevel.Fastest : CompressionLevel.SmallestSize;
        var moduleParts = moduleBom.ToCycloneDx("StingBackup", options.Version, options.Date);
        var programParts = programBom.ToCycloneDx("sting-backup", options.Version, options.Date);
        var share = ProgramLayout.Share(options.Root, ManualPages.Of(build.Program, options));
        await Task.WhenAll(
            Task.Run(() => WriteModule(At($"StingBackup.{options.Version}.nupkg"), options, build, module, Documents(moduleBom, moduleParts, "StingBackup"), level)),
            Task.Run(() => WriteArchive(At($"sting-backup-{options.Version}-{ProgramBuild.System}.tar.gz"), options, program, share, Documents(programBom, programParts, "sting-backup"), level)),
            Task.Run(() => DebLayout.Package(options, program, share, Documents(programBom, programParts, "sting-backup")).Write(At($"sting-backup_{options.Version}_amd64.deb"), options.Date, level)));
        await File.WriteAllTextAsync(At($"StingBackup.{options.Version}.cdx.json"), moduleParts);
        await File.WriteAllTextAsync(At($"sting-backup-{options.Version}.cdx.json"), programParts);
        File.Copy(Path.Join(options.Root, "packaging", "Containerfile"), At("Containerfile"));
        await File.WriteAllTextAsync(At("SHA256SUMS"), Sums(options.Output));
        foreach (var file in Directory.EnumerateFiles(options.Output).Order(StringComparer.Ordinal))
        {
            Console.WriteLine($"{new FileInfo(file).Length / 1e6,8:0.0} MB  {file}");
        }
    }

    private static Dictionary<string, string> Documents(BillOfMaterials bom, string parts, string product) => new(StringComparer.Ordinal) { ["sbom.cdx.json"] = parts, ["THIRD-PARTY-NOTICES.txt"] = bom.ToNotices(product) };

    private static void WriteModule(string path, PackageOptions options, ProgramBuild build, FileTree module, Dictionary<string, string> documents, CompressionLevel level)
    {
        AddDocuments(module, options.Root, documents);
        new ModulePackage(ModuleManifest.Read(Path.Join(build.Module, "StingBackup.psd1")), options.Version, module).Write(path, options.Date, level);
    }

    private static void WriteArchive(string path, PackageOptions options, FileTree program, FileTree share, Dictionary<string, string> documents, CompressionLevel level)
    {
        var tree = new FileTree();
        tree.AddTree(program, "sting-backup");
        tree.AddTree(share, "sting-backup/share");
        var units = new FileTree();
        units.AddFolder(Path.Join(options.Root, "packaging", "systemd"), "share/systemd");
        AddDocuments(units, options.Root, documents);
        tree.AddTree(units, "sting-backup");
        using var file = new FileStream(path, FileMode.Create);
        TarGz.Write(file, tree, "", options.Date, level);
    }

    private static void AddDocuments(FileTree tree, string root, Dictionary<string, string> documents)
    {
        foreach (var (name, text) in documents)
        {
            tree.AddText(name, text);
        }
        tree.AddFile(Path.Join(root, "LICENSE"), "LICENSE");
        tree.AddFile(Path.Join(root, "CHANGELOG.md"), "CHANGELOG.md");
    }

    // As sha256sum -c reads it.
    private static string Sums(string folder) => string.Concat(Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(f =>
    {
        using var content = File.OpenRead(f);
        return $"{Convert.ToHexStringLower(SHA256.HashData(content))}  {Path.GetFileName(f)}\n";
    }));
}
