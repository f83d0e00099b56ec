using BenchmarkDotNet.Attributes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Micro;

/// <summary>Small files: listed, read, written.</summary>
public class FileStages : IDisposable
{
    private const int Files = 2000, Length = 4000;

    private readonly byte[] _buffer = new byte[64 << 10], _content = Samples.Text(Length);
    private readonly EntryPath[] _paths = new EntryPath[Files];
    private string _root = "", _written = "";
    private ISourceTree _tree = null!;
    private IRestoreTarget _target = null!;
    private SourceEntry[] _files = [];
    private int _round;

    [GlobalSetup]
    public void Make()
    {
        _root = Samples.Tree(Files);
        _written = Directory.CreateTempSubdirectory("sting-micro-").FullName;
        _tree = DirectorySource.Open(_root);
        _target = DirectoryRestoreTarget.Open(_written);
        _files = [.. List().Where(e => e.Kind == ItemKind.File)];
    }

    [Benchmark(OperationsPerInvoke = Files), Stage("scan: list and stat", "2,000 files in 40 folders", Unit = "files")]
    public int Scan() => List().Count();

    [Benchmark(OperationsPerInvoke = Files), Stage("read small files", "2,000 of 4 KB, in the page cache", Unit = "files")]
    public int Read() => _files.Sum(file => _tree.ReadSmall(file, _buffer, out _));

    [Benchmark(OperationsPerInvoke = Files), Stage("write small files", "2,000 of 4 KB in 40 folders, not synced", Unit = "files")]
    public void Write()
    {
        _round++;
        for (var i = 0; i < Files; i++)
        {
            _paths[i] = EntryPath.Parse($"{_round}/folder {i / 50}/file {i}");
            if (i % 50 == 0)
            {
                _target.CreateDirectory(EntryPath.Parse($"{_round}/folder {i / 50}"));
            }
        }
        for (var i = 0; i < Files; i++)
        {
            using var file = _target.CreateFile(_paths[i], Length);
            file.Write(0, _content);
            file.Place(_paths[i], _files[i].Metadata, replace: false);
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _tree?.Dispose();
        _target?.Dispose();
        foreach (var folder in (string[])[_root, _written])
        {
            if (folder.Length > 0)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        GC.SuppressFinalize(this);
    }

    private IEnumerable<SourceEntry> List() => _tree.Scan((_, _) => ScanChoice.Include, e => throw e, CancellationToken.None);
}
