using StingBackup.Engine.Basics;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tests.Guardian.Simulation;

namespace StingBackup.Engine.Tests.Guardian;

/// <summary>What content is, told from its first bytes and a few samples.</summary>
public sealed class ContentLookTests
{
    private readonly Random _random = new(5);

    [Theory]
    [InlineData(Format.Text, ContentKind.Text)]
    [InlineData(Format.Code, ContentKind.Text)]
    [InlineData(Format.Csv, ContentKind.Text)]
    [InlineData(Format.Docx, ContentKind.Zip)]
    [InlineData(Format.Pdf, ContentKind.Pdf)]
    [InlineData(Format.Jpeg, ContentKind.Jpeg)]
    [InlineData(Format.Png, ContentKind.Png)]
    [InlineData(Format.Mp4, ContentKind.Mp4)]
    [InlineData(Format.Sqlite, ContentKind.Sqlite)]
    [InlineData(Format.Wav, ContentKind.Riff)]
    [InlineData(Format.Gpg, ContentKind.Sealed)]
    [InlineData(Format.Opaque, ContentKind.Random)]
    internal void Formats_are_known_by_their_beginning(Format format, ContentKind kind)
    {
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(kind, ContentLook.OfWhole(SimulatedContent.Make(format, _random.Next(200, 9000), _random)).Kind);
        }
    }

    [Fact]
    public void Nothing_is_nothing_and_one_byte_over_and_over_is_that()
    {
        Assert.Equal(ContentKind.Empty, ContentLook.OfWhole([]).Kind);
        Assert.Equal(ContentKind.Constant, ContentLook.OfWhole(new byte[5000]).Kind);
        Assert.Equal(ContentKind.Plain, ContentLook.OfWhole([1, 2, 3]).Kind);
    }

    [Fact]
    public void Only_what_could_be_read_and_no_longer_can_is_scrambled()
    {
        ContentFacts Of(Format format) => ContentLook.OfWhole(SimulatedContent.Make(format, 6000, _random));
        Assert.All((Format[])[Format.Text, Format.Docx, Format.Jpeg, Format.Sqlite, Format.Pdf], before =>
        {
            Assert.True(Of(Format.Opaque).IsScrambledFrom(Of(before)));
            Assert.True(Of(Format.Gpg).IsScrambledFrom(Of(before)));
            Assert.False(Of(before).IsScrambledFrom(Of(before)));
        });
        Assert.False(Of(Format.Opaque).IsScrambledFrom(Of(Format.Opaque)));
        Assert.False(Of(Format.Zip).IsScrambledFrom(Of(Format.Text)));
        Assert.False(Of(Format.Jpeg).IsScrambledFrom(Of(Format.Png)));
        Assert.False(Of(Format.Opaque).IsScrambledFrom(default));
        Assert.True(ContentLook.OfWhole(new byte[6000]).IsWrecked(Of(Format.Docx), isSameLength: true));
        Assert.False(Of(Format.Text).IsWrecked(Of(Format.Text), isSameLength: false));
    }

    [Fact]
    public void Text_of_which_every_other_block_is_a_cipher_s_is_scrambled()
    {
        var text = SimulatedContent.Make(Format.Text, 20_000, _random);
        var before = ContentLook.OfWhole(text);
        for (var at = 2048; at < text.Length; at += 4096)
        {
            _random.NextBytes(text.AsSpan(at, Math.Min(2048, text.Length - at)));
        }
        _random.NextBytes(text.AsSpan(10_000, 600));
        Assert.True(ContentLook.OfWhole(text).IsScrambledFrom(before));
    }

    [Fact]
    public void Archives_with_a_password_are_sealed()
    {
        var zip = SimulatedContent.Make(Format.Zip, 3000, _random);
        zip[6] = 1;
        Assert.Equal(ContentKind.Sealed, ContentLook.OfWhole(zip).Kind);
    }

    [Fact]
    public void A_long_file_is_told_by_its_beginning_and_a_sample_of_each_chunk()
    {
        LongLook Look(Func<int, byte[]> chunkOf)
        {
            var look = new LongLook();
            look.Begin(chunkOf(0));
            for (var i = 0; i < 10; i++)
            {
                look.Chunk(chunkOf(i));
            }
            return look;
        }
        List<Extent> extents = [new(new Id32(Enumerable.Repeat((byte)7, 32).ToArray()), 0, 5000)];
        var text = Look(_ => SimulatedContent.Make(Format.Text, 5000, _random)).Facts(extents);
        var half = Look(i => SimulatedContent.Make(i % 2 == 0 ? Format.Text : Format.Opaque, 5000, _random)).Facts(extents);
        Assert.Equal((ContentKind.Text, 0), (text.Kind, text.Spread));
        Assert.InRange(half.Spread, 120, 135);
        Assert.True(half.IsScrambledFrom(text));
        Assert.Equal(text.Mark, half.Mark);
    }

    [Fact]
    public void Names_of_encryptors_and_their_notes_are_known_and_those_of_people_are_not()
    {
        var names = KnownNames.Carried;
        Assert.True(names.Count > 100);
        Assert.All(["report.docx.lockbit", "a.WNCRY", "x.akira"], n => Assert.True(names.HasExtension(System.Text.Encoding.UTF8.GetBytes(n)), n));
        Assert.All(["report.docx", "backup.gpg", "key.enc", "a", ".locked", "README.md"], n => Assert.False(names.HasExtension(System.Text.Encoding.UTF8.GetBytes(n)), n));
        Assert.All(["HOW_TO_DECRYPT.txt", "_readme.txt", "RECOVER-x7-FILES.txt", "How To Restore Your Files.txt".Replace(' ', '_')], n => Assert.True(names.IsNote(System.Text.Encoding.UTF8.GetBytes(n)), n));
        Assert.All(["readme.txt", "README.md", "how-to.txt", "recovery.txt", "notes.txt", "decrypt.py"], n => Assert.False(names.IsNote(System.Text.Encoding.UTF8.GetBytes(n)), n));
    }
}
