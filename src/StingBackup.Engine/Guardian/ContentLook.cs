namespace StingBackup.Engine.Guardian;

/// <summary>
/// Looks at content while it passes on its way into the repository: the first bytes, the last, and samples of 512. Costs less than a microsecond a sample; no byte is read for it that the run does not read.
/// </summary>
internal static class ContentLook
{
    public const int SampleSize = 512;

    /// <summary>Shorter samples say nothing about how even their bytes are.</summary>
    private const int LeastSample = 128;

    /// <summary>
    /// Chi-square against an even spread over 256 values: 255 ± 23 for a cipher's bytes (6 of 10 million above 400), from 1,500 on for base64, 2,000 and more for text and programs. Compressed content lies as low as a
    /// cipher's, which is why its first bytes count.
    /// </summary>
    private const double EvenChiSquare = 400;

    /// <summary>
    /// The same over the 64 characters of base64: 63 ± 11 for a cipher's bytes.
    /// </summary>
    private const double EvenCodedChiSquare = 130;

    /// <summary>Where the name of a tar's format stands.</summary>
    private const int TarMagic = 257;

    private static readonly System.Buffers.SearchValues<byte> Coded = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n"u8);

    /// <summary>Of content that is there as a whole: its beginning, its middle and its end.</summary>
    public static ContentFacts OfWhole(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
        {
            return new ContentFacts(ContentKind.Empty, 0, 0, 0);
        }
        var (kind, isWhole) = KindOf(content, content[^Math.Min(FormatEnds.TailSize, content.Length)..], content.Length);
        return new ContentFacts(kind, ContentFacts.IsCompressed(kind) ? (byte)0 : SpreadOf(content, kind), ContentFacts.MarkOf(content), ContentFacts.MiddleOf(content)) { IsWhole = isWhole };
    }

    /// <summary>What a file is that begins so, as far as its beginning tells.</summary>
    public static ContentKind KindOf(ReadOnlySpan<byte> head) => KindOf(head, default, 0).Kind;

    /// <summary>What a file is that begins and ends so, and whether its format is there to its end.</summary>
    public static (ContentKind Kind, bool IsWhole) KindOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail, long length)
    {
        if (head.IsEmpty)
        {
            return (ContentKind.Empty, false);
        }
        var known = Magic.KindOf(head);
        return known == ContentKind.Unknown ? (SampledKind(head[..Math.Min(SampleSize, head.Length)]), false)
            : FormatEnds.IsSealed(known, head, tail, length) ? (ContentKind.Sealed, false) : (known, FormatEnds.IsThere(known, head, tail, length));
    }

    /// <summary>Whether bytes from the middle of a file are spread evenly.</summary>
    public static bool IsEven(ReadOnlySpan<byte> bytes) => Sample(bytes[..Math.Min(SampleSize, bytes.Length)]).IsEven;

    private static byte SpreadOf(ReadOnlySpan<byte> content, ContentKind kind)
    {
        // What a cipher makes is so throughout, and nobody asks how much of it.
        if (kind is ContentKind.Random or ContentKind.Sealed or ContentKind.Coded)
        {
            return 255;
        }
        // Where no format is known, the beginning was sampled already: it is not even, or the content would be random.
        int even = kind >= ContentKind.Zip && IsEven(content) ? 1 : 0, samples = 1;
        if (content.Length >= 4 * SampleSize)
        {
            samples = 3;
            even += (IsEven(content.Slice(content.Length / 2, SampleSize)) ? 1 : 0) + (IsEven(content[^SampleSize..]) ? 1 : 0);
        }
        return (byte)(255 * even / samples);
    }

    private static ContentKind SampledKind(ReadOnlySpan<byte> head)
    {
        var sample = Sample(head);
        return sample.IsConstant && head.Length > 1 ? ContentKind.Constant : sample.IsEven ? ContentKind.Random : !sample.IsText ? ContentKind.Plain : IsCoded(head) ? ContentKind.Coded : ContentKind.Text;
    }

    private static SampleFacts Sample(ReadOnlySpan<byte> bytes)
    {
        // No vectors of the processor's own length here: code with them is not compiled ahead, and compiling it costs a short run more than it saves.
        Span<ushort> counts = stackalloc ushort[256];
        counts.Clear();
        foreach (var value in bytes)
        {
            counts[value]++;
        }
        var squares = Squares(counts);
        var controls = 0;
        for (var i = 0; i < 32; i++)
        {
            controls += i is 9 or 10 or 12 or 13 or 27 ? 0 : counts[i];
        }
        return new SampleFacts(
            IsEven: bytes.Length >= LeastSample && (256.0 * squares / bytes.Length) - bytes.Length < EvenChiSquare,
            IsConstant: squares == (long)bytes.Length * bytes.Length, IsText: controls == 0 && counts[127] == 0);
    }

    private static long Squares(ReadOnlySpan<ushort> counts)
    {
        long squares = 0;
        foreach (var count in counts)
        {
            squares += (long)count * count;
        }
        return squares;
    }

    /// <summary>Whether a text is nothing but a cipher's bytes in base64: only its characters, each as frequent as every other, and no known format behind them.</summary>
    private static bool IsCoded(ReadOnlySpan<byte> head)
    {
        if (head.Length < SampleSize || head.ContainsAnyExcept(Coded))
        {
            return false;
        }
        Span<ushort> counts = stackalloc ushort[256];
        counts.Clear();
        foreach (var value in head)
        {
            counts[value]++;
        }
        (counts['\r'], counts['\n'], counts['=']) = (0, 0, 0);
        var length = 0;
        foreach (var count in counts)
        {
            length += count;
        }
        if ((64.0 * Squares(counts) / length) - length >= EvenCodedChiSquare)
        {
            return false;
        }
        Span<byte> begin = stackalloc byte[24], decoded = stackalloc byte[18];
        head[..24].CopyTo(begin);
        begin.Replace((byte)'-', (byte)'+');
        begin.Replace((byte)'_', (byte)'/');
        return System.Buffers.Text.Base64.DecodeFromUtf8(begin, decoded, out _, out _) != System.Buffers.OperationStatus.Done || Magic.KindOf(decoded) is ContentKind.Unknown or ContentKind.Sealed;
    }

    private readonly record struct SampleFacts(bool IsEven, bool IsConstant, bool IsText);

    /// <summary>First bytes of formats.</summary>
    private static class Magic
    {
        public static ContentKind KindOf(ReadOnlySpan<byte> head)
        {
            if (head.Length < 4)
            {
                return ContentKind.Unknown;
            }
            return head[0] switch
            {
                (byte)'P' when head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8) => ContentKind.Zip,
                (byte)'P' when head.StartsWith("PAR1"u8) => ContentKind.Parquet,
                0x1F when head[1] == 0x8B => ContentKind.Gzip,
                (byte)'B' when head.StartsWith("BZh"u8) => ContentKind.Bzip2,
                (byte)'B' when head.StartsWith("BM"u8) && head.Length > 14 && head[6] == 0 && head[7] == 0 && head[8] == 0 && head[9] == 0 => ContentKind.Bmp,
                0xFD when head[1..].StartsWith("7zXZ"u8) => ContentKind.Xz,
                0x28 when head[1] == 0xB5 && head[2] == 0x2F && head[3] == 0xFD => ContentKind.Zstd,
                (byte)'7' when head[1] == (byte)'z' && head[2] == 0xBC && head[3] == 0xAF => ContentKind.SevenZip,
                (byte)'R' when head.StartsWith("Rar!"u8) => ContentKind.Rar,
                (byte)'R' when head.StartsWith("RIFF"u8) => head.Length > 12 && head[8..].StartsWith("WEBP"u8) ? ContentKind.WebP : ContentKind.Riff,
                (byte)'%' when head.StartsWith("%PDF"u8) => ContentKind.Pdf,
                0xD0 when head[1] == 0xCF && head[2] == 0x11 && head[3] == 0xE0 => ContentKind.Ole,
                (byte)'{' when head.StartsWith("{\\rtf"u8) => ContentKind.Rtf,
                0xFF when head[1] == 0xD8 && head[2] == 0xFF => ContentKind.Jpeg,
                0xFF when (head[1] & 0xE6) == 0xE2 && (head[2] & 0xF0) is > 0 and < 0xF0 => ContentKind.Mp3,
                (byte)'I' when head.StartsWith("ID3"u8) => ContentKind.Mp3,
                0x89 when head[1..].StartsWith("PNG"u8) => ContentKind.Png,
                (byte)'G' when head.StartsWith("GIF8"u8) => ContentKind.Gif,
                (byte)'I' when head.StartsWith("II*\0"u8) => ContentKind.Tiff,
                (byte)'M' when head.StartsWith("MM\0*"u8) => ContentKind.Tiff,
                (byte)'M' when head.StartsWith("MZ"u8) && head.Length > 64 && head[3] == 0 => ContentKind.Windows,
                (byte)'O' when head.StartsWith("OggS"u8) => ContentKind.Ogg,
                (byte)'f' when head.StartsWith("fLaC"u8) => ContentKind.Flac,
                0x1A when head[1] == 0x45 && head[2] == 0xDF && head[3] == 0xA3 => ContentKind.Matroska,
                (byte)'S' when head.StartsWith("SQLite format 3"u8) => ContentKind.Sqlite,
                (byte)'S' when head.StartsWith("Salted__"u8) => ContentKind.Sealed,
                (byte)'U' when head.StartsWith("U2FsdGVkX1"u8) => ContentKind.Sealed,   // the same in base64
                (byte)'L' when head.StartsWith("LUKS"u8) && head.Length > 5 && head[4] == 0xBA && head[5] == 0xBE => ContentKind.Sealed,
                (byte)'A' when head.StartsWith("AES"u8) && head[3] is 1 or 2 => ContentKind.Sealed,   // AES Crypt
                (byte)'$' when head.StartsWith("$ANSIBLE_VAULT;"u8) => ContentKind.Sealed,
                (byte)'a' when head.StartsWith("age-encryption.org/"u8) => ContentKind.Sealed,
                0x7F when head[1..].StartsWith("ELF"u8) => ContentKind.Elf,
                0xCA when head[1] == 0xFE && head[2] == 0xBA && head[3] == 0xBE => ContentKind.Class,
                (byte)'-' when head.StartsWith("-----BEGIN PGP MESSAGE"u8) || head.StartsWith("-----BEGIN AGE ENCRYPTED FILE"u8) => ContentKind.Sealed,
                // Packets of OpenPGP: a session key for somebody, or for a passphrase, before enciphered data.
                0x85 when head[1] is 1 or 2 && head[3] == 3 => ContentKind.Sealed,
                0x8C when head[1] is > 8 and < 32 && head[2] is 4 or 5 => ContentKind.Sealed,
                _ when head.Length >= 12 && head[4..].StartsWith("ftyp"u8) => head[8..].StartsWith("hei"u8) || head[8..].StartsWith("mif1"u8) || head[8..].StartsWith("avif"u8) ? ContentKind.Heif : ContentKind.Mp4,
                _ when head.Length >= TarMagic + 5 && head[TarMagic..].StartsWith("ustar"u8) => ContentKind.Tar,
                _ => ContentKind.Unknown,
            };
        }
    }
}
