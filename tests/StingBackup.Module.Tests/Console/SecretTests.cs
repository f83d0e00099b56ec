using System.Net;
using StingBackup.Console.CommandLine;
using StingBackup.Console.Hosting;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

public sealed class SecretTests
{
    private static string Typed(string keys) => new NetworkCredential("", SecretPrompt.Read(new ScriptedTerminal(keys: keys).Terminal)).Password;

    [Theory]
    [InlineData("secret\r", "secret")]
    [InlineData("secrex\bt\r", "secret")]
    [InlineData("\b\bab\r", "ab")]
    [InlineData("wrong\u0015right\r", "right")]
    [InlineData("pässwörd ✓\r", "pässwörd ✓")]
    [InlineData("\r", "")]
    public void A_passphrase_is_read_key_by_key(string keys, string expected) => Assert.Equal(expected, Typed(keys));

    [Fact]
    public void Nothing_of_it_is_shown()
    {
        var terminal = new ScriptedTerminal(keys: "secret\r");
        SecretPrompt.Read(terminal.Terminal).Dispose();
        Assert.Equal("\n", terminal.Error);
        Assert.Equal("", terminal.Output);
    }

    [Fact]
    public void Ctrl_C_gives_up() => Assert.Throws<OperationCanceledException>(() => Typed("sec\u0003"));

    private static string? Find(string? file, string? variable, List<string>? warnings = null) =>
        PassphraseSource.Find(file, variable, m => warnings?.Add(m)) is { } secret ? new NetworkCredential("", secret).Password : null;

    [Fact]
    public void A_file_outweighs_the_environment()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["p"], "from file\nsecond line\n");
        Assert.Equal("from file", Find(folder["p"], "from variable"));
        Assert.Equal("from variable", Find(null, "from variable"));
        Assert.Null(Find(null, null));
        Assert.Null(Find(null, ""));
    }

    [Fact]
    public void A_file_that_others_can_read_is_warned_of()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["p"], "secret");
        var warnings = new List<string>();
        File.SetUnixFileMode(folder["p"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Find(folder["p"], null, warnings);
        Assert.Empty(warnings);
        File.SetUnixFileMode(folder["p"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Find(folder["p"], null, warnings);
        Assert.Contains("chmod 600", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_or_missing_file_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["empty"], "\n");
        Assert.Contains(folder["empty"], Assert.Throws<UsageException>(() => Find(folder["empty"], null)).Message, StringComparison.Ordinal);
        Assert.Contains(folder["none"], Assert.Throws<UsageException>(() => Find(folder["none"], null)).Message, StringComparison.Ordinal);
    }
}
