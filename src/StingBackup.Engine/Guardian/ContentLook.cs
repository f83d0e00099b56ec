using System.Runtime.InteropServices;

namespace StingBackup.Engine.Guardian;

/// <summary>
/// Looks at content while it passes on its way into the repository: the first bytes, and samples of 512. Costs about a microsecond a sample; no byte is read for it that the run does not read.
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

    /// <summary>Where the name of a tar's format stands.</summary>
    private const int TarMagic = 257;

    /// <summary>Of content that is there as a whole: its beginning and its middle.</summary>
    public static ContentFacts OfWhole(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
        {
            return new ContentFacts(ContentKind.Empty, 0, 0, 0);
        }
        var head = content[..Math.Min(SampleSize, content.Length)];
        var first = Sample(head);
        var kind = KindOf(head, first);
        var even = first.IsEven ? 1 : 0;
        var samples = 1;
        if (content.Length >= 4 * SampleSize)
        {
            samples = 2;
            even += Sample(content.Slice(content.Length / 2, SampleSize)).IsEven ? 1 : 0;
        }
        return new ContentFacts(kind, (byte)(255 * even / samples), ContentFacts.MarkOf(content), ContentFacts.MiddleOf(content));
    }

    /// <summary>What a file is that begins so.</summary>
    public static ContentKind KindOf(ReadOnlySpan<byte> head) => head.IsEmpty ? ContentKind.Empty : KindOf(head, Sample(head[..Math.Min(SampleSize, head.Length)]));

    /// <summary>Whether bytes from the middle of a file are spread evenly.</summary>
    public static bool IsEven(ReadOnlySpan<byte> bytes) => Sample(bytes[..Math.Min(SampleSize, bytes.Length)]).IsEven;

    private static ContentKind KindOf(ReadOnlySpan<byte> head, SampleFacts sample) => Magic.KindOf(head) is not ContentKind.Unknown and var known ? known
        : sample.IsConstant && head.Length > 1 ? ContentKind.Constant : sample.IsEven ? ContentKind.Random : sample.IsText ? ContentKind.Text : ContentKind.Plain;

    private static SampleFacts Sample(ReadOnlySpan<byte> bytes)
    {
        Span<ushort> counts = stackalloc ushort[256];
        counts.Clear();
        foreach (var value in bytes)
        {
            counts[value]++;
        }
        long squares = 0;
        foreach (var vector in MemoryMarshal.Cast<ushort, System.Numerics.Vector<ushort>>(counts))
        {
            // 512 at most in one place, so that a square needs 19 bits.
            System.Numerics.Vector.Widen(vector, out var low, out var high);
            squares += System.Numerics.Vector.Sum((low * low) + (high * high));
        }
        var controls = 0;
        for (var i = 0; i < 32; i++)
        {
            controls += i is 9 or 10 or 12 or 13 or 27 ? 0 : counts[i];
        }
        return new SampleFacts(
            IsEven: bytes.Length >= LeastSample && (256.0 * squares / bytes.Length) - bytes.Length < EvenChiSquare,
            IsConstant: squares == (long)bytes.Length * bytes.Length, IsText: controls == 0 && counts[127] == 0);
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
                (byte)'P' when head.StartsWith("PK\x03\x04"u8) => head.Length > 6 && (head[6] & 1) != 0 ? ContentKind.Sealed : ContentKind.Zip,
                (byte)'P' when head.StartsWith("PK\x05\x06"u8) => ContentKind.Zip,
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
                (byte)'a' when head.StartsWith("age-encryption.org/"u8) => ContentKind.Sealed,
                0x7F when head[1..].StartsWith("ELF"u8) => ContentKind.Elf,
                0xCA when head[1] == 0xFE && head[2] == 0xBA && head[3] == 0xBE => ContentKind.Class,
                (byte)'-' when head.StartsWith("-----BEGIN PGP MESSAGE"u8) => ContentKind.Sealed,
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
