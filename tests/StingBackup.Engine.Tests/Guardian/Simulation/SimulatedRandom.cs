using System.Buffers.Binary;

namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>Draws as Random does, and bytes by the eight (SplitMix64): those of a seeded Random come one at a time, and most of a simulation went into them.</summary>
internal sealed class SimulatedRandom(int seed) : Random(seed)
{
    private ulong _state = (ulong)seed;

    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    public override void NextBytes(Span<byte> buffer)
    {
        for (; buffer.Length >= 8; buffer = buffer[8..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, Next64());
        }
        Span<byte> last = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(last, Next64());
        last[..buffer.Length].CopyTo(buffer);
    }

    private ulong Next64()
    {
        var value = _state += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
