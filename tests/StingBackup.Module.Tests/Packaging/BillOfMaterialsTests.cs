using System.Text.Json.Nodes;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Packager;
using StingBackup.Packager.Bom;
using StingBackup.Packager.Layout;

namespace StingBackup.Module.Tests.Packaging;

public sealed class BillOfMaterialsTests
{
    [Fact]
    public void Every_library_of_the_module_is_of_a_part_with_licence_version_and_hash()
    {
        var bill = SmallPackages.Bill();
        bill.RequireWhole(ProgramLayout.Module(Repository.Module));
        var parts = JsonNode.Parse(bill.ToCycloneDx("StingBackup", "1.2.3", DateTimeOffset.UnixEpoch))!["components"]!.AsArray();
        Assert.True(parts.Count > 35, $"{parts.Count} parts");
        Assert.All(parts, part =>
        {
            var name = (string)part!["name"]!;
            Assert.False(string.IsNullOrEmpty((string?)part["licenses"]![0]!["expression"]), name);
            Assert.False(string.IsNullOrEmpty((string?)part["version"]), name);
            Assert.False(string.IsNullOrEmpty((string?)part["copyright"]), name);
            // What the registry gave has its hash; what is ours or within another part has none.
            Assert.Equal(((string)part["purl"]!).StartsWith("pkg:nuget/", StringComparison.Ordinal), part["hashes"]?[0]?["content"] is not null);
        });
        string[] carried = ["SQLite", "Zstandard", "Roboto"];
        Assert.All(carried, name => Assert.Contains(parts, p => (string)p!["name"]! == name));
    }

    [Fact]
    public void What_needs_what_names_parts_that_stand_there()
    {
        var bill = JsonNode.Parse(SmallPackages.Bill().ToCycloneDx("StingBackup", "1.2.3", DateTimeOffset.UnixEpoch))!;
        var known = bill["components"]!.AsArray().Select(c => (string)c!["bom-ref"]!).ToHashSet();
        Assert.All(bill["dependencies"]!.AsArray().SelectMany(d => d!["dependsOn"]!.AsArray()), needed => Assert.Contains((string)needed!, known));
        Assert.Contains("pkg:nuget/ZstdNet@", bill["dependencies"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_of_nobody_is_refused()
    {
        var tree = ProgramLayout.Module(Repository.Module);
        tree.Add(new PackedItem("lib/Stranger.dll", FileTree.Readable) { Source = Path.Combine(Repository.Module, "StingBackup.dll") });
        Assert.Contains("Stranger.dll", Assert.Throws<PackageException>(() => SmallPackages.Bill().RequireWhole(tree)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_licence_that_nobody_read_is_refused() =>
        Assert.Contains("WTFPL", Assert.Throws<PackageException>(() => SmallPackages.Packages.Shared("WTFPL")).Message, StringComparison.Ordinal);

    [Fact]
    public void Notices_name_every_part_and_hold_its_licence_s_text()
    {
        var bill = SmallPackages.Bill();
        var notices = bill.ToNotices("StingBackup");
        Assert.All(bill.Parts.Where(p => !p.IsOwn), part =>
        {
            Assert.Contains($"* {part.Name} {part.Version}", notices, StringComparison.Ordinal);
            Assert.NotEmpty(part.Texts);
            Assert.All(part.Texts, text => Assert.Contains(text, notices, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Two_bills_of_one_build_are_equal_and_have_a_number_of_their_content()
    {
        var bill = SmallPackages.Bill();
        Assert.Equal(bill.ToCycloneDx("a", "1.0.0", DateTimeOffset.UnixEpoch), SmallPackages.Bill().ToCycloneDx("a", "1.0.0", DateTimeOffset.UnixEpoch));
        static string Number(string text) => (string)JsonNode.Parse(text)!["serialNumber"]!;
        Assert.NotEqual(Number(bill.ToCycloneDx("a", "1.0.0", DateTimeOffset.UnixEpoch)), Number(bill.ToCycloneDx("a", "1.0.1", DateTimeOffset.UnixEpoch)));
    }

    [Fact]
    public void What_a_package_does_not_serve_goes_out_of_its_deps_file()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Repository.Module, "lib", "StingBackup.Cmdlets.deps.json"), folder["x.deps.json"]);
        var file = new DepsFile(folder["x.deps.json"]);
        file.Keep(ProgramBuild.ServesModule);
        var text = File.ReadAllText(folder["x.deps.json"]);
        Assert.DoesNotContain("runtimes/android-arm/", text, StringComparison.Ordinal);
        // Where the issue wants native zstd.
        string[] native = ["linux-x64", "linux-arm64", "win-x64", "osx-arm64"];
        Assert.All(native, system => Assert.Contains($"runtimes/{system}/native/libzstd", text, StringComparison.Ordinal));
    }
}
