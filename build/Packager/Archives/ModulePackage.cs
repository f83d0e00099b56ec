using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using StingBackup.Packager.Layout;

namespace StingBackup.Packager.Archives;

/// <summary>The module as <c>.nupkg</c>, laid out as Publish-PSResource does it.</summary>
/// <param name="Manifest">What the module says of itself.</param>
/// <param name="Version">Its version.</param>
/// <param name="Files">Its files.</param>
internal sealed record ModulePackage(ModuleManifest Manifest, string Version, FileTree Files)
{
    private const string Id = "StingBackup", Relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    // The gallery takes no more.
    private const int MostTags = 4000;

    /// <summary>Writes it.</summary>
    public void Write(string path, DateTimeOffset date, CompressionLevel level)
    {
        var properties = Properties();
        // Named after its content; NuGet takes a random name.
        var core = $"package/services/metadata/core-properties/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(properties)))[..32]}.psmdcp";
        var tree = new FileTree();
        tree.AddText($"{Id}.nuspec", Nuspec());
        tree.AddText("_rels/.rels", Text(new XElement(XName.Get("Relationships", Relations),
            Relation("http://schemas.microsoft.com/packaging/2010/07/manifest", $"/{Id}.nuspec", "R1"),
            Relation("http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", $"/{core}", "R2"))));
        tree.AddText(core, properties);
        foreach (var file in Files.Files)
        {
            tree.Add(file);
        }
        tree.AddText("[Content_Types].xml", ContentTypes(tree));
        using var stream = new FileStream(path, FileMode.Create);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create);
        foreach (var file in tree.Files)
        {
            var entry = zip.CreateEntry(file.Path, level);
            // ZIP has no time zone: what it holds is UTC here, whatever the host's is.
            entry.LastWriteTime = new DateTimeOffset(date.UtcDateTime, TimeSpan.Zero);
            entry.ExternalAttributes = ((int)file.Mode | 0x8000) << 16;
            using var target = entry.Open();
            using var content = file.Open();
            content.CopyTo(target);
        }
    }

    private string Nuspec()
    {
        XNamespace ns = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd";
        var tags = string.Join(' ', ["PSModule", .. Manifest.Tags, .. Manifest.Commands.Select(c => $"PSCommand_{c}")]);
        return Text(new XElement(ns + "package", new XElement(ns + "metadata",
            new XElement(ns + "id", Id),
            new XElement(ns + "version", Version),
            new XElement(ns + "authors", Manifest.Author),
            new XElement(ns + "owners", Manifest.Author),
            new XElement(ns + "requireLicenseAcceptance", "false"),
            new XElement(ns + "license", new XAttribute("type", "expression"), "Apache-2.0"),
            new XElement(ns + "licenseUrl", "https://licenses.nuget.org/Apache-2.0"),
            new XElement(ns + "projectUrl", Manifest.ProjectUri),
            new XElement(ns + "description", Manifest.Description),
            new XElement(ns + "releaseNotes", Manifest.ReleaseNotes),
            new XElement(ns + "copyright", Manifest.Copyright),
            new XElement(ns + "tags", tags.Length <= MostTags ? tags : throw new PackageException($"The tags have {tags.Length} letters; the gallery takes {MostTags}.")))));
    }

    private string Properties()
    {
        XNamespace ns = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties", dc = "http://purl.org/dc/elements/1.1/";
        return Text(new XElement(ns + "coreProperties", new XAttribute(XNamespace.Xmlns + "dc", dc.NamespaceName),
            new XElement(dc + "creator", Manifest.Author),
            new XElement(dc + "description", Manifest.Description),
            new XElement(dc + "identifier", Id),
            new XElement(ns + "version", Version),
            new XElement(ns + "keywords", string.Join(' ', Manifest.Tags))));
    }

    private static string ContentTypes(FileTree tree)
    {
        XNamespace ns = "http://schemas.openxmlformats.org/package/2006/content-types";
        var types = tree.Files.Select(f => (Name: f.Path, Type: Path.GetExtension(f.Path).TrimStart('.'))).ToList();
        return Text(new XElement(ns + "Types",
            types.Where(t => t.Type.Length > 0).Select(t => t.Type).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)
                .Select(t => new XElement(ns + "Default", new XAttribute("Extension", t), new XAttribute("ContentType", t switch
                {
                    "rels" => "application/vnd.openxmlformats-package.relationships+xml",
                    "psmdcp" => "application/vnd.openxmlformats-package.core-properties+xml",
                    _ => "application/octet",
                }))),
            types.Where(t => t.Type.Length == 0).Select(t => new XElement(ns + "Override", new XAttribute("PartName", $"/{t.Name}"), new XAttribute("ContentType", "application/octet")))));
    }

    private static XElement Relation(string type, string target, string id) =>
        new(XName.Get("Relationship", Relations), new XAttribute("Type", type), new XAttribute("Target", target), new XAttribute("Id", id));

    private static string Text(XElement root) => $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{root.ToString().ReplaceLineEndings("\n")}\n";
}
