using System.Text;

namespace StingBackup.Engine.Guardian;

/// <summary>Whether a file's content is what its name says: the test of a search for damage where nobody gives another.</summary>
internal static class ContentExpectation
{
    private static readonly Dictionary<string, ContentKind[]> Kinds = new(StringComparer.Ordinal)
    {
        [".pdf"] = [ContentKind.Pdf, ContentKind.Sealed], [".rtf"] = [ContentKind.Rtf], [".doc"] = [ContentKind.Ole, ContentKind.Rtf], [".xls"] = [ContentKind.Ole], [".ppt"] = [ContentKind.Ole], [".msg"] = [ContentKind.Ole],
        [".docx"] = [ContentKind.Zip, ContentKind.Ole], [".xlsx"] = [ContentKind.Zip, ContentKind.Ole], [".pptx"] = [ContentKind.Zip, ContentKind.Ole], [".odt"] = [ContentKind.Zip], [".ods"] = [ContentKind.Zip],
        [".zip"] = [ContentKind.Zip, ContentKind.Sealed], [".jar"] = [ContentKind.Zip], [".epub"] = [ContentKind.Zip], [".gz"] = [ContentKind.Gzip], [".tgz"] = [ContentKind.Gzip], [".bz2"] = [ContentKind.Bzip2],
        [".xz"] = [ContentKind.Xz], [".zst"] = [ContentKind.Zstd], [".7z"] = [ContentKind.SevenZip, ContentKind.Sealed], [".rar"] = [ContentKind.Rar, ContentKind.Sealed], [".tar"] = [ContentKind.Tar],
        [".jpg"] = [ContentKind.Jpeg], [".jpeg"] = [ContentKind.Jpeg], [".png"] = [ContentKind.Png], [".gif"] = [ContentKind.Gif], [".webp"] = [ContentKind.WebP], [".tif"] = [ContentKind.Tiff], [".tiff"] = [ContentKind.Tiff],
        [".bmp"] = [ContentKind.Bmp], [".heic"] = [ContentKind.Heif], [".mp4"] = [ContentKind.Mp4], [".mov"] = [ContentKind.Mp4], [".m4a"] = [ContentKind.Mp4], [".avi"] = [ContentKind.Riff], [".wav"] = [ContentKind.Riff],
        [".ogg"] = [ContentKind.Ogg], [".flac"] = [ContentKind.Flac], [".mp3"] = [ContentKind.Mp3], [".mkv"] = [ContentKind.Matroska], [".webm"] = [ContentKind.Matroska], [".sqlite"] = [ContentKind.Sqlite],
        [".db"] = [ContentKind.Sqlite, ContentKind.Plain, ContentKind.Text], [".parquet"] = [ContentKind.Parquet], [".exe"] = [ContentKind.Windows], [".dll"] = [ContentKind.Windows],
        [".gpg"] = [ContentKind.Sealed, ContentKind.Random], [".age"] = [ContentKind.Sealed], [".enc"] = [ContentKind.Sealed, ContentKind.Random], [".aes"] = [ContentKind.Sealed, ContentKind.Random],
        [".kdbx"] = [ContentKind.Plain, ContentKind.Random],
    };

    private static readonly HashSet<string> Texts = new(StringComparer.Ordinal)
    {
        ".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".htm", ".css", ".js", ".ts", ".cs", ".py", ".sh", ".ps1", ".sql", ".yaml", ".yml", ".toml", ".ini", ".log", ".eml", ".svg",
    };

    /// <summary>What is wrong with it, for people; empty where nothing is.</summary>
    public static string ProblemOf(ReadOnlySpan<byte> name, ContentFacts facts)
    {
        var dot = name.LastIndexOf((byte)'.');
        var extension = dot <= 0 ? "" : Encoding.UTF8.GetString(name[dot..]).ToLowerInvariant();
        if (Kinds.TryGetValue(extension, out var kinds))
        {
            return kinds.Contains(facts.Kind) ? "" : $"it does not begin as a {extension} file does; it looks {Describe(facts)}";
        }
        if (Texts.Contains(extension))
        {
            return facts.Kind is ContentKind.Text or ContentKind.Empty or ContentKind.Plain or ContentKind.Rtf && facts.Spread < 128 ? "" : $"it should be text; it looks {Describe(facts)}";
        }
        return facts.IsCiphered || facts.Kind == ContentKind.Constant ? $"it looks {Describe(facts)}" : "";
    }

    private static string Describe(ContentFacts facts) => facts.Kind switch
    {
        ContentKind.Empty => "empty",
        ContentKind.Constant => "like one byte over and over",
        ContentKind.Text => facts.Spread > 0 ? "like text that is enciphered in part" : "like text",
        ContentKind.Plain => "like nothing known",
        ContentKind.Random or ContentKind.Sealed => "like what a cipher makes",
        var kind => $"like {kind}",
    };
}
