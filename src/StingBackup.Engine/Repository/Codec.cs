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
    private const int SampleSize = 1 << 10, SampleEvery = 64 << 10, MostSamples = 64, SampleFrom = 96 << 10;

    private readonly ZstdNet.Compressor? _native;
    private readonly ZstdNet.Decompressor? _nativeReader;
    private readonly ZstdSharp.Compressor? _managed;
    private readonly ZstdSharp.Decompressor? _managedReader;
    private readonly byte[] _sample = new byte[MostSamples * SampleSize], _packedSample = new byte[Bound(MostSamples * SampleSize)];

    /// <summary>Makes one for a zstd level (1 to 19).</summary>
    public Codec(int level) : this(level, static level => new ZstdNet.CompressionOptions(level))
    {
    }

    /// <param name="level">The level.</param>
    /// <param name="load">Asks the native library for its options, which fails where there is none.</param>
    internal Codec(int level, Func<int, ZstdNet.CompressionOptions> load)
    {
        try
        {
            using var options = load(level);
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

    /// <summary>A sample of 1 KiB for each 64 KiB decides for a long chunk: what all of them together cannot shrink, the rest hardly will.</summary>
    private bool LooksIncompressible(ReadOnlySpan<byte> source)
    {
        if (source.Length < SampleFrom)
        {
            return false;
        }
        var samples = Math.Clamp(source.Length / SampleEvery, 2, MostSamples);
        var sample = _sample.AsSpan(0, samples * SampleSize);
        for (var i = 0; i < samples; i++)
        {
            source.Slice((int)((2L * i + 1) * (source.Length - SampleSize) / (2 * samples)), SampleSize).CopyTo(sample[(i * SampleSize)..]);
        }
        return Wrap(sample, _packedSample) >= sample.Length - sample.Length / 50;
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
