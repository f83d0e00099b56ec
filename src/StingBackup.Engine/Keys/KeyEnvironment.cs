using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Keys;

/// <summary>What key handling takes from outside: time, randomness, files.</summary>
internal sealed record KeyEnvironment(TimeProvider Clock, RandomNumberGenerator Random, IKeyFiles Files)
{
    /// <summary>Now, in nanoseconds since 1970 UTC.</summary>
    public long NowNs => (Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Sixteen random bytes.</summary>
    public Id16 NewId()
    {
        Span<byte> bytes = stackalloc byte[Id16.Size];
        Random.GetBytes(bytes);
        return new Id16(bytes);
    }
}
