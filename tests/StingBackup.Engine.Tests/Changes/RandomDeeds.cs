using System.IO.MemoryMappedFiles;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Changes;

/// <summary>What programs do to files, at random: what a journal must tell of.</summary>
[SupportedOSPlatform("linux")]
/// <param name="root">The reserve.</param>
/// <param name="outside">A folder beside it, on the same file system.</param>
/// <param name="seed">Seed.</param>
/// <param name="linksLeave">Whether files get names outside of the reserve too.</param>
internal sealed class RandomDeeds(string root, string outside, int seed, bool linksLeave)
{
    private readonly Random _random = new(seed);
    private int _next;

    /// <summary>Does one thing, and says what.</summary>
    public string Do()
    {
        var deed = _random.Next(16);
        try
        {
            return deed switch
            {
                0 or 1 => Create(), 2 => Append(), 3 => RewriteInSecret(), 4 => RenameFile(), 5 => RenameFolder(), 6 => Link(), 7 => DeleteFile(), 8 => DeleteFolder(), 9 => ChangeMode(),
                10 => Attribute(), 11 => SwapLink(), 12 => MakeTree(), 13 => WriteMapped(), 14 => WriteByOtherName(), _ => ExchangeFolders(),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{deed} did not work: {e.Message}";
        }
    }

    private string Create()
    {
        var path = Path.Combine(Folder(), $"f{_next++}");
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(_random.Next(3000)));
        return $"create {path}";
    }

    private string Append()
    {
        var path = AFile();
        File.AppendAllText(path, "more");
        return $"append {path}";
    }

    /// <summary>The same length, and its old time put back.</summary>
    private string RewriteInSecret()
    {
        var path = AFile();
        var time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes((int)new FileInfo(path).Length));
        File.SetLastWriteTimeUtc(path, time);
        return $"rewrite {path}";
    }

    private string RenameFile()
    {
        var (from, to) = (AFile(), Path.Combine(Folder(), $"r{_next++}"));
        File.Move(from, to, overwrite: true);
        return $"move {from} {to}";
    }

    private string RenameFolder()
    {
        var (from, to) = (AFolder(), Path.Combine(Folder(), $"d{_next++}"));
        Directory.Move(from, to);
        File.WriteAllText(Path.Combine(to, "after"), "written after the move");
        return $"move {from} {to}";
    }

    /// <summary>Out of the reserve, and back under another's name.</summary>
    private string ExchangeFolders()
    {
        var (a, b) = (AFolder(), AFolder());
        if (a == b || a.StartsWith(b + "/", StringComparison.Ordinal) || b.StartsWith(a + "/", StringComparison.Ordinal))
        {
            return "nothing";
        }
        var away = Path.Combine(outside, $"away{_next++}");
        Directory.Move(a, away);
        Directory.Move(b, a);
        File.WriteAllText(Path.Combine(away, "elsewhere"), "written elsewhere");
        Directory.Move(away, b);
        return $"exchange {a} {b}";
    }

    private string Link()
    {
        var (from, to) = (AFile(), Path.Combine(linksLeave && _random.Next(4) == 0 ? outside : Folder(), $"l{_next++}"));
        using var files = new RawFiles("/");
        files.HardLink(Encoding.UTF8.GetBytes(to), Encoding.UTF8.GetBytes(from));
        return $"link {from} {to}";
    }

    private string WriteByOtherName()
    {
        var links = Directory.GetFiles(outside, "l*");
        var path = links.Length > 0 ? links[_random.Next(links.Length)] : AFile();
        File.AppendAllText(path, "by another name");
        return $"append {path}";
    }

    private string DeleteFile()
    {
        var path = AFile();
        File.Delete(path);
        return $"delete {path}";
    }

    private string DeleteFolder()
    {
        var path = AFolder();
        Directory.Delete(path, recursive: true);
        return $"delete {path}";
    }

    private string ChangeMode()
    {
        var path = _random.Next(2) == 0 ? AFile() : AFolder();
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) ^ UnixFileMode.OtherRead);
        return $"mode {path}";
    }

    private string Attribute()
    {
        var path = AFile();
        using var files = new RawFiles("/");
        files.Attribute(Encoding.UTF8.GetBytes(path), "user.note", RandomNumberGenerator.GetBytes(5));
        return $"attribute {path}";
    }

    /// <summary>A link in the place of a folder, which stands elsewhere then.</summary>
    private string SwapLink()
    {
        var folder = AFolder();
        var away = Path.Combine(Path.GetDirectoryName(folder)!, $"s{_next++}");
        Directory.Move(folder, away);
        File.CreateSymbolicLink(folder, away);
        return $"swap {folder} {away}";
    }

    private string MakeTree()
    {
        var path = Folder();
        for (var i = 0; i < 5; i++)
        {
            path = Path.Combine(path, $"t{_next++}");
            Directory.CreateDirectory(path);
            File.WriteAllText(Path.Combine(path, "leaf"), $"{_next}");
        }
        return $"make {path}";
    }

    private string WriteMapped()
    {
        var path = AFile();
        if (new FileInfo(path).Length == 0)
        {
            return "nothing";
        }
        using (var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open))
        using (var view = map.CreateViewAccessor())
        {
            view.Write(0, (byte)_random.Next(256));
            view.Flush();
        }
        return $"map {path}";
    }

    private string Folder() => _random.Next(4) == 0 || Folders() is not { Length: > 0 } all ? Path.Combine(root, "users") : all[_random.Next(all.Length)];

    private string AFolder() => Folders() is { Length: > 0 } all ? all[_random.Next(all.Length)] : throw new IOException("there is no folder");

    private string AFile()
    {
        var all = Directory.GetFiles(Path.Combine(root, "users"), "*", Everything).Where(f => new FileInfo(f).LinkTarget is null).Order(StringComparer.Ordinal).ToArray();
        return all.Length > 0 ? all[_random.Next(all.Length)] : throw new IOException("there is no file");
    }

    private string[] Folders() => [.. Directory.GetDirectories(Path.Combine(root, "users"), "*", Everything).Where(d => new DirectoryInfo(d).LinkTarget is null).Order(StringComparer.Ordinal)];

    private static EnumerationOptions Everything => new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, ReturnSpecialDirectories = false, MaxRecursionDepth = 20 };
}
