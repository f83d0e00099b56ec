using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>
/// Chance that can be repeated: each candidate draws a number by the seed and its own name, so that neither the order in which candidates are met nor what else there is changes what one draws. What was not
/// tested lately is favoured by its weight, the days since (Efraimidis and Spirakis: the greatest of u^(1/w) is drawn with a probability in proportion to w).
/// </summary>
/// <param name="seed">The seed.</param>
/// <param name="now">Now.</param>
internal sealed class DrillOdds(long seed, DateTimeOffset now)
{
    /// <summary>What was never tested weighs as what was ten years ago.</summary>
    private const double Never = 3650, Least = 0.01;

    /// <summary>The draw of a candidate: the one with the greatest comes first.</summary>
    /// <param name="name">The candidate's name.</param>
    /// <param name="lastTested">When it was tested last; null for never.</param>
    public double Draw(ReadOnlySpan<byte> name, DateTimeOffset? lastTested)
    {
        Span<byte> input = name.Length <= 1024 ? stackalloc byte[name.Length + sizeof(long)] : new byte[name.Length + sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(input, seed);
        name.CopyTo(input[sizeof(long)..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        // 53 bits, never 0.
        var unit = ((BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) + 1) / (double)(1UL << 53);
        var weight = lastTested is { } last ? Math.Clamp((now - last).TotalDays, Least, Never) : Never;
        return Math.Log(unit) / weight;
    }

    /// <inheritdoc cref="Draw(ReadOnlySpan{byte}, DateTimeOffset?)"/>
    public double Draw(string name, DateTimeOffset? lastTested) => Draw(Encoding.UTF8.GetBytes(name), lastTested);
}
