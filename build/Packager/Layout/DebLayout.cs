using System.Globalization;
using System.IO.Compression;
using System.Text;
using StingBackup.Packager.Archives;

namespace StingBackup.Packager.Layout;

/// <summary>Where Debian has things.</summary>
internal static class DebLayout
{
    private const string Maintainer = "The StingBackup authors <sting-backup@packages.invalid>";
    private const string Programs = "/usr/bin/sting-backup";
    private static readonly string[] Scripts = ["postinst", "prerm", "postrm"];

    /// <summary>Puts a package together.</summary>
    /// <param name="options">Version and date.</param>
    /// <param name="program">The programs.</param>
    /// <param name="share">What goes below <c>/usr/share</c>.</param>
    /// <param name="documents">Bill of materials and notices, by name.</param>
    public static DebPackage Package(PackageOptions options, FileTree program, FileTree share, IReadOnlyDictionary<string, string> documents)
    {
        var packaging = Path.Join(options.Root, "packaging");
        var files = new FileTree();
        // postinst makes the folder that runs of it, so that a program that runs keeps its own files through an upgrade.
        files.AddTree(program, "usr/lib/sting-backup/program");
        files.AddLink("usr/bin/sting-backup", "../lib/sting-backup/current/bin/sting-backup");
        files.AddLink("usr/bin/sting-restore", "../lib/sting-backup/current/bin/sting-restore");
        foreach (var item in share.Files)
        {
            files.Add(item.Path.StartsWith("man/", StringComparison.Ordinal) ? item with { Path = $"usr/share/{item.Path}.gz", Bytes = Compress(item), Source = null }
                : item.Path.EndsWith(".sh", StringComparison.Ordinal) ? item with { Path = $"usr/share/{item.Path}", Bytes = Named(item.Source!), Source = null, Mode = FileTree.Executable }
                : item with { Path = $"usr/share/{item.Path}" });
        }
        foreach (var unit in Directory.EnumerateFiles(Path.Join(packaging, "systemd"), "*.service"))
        {
            files.Add(new PackedItem($"usr/lib/systemd/system/{Path.GetFileName(unit)}", FileTree.Readable) { Bytes = Named(unit) });
        }
        files.Add(new PackedItem("etc/sting", FileTree.Executable));
        const string Documents = "usr/share/doc/sting-backup";
        files.AddText($"{Documents}/copyright", Copyright());
        files.Add(new PackedItem($"{Documents}/changelog.gz", FileTree.Readable) { Bytes = Compress(Encoding.UTF8.GetBytes(Changes(options))) });
        files.Add(new PackedItem($"{Documents}/CHANGELOG.md.gz", FileTree.Readable) { Bytes = Compress(File.ReadAllBytes(Path.Join(options.Root, "CHANGELOG.md"))) });
        foreach (var (name, text) in documents)
        {
            files.Add(name.EndsWith(".txt", StringComparison.Ordinal) ? new PackedItem($"{Documents}/{name}.gz", FileTree.Readable) { Bytes = Compress(Encoding.UTF8.GetBytes(text)) }
                : new PackedItem($"{Documents}/{name}", FileTree.Readable) { Bytes = Encoding.UTF8.GetBytes(text) });
        }
        files.AddFile(Path.Join(packaging, "debian", "lintian-overrides"), "usr/share/lintian/overrides/sting-backup");
        var control = File.ReadAllText(Path.Join(packaging, "debian", "control")).Replace("@VERSION@", options.Version, StringComparison.Ordinal).Replace("@MAINTAINER@", Maintainer, StringComparison.Ordinal);
        var scripts = Scripts.ToDictionary(n => n, n => File.ReadAllText(Path.Join(packaging, "debian", n)), StringComparer.Ordinal);
        return new DebPackage(control, scripts, files);
    }

    // Units and scripts of the project name the place of a .tar.gz.
    private static byte[] Named(string file) => Encoding.UTF8.GetBytes(File.ReadAllText(file).Replace(ProgramLayout.UsualProgram, Programs, StringComparison.Ordinal)
        .Replace(" Copy to /etc/systemd/system, adjust the user and the paths, then:", " Adjust the user and the paths by systemctl edit where they are not yours, then:", StringComparison.Ordinal));

    private static byte[] Compress(PackedItem item)
    {
        using var content = item.Open();
        using var bytes = new MemoryStream();
        content.CopyTo(bytes);
        return Compress(bytes.ToArray());
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(bytes);
        }
        return packed.ToArray();
    }

    // Debian's programs read a form of their own; what changed stands in ours.
    private static string Changes(PackageOptions options) => string.Create(CultureInfo.InvariantCulture, $"""
        sting-backup ({options.Version}) stable; urgency=medium

          * CHANGELOG.md.gz beside this file tells what changed.

         -- {Maintainer}  {options.Date.UtcDateTime:ddd, dd MMM yyyy HH:mm:ss} +0000

        """);

    private static string Copyright() => """
        Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
        Upstream-Name: StingBackup
        Source: https://github.com/AlphaBytez/STING-CE
        Comment: THIRD-PARTY-NOTICES.txt.gz names the libraries within, their owners and the texts of their licences.

        Files: *
        Copyright: 2025-2026 The StingBackup authors
        License: Apache-2.0
         On Debian systems the Apache License 2.0 is at /usr/share/common-licenses/Apache-2.0.

        """;
}
