using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Guardian;

/// <summary>What is seen of a file that is read in blocks, whoever reads them: its first bytes, its last, and a sample of each chunk.</summary>
internal sealed class LongLook
{
    private int _samples, _even;
    private byte[] _head = [];
    private ContentKind _kind;
    private bool _isWhole;

    /// <summary>The first block.</summary>
    public void Begin(ReadOnlySpan<byte> block)
    {
        _kind = ContentLook.KindOf(block);
        _head = block[..Math.Min(ContentLook.SampleSize, block.Length)].ToArray();
    }

    /// <summary>The last block, and where it ends.</summary>
    public void End(ReadOnlySpan<byte> block, long length)
    {
        if (_kind >= ContentKind.Zip)
        {
            (_kind, _isWhole) = ContentLook.KindOf(_head, block[^Math.Min(FormatEnds.TailSize, block.Length)..], length);
        }
    }

    /// <summary>A chunk: looked at in its middle.</summary>
    public void Chunk(ReadOnlySpan<byte> chunk)
    {
        if (ContentFacts.IsCompressed(_kind))
        {
            return;
        }
        Interlocked.Increment(ref _samples);
        if (ContentLook.IsEven(chunk[(chunk.Length / 2)..]))
        {
            Interlocked.Increment(ref _even);
        }
    }

    /// <summary>The file, once all of it was read.</summary>
    public ContentFacts Facts(IReadOnlyList<Extent> extents) => new(_kind, (byte)(_samples == 0 ? 0 : 255L * _even / _samples), ContentFacts.MarkOf(extents), ContentFacts.MiddleOf(extents)) { IsWhole = _isWhole };
}
