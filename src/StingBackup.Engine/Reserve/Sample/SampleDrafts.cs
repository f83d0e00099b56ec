namespace StingBackup.Engine.Reserve.Sample;

/// <summary>The content of a file, before anybody owns it.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Kind">What it looks like.</param>
/// <param name="ContentSeed">Seed of its bytes.</param>
/// <param name="Copy">Whether a second file has this content, and whose.</param>
internal sealed record SampleDraft(long Length, SampleFileKind Kind, ulong ContentSeed, SampleDuplicate Copy);

/// <summary>
/// Draws the contents of a data class. Lengths are drawn rank by rank, and kinds and duplicates are spread evenly over the ranks, so that every share
/// (by kind, compressed, duplicate) holds by bytes as well as by number: a few large files at random would make each seed another corpus.
/// </summary>
internal sealed class SampleDrafts
{
    /// <summary>PDF 60 %, text 15 %, images 20 %, csv, xlsx and json 5 %; compressed 30 %.</summary>
    public static readonly (SampleFileKind Kind, double Share)[] UserKinds =
    [
        (SampleFileKind.Pdf, 0.515), (SampleFileKind.ScannedPdf, 0.085), (SampleFileKind.Text, 0.15), (SampleFileKind.Jpeg, 0.15), (SampleFileKind.Png, 0.05),
        (SampleFileKind.Csv, 0.02), (SampleFileKind.Xlsx, 0.015), (SampleFileKind.Json, 0.015),
    ];

    /// <summary>Markdown 45 %, PDF 30 %, docx, html, csv and json 25 %; compressed 30 %.</summary>
    public static readonly (SampleFileKind Kind, double Share)[] JarKinds =
    [
        (SampleFileKind.Markdown, 0.45), (SampleFileKind.Pdf, 0.08), (SampleFileKind.ScannedPdf, 0.22), (SampleFileKind.Docx, 0.08), (SampleFileKind.Html, 0.07),
        (SampleFileKind.Csv, 0.05), (SampleFileKind.Json, 0.05),
    ];

    // Of 25 files, 20 are originals; of these every fourth has a copy, and of four copies one lies with another subject: 20 % = 15 + 5.
    private const double Duplicates = 0.20;
    private const int OriginalsPerCopy = 4, CopiesPerAcross = 4;
    private const double GoldenRatio = 0.6180339887498949;

    private readonly SampleDraft[] _drafts;

    public SampleDrafts(SampleRandom random, int files, double lengthFactor, Func<double, double> length, ReadOnlySpan<(SampleFileKind Kind, double Share)> kinds)
    {
        var originals = files - (int)Math.Round(files * Duplicates);
        _drafts = new SampleDraft[originals];
        var turn = random.NextDouble();
        for (var i = 0; i < originals; i++)
        {
            var bytes = length((i + random.NextDouble()) / originals) * lengthFactor;
            // Multiples of the golden ratio fall evenly between 0 and 1, in every stretch of ranks.
            var kind = Choose(kinds, (turn + i * GoldenRatio) % 1);
            var copy = i % OriginalsPerCopy != OriginalsPerCopy - 1 ? SampleDuplicate.None
                : i / OriginalsPerCopy % CopiesPerAcross == CopiesPerAcross - 1 ? SampleDuplicate.Across : SampleDuplicate.Within;
            _drafts[i] = new SampleDraft(Math.Max(SampleContent.MinLength, (long)bytes), kind, random.NextUInt64(), copy);
        }
        random.Shuffle(_drafts.AsSpan());
    }

    /// <summary>The originals, in random order.</summary>
    public IReadOnlyList<SampleDraft> Originals => _drafts;

    private static SampleFileKind Choose(ReadOnlySpan<(SampleFileKind Kind, double Share)> kinds, double at)
    {
        foreach (var (kind, share) in kinds)
        {
            if ((at -= share) < 0)
            {
                return kind;
            }
        }
        return kinds[^1].Kind;
    }
}
