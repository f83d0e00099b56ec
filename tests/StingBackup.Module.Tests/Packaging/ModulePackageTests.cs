using System.IO.Compression;
using System.Xml.Linq;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Packager.Archives;
using StingBackup.Packager.Layout;

namespace StingBackup.Module.Tests.Packaging;

public sealed class ModulePackageTests
{
    private static readonly string[] Manifests = [".psd1", ".psm1", ".ps1xml", ".ps1"];

    private static FileTree Texts()
    {
        var tree = new FileTree();
        tree.AddFolder(Repository.Module, "", path => Manifests.Contains(Path.GetExtension(path)));
        tree.AddText("LICENSE", "x");
        return tree;
    }

    private static void Write(string path, string version = "1.2.3") =>
        new ModulePackage(ModuleManifest.Read(Path.Combine(Repository.Module, "StingBackup.psd1")), version, Texts()).Write(path, SmallPackages.Options().Date, CompressionLevel.Fastest);

    [Fact]
    public void It_has_what_the_gallery_and_Install_PSResource_look_for()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.nupkg"]);
        using var zip = ZipFile.OpenRead(folder["a.nupkg"]);
        var names = zip.Entries.Select(e => e.FullName).ToList();
        Assert.Contains("StingBackup.psd1", names);
        Assert.Contains("_rels/.rels", names);
        using var stream = zip.GetEntry("StingBackup.nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(e => e.Name.LocalName == name).Value;
        Assert.Equal(("StingBackup", "1.2.3"), (Value("id"), Value("version")));
        string[] required = ["authors", "description", "releaseNotes", "copyright", "projectUrl", "licenseUrl", "license"];
        Assert.All(required, name => Assert.False(string.IsNullOrWhiteSpace(Value(name)), name));
        var tags = Value("tags").Split(' ');
        string[] words = ["PSModule", "Backup", "PSEdition_Core", "PSCommand_Invoke-StingBackup", "PSCommand_Invoke-StingDrTest"];
        Assert.All(words, word => Assert.Contains(word, tags));
        using var types = zip.GetEntry("[Content_Types].xml")!.Open();
        var known = XDocument.Load(types).Root!.Elements().Select(e => (string?)e.Attribute("Extension") ?? (string)e.Attribute("PartName")!).ToHashSet();
        Assert.All(names.Where(n => n != "[Content_Types].xml"), name => Assert.True(known.Contains(Path.GetExtension(name).TrimStart('.')) || known.Contains($"/{name}"), name));
    }

    [Fact]
    public void Two_of_one_content_are_equal()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.nupkg"]);
        Write(folder["b.nupkg"]);
        Write(folder["c.nupkg"], "1.2.4");
        Assert.Equal(File.ReadAllBytes(folder["a.nupkg"]), File.ReadAllBytes(folder["b.nupkg"]));
        Assert.NotEqual(File.ReadAllBytes(folder["a.nupkg"]), File.ReadAllBytes(folder["c.nupkg"]));
    }

    [Fact]
    public void The_module_bears_the_one_version_of_the_project()
    {
        var props = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("VersionPrefix").Single().Value;
        Assert.Contains($"ModuleVersion        = '{props}'", File.ReadAllText(Path.Combine(Repository.Module, "StingBackup.psd1")), StringComparison.Ordinal);
        Assert.Equal(props, new Packager.PackageOptions().Version);
    }
}
