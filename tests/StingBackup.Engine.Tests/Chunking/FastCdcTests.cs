using CsCheck;
using StingBackup.Engine.Chunking;

namespace StingBackup.Engine.Tests.Chunking;

public sealed class FastCdcTests
{
    private static readonly ChunkSizes Small = new(256, 1024, 4096);

    private static FastCdc Cutter(byte key, ChunkSizes sizes) => new(new GearTable(Enumerable.Repeat(key, 32).ToArray()), sizes);

    private static List<int> Cuts(FastCdc cutter, ReadOnlySpan<byte> data)
    {
        var cuts = new List<int>();
        for (var at = 0; at < data.Length;)
        {
            at += cutter.Cut(data[at..]);
            cuts.Add(at);
        }
        return cuts;
    }

    private static byte[] Random(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Theory]
    [InlineData(0, 1024, 4096), InlineData(2048, 1024, 4096), InlineData(256, 1000, 4096), InlineData(256, 1024, 1023), InlineData(1, 32, 64), InlineData(-1, 0, 0)]
    public void Sizes_that_cannot_be_kept_are_refused(int minimum, int average, int maximum) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Cutter(7, new ChunkSizes(minimum, average, maximum)));

    [Fact]
    public void Every_chunk_but_the_last_is_within_the_sizes() => Gen.Byte.Array[0, 50_000].Sample(data =>
    {
        var cuts = Cuts(Cutter(7, Small), data);
        for (int i = 0, from = 0; i < cuts.Count; from = cuts[i++])
        {
            var length = cuts[i] - from;
            Assert.True(length <= Small.Maximum && (length >= Small.Minimum || i == cuts.Count - 1));
        }
        Assert.Equal(data.Length, cuts.LastOrDefault());
    }, iter: 200);

    [Fact]
    public void An_insertion_moves_only_the_cuts_around_it()
    {
        var data = Random(1, 4 << 20);
        var cutter = Cutter(7, new ChunkSizes(16 << 10, 64 << 10, 256 << 10));
        var changed = data[..2_000_000].Concat(new byte[] { 1, 2, 3 }).Concat(data[2_000_000..]).ToArray();
        static HashSet<string> Pieces(FastCdc cutter, byte[] bytes)
        {
            var set = new HashSet<string>(StringComparer.Ordinal);
            var from = 0;
            foreach (var to in Cuts(cutter, bytes))
            {
                set.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(from, to - from))));
                from = to;
            }
            return set;
        }
        var before = Pieces(cutter, data);
        var after = Pieces(cutter, changed);
        Assert.True(before.Intersect(after).Count() >= before.Count - 3, $"{before.Intersect(after).Count()} of {before.Count} pieces are still the same");
    }

    [Fact]
    public void Two_subjects_cut_the_same_file_at_different_places()
    {
        var data = Random(2, 1 << 20);
        var one = Cuts(Cutter(1, Small), data);
        var two = Cuts(Cutter(2, Small), data);
        Assert.True(one.Intersect(two).Count() < one.Count / 20);
    }

    [Fact]
    public void Chunks_of_random_data_have_about_the_average_size()
    {
        var cuts = Cuts(Cutter(3, Small), Random(3, 8 << 20));
        Assert.InRange((8 << 20) / cuts.Count, Small.Average * 3 / 4, Small.Average * 5 / 4);
    }

    [Fact]
    public void Cuts_are_frozen()
    {
        // Repositories deduplicate against cuts made years ago: these numbers may never change.
        var cuts = Cuts(Cutter(42, ChunkSizes.Documents), Random(4, 3 << 20));
        Assert.Equal(FrozenCuts, string.Join(" ", cuts));
    }

    private const string FrozenCuts = "73541 362452 652629 953344 1279773 1594050 2014690 2220956 2540287 2891196 3145728";
}
