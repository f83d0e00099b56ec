using CsCheck;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Repository;

public sealed class CodecTests
{
    [Fact]
    public void The_native_library_is_in_use_where_it_is_shipped()
    {
        using var codec = new Codec(3);
        Assert.True(codec.IsNative || !OperatingSystem.IsLinux());
    }

    [Fact]
    public void What_is_compressed_comes_back() => Gen.Byte[0, 20].Array[0, 300_000].Sample(raw =>
    {
        using var codec = new Codec(3);
        var target = new byte[Codec.Bound(raw.Length)];
        var (kind, length) = codec.Compress(raw, target);
        var back = new byte[raw.Length];
        codec.Decompress(kind, kind == ChunkCodec.Raw ? raw : target.AsSpan(0, length), back);
        Assert.Equal(raw, back);
    }, iter: 50);

    [Fact]
    public void Random_bytes_are_stored_as_they_are()
    {
        var raw = new byte[1 << 20];
        new Random(1).NextBytes(raw);
        using var codec = new Codec(3);
        Assert.Equal((ChunkCodec.Raw, raw.Length), codec.Compress(raw, new byte[Codec.Bound(raw.Length)]));
    }

    [Theory]
    [InlineData(ChunkCodec.Zstd)]
    [InlineData(ChunkCodec.Raw)]
    [InlineData((ChunkCodec)9)]
    public void A_damaged_frame_is_refused(ChunkCodec kind)
    {
        using var codec = new Codec(3);
        Assert.Throws<InvalidDataException>(() => codec.Decompress(kind, [1, 2, 3, 4, 5], new byte[100]));
    }

    [Fact]
    public void A_frame_that_gives_another_length_is_refused()
    {
        using var codec = new Codec(3);
        var raw = new byte[1000];
        var target = new byte[Codec.Bound(raw.Length)];
        var (kind, length) = codec.Compress(raw, target);
        Assert.Throws<InvalidDataException>(() => codec.Decompress(kind, target.AsSpan(0, length), new byte[999]));
        Assert.Throws<InvalidDataException>(() => codec.Decompress(kind, target.AsSpan(0, length), new byte[1001]));
    }
}
