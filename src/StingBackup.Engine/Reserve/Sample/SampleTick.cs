using System.Globalization;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>Changes a share of the files of people and jars, as their owners would in a quarter of an hour.</summary>
/// <param name="root">A reserve.</param>
/// <param name="seed">Which tick.</param>
/// <param name="folders">Folders whose files may change, relative to the root; <c>jars</c> and <c>users</c> unless told.</param>
internal sealed class SampleTick(string root, int seed, IReadOnlyList<string>? folders = null)
{
    // Nobody edits a disk image as they edit a document; also keeps the file of holes what it is.
    private const long LongestChanged = 1L << 30;

    private static readonly (SampleChangeKind Kind, double Weight)[] Turns =
    [
        (SampleChangeKind.Edited, 0.45), (SampleChangeKind.Appended, 0.20), (SampleChangeKind.Rewritten, 0.10),
        (SampleChangeKind.Created, 0.10), (SampleChangeKind.Deleted, 0.05), (SampleChangeKind.Renamed, 0.10),
    ];

    private readonly SampleRandom _random = SampleRandom.For(seed, "tick");

    public SampleChangeReport Run(double fraction, CancellationToken cancel)
    {
        var files = Candidates().ToArray();
        var count = fraction == 0 || files.Length == 0 ? 0 : Math.Clamp((int)Math.Round(files.Length * fraction), 1, files.Length);
        var candidates = files.Length;
        _random.Shuffle(files.AsSpan());
        var items = new List<SampleChangeItem>(count);
        var weights = Array.ConvertAll(Turns, turn => turn.Weight);
        // A single file is edited, not deleted: the smallest tick shall leave something to back up.
        foreach (var file in files.AsSpan(0, count))
        {
            cancel.ThrowIfCancellationRequested();
            items.Add(Change(file, count == 1 ? SampleChangeKind.Edited : Turns[_random.PickWeighted(weights)].Kind));
        }
        return new SampleChangeReport(root, candidates, items);
    }

    private IEnumerable<string> Candidates()
    {
        var walk = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        foreach (var top in folders ?? ["jars", "users"])
        {
            var folder = Path.Join(root, top);
            if (!Directory.Exists(folder))
            {
                continue;
            }
            foreach (var path in Directory.EnumerateFiles(folder, "*", walk).Order(StringComparer.Ordinal))
            {
                // A name that is not UTF-8 reads with a sign in it that leads to no file.
                var info = new FileInfo(path);
                if (info.Exists && info.Length < LongestChanged && IsWritable(info))
                {
                    yield return path;
                }
            }
        }
    }

    // By its mode, not by what this user may do: else root would choose other files than anybody else.
    private static bool IsWritable(FileInfo file) => OperatingSystem.IsWindows() ? !file.IsReadOnly : file.UnixFileMode.HasFlag(UnixFileMode.UserWrite);

    private SampleChangeItem Change(string path, SampleChangeKind kind)
    {
        var folder = Path.GetDirectoryName(path)!;
        var folderTime = Directory.GetLastWriteTimeUtc(folder);
        var time = File.GetLastWriteTimeUtc(path);
        var target = path;
        switch (kind)
        {
            case SampleChangeKind.Edited:
                Edit(path);
                break;
            case SampleChangeKind.Appended:
                using (var stream = new FileStream(path, FileMode.Append, FileAccess.Write))
                {
                    stream.Write(NewText(_random.Between(100, 40_000), _random));
                }
                break;
            case SampleChangeKind.Rewritten:
                WriteNew(path, FileMode.Truncate, (long)(new FileInfo(path).Length * (0.5 + _random.NextDouble())));
                break;
            case SampleChangeKind.Created:
                target = FreePath(folder, "new", Path.GetExtension(path));
                WriteNew(target, FileMode.CreateNew, new FileInfo(path).Length);
                break;
            case SampleChangeKind.Deleted:
                File.Delete(path);
                break;
            default:
                target = FreePath(folder, "renamed", Path.GetExtension(path));
                File.Move(path, target);
                break;
        }
        if (kind is not (SampleChangeKind.Deleted or SampleChangeKind.Renamed))
        {
            File.SetLastWriteTimeUtc(target, time + SampleClock.Tick);
        }
        if (kind is SampleChangeKind.Created or SampleChangeKind.Deleted or SampleChangeKind.Renamed)
        {
            Directory.SetLastWriteTimeUtc(folder, folderTime + SampleClock.Tick);
        }
        return kind == SampleChangeKind.Renamed ? new(kind, Relative(path), Relative(target)) : new(kind, Relative(target));
    }

    private void Edit(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        Edit(stream, _random);
    }

    /// <summary>Half of the edits write over, half of them insert, which shifts all that follows.</summary>
    public static void Edit(Stream stream, SampleRandom random)
    {
        var middle = stream.Length / 4 + (long)(random.NextDouble() * stream.Length / 2);
        var text = NewText(random.Between(20, 4000), random);
        byte[] after = [];
        if (random.Chance(0.5))
        {
            after = new byte[stream.Length - middle];
            stream.Position = middle;
            stream.ReadExactly(after);
        }
        stream.Position = middle;
        stream.Write(text);
        stream.Write(after);
    }

    private void WriteNew(string path, FileMode mode, long length)
    {
        var kind = Array.Find(Enum.GetValues<SampleFileKind>(), kind => kind.Extension() == Path.GetExtension(path));
        using (var stream = new FileStream(path, new FileStreamOptions { Mode = mode, Access = FileAccess.Write, BufferSize = 0 }))
        {
            SampleContent.Write(stream, kind, Math.Max(SampleContent.MinLength, length), _random.NextUInt64());
        }
        if (mode == FileMode.CreateNew)
        {
            SampleWriter.SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }
    }

    private static byte[] NewText(int length, SampleRandom random)
    {
        var bytes = new byte[length];
        SampleBody.Fill(bytes, SampleFileKind.Text, random);
        return bytes;
    }

    private string FreePath(string folder, string prefix, string extension)
    {
        string path;
        do
        {
            path = Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $"{prefix} {Prose.NextWord(_random)} {_random.Next(10_000):0000}{extension}"));
        }
        while (Path.Exists(path));
        return path;
    }

    private string Relative(string path) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
}
