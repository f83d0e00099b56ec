using BenchmarkDotNet.Attributes;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Micro;

/// <summary>A chunk on its way back: opened, decompressed, and proven by its id.</summary>
public class DecodeStages : IDisposable
{
    private readonly byte[] _text = Samples.Text(Samples.Chunk), _packed = new byte[Codec.Bound(Samples.Chunk)], _opened = new byte[Codec.Bound(Samples.Chunk)], _raw = new byte[Samples.Chunk];
    private readonly Codec _codec = new(3);
    private readonly ChunkCipher _cipher = new(Samples.Key);
    private readonly ChunkIds _ids = new(Samples.Key);
    private byte[] _sealed = [];
    private ChunkHead _head;
    private int _length;

    [GlobalSetup]
    public void Seal()
    {
        _length = _codec.Compress(_text, _packed).Length;
        _head = new ChunkHead((byte)ChunkType.Data, (byte)ChunkCodec.Zstd, 0, Samples.Chunk, _ids.Compute((byte)ChunkType.Data, _text));
        _sealed = new byte[_length + ChunkCipher.TagSize];
        using var cipher = new ChunkCipher(Samples.Key);
        cipher.Seal(_head, [], _packed.AsSpan(0, _length), _sealed);
    }

    [Benchmark, Stage("restore: decrypt, decompress, prove", "256 KiB of text", Bytes = Samples.Chunk)]
    public bool Decode()
    {
        Decrypt();
        Decompress();
        return _ids.Compute((byte)ChunkType.Data, _raw) == _head.Id ? true : throw new InvalidOperationException("A chunk did not come back.");
    }

    [Benchmark, Stage("decrypt (AES-256-GCM)", "256 KiB of text, compressed", Bytes = Samples.Chunk)]
    public void Decrypt()
    {
        if (!_cipher.TryOpen(_head, [], _sealed, _opened))
        {
            throw new InvalidOperationException("A chunk did not open.");
        }
    }

    [Benchmark, Stage("decompress (zstd)", "256 KiB of text", Bytes = Samples.Chunk)]
    public void Decompress() => _codec.Decompress(ChunkCodec.Zstd, _packed.AsSpan(0, _length), _raw);

    [GlobalCleanup]
    public void Dispose()
    {
        _codec.Dispose();
        _cipher.Dispose();
        _ids.Dispose();
        GC.SuppressFinalize(this);
    }
}
