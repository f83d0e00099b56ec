namespace StingBackup.Portal.Own;

/// <summary>
/// A response's body for writers that now and then write synchronously, as a zip's entries do when they end, which the server does not allow: those few bytes wait for the next asynchronous write.
/// </summary>
internal sealed class BodyStream(Stream body) : Stream
{
    private readonly MemoryStream _waiting = new();

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => _waiting.Write(buffer, offset, count);
    public override void Write(ReadOnlySpan<byte> buffer) => _waiting.Write(buffer);
    public override void Flush() { }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await SendWaitingAsync(cancellationToken).ConfigureAwait(false);
        await body.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        await SendWaitingAsync(cancellationToken).ConfigureAwait(false);
        await body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _waiting.Dispose();
        }
        base.Dispose(disposing);
    }

    private async ValueTask SendWaitingAsync(CancellationToken cancel)
    {
        if (_waiting.Length > 0)
        {
            await body.WriteAsync(_waiting.GetBuffer().AsMemory(0, (int)_waiting.Length), cancel).ConfigureAwait(false);
            _waiting.SetLength(0);
        }
    }
}
