using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace StingBackup.Engine.Targets;

/// <summary>
/// Names of a restore's temporary files: <c>.sting-</c>, 16 hexadecimal digits (half of them random for the run, half counted), <c>.part</c>.
/// One that exists is never reused: files are made exclusively.
/// </summary>
internal sealed class TemporaryNames
{
    private const int Digits = 16;
    private static readonly SearchValues<byte> s_hexadecimal = SearchValues.Create("0123456789abcdef"u8);

    private readonly uint _run = BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint)));
    private uint _count;

    /// <summary>The next name.</summary>
    public string Next() => string.Create(CultureInfo.InvariantCulture, $".sting-{_run:x8}{Interlocked.Increment(ref _count):x8}.part");

    /// <summary>Whether a name is such a one, of whatever run.</summary>
    public static bool IsTemporary(ReadOnlySpan<byte> name) =>
        name.StartsWith(".sting-"u8) && name.EndsWith(".part"u8) && name.Length == ".sting-"u8.Length + Digits + ".part"u8.Length
        && !name.Slice(".sting-"u8.Length, Digits).ContainsAnyExcept(s_hexadecimal);
}
