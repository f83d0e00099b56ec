using StingBackup.Console;
using StingBackup.Console.CommandLine;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Module.Tests.Module;

namespace StingBackup.Module.Tests.Console;

public sealed class VerbTableTests : IDisposable
{
    private readonly HostedShell _shell = HostedShell.WithModule();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Every_command_of_the_module_has_a_word_and_every_word_a_command() =>
        Assert.Equal(Commands.All(_shell).Select(c => c.Name), VerbTable.All.Select(v => v.Cmdlet).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Words_are_unique_within_a_program() => Assert.Equal(VerbTable.All.Count, VerbTable.All.Select(v => (v.Program, v.Name)).Distinct().Count());

    [Fact]
    public void What_a_word_sets_or_renames_is_a_parameter_of_its_cmdlet()
    {
        var commands = Commands.All(_shell).ToDictionary(c => c.Name);
        Assert.All(VerbTable.All, v => Assert.All(v.Fixed.Keys.Concat(v.Renamed.Values), p => Assert.Contains(p, commands[v.Cmdlet].Parameters.Keys)));
    }

    [Fact]
    public void What_people_try_first_means_a_word_that_there_is_and_is_none_itself()
    {
        var words = VerbTable.All.Select(v => $"{v.Program} {v.Name}").ToHashSet(StringComparer.Ordinal);
        Assert.All(VerbGuesses.All, g => Assert.All(g.Value, meant => Assert.Contains(meant, words)));
        Assert.All(VerbGuesses.All.Keys, g => Assert.DoesNotContain(VerbTable.All, v => v.Name == g));
        Assert.Contains("Did you mean 'sting-backup incremental' or 'sting-backup full'?", Assert.Throws<UsageException>(() => VerbTable.Find(VerbTable.Backup, "backup")).Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'sting-restore file'", Assert.Throws<UsageException>(() => VerbTable.Find(VerbTable.Backup, "restore")).Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'sting-backup list'?", Assert.Throws<UsageException>(() => VerbTable.Find(VerbTable.Restore, "list")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_option_has_the_name_of_one_that_every_command_has()
    {
        var commands = Commands.All(_shell).ToDictionary(c => c.Name);
        Assert.All(VerbTable.All, v => Assert.Empty(VerbOption.Of(v, commands[v.Cmdlet]).SelectMany(o => o.Aliases.Append(o.Name)).Intersect(CommonOptions.All.Select(o => o.Name))));
    }

    [Fact]
    public void Every_example_of_every_word_can_be_read()
    {
        var commands = Commands.All(_shell).ToDictionary(c => c.Name);
        foreach (var verb in VerbTable.All)
        {
            Assert.NotEmpty(verb.Examples);
            var names = VerbOption.Of(verb, commands[verb.Cmdlet]).SelectMany(o => o.Aliases.Append(o.Name).Select(a => (a, o)))
                .ToDictionary(n => n.a, n => (n.o.Name, !n.o.IsSwitch, n.o.IsList));
            foreach (var example in verb.Examples)
            {
                var words = example.Split(' ');
                Assert.Equal(verb.Name, words[0]);
                var read = Arguments.Read(verb.Spelled(words[1..]), names);
                Assert.True(verb.First is null || read.Values.ContainsKey(verb.OptionOf(verb.First)));
            }
        }
    }
}
