using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Tests.Cryptography;

public sealed class SecretSplitTests
{
    [Theory]
    [InlineData(0x57, 0x83, 0xc1)]   // FIPS 197, 4.2
    [InlineData(0x57, 0x13, 0xfe)]   // FIPS 197, 4.2.1
    [InlineData(0x53, 0xca, 0x01)]
    [InlineData(0x00, 0xff, 0x00)]
    [InlineData(0x01, 0xa7, 0xa7)]
    public void The_field_is_that_of_Aes(byte a, byte b, byte product)
    {
        Assert.Equal(product, Gf256.Multiply(a, b));
        Assert.Equal(product, Gf256.Multiply(b, a));
    }

    [Fact]
    public void Every_product_and_inverse_is_that_of_another_way_to_compute_it()
    {
        // Powers of the generator 3, by shifting and adding: no code shared with the field's.
        var power = new int[255];
        for (int i = 0, value = 1; i < 255; i++)
        {
            power[i] = value;
            value = value ^ (value << 1) ^ ((value & 0x80) != 0 ? 0x11b : 0);
        }
        var log = power.Select((value, index) => (value, index)).ToDictionary(p => p.value, p => p.index);
        Assert.Equal(255, log.Count);
        for (var a = 0; a < 256; a++)
        {
            for (var b = 0; b < 256; b++)
            {
                Assert.Equal(a == 0 || b == 0 ? 0 : power[(log[a] + log[b]) % 255], Gf256.Multiply((byte)a, (byte)b));
            }
            Assert.Equal(a == 0 ? 0 : power[(255 - log[a]) % 255], Gf256.Inverse((byte)a));
        }
    }

    [Fact]
    public void Shares_of_known_coefficients_are_the_known_ones()
    {
        // f(x) = 42 + 17x + a5x², computed apart from this code by Golden/make_escrow.py.
        using var secret = SecretBytes.CopyOf([0x42]);
        var shares = SecretSplit.Split(secret, 5, 3, new Given([0x17, 0xa5]));
        Assert.Equal("f0 ce 7c a0 12", string.Join(' ', shares.Select(s => Convert.ToHexStringLower(s.Span))));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(5, 3)]
    [InlineData(6, 4)]
    [InlineData(5, 5)]
    public void Each_subset_of_as_many_as_the_threshold_or_more_gives_the_secret_and_none_of_fewer_does(int count, int threshold)
    {
        using var random = RandomNumberGenerator.Create();
        using var secret = SecretBytes.Random(32, random);
        var shares = SecretSplit.Split(secret, count, threshold, random);
        for (var mask = 1; mask < 1 << count; mask++)
        {
            var some = Enumerable.Range(0, count).Where(i => (mask >> i & 1) != 0).Select(i => ((byte)(i + 1), shares[i])).Reverse().ToList();
            using var got = SecretSplit.Combine(some);
            Assert.Equal(some.Count >= threshold, got.Span.SequenceEqual(secret.Span));
        }
    }

    /// <summary>Not a statistic but all cases: over every choice of coefficients, two shares of a threshold of three take each pair of values exactly once, whatever the secret.</summary>
    [Theory]
    [InlineData(0x00, 1, 2)]
    [InlineData(0xff, 1, 2)]
    [InlineData(0x5a, 4, 5)]
    public void Two_shares_of_three_tell_nothing_of_the_secret(byte value, int first, int second)
    {
        using var secret = SecretBytes.CopyOf([value]);
        var seen = new bool[65536];
        for (var coefficients = 0; coefficients < 65536; coefficients++)
        {
            var shares = SecretSplit.Split(secret, 5, 3, new Given([(byte)coefficients, (byte)(coefficients >> 8)]));
            ref var pair = ref seen[(shares[first - 1].Span[0] << 8) | shares[second - 1].Span[0]];
            Assert.False(pair);
            pair = true;
        }
    }

    [Fact]
    public void Numbers_and_lengths_that_cannot_be_are_refused()
    {
        using var secret = SecretBytes.CopyOf([1, 2]);
        using var random = RandomNumberGenerator.Create();
        Assert.Throws<ArgumentOutOfRangeException>(() => SecretSplit.Split(secret, 2, 3, random));
        Assert.Throws<ArgumentOutOfRangeException>(() => SecretSplit.Split(secret, 256, 3, random));
        Assert.Throws<ArgumentException>(() => SecretSplit.Combine([]));
        Assert.Throws<ArgumentException>(() => SecretSplit.Combine([(1, secret), (1, secret)]));
        Assert.Throws<ArgumentException>(() => SecretSplit.Combine([(0, secret)]));
    }

    /// <summary>Gives what it was given.</summary>
    private sealed class Given(byte[] bytes) : RandomNumberGenerator
    {
        public override void GetBytes(byte[] data) => bytes.CopyTo(data, 0);

        public override void GetBytes(Span<byte> data) => bytes.CopyTo(data);
    }
}
