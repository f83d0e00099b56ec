using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Guardian;

/// <summary>What is seen of a file that is read in blocks, whoever reads them: its first bytes, and a sample of each chunk.</summary>
internal sealed class LongLook
{
    private int _samples, _even;
    private ContentKind _kind;

    /// <summary>The first block.</summary>
    public void Begin(ReadOnlySpan<byte> head) => _kind = ContentLook.KindOf(head);

    /// <summary>A chunk: looked at in its middle.</summary>
    public void Chunk(ReadOnlySpan<byte> chunk)
    {
        Interlocked.Increment(ref _samples);
        if (ContentLook.IsEven(chunk[(chunk.Length / 2)..]))
        {
            Interlocked.Increment(ref _even);
        }
    }

    /// <summary>The file, once all of it was read.</summary>
    public ContentFacts Facts(IReadOnlyList<Extent> extents) => new(_kind, (byte)(_samples == 0 ? 0 : 255L * _even / _samples), ContentFacts.MarkOf(extents), ContentFacts.MiddleOf(extents));
}
