using System.IO.Compression;
using System.Text;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class SampleContentTests
{
    public static TheoryData<string> Kinds => [.. Enum.GetNames<SampleFileKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_is_as_long_as_asked_and_the_same_twice(string kind)
    {
        foreach (var length in (int[])[SampleContent.MinLength, 5000, 256 * 1024, 600_001])
        {
            var bytes = Make(Enum.Parse<SampleFileKind>(kind), length, seed: 3);
            Assert.Equal(length, bytes.Length);
            Assert.Equal(bytes, Make(Enum.Parse<SampleFileKind>(kind), length, seed: 3));
            Assert.NotEqual(bytes, Make(Enum.Parse<SampleFileKind>(kind), length, seed: 4));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_compresses_as_it_says(string kind)
    {
        var parsed = Enum.Parse<SampleFileKind>(kind);
        var ratio = CompressionRatio(Make(parsed, 2_000_000, seed: 5));
        if (parsed.IsCompressed())
        {
            Assert.InRange(ratio, 0.99, 1.01);
        }
        else if (parsed != SampleFileKind.Vectors)
        {
            Assert.InRange(ratio, 2.1, 6);
        }
    }

    [Theory]
    [InlineData("Text")]
    [InlineData("Markdown")]
    [InlineData("Html")]
    public void Running_text_compresses_three_to_one(string kind) =>
        Assert.InRange(CompressionRatio(Make(Enum.Parse<SampleFileKind>(kind), 4_000_000, seed: 6)), 2.7, 3.3);

    [Fact]
    public void Two_texts_share_no_long_stretch()
    {
        var bytes = Make(SampleFileKind.Text, 2_000_000, seed: 1);
        var stretches = new HashSet<string>();
        for (var i = 0; i + 64 <= bytes.Length; i += 64)
        {
            Assert.True(stretches.Add(Encoding.ASCII.GetString(bytes, i, 64)));
        }
    }

    [Theory]
    [InlineData("Docx")]
    [InlineData("Xlsx")]
    public void Office_files_are_archives_that_open(string kind)
    {
        using var archive = new ZipArchive(new MemoryStream(Make(Enum.Parse<SampleFileKind>(kind), 100_000, seed: 2)));
        var entry = Assert.Single(archive.Entries);
        // Reading to the end checks the CRC.
        using var content = entry.Open();
        using var copy = new MemoryStream();
        content.CopyTo(copy);
        Assert.Equal(entry.Length, copy.Length);
        Assert.True(copy.Length > 99_000);
    }

    [Fact]
    public void Pictures_and_PDFs_begin_and_end_as_such()
    {
        var jpeg = Make(SampleFileKind.Jpeg, 50_000, seed: 1);
        Assert.Equal([0xFF, 0xD8, 0xFF, 0xE0], jpeg[..4]);
        Assert.Equal([0xFF, 0xD9], jpeg[^2..]);
        var png = Make(SampleFileKind.Png, 50_000, seed: 1);
        Assert.Equal("\u0089PNG\r\n\u001a\n", Encoding.Latin1.GetString(png[..8]));
        Assert.Equal("IEND", Encoding.ASCII.GetString(png[^8..^4]));
        var pdf = Encoding.Latin1.GetString(Make(SampleFileKind.Pdf, 50_000, seed: 1));
        Assert.StartsWith("%PDF-1.7\n", pdf, StringComparison.Ordinal);
        Assert.EndsWith("%%EOF\n", pdf, StringComparison.Ordinal);
        var stream = pdf.IndexOf("\nendstream", StringComparison.Ordinal) - pdf.IndexOf("stream\n", StringComparison.Ordinal) - "stream\n".Length;
        Assert.Contains($"/Length {stream,10}", pdf, StringComparison.Ordinal);
    }

    private static byte[] Make(SampleFileKind kind, long length, ulong seed)
    {
        using var target = new MemoryStream();
        SampleContent.Write(target, kind, length, seed);
        return target.ToArray();
    }

    private static double CompressionRatio(byte[] bytes)
    {
        using var options = new ZstdNet.CompressionOptions(3);
        using var compressor = new ZstdNet.Compressor(options);
        return (double)bytes.Length / compressor.Wrap(bytes).Length;
    }
}
