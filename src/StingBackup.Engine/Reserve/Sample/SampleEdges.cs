using System.Globalization;
using System.Text;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Puts into one person's folder, and into two jars, what backup programs stumble over.</summary>
/// <param name="root">Where.</param>
/// <param name="seed">What decides contents and times.</param>
/// <param name="plan">Says who is there, and which jars.</param>
/// <param name="home">The folder that gets most of it, relative to the root; null for that of the person who is there for this.</param>
internal sealed class SampleEdges(string root, int seed, SamplePlan plan, string? home = null)
{
    /// <summary>Length of the file of holes: over the 5 GB at which the strategy speaks of large files.</summary>
    public const long SparseLength = 5L * 1024 * 1024 * 1024 + 4096 * 3 + 17;

    private const int DeepLevels = 60;

    private readonly SampleRandom _random = SampleRandom.For(seed, "edges");
    private readonly List<SampleEdge> _made = [];
    private readonly List<SampleEdge> _skipped = [];

    public IReadOnlyList<SampleEdge> Made => _made;

    public IReadOnlyList<SampleEdge> Skipped => _skipped;

    private string Home => home ?? plan.People[SamplePeople.Awkward].Folder;

    public void Make(CancellationToken cancel)
    {
        (string What, Func<string> Make)[] edges =
        [
            ("Unicode names", MakeUnicodeNames),
            ("names with spaces and signs", MakeOddNames),
            ("names that only Unix takes", MakeUnixNames),
            ("name of 200 characters", () => WriteSmall($"{Home}/{new string('n', 196)}.txt")),
            ("name of 255 bytes", MakeLongestName),
            ("name that is not UTF-8", MakeRawName),
            ("one name in two jars", MakeTwinNames),
            ("sparse file over 5 GB", MakeSparseFile),
            ("empty file", () => WriteBytes($"{Home}/empty.txt", [])),
            ("empty folder", () => MakeFolder($"{Home}/empty folder")),
            ("symbolic link", () => MakeLink($"{Home}/link to a file", "empty.txt")),
            ("symbolic link to a folder", () => MakeLink($"{Home}/link to a folder", "..")),
            ("symbolic link to nothing", () => MakeLink($"{Home}/dangling link", "nowhere/at all")),
            ("hard link", MakeHardLink),
            ("hard link in another folder", MakeFarHardLink),
            ("extended attributes", MakeAttributes),
            ("deep folders", MakeDeepTree),
            ("read-only file", () => MakeWithMode($"{Home}/read-only.txt", UnixFileMode.UserRead)),
            ("executable file", () => MakeWithMode($"{Home}/run.sh", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.SetUser)),
            ("times before 1970 and after 2038", MakeFarTimes),
        ];
        SampleWriter.MakeFolder(root, Home);
        foreach (var (what, make) in edges)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                _made.Add(new SampleEdge(what, make()));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
            {
                _skipped.Add(new SampleEdge(what, e.Message));
            }
        }
    }

    private string MakeUnicodeNames()
    {
        // The second and third name look alike: composed and decomposed. A program that normalises loses one of them.
        foreach (var name in (string[])["Überblick für Ärzte", "caf\u00e9", "cafe\u0301 (2)", "Отчёт за год", "年度報告書", "تقرير سنوي", "🐝 honey 🍯", "İstanbul ı"])
        {
            WriteSmall($"{Home}/unicode/{name}.md");
        }
        return $"{Home}/unicode";
    }

    private string MakeOddNames()
    {
        foreach (var name in (string[])["two  spaces", " leading space", "-rf", "--help", "100% [draft] {a,b}", "it's $HOME & `more`", "#hash;semicolon", ".hidden"])
        {
            WriteSmall($"{Home}/odd names/{name}.txt");
        }
        return $"{Home}/odd names";
    }

    private string MakeUnixNames()
    {
        OnlyUnix();
        foreach (var name in (string[])["line\nbreak", "tab\tstop", "back\\slash", "colon: question? \"quote\" <tag> | pipe *", "trailing space ", "trailing dot.", "...", "CON"])
        {
            WriteSmall($"{Home}/unix names/{name}");
        }
        return $"{Home}/unix names";
    }

    private string MakeLongestName()
    {
        OnlyUnix();
        // 85 characters of three bytes each: as long as a name may be, and over what a count of characters would allow.
        return WriteSmall($"{Home}/{new string('蜂', 85)}");
    }

    private string MakeRawName()
    {
        OnlyUnix();
        ReadOnlySpan<byte> name = [(byte)'r', (byte)'a', (byte)'w', (byte)' ', 0xFF, 0xFE, (byte)'-', 0xE9, (byte)'.', (byte)'t', (byte)'x', (byte)'t'];
        var path = WriteSmall($"{Home}/raw name.txt");
        SampleLinks.RenameToBytes(Path.Join(root, path), name);
        return $"{Home}/{EntryPath.Display(name)}";
    }

    private string MakeTwinNames()
    {
        foreach (var jar in plan.Jars.Take(2))
        {
            WriteSmall($"{jar}/onboarding guide.md");
        }
        return $"{plan.Jars[0]}/onboarding guide.md";
    }

    private string MakeSparseFile()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows fills a long file with zeros unless it is marked sparse first.");
        }
        var file = $"{Home}/virtual disk.img";
        using (var stream = new FileStream(Path.Join(root, file), FileMode.CreateNew, FileAccess.Write))
        {
            stream.SetLength(SparseLength);
            var block = new byte[4096];
            foreach (var offset in (long[])[0, 1L << 30, (4L << 30) + 4096 * 5])
            {
                _random.Fill(block);
                stream.Position = offset;
                stream.Write(block);
            }
        }
        return Stamp(file);
    }

    private string MakeHardLink()
    {
        var original = WriteSmall($"{Home}/linked.txt");
        SampleLinks.MakeHardLink(Path.Join(root, original), Path.Join(root, $"{Home}/linked again.txt"));
        return $"{Home}/linked again.txt";
    }

    private string MakeFarHardLink()
    {
        var original = WriteSmall($"{Home}/z-last.txt");
        SampleWriter.MakeFolder(root, $"{Home}/a-first");
        SampleLinks.MakeHardLink(Path.Join(root, original), Path.Join(root, $"{Home}/a-first/early name.txt"));
        return $"{Home}/a-first/early name.txt";
    }

    private string MakeAttributes()
    {
        var file = WriteSmall($"{Home}/attributes.txt");
        SampleLinks.SetAttribute(Path.Join(root, file), "user.sting.origin", "portal upload"u8.ToArray());
        SampleLinks.SetAttribute(Path.Join(root, file), "user.sting.bytes", [0, 1, 0xFF, 10, 0]);
        SampleLinks.SetAttribute(Path.Join(root, file), "user.sting.empty", []);
        SampleLinks.SetAttribute(Path.Join(root, MakeFolder($"{Home}/attributed folder")), "user.sting.label", "quarantine"u8.ToArray());
        return file;
    }

    private string MakeDeepTree()
    {
        var levels = string.Join('/', Enumerable.Range(1, DeepLevels).Select(i => string.Create(CultureInfo.InvariantCulture, $"level {i}")));
        return WriteSmall($"{Home}/deep/{levels}/bottom.txt");
    }

    private string MakeWithMode(string file, UnixFileMode mode)
    {
        OnlyUnix();
        WriteSmall(file);
        SampleWriter.SetMode(Path.Join(root, file), mode);
        return file;
    }

    private string MakeFarTimes()
    {
        File.SetLastWriteTimeUtc(Path.Join(root, WriteSmall($"{Home}/times/before.txt")), new DateTime(1961, 4, 12, 6, 7, 0, 123, 456, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(Path.Join(root, WriteSmall($"{Home}/times/after.txt")), new DateTime(2061, 7, 28, 0, 0, 0, 987, 654, DateTimeKind.Utc));
        return $"{Home}/times";
    }

    private string MakeLink(string file, string target)
    {
        File.CreateSymbolicLink(Path.Join(root, file), target);
        File.SetLastWriteTimeUtc(Path.Join(root, file), SampleClock.Epoch);
        return file;
    }

    private string MakeFolder(string folder)
    {
        SampleWriter.MakeFolder(root, folder);
        return folder;
    }

    private string WriteSmall(string file)
    {
        var bytes = new byte[_random.Between(200, 6000)];
        SampleBody.Fill(bytes, SampleFileKind.Text, _random);
        return WriteBytes(file, bytes);
    }

    private string WriteBytes(string file, byte[] bytes)
    {
        SampleWriter.MakeFolder(root, file[..file.LastIndexOf('/')]);
        using (var stream = new FileStream(Path.Join(root, file), FileMode.CreateNew, FileAccess.Write))
        {
            stream.Write(bytes);
        }
        return Stamp(file);
    }

    private string Stamp(string file)
    {
        SampleWriter.SetMode(Path.Join(root, file), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.SetLastWriteTimeUtc(Path.Join(root, file), SampleClock.Epoch.AddTicks(-_random.Next(int.MaxValue)));
        return file;
    }

    private static void OnlyUnix()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no such names and modes.");
        }
    }
}
