using System.Security.Cryptography;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// Shamir's secret sharing, byte by byte over <see cref="Gf256"/>: each byte is the value at 0 of a random polynomial of degree threshold − 1, and share number x is the values at x. So many
/// shares give the secret; with one fewer every secret is as likely as before. Nothing here tells a wrong share: whoever uses it checks shares by other means.
/// </summary>
/// <remarks>
/// Own code, some forty lines, since no library serves: BouncyCastle for .NET has no secret sharing, and SecretSharingDotNet computes with big integers modulo Mersenne primes, whose shares have
/// no fixed length and no format that another program could read from a page.
/// </remarks>
internal static class SecretSplit
{
    /// <summary>Most shares.</summary>
    public const int MaxShares = 255;

    /// <summary>Splits; share number i + 1 is the element i. The caller disposes them.</summary>
    public static SecretBytes[] Split(SecretBytes secret, int shares, int threshold, RandomNumberGenerator random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threshold, shares);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shares, MaxShares);
        // The highest coefficient may be zero: a polynomial of exactly that degree would tell a little of the secret.
        using var coefficients = SecretBytes.Random(secret.Length * (threshold - 1), random);
        var result = new SecretBytes[shares];
        for (var number = 1; number <= shares; number++)
        {
            var share = result[number - 1] = new SecretBytes(secret.Length);
            for (var at = 0; at < secret.Length; at++)
            {
                byte value = 0;
                for (var degree = threshold - 1; degree > 0; degree--)
                {
                    value = Gf256.Multiply((byte)(value ^ coefficients.Span[((degree - 1) * secret.Length) + at]), (byte)number);
                }
                share.Writable[at] = (byte)(value ^ secret.Span[at]);
            }
        }
        return result;
    }

    /// <summary>The secret, from shares with different numbers; from too few, or wrong ones, it is something else.</summary>
    public static SecretBytes Combine(IReadOnlyList<(byte Number, SecretBytes Value)> shares)
    {
        if (shares.Count == 0 || shares.Any(s => s.Number == 0 || s.Value.Length != shares[0].Value.Length) || shares.DistinctBy(s => s.Number).Count() != shares.Count)
        {
            throw new ArgumentException("Shares need different numbers from 1 and one length.", nameof(shares));
        }
        var secret = new SecretBytes(shares[0].Value.Length);
        foreach (var (number, value) in shares)
        {
            byte weight = 1;   // Lagrange's, at 0: numbers are no secret
            foreach (var (other, _) in shares)
            {
                weight = other == number ? weight : Gf256.Multiply(weight, Gf256.Multiply(other, Gf256.Inverse((byte)(other ^ number))));
            }
            for (var at = 0; at < secret.Length; at++)
            {
                secret.Writable[at] ^= Gf256.Multiply(value.Span[at], weight);
            }
        }
        return secret;
    }
}
