using System.Text.RegularExpressions;
using StingBackup.Console;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

/// <summary>
/// What goes wrong in somebody's first hours, typed as it is typed: each message says what is wrong and what to do next, in the program's own words. tests/soak/11-first-use.sh does it on a bare Debian.
/// </summary>
public sealed partial class FirstHoursTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.SealedCopy();

    public void Dispose() => _sample.Dispose();

    private void Type(string line, ExitCode expected, string? passphrase, params string[] says)
    {
        var terminal = new ScriptedTerminal(asOne: true);
        var words = line.Split(' ');
        using var program = new StingProgram(words[0], terminal.Terminal, Repository.Module, v => v == "STING_BACKUP_PASSPHRASE" ? passphrase : null) { Folder = _sample.Folder };
        var code = program.Run([.. words.Skip(1), .. line.Contains("--config", StringComparison.Ordinal) ? (string[])[] : [$"--config={_sample["sting-backup.yaml"]}"]]);
        Assert.True(code == expected, $"{line}: {code}\n{terminal.Output}");
        Assert.All(says, text => Assert.Contains(text, terminal.Output, StringComparison.Ordinal));
        Assert.DoesNotMatch(NotTheirs(), terminal.Output);
    }

    [Fact]
    public void A_word_that_is_no_command_is_answered_with_the_one_that_is_meant()
    {
        Type("sting-backup incremntal", ExitCode.BadUsage, null, "Did you mean 'incremental'?");
        Type("sting-backup backup", ExitCode.BadUsage, null, "'sting-backup incremental'");
        Type("sting-backup restore", ExitCode.BadUsage, null, "'sting-restore file'");
        Type("sting-backup list --lates", ExitCode.BadUsage, null, "Did you mean '--latest'?");
    }

    [Fact]
    public void A_name_that_is_nobodys_is_answered_with_the_nearest()
    {
        Type("sting-restore user --email=usr@example.com --destination=x", ExitCode.Failed, SampleInstallation.Passphrase, "user@example.com");
        Type("sting-restore file --user=user@example.com --file=documnt.pdf --destination=x", ExitCode.Failed, SampleInstallation.Passphrase, "document.pdf", "sting-backup find");
        Type("sting-restore full --backup-id=backup_20200101_000000 --destination=x --confirm", ExitCode.Failed, SampleInstallation.Passphrase, "sting-backup list");
        Type("sting-restore full --date=2026-13-45 --destination=x --confirm", ExitCode.BadUsage, SampleInstallation.Passphrase, "2026-13-45");
        Assert.False(Directory.Exists(_sample["x"]));
    }

    [Fact]
    public void A_passphrase_that_is_forgotten_or_missing_is_told_apart()
    {
        Type("sting-restore full --destination=x --confirm", ExitCode.Refused, "some other words", "passphrase", "[WrongPassphrase]");
        Type("sting-restore full --destination=x --confirm", ExitCode.Refused, null, "--passphrase-file", "[PassphraseNeeded]");
    }

    [Fact]
    public void A_configuration_that_is_not_there_or_wrong_is_told_with_its_place()
    {
        Type("sting-backup status --config=stingbackup.yaml", ExitCode.Failed, null, "stingbackup.yaml", "sting-backup init --backup-root DIR --reserve DIR");
        var file = _sample["sting-backup.yaml"];
        File.WriteAllText(file, File.ReadAllText(file).Replace("\nretention:\n", "\nretention:\n  local_dayz: 9\n", StringComparison.Ordinal));
        Type("sting-backup status", ExitCode.BadUsage, null, "sting-backup.yaml:", "local_dayz", "retention.local_days");
    }

    [Fact]
    public void A_disk_that_is_unplugged_is_named_and_nothing_is_made_in_its_place()
    {
        Directory.Move(_sample["backups"], _sample["unplugged"]);
        Type("sting-backup incremental", ExitCode.Failed, null, _sample["backups"], "mounted");
        Directory.CreateDirectory(_sample["backups"]);   // the folder that the disk is mounted on
        Type("sting-backup incremental", ExitCode.Failed, null, _sample["backups"], "mounted");
        Assert.Empty(Directory.GetFileSystemEntries(_sample["backups"]));
    }

    [Fact]
    public void A_second_run_says_which_one_is_in_its_way()
    {
        var path = Directory.GetFiles(_sample["state", "locks"]).Single();
        using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Type("sting-backup incremental", ExitCode.Failed, null, "--max-wait", "sting-backup jobs", "sting-backup job-stop");
        }
        Type("sting-backup incremental", ExitCode.Done, null);
    }

    // Cmdlets and their parameters, types of .NET, a stack.
    [GeneratedRegex(@"[A-Z][a-z]+-Sting[A-Z]|(?<![\w-])-[A-Z][a-z]+\b|System\.|Exception|\bat StingBackup\.")]
    private static partial Regex NotTheirs();
}
