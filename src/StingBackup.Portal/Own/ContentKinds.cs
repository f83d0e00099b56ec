using System.Text;

namespace StingBackup.Portal.Own;

/// <summary>What a browser may show of somebody's file: decided by its first bytes, never by its name.</summary>
internal static class ContentKinds
{
    /// <summary>Bytes that decide about pictures.</summary>
    public const int HeadLength = 16;

    /// <summary>The media type of a picture that every browser shows; null for anything else. SVG is none: it is a program.</summary>
    public static string? ImageTypeOf(ReadOnlySpan<byte> head) => head switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "image/gif",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        _ => null,
    };

    /// <summary>The bytes as text; null where they are none.</summary>
    /// <param name="bytes">The beginning of a file.</param>
    /// <param name="isWhole">Whether that is all of it: otherwise the last letter may be cut.</param>
    public static string? TextOf(ReadOnlySpan<byte> bytes, bool isWhole)
    {
        if (bytes is [0xff, 0xfe, ..])
        {
            return Encoding.Unicode.GetString(bytes[2..]);
        }
        if (bytes is [0xfe, 0xff, ..])
        {
            return Encoding.BigEndianUnicode.GetString(bytes[2..]);
        }
        if (bytes.Contains((byte)0))
        {
            return null;
        }
        bytes = bytes is [0xef, 0xbb, 0xbf, ..] ? bytes[3..] : bytes;
        try
        {
            return new UTF8Encoding(false, true).GetString(isWhole ? bytes : WithoutCutLetter(bytes));
        }
        catch (DecoderFallbackException)
        {
            // Older files: each byte a letter. Control codes that no text has tell that it is something else.
            var odd = 0;
            foreach (var b in bytes)
            {
                odd += b is < 0x20 and not ((byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f' or 0x1b) or (>= 0x7f and < 0xa0) ? 1 : 0;
            }
            return odd * 50 > bytes.Length ? null : Encoding.Latin1.GetString(bytes);
        }
    }

    private static ReadOnlySpan<byte> WithoutCutLetter(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var b = bytes[^back];
            if ((b & 0xc0) == 0xc0)
            {
                var needed = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
                return needed > back ? bytes[..^back] : bytes;
            }
            if ((b & 0x80) == 0)
            {
                break;
            }
        }
        return bytes;
    }
}
