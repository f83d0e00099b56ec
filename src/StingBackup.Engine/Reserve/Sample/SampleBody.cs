using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>What stands between a file's header and footer.</summary>
internal static class SampleBody
{
    private static readonly ProseLine[] Paragraphs = [new("", "\n\n", 40, 160), new("", "\n", 20, 60)];
    private static readonly ProseLine[] PdfText = [new("(", ") Tj T*\n", 9, 14)];
    private static readonly ProseLine[] Markdown =
        [new("## ", "\n\n", 2, 6), new("", "\n\n", 30, 120), new("", "\n\n", 30, 120), new("- ", "\n", 4, 18), new("- ", "\n", 4, 18), new("> ", "\n\n", 10, 30), new("    ", "\n", 3, 9)];
    private static readonly ProseLine[] Html =
        [new("<h2>", "</h2>\n", 2, 6), new("<p>", "</p>\n", 30, 120), new("<p class=\"note\">", "</p>\n", 20, 60), new("<ul><li>", "</li></ul>\n", 4, 18), new("<td>", "</td>", 1, 4)];

    /// <summary>Fills the whole buffer; a record that does not fit is cut at its end.</summary>
    public static void Fill(Span<byte> buffer, SampleFileKind kind, SampleRandom random)
    {
        switch (kind)
        {
            case SampleFileKind.Pdf:
                Prose.English.Fill(buffer, random, PdfText);
                break;
            case SampleFileKind.Text:
                Prose.English.Fill(buffer, random, Paragraphs);
                break;
            case SampleFileKind.Markdown:
                Prose.English.Fill(buffer, random, Markdown);
                break;
            case SampleFileKind.Html:
                Prose.English.Fill(buffer, random, Html);
                break;
            case SampleFileKind.Csv or SampleFileKind.Json or SampleFileKind.Log or SampleFileKind.Settings or SampleFileKind.Environment:
                FillRecords(buffer, kind, random);
                break;
            case SampleFileKind.Vectors:
                FillVectors(buffer, random);
                break;
            default:
                random.Fill(buffer);
                if (kind == SampleFileKind.Jpeg)
                {
                    // 0xFF would begin a marker in the middle of a picture's data.
                    buffer.Replace((byte)0xFF, (byte)0xFE);
                }
                break;
        }
    }

    private static void FillRecords(Span<byte> buffer, SampleFileKind kind, SampleRandom random)
    {
        Span<byte> record = stackalloc byte[512];
        while (buffer.Length > 0)
        {
            var length = Math.Min(WriteRecord(record, kind, random), buffer.Length);
            record[..length].CopyTo(buffer);
            buffer = buffer[length..];
        }
    }

    private static void FillVectors(Span<byte> buffer, SampleRandom random)
    {
        random.Fill(buffer);
        foreach (ref var number in MemoryMarshal.Cast<byte, uint>(buffer))
        {
            // Sign and 23 bits stay random, the exponent says 2^-3 to 2^-1: what a unit vector's components look like.
            number = number & 0x807FFFFF | (124 + (number >> 24) % 3) << 23;
        }
    }

    private static int WriteRecord(Span<byte> target, SampleFileKind kind, SampleRandom random)
    {
        var time = SampleClock.Epoch.AddSeconds(-random.Next(200 * 86400));
        var id = random.Next(1_000_000);
        var amount = random.Next(10_000_000) / 100.0;
        string a = Prose.NextWord(random), b = Prose.NextWord(random), who = random.Pick(SampleWords.FamilyNames);
        var culture = CultureInfo.InvariantCulture;
        int written;
        _ = kind switch
        {
            SampleFileKind.Csv => Utf8.TryWrite(target, culture, $"{id},{time:yyyy-MM-dd},{who},{a} {b},{amount:F2},{id % 7},{(id & 1) == 0}\n", out written),
            SampleFileKind.Json => Utf8.TryWrite(target, culture, $"  {{ \"id\": {id}, \"time\": \"{time:O}\", \"owner\": \"{who}\", \"title\": \"{a} {b}\", \"score\": {amount:F2} }},\n", out written),
            SampleFileKind.Settings => Utf8.TryWrite(target, culture, $"{a}_{b}:\n  enabled: {(id & 1) == 0}\n  limit: {id}\n  owner: {who}\n", out written),
            SampleFileKind.Environment => Utf8.TryWrite(target, culture, $"{a.ToUpperInvariant()}_{b.ToUpperInvariant()}={random.NextUInt64():x16}\n", out written),
            _ => Utf8.TryWrite(target, culture, $"{time:O} {(id % 50 == 0 ? "WARNING" : "INFO")} user={who} action={a}.{b} object={random.NextUInt64():x16} ms={id % 3000}\n", out written),
        };
        return written;
    }
}
