using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Packager.Layout;

namespace StingBackup.Packager.Archives;

/// <summary>Debian's package: an <c>ar</c> archive of a version, of what dpkg is to know, and of the files.</summary>
/// <param name="Control">The fields, without <c>Installed-Size</c>.</param>
/// <param name="Scripts">What runs when it is installed and removed, by name.</param>
/// <param name="Files">What it puts where.</param>
internal sealed record DebPackage(string Control, IReadOnlyDictionary<string, string> Scripts, FileTree Files)
{
    /// <summary>Writes it.</summary>
    public void Write(string path, DateTimeOffset date, CompressionLevel level)
    {
        using var file = new FileStream(path, FileMode.Create);
        file.Write("!<arch>\n"u8);
        Member(file, "debian-binary", date, s => s.Write("2.0\n"u8));
        Member(file, "control.tar.gz", date, s => TarGz.Write(s, ControlFiles(), "./", date, CompressionLevel.SmallestSize));
        Member(file, "data.tar.gz", date, s => TarGz.Write(s, Files, "./", date, level));
    }

    private FileTree ControlFiles()
    {
        var tree = new FileTree();
        var size = Files.Items.Sum(i => i.IsFolder || i.Link is not null ? 1 : (Length(i) + 1023) / 1024);
        tree.AddText("control", Control.Replace("Section:", $"Installed-Size: {size.ToString(CultureInfo.InvariantCulture)}\nSection:", StringComparison.Ordinal));
        tree.AddText("md5sums", string.Concat(Files.Files.Where(i => i.Link is null).Select(i => $"{Md5(i)}  {i.Path}\n")));
        if (Files.Files.Where(i => i.Path.StartsWith("etc/", StringComparison.Ordinal)).ToList() is { Count: > 0 } settings)
        {
            tree.AddText("conffiles", string.Concat(settings.Select(i => $"/{i.Path}\n")));
        }
        foreach (var (name, text) in Scripts)
        {
            tree.AddText(name, text, FileTree.Executable);
        }
        return tree;
    }

    private static long Length(PackedItem item)
    {
        using var content = item.Open();
        return content.Length;
    }

    // What dpkg --verify reads; no protection against anybody.
    private static string Md5(PackedItem item)
    {
        using var content = item.Open();
#pragma warning disable CA5351
        return Convert.ToHexStringLower(MD5.HashData(content));
#pragma warning restore CA5351
    }

    private static void Member(FileStream archive, string name, DateTimeOffset date, Action<Stream> write)
    {
        var start = archive.Position;
        archive.Write(new byte[60]);
        write(archive);
        var length = archive.Position - start - 60;
        archive.Position = start;
        archive.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name,-16}{date.ToUnixTimeSeconds(),-12}{0,-6}{0,-6}{"100644",-8}{length,-10}`\n")));
        archive.Position = start + 60 + length;
        if (length % 2 == 1)
        {
            archive.WriteByte((byte)'\n');
        }
    }
}
