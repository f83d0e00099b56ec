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

    /// <summary>The target that <see cref="Codec.Bound"/> asks for takes what cannot shrink at all.</summary>
    [Fact]
    public void What_only_its_samples_say_shrinks_is_tried_and_stored_as_it_is()
    {
        const int size = 1 << 23, samples = 64, sample = 1024;
        var raw = new byte[size];
        new Random(3).NextBytes(raw);
        for (var i = 0; i < samples; i++)
        {
            raw.AsSpan((int)((2L * i + 1) * (size - sample) / (2 * samples)), sample).Clear();
        }
        using var codec = new Codec(3);
        Assert.Equal((ChunkCodec.Raw, size), codec.Compress(raw, new byte[Codec.Bound(size)]));
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

    /// <summary>Where no native library loads, the managed one writes what the native one reads, and the other way round.</summary>
    [Fact]
    public void Both_libraries_read_what_the_other_wrote()
    {
        using var native = new Codec(3);
        using var managed = new Codec(3, _ => throw new DllNotFoundException("libzstd"));
        Assert.False(managed.IsNative);
        var raw = new byte[200_000];
        new Random(1).NextBytes(raw.AsSpan(0, 50_000));
        foreach (var (from, to) in ((Codec, Codec)[])[(native, managed), (managed, native), (managed, managed)])
        {
            var target = new byte[Codec.Bound(raw.Length)];
            var (kind, length) = from.Compress(raw, target);
            Assert.Equal(ChunkCodec.Zstd, kind);
            Assert.InRange(length, 50_000, 60_000);
            var back = new byte[raw.Length];
            to.Decompress(kind, target.AsSpan(0, length), back);
            Assert.Equal(raw, back);
            Assert.Throws<InvalidDataException>(() => to.Decompress(kind, target.AsSpan(0, length / 2), back));
            Assert.Throws<InvalidDataException>(() => to.Decompress(kind, target.AsSpan(0, length), []));
        }
        Assert.Throws<InvalidOperationException>(() => new Codec(3, _ => throw new InvalidOperationException()));   // any other failure is told
    }

    [Theory]
    [InlineData(31, ChunkCodec.Raw)]
    [InlineData(32, ChunkCodec.Zstd)]
    public void What_is_shorter_than_a_frame_is_worth_stays_as_it_is(int length, ChunkCodec kind)
    {
        using var codec = new Codec(3);
        Assert.Equal(kind, codec.Compress(new byte[length], new byte[Codec.Bound(length)]).Codec);
    }

    /// <summary>A fiftieth must be saved, or reading would pay for nothing.</summary>
    [Fact]
    public void What_saves_less_than_a_fiftieth_stays_as_it_is()
    {
        using var codec = new Codec(3);
        foreach (var (zeros, kind) in ((int, ChunkCodec)[])[(600, ChunkCodec.Raw), (2_000, ChunkCodec.Zstd)])
        {
            var raw = new byte[50_000];
            new Random(2).NextBytes(raw);
            raw.AsSpan(0, zeros).Clear();
            Assert.Equal(kind, codec.Compress(raw, new byte[Codec.Bound(raw.Length)]).Codec);
        }
    }

    /// <summary>Of a long chunk a sample decides: content that compresses anywhere is met by it wherever it lies.</summary>
    [Fact]
    public void A_sample_sees_what_compresses_in_the_middle_of_what_does_not()
    {
        using var codec = new Codec(3);
        var raw = new byte[1 << 20];
        new Random(3).NextBytes(raw);
        raw.AsSpan(200_000, 300_000).Clear();
        var target = new byte[Codec.Bound(raw.Length)];
        Assert.Equal(ChunkCodec.Zstd, codec.Compress(raw, target).Codec);
    }
}
