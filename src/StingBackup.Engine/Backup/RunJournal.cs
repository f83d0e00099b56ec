using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>
/// Names the packs that a run has handed to the store, on the host's own disk. When the run dies, the next one takes over what
/// arrived: this file, not the store, says which packs are ours.
/// </summary>
internal sealed class RunJournal : IDisposable
{
    private readonly StreamWriter _writer;
    private readonly Lock _lock = new();
    private readonly string _path;

    private RunJournal(string path)
    {
        _path = path;
        _writer = new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read)) { AutoFlush = true };
    }

    /// <summary>Starts the journal of a run.</summary>
    public static RunJournal Create(string folder, long sequence)
    {
        Directory.CreateDirectory(folder);
        return new RunJournal(PathOf(folder, sequence));
    }

    /// <summary>Names a pack. It may or may not have arrived when the run dies.</summary>
    public void Add(string packName)
    {
        lock (_lock)
        {
            _writer.WriteLine(packName);
        }
    }

    /// <summary>The run is committed, its journal not needed any more.</summary>
    public void Complete()
    {
        _writer.Dispose();
        File.Delete(_path);
    }

    public void Dispose() => _writer.Dispose();

    /// <summary>Packs of the runs that died, and their journals.</summary>
    public static IReadOnlyList<(string Journal, IReadOnlyList<PackInfo> Packs)> Left(string folder) =>
        !Directory.Exists(folder) ? [] : [.. Directory.GetFiles(folder, "*.packs").Order(StringComparer.Ordinal).Select(f => (f, (IReadOnlyList<PackInfo>)Read(f)))];

    private static List<PackInfo> Read(string path)
    {
        var packs = new List<PackInfo>();
        foreach (var line in File.ReadAllLines(path))
        {
            // The last line may be torn: it names nothing then.
            var kind = line.StartsWith("meta/", StringComparison.Ordinal) ? ObjectKind.MetaPack : ObjectKind.DataPack;
            if (Id32.TryParse(line[(line.LastIndexOf('/') + 1)..], out var id))
            {
                packs.Add(new PackInfo(id, kind, 0));
            }
        }
        return packs;
    }

    private static string PathOf(string folder, long sequence) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{sequence:d12}.packs"));
}
