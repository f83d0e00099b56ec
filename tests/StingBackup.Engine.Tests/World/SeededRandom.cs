using System.Security.Cryptography;

namespace StingBackup.Engine.Tests.World;

/// <summary>Random bytes that a seed gives, so that ids and cut points, and with them the number of packs and calls, are the same in each replay. (Key pairs and signatures are not: they change names alone.)</summary>
internal sealed class SeededRandom(int seed) : RandomNumberGenerator
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);

    public override void GetBytes(byte[] data) => GetBytes(data.AsSpan());

    public override void GetBytes(Span<byte> data)
    {
        lock (_lock)
        {
            _random.NextBytes(data);
        }
    }
}
