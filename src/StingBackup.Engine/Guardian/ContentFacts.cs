using System.IO.Hashing;
using System.Runtime.InteropServices;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Guardian;

/// <summary>What the first bytes of a file say that it is. The numbers stand in the host's cache.</summary>
internal enum ContentKind : byte
{
    /// <summary>Nobody has looked.</summary>
    Unknown = 0,
    Empty = 1,
    /// <summary>One byte value, over and over.</summary>
    Constant = 2,
    Text = 3,
    /// <summary>Something without a known beginning, and not even either.</summary>
    Plain = 4,
    /// <summary>No known beginning, and every byte value as frequent as every other: what a cipher makes.</summary>
    Random = 5,
    /// <summary>A known container of enciphered content: age, OpenPGP, OpenSSL, an archive with a password.</summary>
    Sealed = 6,
    /// <summary>What a cipher makes, written as text.</summary>
    Coded = 7,
    /// <summary>From here on: formats that are known by their first bytes.</summary>
    Zip = 16,
    Gzip, Bzip2, Xz, Zstd, SevenZip, Rar,
    Pdf = 32,
    Ole, Rtf,
    Jpeg = 48,
    Png, Gif, WebP, Tiff, Bmp, Heif,
    Mp4 = 64,
    Riff, Ogg, Flac, Mp3, Matroska,
    Sqlite = 80,
    Elf, Windows, Tar, Parquet, Class,
}

/// <summary>What is remembered of a file's content, in the host's cache beside its chunks: enough to tell that it turned into something else, without reading it again.</summary>
/// <param name="Kind">What it is by its first bytes.</param>
/// <param name="Spread">The share of its samples in which all byte values are as frequent, of 255.</param>
/// <param name="Mark">Tells one content from another within a subject.</param>
/// <param name="Middle">The same of its middle alone: a change of a file's beginning leaves it.</param>
internal readonly record struct ContentFacts(ContentKind Kind, byte Spread, uint Mark, ushort Middle)
{
    /// <summary>From this rise of <see cref="Spread"/> on (a tenth of the samples) content that was open is taken for enciphered in part.</summary>
    private const int SpreadRise = 26;

    /// <summary>True where the end of the file is as its format says. False also where a format says nothing of it, or nobody looked: only that it was and is not counts.</summary>
    public bool IsWhole { get; init; }

    public bool IsKnown => Kind != ContentKind.Unknown;

    /// <summary>True for a format that is known by its first bytes.</summary>
    public bool IsRecognised => Kind >= ContentKind.Zip;

    /// <summary>True for what nobody can read without a key, as far as bytes tell.</summary>
    public bool IsCiphered => Kind is ContentKind.Random or ContentKind.Sealed or ContentKind.Coded;

    /// <summary>True for what holds many small things.</summary>
    public bool IsArchive => Kind is >= ContentKind.Zip and <= ContentKind.Rar or ContentKind.Tar;

    /// <summary>Formats whose content is compressed: written anew, it does not keep its length to the byte. Videos and mails may, whose parts change places.</summary>
    public static bool IsCompressed(ContentKind kind) => kind is (>= ContentKind.Zip and <= ContentKind.Rar) or ContentKind.Pdf or (>= ContentKind.Jpeg and <= ContentKind.WebP) or ContentKind.Heif;

    /// <summary>Formats whose content is not compressed: even bytes within it are a cipher's.</summary>
    private bool IsOpen => Kind is ContentKind.Text or ContentKind.Plain or ContentKind.Constant or ContentKind.Bmp or ContentKind.Tar or ContentKind.Rtf or ContentKind.Sqlite;

    /// <summary>Whether content that could be read has become, wholly or in part, what a cipher makes.</summary>
    public bool IsScrambledFrom(ContentFacts before) => before.Kind is not (ContentKind.Unknown or ContentKind.Empty) && !before.IsCiphered
        && (IsCiphered || (IsOpen && (before.Kind == Kind || Kind is ContentKind.Text or ContentKind.Plain) && before.IsOpen && before.Spread < SpreadRise / 2 && Spread - before.Spread >= SpreadRise));

    /// <summary>
    /// Whether a known format is gone and nothing known came in its place, at its beginning or at its end; content became one byte over and over, which is what a wiper leaves; or a text of the same length is none any more.
    /// </summary>
    public bool IsWrecked(ContentFacts before, bool isSameLength) => (before.IsRecognised && Kind is (ContentKind.Plain or ContentKind.Constant or ContentKind.Empty)) || (before.IsWhole && !IsWhole && Kind == before.Kind)
        || (before.Kind is ContentKind.Text or ContentKind.Plain && Kind == ContentKind.Constant) || (before.Kind == ContentKind.Text && Kind == ContentKind.Plain && isSameLength);

    /// <summary>Whether compressed content was written anew, and kept its length to the byte: compressors do that by chance alone, ciphers in place always.</summary>
    public bool IsRewrittenInPlace(ContentFacts before, bool isSameLength) => isSameLength && Kind == before.Kind && IsCompressed(Kind) && Middle != before.Middle;

    /// <summary>The mark of content that is read whole.</summary>
    public static uint MarkOf(ReadOnlySpan<byte> content) => (uint)XxHash64.HashToUInt64(content);

    /// <summary>The mark of the middle of content that is read whole.</summary>
    public static ushort MiddleOf(ReadOnlySpan<byte> content)
    {
        var half = content[(content.Length / 2)..];
        return (ushort)XxHash64.HashToUInt64(half[..Math.Min(ContentLook.SampleSize, half.Length)]);
    }

    /// <summary>The mark of the middle of content in chunks: that of the chunk which it lies in, or of the second one, since the first holds the beginning. Of one chunk alone it is not told.</summary>
    public static ushort MiddleOf(IReadOnlyList<Extent> extents)
    {
        var left = extents.Sum(e => e.Length) / 2;
        for (var i = 0; i < extents.Count; i++)
        {
            left -= extents[i].Length;
            if (left < 0 && i > 0)
            {
                return (ushort)(extents[i].Id.Prefix ^ (extents[i].Id.Prefix >> 32));
            }
        }
        return 0;
    }

    /// <summary>The mark of content in chunks.</summary>
    public static uint MarkOf(IReadOnlyList<Extent> extents)
    {
        var hash = new XxHash64();
        Span<ulong> part = stackalloc ulong[2];
        foreach (var extent in extents)
        {
            (part[0], part[1]) = (extent.Id.Prefix, (ulong)extent.Length);
            hash.Append(MemoryMarshal.AsBytes(part));
        }
        return (uint)hash.GetCurrentHashAsUInt64();
    }
}
