using System.Text;
using CsCheck;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Tests.Own;

public sealed class ContentTests
{
    [Fact]
    public void A_text_is_cut_between_letters_wherever_its_beginning_ends()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aü日😀", 4)));
        for (var length = 1; length <= bytes.Length; length++)
        {
            var text = ContentKinds.TextOf(bytes.AsSpan(0, length), length == bytes.Length);
            Assert.NotNull(text);
            Assert.DoesNotContain('\ufffd', text);
            Assert.True(length - Encoding.UTF8.GetByteCount(text) is >= 0 and < 4);
        }
    }

    [Fact]
    public void Texts_of_old_programs_are_read_and_what_is_none_is_not()
    {
        Assert.Equal("Grüße", ContentKinds.TextOf(Encoding.Latin1.GetBytes("Grüße"), true));
        Assert.Equal("Grüße", ContentKinds.TextOf([0xff, 0xfe, .. Encoding.Unicode.GetBytes("Grüße")], true));
        Assert.Equal("Grüße", ContentKinds.TextOf([0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes("Grüße")], true));
        Assert.Null(ContentKinds.TextOf([1, 0, 2, 3], true));
        Assert.Null(ContentKinds.TextOf([.. Enumerable.Range(128, 100).Select(b => (byte)b)], true));
        Assert.Equal("", ContentKinds.TextOf([], true));
    }

    [Theory]
    [InlineData("89504e470d0a1a0a00000000", "image/png")]
    [InlineData("ffd8ffe000104a464946", "image/jpeg")]
    [InlineData("474946383961010001", "image/gif")]
    [InlineData("524946460000000057454250", "image/webp")]
    [InlineData("524946460000000057415645", null)]
    [InlineData("3c737667", null)]
    [InlineData("89504e47", null)]
    [InlineData("", null)]
    public void A_picture_is_known_by_its_first_bytes(string head, string? type) => Assert.Equal(type, ContentKinds.ImageTypeOf(Convert.FromHexString(head)));

    /// <summary>Whatever two files are called, in a zip they stay two, below its folder.</summary>
    [Fact]
    public void Names_in_a_zip_stay_apart_and_inside()
    {
        var part = Gen.OneOf(Gen.OneOfConst("..", ".", "CON", "con.txt", "a:b", "a_b", "a\\b", "x ", "x.", "x", "\u202etxt", "a\nb", " "), Gen.String[Gen.Char['!', '\u00ff'], 1, 6].Where(s => !s.Contains('/', StringComparison.Ordinal)));
        var path = part.Array[1, 4].Select(parts => "home/" + string.Join('/', parts));
        Gen.Select(path, path).Sample((one, other) =>
        {
            var (first, second) = (ZipNames.Of(one, "home"), ZipNames.Of(other, "home"));
            Assert.Equal(one == other, first == second);
            Assert.All(first.Split('/'), p => Assert.False(p is "" or "." or ".." || p.Any(char.IsControl) || p.Contains('\\', StringComparison.Ordinal) || p.Contains(':', StringComparison.Ordinal)));
        }, iter: 5000);
    }

    [Theory]
    [InlineData("invoice\u202efdp.exe", "invoice_fdp.exe")]
    [InlineData("a\r\nSet-Cookie: x=y", "a__Set-Cookie: x=y")]
    [InlineData("..\\..\\up.txt", ".._.._up.txt")]
    [InlineData("a\"; filename=b.exe; x=\"", "a_; filename=b.exe; x=_")]
    [InlineData("\u2066\u2069\ufeff.txt", "___.txt")]
    [InlineData("👨‍👩‍👧 über 日本.txt", "👨‍👩‍👧 über 日本.txt")]
    public void The_name_of_a_download_is_what_it_looks_like(string name, string shown)
    {
        var disposition = FileDownload.DispositionOf(name);
        Assert.Equal(("attachment", shown), (disposition.DispositionType.Value, disposition.FileNameStar.Value));
        Assert.DoesNotContain(disposition.ToString(), c => c is < ' ' or > '~');
    }

    [Fact]
    public void Half_a_letter_in_a_name_is_none() => Assert.Equal("half _.txt", FileDownload.DispositionOf($"half {(char)0xd800}.txt").FileNameStar.Value);

    [Fact]
    public void A_selections_folder_is_what_all_of_it_has_in_common()
    {
        Assert.Equal("a/b", ZipNames.FolderOf(["a/b/c", "a/b/d/e"]));
        Assert.Equal("a", ZipNames.FolderOf(["a/bc", "a/b/d"]));
        Assert.Equal("", ZipNames.FolderOf(["x", "a/b"]));
        Assert.Equal("c.txt", ZipNames.Of("a/b/c.txt", "a/b"));
    }
}
