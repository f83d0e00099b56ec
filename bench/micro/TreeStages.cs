using BenchmarkDotNet.Attributes;
using StingBackup.Engine.Repository;

namespace StingBackup.Micro;

/// <summary>Trees: built from items in path order, and a page read back.</summary>
public class TreeStages : IDisposable
{
    private const int Items = 20_000, PageItems = 128;

    private readonly TreeEntry[] _entries = [.. Enumerable.Range(0, Items).Select(Samples.Entry).OrderBy(e => e.Path)];
    private readonly CountingSink _sink = new();
    private TreeTable _table = null!;
    private byte[] _body = [];

    [GlobalSetup]
    public void Encode()
    {
        var (table, body) = TreePage.EncodeLeaf(null, _entries[..PageItems]);
        (_table, _body) = (table, body.WrittenSpan.ToArray());
    }

    [Benchmark(OperationsPerInvoke = Items), Stage("tree: build", "20,000 items", Unit = "items")]
    public long Build()
    {
        var builder = new TreeBuilder("user:someone", 99, _sink);
        foreach (var entry in _entries)
        {
            builder.Add(entry);
        }
        return builder.Finish().Items;
    }

    [Benchmark(OperationsPerInvoke = PageItems), Stage("tree: decode a page", "128 items", Unit = "items")]
    public int Decode() => TreePage.Decode(_table, _body).Entries.Count;

    [GlobalCleanup]
    public void Dispose()
    {
        _sink.Dispose();
        GC.SuppressFinalize(this);
    }
}
