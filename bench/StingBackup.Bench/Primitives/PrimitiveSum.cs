using System.Collections.Concurrent;
using System.Runtime.Versioning;
using StingBackup.Engine;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chunking;
using StingBackup.Engine.Sources;

namespace StingBackup.Bench.Primitives;

/// <summary>A piece of the tree that one worker takes at once: small files of one subject, which share a chunk, or a stretch of a long one.</summary>
internal sealed record Piece(IReadOnlyList<SourceEntry> Files, string Subject, long Offset, long Length);

/// <summary>Lists the tree, deals its pieces to as many workers as there are cores, and waits until what they made is on the disk.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PrimitiveSum : IDisposable
{
    /// <summary>Long files are shared in stretches of this length, each cut by itself.</summary>
    private const long Stretch = 32 << 20;
    private const int BundleLength = FileReader.BundleMinimum + FileReader.SmallFile;

    private readonly BlockingCollection<Piece> _pieces = new(1024);
    private readonly CancellationTokenSource _stop = new();
    private readonly PrimitiveOutput _output;
    private readonly int _threads;
    private readonly List<PrimitiveWorker> _workers = [];
    private readonly FastCdc _cutter = new(new GearTable(new byte[32]), ChunkSizes.Documents);
    private readonly ConcurrentDictionary<Id32, byte> _known = new();

    public PrimitiveSum(string output, int threads)
    {
        _threads = threads;
        _output = new PrimitiveOutput(output, threads + 2, _stop.Token);
    }

    public long Files => _workers.Sum(w => w.Files);
    public long BytesRead => _workers.Sum(w => w.BytesRead);
    public long BytesNew => _workers.Sum(w => w.BytesNew);
    public long BytesWritten => _output.Length;
    public double WriteSeconds => _output.Seconds;
    public PrimitiveParts Parts => _workers.Aggregate(new PrimitiveParts(0, 0, 0, 0, 0), (sum, w) => sum + w.Parts);

    public void Run(string root)
    {
        using var tree = DirectorySource.Open(root);
        for (var i = 0; i < _threads; i++)
        {
            _workers.Add(new PrimitiveWorker(tree, _cutter, _known, _output));
        }
        var writing = StageThreads.Start(_output.Write, _stop);
        var working = _workers.Select(w => StageThreads.Start(() => w.Work(_pieces.GetConsumingEnumerable(_stop.Token)), _stop)).ToArray();
        var listing = StageThreads.Start(() => List(tree), _stop);
        var worked = Task.WhenAll(working).ContinueWith(_ => _output.Complete(), TaskScheduler.Default);
        StageThreads.JoinAsync([listing, .. working, worked, writing]).GetAwaiter().GetResult();
    }

    private void List(ISourceTree tree)
    {
        var bundle = new List<SourceEntry>();
        long length = 0;
        var subject = "";
        void Close()
        {
            if (bundle.Count > 0)
            {
                _pieces.Add(new Piece(bundle, subject, 0, length), _stop.Token);
                (bundle, length) = ([], 0);
            }
        }
        foreach (var entry in tree.Scan((_, _) => ScanChoice.Include, e => throw e, _stop.Token))
        {
            if (entry.Kind != ItemKind.File || entry.Stamp.Length == 0)
            {
                continue;
            }
            if (SubjectOf(entry.Path) is var of && of != subject)
            {
                Close();
                subject = of;
            }
            if (entry.Stamp.Length < FileReader.SmallFile)
            {
                bundle.Add(entry);
                length += entry.Stamp.Length;
                // About where a bundle of the engine ends.
                if (length >= BundleLength)
                {
                    Close();
                }
                continue;
            }
            for (long at = 0; at < entry.Stamp.Length; at += Stretch)
            {
                _pieces.Add(new Piece([entry], subject, at, Math.Min(Stretch, entry.Stamp.Length - at)), _stop.Token);
            }
        }
        Close();
        _pieces.CompleteAdding();
    }

    /// <summary>Whose a file is, as the sample reserve files them: the first two parts of its path.</summary>
    private static string SubjectOf(EntryPath path)
    {
        var text = path.ToString();
        var first = text.IndexOf('/', StringComparison.Ordinal);
        var second = first < 0 ? -1 : text.IndexOf('/', first + 1);
        return second < 0 ? "" : text[..second];
    }

    public void Dispose()
    {
        _workers.ForEach(w => w.Dispose());
        _output.Dispose();
        _pieces.Dispose();
        _stop.Dispose();
    }
}
