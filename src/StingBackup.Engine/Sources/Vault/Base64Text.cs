using System.Buffers;
using System.Buffers.Text;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>Text that is the base64 of some bytes, and only of those, in the one spelling that encoders write: standard alphabet, padded, no line breaks, no stray bits.</summary>
internal static class Base64Text
{
    private const int Block = 48 << 10;   // a multiple of three: blocks encode one behind the other

    private static readonly SearchValues<byte> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    /// <summary>The bytes, when encoding them gives back exactly this text; else null.</summary>
    public static byte[]? TryDecode(ReadOnlySpan<byte> text)
    {
        if (text.Length == 0 || text.Length % 4 != 0 || text[..^2].IndexOfAnyExcept(Alphabet) >= 0)
        {
            return null;
        }
        var bytes = GC.AllocateUninitializedArray<byte>(Base64.GetMaxDecodedFromUtf8Length(text.Length));
        if (Base64.DecodeFromUtf8(text, bytes, out var used, out var length) != OperationStatus.Done || used != text.Length)
        {
            return null;
        }
        Array.Resize(ref bytes, length);
        return Encodes(bytes, text) ? bytes : null;
    }

    /// <summary>Encodes.</summary>
    public static void Encode(ReadOnlySpan<byte> bytes, IBufferWriter<byte> target)
    {
        for (; bytes.Length > 0; bytes = bytes[Math.Min(Block, bytes.Length)..])
        {
            var block = bytes[..Math.Min(Block, bytes.Length)];
            var span = target.GetSpan(Base64.GetMaxEncodedToUtf8Length(block.Length));
            Base64.EncodeToUtf8(block, span, out _, out var written);
            target.Advance(written);
        }
    }

    /// <summary>
    /// The first stretch of base64 at or behind <paramref name="from"/> that is at least <paramref name="least"/> long, as (start, length) with a length that is a multiple of
    /// four; length 0 when there is none. Looks at one place in <c>least / 2</c>, which no such stretch can slip through, so that a scan of anything else costs next to nothing.
    /// </summary>
    public static (int Start, int Length) Find(ReadOnlySpan<byte> bytes, int from, int least)
    {
        var step = least / 2;
        for (var at = from + step - 1; at < bytes.Length; at += step)
        {
            if (!Alphabet.Contains(bytes[at]))
            {
                continue;
            }
            var before = bytes[from..at].LastIndexOfAnyExcept(Alphabet);
            var start = before < 0 ? from : from + before + 1;
            var after = bytes[at..].IndexOfAnyExcept(Alphabet);
            var end = after < 0 ? bytes.Length : at + after;
            for (var pads = 0; pads < 2 && end < bytes.Length && bytes[end] == '=' && (end - start) % 4 != 0; pads++)
            {
                end++;
            }
            if (end - start >= least)
            {
                return (start, (end - start) / 4 * 4);
            }
            at = Math.Max(at, end - step);   // nothing to be found before the end of this one
        }
        return (bytes.Length, 0);
    }

    private static bool Encodes(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> text)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(Block));
        try
        {
            for (; bytes.Length > 0; bytes = bytes[Math.Min(Block, bytes.Length)..])
            {
                Base64.EncodeToUtf8(bytes[..Math.Min(Block, bytes.Length)], buffer, out _, out var written);
                if (written > text.Length || !text[..written].SequenceEqual(buffer.AsSpan(0, written)))
                {
                    return false;
                }
                text = text[written..];
            }
            return text.IsEmpty;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
