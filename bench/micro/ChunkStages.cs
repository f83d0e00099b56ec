using BenchmarkDotNet.Attributes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chunking;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Micro;

/// <summary>A chunk on its way from a file into a pack.</summary>
public class ChunkStages : IDisposable
{
    private const int Block = 4 << 20, PackChunks = 120;

    private readonly byte[] _block = Samples.Text(Block), _text = Samples.Text(Samples.Chunk), _noise = Samples.Noise(Samples.Chunk);
    private readonly byte[] _scratch = new byte[Codec.Bound(1 << 20)], _sealed = new byte[Samples.Chunk + ChunkCipher.TagSize];
    private readonly FastCdc _cutter = new(new GearTable(Samples.Key), ChunkSizes.Documents);
    private readonly ChunkIds _ids = new(Samples.Key);
    private readonly Codec _codec = new(3);
    private readonly ChunkCipher _cipher = new(Samples.Key);
    private readonly PackSlab _slab = new(PackFormat.DataSize + (1 << 20));
    private readonly PackAssembler _assembler = new(Samples.Reserve, Samples.Writer, 1);
    private PageBuffer _pack = new(PackFormat.DataSize + (1 << 20));
    private uint _ordinal;

    [GlobalSetup]
    public void Fill()
    {
        var owner = new SampleOwner();
        for (var i = 0; i < PackChunks; i++)
        {
            _slab.Add(owner, Samples.Id(i), ChunkType.Data, ChunkCodec.Raw, [], _noise, Samples.Chunk);
        }
    }

    [Benchmark, Stage("cut", "4 MiB of text", Bytes = Block)]
    public int Cut()
    {
        var cuts = 0;
        for (var from = 0; from < _block.Length; cuts++)
        {
            from += _cutter.Cut(_block.AsSpan(from));
        }
        return cuts;
    }

    [Benchmark, Stage("id (HMAC-SHA-256)", "a chunk of 256 KiB", Bytes = Samples.Chunk)]
    public Id32 Identify() => _ids.Compute((byte)ChunkType.Data, _text);

    [Benchmark, Stage("compress (zstd 3)", "256 KiB of text", Bytes = Samples.Chunk)]
    public int CompressText() => _codec.Compress(_text, _scratch).Length;

    [Benchmark, Stage("compress: a sample says no", "256 KiB of noise", Bytes = Samples.Chunk)]
    public int CompressNoise() => _codec.Compress(_noise, _scratch).Length;

    [Benchmark, Stage("encrypt (AES-256-GCM)", "a chunk of 256 KiB", Bytes = Samples.Chunk)]
    public int Encrypt() => _cipher.Seal(new ChunkHead((byte)ChunkType.Data, 0, _ordinal++, Samples.Chunk, default), [], _noise, _sealed);

    [Benchmark, Stage("pack: shuffle, encrypt, tables, SHA-256", "120 chunks of 256 KiB", Bytes = (long)PackChunks * Samples.Chunk)]
    public int Assemble()
    {
        _assembler.Assemble(_slab, ObjectKind.DataPack, ref _pack, out var length);
        return length;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _ids.Dispose();
        _codec.Dispose();
        _cipher.Dispose();
        ((IDisposable)_pack).Dispose();
        GC.SuppressFinalize(this);
    }
}
