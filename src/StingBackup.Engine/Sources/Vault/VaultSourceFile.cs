namespace StingBackup.Engine.Sources.Vault;

/// <summary>A secret's content in memory, of one version.</summary>
internal sealed class VaultSourceFile(ReadOnlyMemory<byte> content, FileStamp stamp) : ISourceFile
{
    public int Length => content.Length;

    /// <summary>A version never changes.</summary>
    public FileStamp Stamp() => stamp;

    /// <inheritdoc/>
    public IReadOnlyList<DataRange> DataRanges() => content.IsEmpty ? [] : [new DataRange(0, content.Length)];

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
