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

    /// <summary>What honest people's tools put behind a name when they encipher a file.</summary>
    private static readonly HashSet<string> SealedExtensions = new(StringComparer.Ordinal) { ".gpg", ".pgp", ".asc", ".age", ".enc", ".aes", ".cpt", ".p7m", ".p7e", ".ccrypt", ".c9r" };

    /// <summary>What is wrong with it by its name, for people; empty where nothing is.</summary>
    public static string ProblemOf(ReadOnlySpan<byte> name, ContentFacts facts)
    {
        var dot = name.LastIndexOf((byte)'.');
        var extension = ExtensionOf(name);
        if (Kinds.TryGetValue(extension, out var kinds))
        {
            return kinds.Contains(facts.Kind) ? "" : $"it does not begin as a {extension} file does; it looks {Describe(facts)}";
        }
        if (Texts.Contains(extension))
        {
            return facts.Kind is ContentKind.Text or ContentKind.Empty or ContentKind.Plain or ContentKind.Rtf && facts.Spread < 128 ? "" : $"it should be text; it looks {Describe(facts)}";
        }
        // Of any other name nothing is expected, unless an encryptor made it: of its own making, or with one more extension behind that of a format.
        return facts.IsCiphered && (KnownNames.Carried.HasExtension(name) || (dot > 0 && Kinds.ContainsKey(ExtensionOf(name[..dot])) && !SealedExtensions.Contains(extension)))
            ? $"it bears one more extension, {extension}, and looks {Describe(facts)}" : "";
    }

    /// <summary>Whether an earlier version could tell that content is not what it was.</summary>
    public static bool MayTurn(ContentFacts facts) => facts.IsCiphered || facts.Spread > 0 || !facts.IsWhole;

    /// <summary>What is wrong with it beside an earlier version, for people; empty where nothing is.</summary>
    public static string ProblemOf(ContentFacts facts, ContentFacts earlier, bool isSameLength) => facts.IsScrambledFrom(earlier) ? $"it looked {Describe(earlier)} once; it looks {Describe(facts)} now"
        : facts.IsWrecked(earlier, isSameLength) ? facts.Kind == earlier.Kind ? $"it still begins {Describe(facts)}, and does not end so any more" : $"it looked {Describe(earlier)} once; it looks {Describe(facts)} now" : "";

    private static string ExtensionOf(ReadOnlySpan<byte> name)
    {
        var dot = name.LastIndexOf((byte)'.');
        return dot <= 0 ? "" : Encoding.UTF8.GetString(name[dot..]).ToLowerInvariant();
    }

    private static string Describe(ContentFacts facts) => facts.Kind switch
    {
        ContentKind.Empty => "empty",
        ContentKind.Constant => "like one byte over and over",
        ContentKind.Text => facts.Spread > 0 ? "like text that is enciphered in part" : "like text",
        ContentKind.Plain => "like nothing known",
        ContentKind.Random or ContentKind.Sealed or ContentKind.Coded => "like what a cipher makes",
        var kind => $"like {kind}",
    };
}
