using System.Buffers;
using System.Text;

namespace StingBackup.Engine.Platform;

/// <summary>
/// Names between .NET's UTF-16 and the bytes that are stored: UTF-8, and for a surrogate without its partner (Windows allows one in a
/// name) the three bytes that UTF-8 would give it. Every name of Windows keeps its identity so, and equals its UTF-8 where it has one.
/// </summary>
internal static class Wtf8
{
    /// <summary>Encodes any UTF-16 text.</summary>
    public static byte[] Encode(string text)
    {
        var bytes = new ArrayBufferWriter<byte>(text.Length + 8);
        for (ReadOnlySpan<char> rest = text; rest.Length > 0;)
        {
            var target = bytes.GetSpan(4);
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) == OperationStatus.Done)
            {
                bytes.Advance(rune.EncodeToUtf8(target));
            }
            else
            {
                int unit = rest[0];
                target[0] = (byte)(0xe0 | (unit >> 12));
                target[1] = (byte)(0x80 | ((unit >> 6) & 0x3f));
                target[2] = (byte)(0x80 | (unit & 0x3f));
                bytes.Advance(3);
                used = 1;
            }
            rest = rest[used..];
        }
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Decodes what <see cref="Encode"/> gives; null for any other bytes (a name of Unix that is not UTF-8, for example).</summary>
    public static string? TryDecode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        for (var rest = bytes; rest.Length > 0;)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var used) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else if (rest.Length >= 3 && rest[0] == 0xed && rest[1] is >= 0xa0 and <= 0xbf && rest[2] is >= 0x80 and <= 0xbf)
            {
                text.Append((char)(0xd000 | ((rest[1] & 0x3f) << 6) | (rest[2] & 0x3f)));
                used = 3;
            }
            else
            {
                return null;
            }
            rest = rest[used..];
        }
        // Two halves of a pair written apart would come back as one character: only one of the two spellings is a name.
        var decoded = text.ToString();
        return bytes.SequenceEqual(Encode(decoded)) ? decoded : null;
    }
}
