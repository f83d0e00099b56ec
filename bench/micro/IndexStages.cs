using BenchmarkDotNet.Attributes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Micro;

/// <summary>The index of a million chunks: made from its fragment, asked for what it has and for what it lacks.</summary>
public class IndexStages
{
    private const int Count = 1_000_000, Asked = 10_000;

    private readonly Id32[] _there = [.. Enumerable.Range(0, Asked).Select(i => Samples.Id(i * (Count / Asked)))], _missing = [.. Enumerable.Range(0, Asked).Select(i => Samples.Id(-1 - i))];
    private byte[] _bytes = [];
    private IndexFragment _fragment = null!;
    private RepositoryIndex _index = null!;

    [GlobalSetup]
    public void Fill()
    {
        var content = new IndexContent();
        var (header, cipher) = new SampleOwner().NewSegment();
        cipher!.Dispose();
        for (var i = 0; i < Count; i++)
        {
            if (i % 120 == 0)
            {
                var pack = new PackInfo(Samples.Id(Count + i), ObjectKind.DataPack, PackFormat.DataSize);
                content.Packs.Add(pack);
                content.Segments.Add(new SegmentInfo(pack, PackFormat.HeaderSize, header));
            }
            content.Entries.Add(new ChunkEntry(Samples.Id(i), content.Segments.Count - 1, 100 + i % 120 * Samples.Chunk, Samples.Chunk, Samples.Chunk));
        }
        _bytes = IndexFragment.Write(content, Samples.Reserve, Samples.Writer, 1, 0, null);
        _fragment = Read();
        _index = Build();
    }

    [Benchmark, Stage("index: read a fragment", "a million chunks", Unit = "fragments")]
    public IndexFragment Read() => IndexFragment.Read("index/0/x", _bytes, Samples.Reserve, _ => null);

    [Benchmark(OperationsPerInvoke = Count), Stage("index: build the table", "a million chunks", Unit = "chunks")]
    public RepositoryIndex Build() => new([_fragment]);

    [Benchmark(OperationsPerInvoke = Asked), Stage("index: look up what is there", "of a million chunks", Unit = "look-ups")]
    public int Find() => HowMany(_there);

    [Benchmark(OperationsPerInvoke = Asked), Stage("index: look up what is not", "of a million chunks", Unit = "look-ups")]
    public int Miss() => HowMany(_missing);

    private int HowMany(Id32[] ids)
    {
        var found = 0;
        foreach (var id in ids)
        {
            found += _index.TryFind(id, out _) ? 1 : 0;
        }
        return found;
    }
}
