using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>A file of a person's own reserve, as of a run. Holds nothing open by itself.</summary>
public sealed class OwnFile
{
    private readonly OwnReserve _reserve;
    private readonly PointTree _tree;
    private readonly TreeEntry _content;
    private readonly OwnUpload? _upload;
    private bool _isOnRecord;

    internal OwnFile(OwnReserve reserve, PointTree tree, TreeEntry entry, TreeEntry content, OwnUpload? upload)
    {
        (_reserve, _tree, _content, _upload) = (reserve, tree, content, upload);
        Item = tree.ToItem(entry) with { Length = Length };
        ETag = TagOf(tree.Row.Pseudonym, content);
    }

    /// <summary>The file.</summary>
    public RestorePointItem Item { get; }

    /// <summary>What it is called: of what was uploaded to STING the name that it had, else the last part of its path.</summary>
    public string Name => _upload?.Name ?? Item.Name;

    /// <summary>Stands for the content: the same as long as that is the same, in whichever run. Letters, digits, <c>-</c> and <c>_</c>, without quotes.</summary>
    public string ETag { get; }

    /// <summary>Its length in bytes.</summary>
    public long Length => _upload?.Length ?? _content.Length;

    /// <summary>Opens a stretch of it: what lies before is not read, and no more than a few chunks are in memory. Each opening stands in the audit log, without the name; of a selection the selection does.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes; with the offset no more than there are.</param>
    /// <param name="cancel">Cancels the opening.</param>
    /// <exception cref="ArgumentOutOfRangeException">The stretch is not within the file.</exception>
    /// <exception cref="StingException"><c>SubjectErased</c>, <c>PackArchived</c>, <c>StoreUnavailable</c>; reading can say <c>ChunkDamaged</c></exception>
    public async ValueTask<Stream> OpenAsync(long offset, long length, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        var reading = await _reserve.HoldAsync(cancel).ConfigureAwait(false);
        try
        {
            if (!_isOnRecord)
            {
                await _reserve.Trail.OpenedAsync(reading.Value, _tree.Row.Pseudonym, cancel).ConfigureAwait(false);
            }
            return new LeasedStream(_upload?.Inline is { } few ? new MemoryStream(few.Slice((int)offset, (int)length).ToArray(), writable: false)
                : new TreeFileStream(reading.Value.Repository.Reader, _tree.Row.Pseudonym, _content, (offset, length), CancellationToken.None), reading);
        }
        catch
        {
            await reading.ReleaseAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The same, where its opening stands in the audit log already.</summary>
    internal OwnFile OnRecord()
    {
        _isOnRecord = true;
        return this;
    }

    internal static string TagOf(Id16 pseudonym, TreeEntry content)
    {
        // Ids of chunks are made with the subject's own key; hashed once more they tell nobody anything, equal content aside.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var text = new StringBuilder($"{pseudonym} {content.Length}");
        foreach (var extent in content.Extents)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n{extent.Id} {extent.Offset} {extent.Length}");
        }
        foreach (var page in content.ContentPages)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n{page.Page} {page.Length}");
        }
        hash.AppendData(Encoding.ASCII.GetBytes(text.ToString()));
        return Convert.ToBase64String(hash.GetHashAndReset().AsSpan(0, 18)).Replace('+', '-').Replace('/', '_');
    }
}

/// <summary>A stream that holds what it reads from, until it is disposed.</summary>
internal sealed class LeasedStream(Stream stream, Leased<OwnReading> reading) : Stream
{
    private int _closed;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => stream.Length;
    public override long Position { get => stream.Position; set => throw new NotSupportedException(); }
    public override int Read(byte[] buffer, int offset, int count) => stream.Read(buffer, offset, count);
    public override int Read(Span<byte> buffer) => stream.Read(buffer);
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => stream.ReadAsync(buffer, cancellationToken);
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => stream.ReadAsync(buffer, offset, count, cancellationToken);
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            await reading.ReleaseAsync().ConfigureAwait(false);
        }
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _closed, 1) == 0)
        {
            stream.Dispose();
            reading.ReleaseAsync().AsTask().GetAwaiter().GetResult();
        }
        base.Dispose(disposing);
    }
}
