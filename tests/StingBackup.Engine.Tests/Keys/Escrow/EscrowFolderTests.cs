using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys.Escrow;

/// <summary>Pages as people get them, lose them and type them.</summary>
public sealed class EscrowFolderTests : IAsyncLifetime, IDisposable
{
    private readonly KeyFixture _fixture = new();
    private readonly TempFolder _folder = new();
    private SealedEscrow _escrow = null!;
    private string[] _pages = null!;

    public async Task InitializeAsync()
    {
        using var keys = await _fixture.CreateAsync();
        (_escrow, _pages) = Make(keys);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _folder.Dispose();
        _fixture.Dispose();
    }

    private static (SealedEscrow, string[]) Make(ReserveKeys keys, int count = 5, int threshold = 3)
    {
        using var reader = KeyFixture.Unlock(keys);
        var (escrow, shares) = keys.MakeEscrow(reader, count, threshold);
        return (escrow, [.. shares.Select(share => System.Text.Encoding.ASCII.GetString(EscrowPage.Text(escrow, share)))]);
    }

    private string File(string name, string text)
    {
        System.IO.File.WriteAllText(_folder[name], text);
        return _folder[name];
    }

    private static StingException Fails(params string[] paths) => Assert.Throws<StingException>(() =>
    {
        using var found = EscrowFolder.Read(paths);
        found.Open().Keys.Dispose();
    });

    [Fact]
    public void Any_three_pages_open_it_and_nothing_else_is_needed()
    {
        for (var a = 0; a < 5; a++)
        {
            for (var b = a + 1; b < 5; b++)
            {
                for (var c = b + 1; c < 5; c++)
                {
                    using var found = EscrowFolder.Read([File("a.txt", _pages[c]), File("b.txt", _pages[a]), File("c.txt", _pages[b])]);
                    var (escrow, keys) = found.Open();
                    using var opened = keys;
                    Assert.Equal(_escrow.Bytes, escrow.Bytes);
                    Assert.Equal(_escrow.KekFingerprint, Fingerprint.Of(opened.Kek.PublicKey.Span));
                }
            }
        }
    }

    [Fact]
    public void Two_pages_do_not_and_the_error_says_which_there_are()
    {
        var error = Fails(File("a.txt", _pages[1]), File("b.txt", _pages[3]));
        Assert.Equal("EscrowSharesTooFew", error.ErrorId);
        Assert.Contains("3 shares", error.Message, StringComparison.Ordinal);
        Assert.Contains("numbers 2, 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_page_twice_counts_once_and_is_told()
    {
        var error = Fails(File("a.txt", _pages[1]), File("b.txt", _pages[1]), File("c.txt", _pages[4]));
        Assert.Equal("EscrowSharesTooFew", error.ErrorId);
        Assert.Contains("Given twice: number 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_of_two_escrows_are_told_apart()
    {
        using var keys = _fixture.Open();
        var (other, pages) = Make(keys);
        await Task.CompletedTask;
        var error = Fails(File("a.txt", _pages[0]), File("b.txt", pages[1]), File("c.txt", _pages[2]));
        Assert.Equal("EscrowSharesMixed", error.ErrorId);
        Assert.Contains($"number 2 of {other.Id}", error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["b.txt"], error.Message, StringComparison.Ordinal);
    }

    /// <summary>Every character of every line that counts, each put wrong: the line is named, and no character of a share is told.</summary>
    [Fact]
    public void A_mistyped_character_is_named_by_its_line()
    {
        var lines = _pages[2].Split('\n');
        var tried = 0;
        for (var at = 0; at < lines.Length; at++)
        {
            if (EscrowCode.Split(lines[at]) is not var (letter, number, _))
            {
                continue;
            }
            var label = EscrowCode.LabelOf(letter, number);
            for (var column = label.Length + 1; column < lines[at].Length; column++)
            {
                if (lines[at][column] == ' ')
                {
                    continue;
                }
                var changed = (string[])lines.Clone();
                changed[at] = lines[at][..column] + (lines[at][column] == '7' ? 'K' : '7') + lines[at][(column + 1)..];
                var error = Assert.Throws<StingException>(() => EscrowFolder.Read([File("typed.txt", string.Join('\n', changed))]));
                Assert.Equal("EscrowShareMistyped", error.ErrorId);
                Assert.StartsWith($"Line {label} in '{_folder["typed.txt"]}' (line {at + 1} of the file)", error.Message, StringComparison.Ordinal);
                Assert.Equal($"{_folder["typed.txt"]}:{at + 1}", error.Target);
                Assert.DoesNotContain(lines[at][6..10], error.Message + error.Remedy, StringComparison.Ordinal);
                tried++;
            }
        }
        Assert.True(tried > 600, $"{tried} characters were tried.");
    }

    [Fact]
    public void Letters_that_look_alike_capitals_and_blanks_do_not_matter()
    {
        var typed = string.Join("\r\n", _pages[0].Split('\n').Select(line => EscrowCode.Split(line) is var (letter, number, code)
            ? $"  {char.ToLowerInvariant(letter)}{number}: {code.Replace(" ", "", StringComparison.Ordinal).Replace('0', 'o').Replace('1', 'l').ToLowerInvariant()}" : line));
        using var found = EscrowFolder.Read([File("typed.txt", typed), File("b.txt", _pages[1]), File("c.txt", _pages[2])]);
        found.Open().Keys.Dispose();
    }

    [Fact]
    public void Lines_that_are_missing_swapped_or_of_another_page_are_named()
    {
        string Line(int page, string label) => _pages[page].Split('\n').Single(line => line.StartsWith(label + " ", StringComparison.Ordinal));
        var missing = Fails(File("a.txt", _pages[0].Replace(Line(0, "S3") + "\n", "", StringComparison.Ordinal)));
        Assert.Contains("Line S3 is missing", missing.Message, StringComparison.Ordinal);
        var cut = Fails(File("a.txt", _pages[0].Replace(Line(0, "S4") + "\n", "", StringComparison.Ordinal)));
        Assert.Contains("Line S4 is missing", cut.Message, StringComparison.Ordinal);
        var swapped = Fails(File("a.txt", _pages[0].Replace("\nS2 ", "\nS9 ", StringComparison.Ordinal).Replace("\nS3 ", "\nS2 ", StringComparison.Ordinal).Replace("\nS9 ", "\nS3 ", StringComparison.Ordinal)));
        Assert.Contains("Line S", swapped.Message, StringComparison.Ordinal);
        var mixed = Fails(File("a.txt", _pages[0].Replace(Line(0, "S3"), Line(1, "S3"), StringComparison.Ordinal)));
        Assert.Equal("EscrowShareMistyped", mixed.ErrorId);
        Assert.Contains("do not belong together", mixed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_forged_share_is_named_by_number_even_among_just_enough()
    {
        using var random = System.Security.Cryptography.RandomNumberGenerator.Create();
        var forged = new EscrowShare(_escrow.ReserveId, _escrow.Id, 2, 3, 5, SecretBytes.Random(32, random));
        var page = System.Text.Encoding.ASCII.GetString(EscrowPage.Text(_escrow, forged));
        var error = Fails(File("a.txt", _pages[0]), File("b.txt", page), File("c.txt", _pages[2]));
        Assert.Equal("EscrowShareWrong", error.ErrorId);
        Assert.Contains("Share 2 of 5", error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["b.txt"], error.Message, StringComparison.Ordinal);
        // Beside the genuine one the forged one is told, in whatever order they come.
        Assert.Contains("b.txt", Fails(File("a.txt", _pages[1]), _folder["b.txt"], _folder["c.txt"]).Message, StringComparison.Ordinal);
        Assert.Contains("b.txt", Fails(_folder["b.txt"], _folder["a.txt"], _folder["c.txt"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shares_alone_need_the_sealed_keys_from_the_file_or_one_page()
    {
        var short1 = string.Join('\n', _pages[0].Split('\n').Where(line => line.StartsWith('S')));
        var short2 = string.Join('\n', _pages[1].Split('\n').Where(line => line.StartsWith('S')));
        var short3 = string.Join('\n', _pages[2].Split('\n').Where(line => line.StartsWith('S')));
        var together = File("all.txt", $"{short1}\n{short2}\n{short3}");
        Assert.Equal("EscrowSealMissing", Fails(together).ErrorId);
        System.IO.File.WriteAllBytes(_folder[_escrow.FileName], _escrow.Bytes);
        using var found = EscrowFolder.Read([_folder.Path]);
        found.Open().Keys.Dispose();
        Assert.Equal("EscrowShareMissing", Fails(File("prose.txt", "Secret 1 of 5\nEnd 2")).ErrorId);
        Assert.Equal("EscrowFileUnavailable", Fails(_folder["nowhere.txt"]).ErrorId);
    }

    [Fact]
    public void Each_byte_of_the_sealed_file_counts()
    {
        var file = _folder["x.sealed"];
        foreach (var page in (int[])[0, 1, 2])
        {
            File($"{page}.txt", string.Join('\n', _pages[page].Split('\n').Where(line => line.StartsWith('S'))));
        }
        for (var at = 0; at < _escrow.Bytes.Length; at++)
        {
            var bytes = (byte[])_escrow.Bytes.Clone();
            bytes[at] ^= 1;
            System.IO.File.WriteAllBytes(file, bytes);
            var error = Fails(_folder.Path);
            Assert.Contains(error.ErrorId, (string[])["KeyFileDamaged", "FormatTooNew", "SuiteUnknown", "EscrowShareMistyped", "EscrowShareWrong", "EscrowSealMissing", "EscrowSharesMixed", "EscrowShareMissing", "EscrowSharesTooFew"]);
        }
    }

    [Fact]
    public void It_holds_no_subjects_key_and_no_epoch_secret()
    {
        using var found = EscrowFolder.Read([File("a.txt", _pages[0]), File("b.txt", _pages[1]), File("c.txt", _pages[2])]);
        using var keys = found.Open().Keys;
        using var secret = keys.ToSecret();
        // Signing key, directory key, one KEK: 102 bytes, and nothing else.
        Assert.Equal(32 + 32 + 2 + 36, secret.Length);
        var epoch = System.IO.File.ReadAllBytes(_fixture.Secret(0)).AsSpan(16 + 20, 32);
        Assert.Equal(-1, secret.Span.IndexOf(epoch));
    }
}
