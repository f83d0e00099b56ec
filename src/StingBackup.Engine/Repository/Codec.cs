namespace StingBackup.Engine.Repository;

/// <summary>How a chunk's bytes are stored. Stored in chunk headers: never renumber.</summary>
public enum ChunkCodec : byte
{
    /// <summary>As they are.</summary>
    Raw = 0,
    /// <summary>One zstd frame, no dictionary, window ≤ 8 MiB (RFC 8878).</summary>
    Zstd = 1,
}

/// <summary>
/// Compresses and decompresses chunks with native zstd, or with the managed port where no native library loads.
/// Not thread-safe: one a worker, contexts are reused.
/// </summary>
public sealed class Codec : IDisposable
{
    private const int SampleSize = 4096, SampleFrom = 96 << 10;

    private readonly ZstdNet.Compressor? _native;
    private readonly ZstdNet.Decompressor? _nativeReader;
    private readonly ZstdSharp.Compressor? _managed;
    private readonly ZstdSharp.Decompressor? _managedReader;
    private readonly byte[] _sample = new byte[2 * SampleSize + 512];

    /// <summary>Makes one for a zstd level (1 to 19).</summary>
    public Codec(int level)
    {
        try
        {
            using var options = new ZstdNet.CompressionOptions(level);
            _native = new ZstdNet.Compressor(options);
            _nativeReader = new ZstdNet.Decompressor();
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or EntryPointNotFoundException or BadImageFormatException)
        {
            _managed = new ZstdSharp.Compressor(level);
            _managedReader = new ZstdSharp.Decompressor();
        }
    }

    /// <summary>True when the native library is in use.</summary>
    public bool IsNative => _native is not null;

    /// <summary>How large a target must be for any source of a length.</summary>
    public static int Bound(int length) => length + (length >> 7) + 1024;

    /// <summary>
    /// Compresses into <paramref name="target"/>, at least <see cref="Bound"/> long. Returns the stored length and the codec:
    /// raw when compression would not save a fiftieth (nothing is copied to the target then).
    /// </summary>
    public (ChunkCodec Codec, int Length) Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.Length < 32 || LooksIncompressible(source))
        {
            return (ChunkCodec.Raw, source.Length);
        }
        var length = Wrap(source, target);
        return length < source.Length - source.Length / 50 ? (ChunkCodec.Zstd, length) : (ChunkCodec.Raw, source.Length);
    }

    /// <summary>Decompresses exactly <paramref name="target"/>.Length bytes.</summary>
    /// <exception cref="InvalidDataException">The frame is damaged or gives another length.</exception>
    public void Decompress(ChunkCodec codec, ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (codec)
        {
            case ChunkCodec.Raw when source.Length == target.Length:
                source.CopyTo(target);
                return;
            case ChunkCodec.Zstd when target.Length > 0:
                try
                {
                    var length = _nativeReader?.Unwrap(source, target, false) ?? _managedReader!.Unwrap(source, target);
                    if (length == target.Length)
                    {
                        return;
                    }
                }
                catch (Exception e) when (e is ZstdNet.ZstdException or ZstdSharp.ZstdException or ArgumentException)
                {
                    throw new InvalidDataException("its zstd frame is damaged", e);
                }
                break;
        }
        throw new InvalidDataException($"its codec {codec} does not give {target.Length} bytes");
    }

    private int Wrap(ReadOnlySpan<byte> source, Span<byte> target) => _native?.Wrap(source, target) ?? _managed!.Wrap(source, target);

    /// <summary>Two samples of 4 KiB decide for a long chunk: what they cannot shrink, the rest hardly will.</summary>
    private bool LooksIncompressible(ReadOnlySpan<byte> source)
    {
        if (source.Length < SampleFrom)
        {
            return false;
        }
        Span<byte> sample = stackalloc byte[SampleSize];
        var third = source.Length / 3;
        source.Slice(third, SampleSize / 2).CopyTo(sample);
        source.Slice(2 * third, SampleSize / 2).CopyTo(sample[(SampleSize / 2)..]);
        return Wrap(sample, _sample) >= SampleSize - SampleSize / 50;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _native?.Dispose();
        _nativeReader?.Dispose();
        _managed?.Dispose();
        _managedReader?.Dispose();
    }
}
