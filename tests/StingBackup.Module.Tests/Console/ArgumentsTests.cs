using StingBackup.Console.CommandLine;

namespace StingBackup.Module.Tests.Console;

public sealed class ArgumentsTests
{
    private static readonly Dictionary<string, (string Name, bool TakesValue, bool IsList)> Options = new()
    {
        ["date"] = ("date", true, false),
        ["file"] = ("file", true, true),
        ["email"] = ("user", true, false),
        ["user"] = ("user", true, false),
        ["detailed"] = ("detailed", false, false),
    };

    private static Arguments Read(params string[] words) => Arguments.Read(words, Options);

    [Fact]
    public void A_value_follows_or_is_attached()
    {
        Assert.Equal(["2024-01-15"], Read("--date", "2024-01-15").Values["date"]);
        Assert.Equal(["2024-01-15"], Read("--date=2024-01-15").Values["date"]);
        Assert.Equal(["a=b"], Read("--file=a=b").Values["file"]);
        Assert.Equal(["--odd"], Read("--file=--odd").Values["file"]);
    }

    [Fact]
    public void An_alias_sets_its_option() => Assert.Equal(["a@b.c"], Read("--email=a@b.c").Values["user"]);

    [Fact]
    public void A_list_takes_many_and_another_option_one()
    {
        Assert.Equal(["a", "b"], Read("--file", "a", "--file=b").Values["file"]);
        Assert.Equal("'--user' is given twice.", Assert.Throws<UsageException>(() => Read("--email=a", "--user=b")).Message);
        Assert.Equal("'--detailed' is given twice.", Assert.Throws<UsageException>(() => Read("--detailed", "--detailed")).Message);
    }

    [Fact]
    public void Options_of_every_command_are_read_anywhere()
    {
        var common = Read("--json", "--date=x", "--config", "f.yaml", "--dry-run", "--confirm", "--quiet", "--verbose", "--passphrase-file=p", "-h").Common;
        Assert.Equal(new CommonOptions { Json = true, Config = "f.yaml", DryRun = true, Confirm = true, Quiet = true, Verbose = true, PassphraseFile = "p", Help = true }, common);
    }

    [Theory]
    [InlineData("--dat=x", "There is no option '--dat'. Did you mean '--date'?")]
    [InlineData("--qiet", "There is no option '--qiet'. Did you mean '--quiet'?")]
    [InlineData("--zzzzzzzzzzzz", "There is no option '--zzzzzzzzzzzz'.")]
    [InlineData("date", "'date' has no meaning here: options begin with --.")]
    [InlineData("--", "'--' has no meaning here: options begin with --.")]
    [InlineData("--date", "'--date' needs a value.")]
    [InlineData("--date=", "'--date' needs a value.")]
    [InlineData("--detailed=yes", "'--detailed' takes no value.")]
    [InlineData("--json=1", "'--json' takes no value.")]
    public void A_mistake_is_named_with_the_nearest_right_word(string word, string message) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => Read(word)).Message);

    [Fact]
    public void A_forgotten_value_is_not_taken_from_the_next_option() =>
        Assert.Equal("'--date' needs a value.", Assert.Throws<UsageException>(() => Read("--date", "--detailed")).Message);
}
