using StingBackup.Console;
using StingBackup.Console.CommandLine;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

public sealed class WordCompleterTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();

    public void Dispose() => _sample.Dispose();

    private static List<string> Complete(string name, params string[] words)
    {
        var terminal = new ScriptedTerminal();
        using var program = new StingProgram(name, terminal.Terminal, Repository.Module, _ => null);
        Assert.Equal(ExitCode.Done, program.Run([WordCompleter.Word, .. words]));
        Assert.Equal("", terminal.Error);
        return [.. terminal.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0])];
    }

    private string Config => $"--config={_sample["sting-backup.yaml"]}";

    [Fact]
    public void Commands_options_and_fixed_values_need_no_configuration()
    {
        Assert.Equal(["find", "forecast", "full"], Complete(VerbTable.Backup, "f").Order(StringComparer.Ordinal));
        Assert.Contains("honey-jar", Complete(VerbTable.Restore, ""));
        Assert.Equal(["--detailed"], Complete(VerbTable.Backup, "status", "--de"));
        Assert.DoesNotContain("--quiet", Complete(VerbTable.Backup, "status", "--quiet", "--"));
        Assert.Equal(["--level=data"], Complete(VerbTable.Backup, "verify", "--level=d"));
        Assert.Equal(["data"], Complete(VerbTable.Backup, "verify", "--level", "d"));
    }

    [Fact]
    public void Ids_people_and_jars_come_from_the_completers_of_the_cmdlets()
    {
        Assert.Equal([$"--backup-id={SampleInstallation.SecondRun}", $"--backup-id={SampleInstallation.FirstRun}"], Complete(VerbTable.Backup, "browse", Config, "--backup-id=backup_"));
        Assert.Equal([SampleInstallation.FirstRun], Complete(VerbTable.Backup, "browse", "--config", _sample["sting-backup.yaml"], "--backup-id", "backup_20240115"));
        Assert.Contains("user@example.com", Complete(VerbTable.Restore, "user", Config, "--email", "user@"));
        Assert.Contains("jar_123", Complete(VerbTable.Restore, "honey-jar", Config, $"--{VerbTable.Find(VerbTable.Restore, "honey-jar").OptionOf("HoneyJar")}", "jar"));
    }

    [Fact]
    public void Nothing_is_offered_and_nothing_fails_where_there_is_nothing()
    {
        Assert.Empty(Complete(VerbTable.Backup, "browse", "--config=/nowhere/x.yaml", "--backup-id="));
        Assert.Empty(Complete(VerbTable.Backup, "nonsense", "--"));
        // Files are the shell's.
        Assert.Empty(Complete(VerbTable.Backup, "status", "--config="));
        Assert.Empty(Complete(VerbTable.Backup, "status", "--passphrase-file", ""));
    }
}
