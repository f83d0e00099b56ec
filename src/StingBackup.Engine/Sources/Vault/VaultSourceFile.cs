using StingBackup.Engine.Platform;
namespace StingBackup.Engine.Sources.Vault;

/// <summary>A secret's content in memory, of one version.</summary>
internal sealed class VaultSourceFile(ReadOnlyMemory<byte> content, FileStamp stamp) : ISourceFile
{
    public int Length => content.Length;

    /// <summary>A version never changes.</summary>
    public FileStamp Stamp() => stamp;

    /// <summary>The parts and the rest: each range is cut by itself, so that the same upload gives the same chunks whatever else stands in its secret.</summary>
    public IReadOnlyList<DataRange> DataRanges() =>
        content.IsEmpty ? [] : SecretContent.PartsLength(content.Span) is > 0 and var parts ? [new DataRange(0, parts), new DataRange(parts, content.Length - parts)] : [new DataRange(0, content.Length)];

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer)
    {
        if (offset >= content.Length)
        {
            return 0;
        }
        var rest = content.Span[(int)offset..];
        rest = rest[..Math.Min(rest.Length, buffer.Length)];
        rest.CopyTo(buffer);
        return rest.Length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
