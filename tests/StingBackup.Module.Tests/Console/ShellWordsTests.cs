using System.Text.RegularExpressions;
using StingBackup.Console.CommandLine;
using StingBackup.Console.Rendering;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

/// <summary>Who types the programs is told their words, and never PowerShell's.</summary>
public sealed partial class ShellWordsTests
{
    [Theory]
    [InlineData("Run Test-StingBackupIntegrity, then Repair-StingRepository.", "Run sting-backup verify, then sting-backup repair.")]
    [InlineData("Restore it by -BackupId backup_20240115_020000; Find-StingItem shows every version.", "Restore it by --backup-id backup_20240115_020000; sting-backup find shows every version.")]
    [InlineData("Make one with Initialize-StingRepository (sting-backup init --backup-root DIR --reserve DIR), or name one with -ConfigPath (--config) or X.", "Make one with sting-backup init --backup-root DIR --reserve DIR, or name one with --config or X.")]
    [InlineData("Look at the plan with -WhatIf (--dry-run); give -Confirm:$false (--confirm) where it is what you want.", "Look at the plan with --dry-run; give --confirm where it is what you want.")]
    [InlineData("Give -Passphrase (--passphrase-file, STING_BACKUP_PASSPHRASE) or type one.", "Give --passphrase-file, STING_BACKUP_PASSPHRASE or type one.")]
    [InlineData("Run Invoke-StingBackup -Type Full.", "Run sting-backup full.")]
    [InlineData("Test-StingBackupConfig -Online shows it, Test-StingBackupConfig less.", "sting-backup doctor shows it, sting-backup check less.")]
    [InlineData("Run Test-StingBackupIntegrity -Level Data to see which files it hits.", "Run sting-backup verify --level Data to see which files it hits.")]
    [InlineData("ask with Remove-StingSubject -User; tell us", "ask with sting-backup erase --email; tell us")]
    [InlineData("An approver runs: Approve-StingApproval -Path 'a.request' -KeyFile <his key file> (sting-backup approve --path='a.request' --key-file=FILE), here or elsewhere.", "An approver runs: sting-backup approve --path='a.request' --key-file=FILE, here or elsewhere.")]
    [InlineData("Give the folder, its INSTALL_DIR (-Path, --path; in init -Sting, --sting).", "Give the folder, its INSTALL_DIR (--path; in init --sting).")]
    [InlineData("Free room on its disk (or raise the quota), then run the command again.", "Free room on its disk (or raise the quota), then run the command again.")]
    [InlineData("chmod 600 -rw-r--r-- a-Sting-file; it is 10-Days old.", "chmod 600 -rw-r--r-- a-Sting-file; it is 10-Days old.")]
    public void A_remedy_is_told_in_the_programs_words(string remedy, string told) => Assert.Equal(told, ShellWords.Of(remedy));

    [Fact]
    public void A_message_keeps_what_may_be_a_file_s_name() =>
        Assert.Equal("sting-backup erase on 'notes -Final.txt' needs an approval.", ShellWords.Commands("Remove-StingSubject on 'notes -Final.txt' needs an approval."));

    /// <summary>Every text of the sources that names a cmdlet: what has a word is told by it.</summary>
    [Fact]
    public void No_text_of_the_engine_or_the_commands_names_a_cmdlet_to_who_types_a_program()
    {
        var texts = new[] { "StingBackup.Engine", "StingBackup.Cmdlets", "StingBackup" }
            .SelectMany(project => Directory.EnumerateFiles(Path.Join(Repository.Root, "src", project), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("Channels", StringComparison.Ordinal))   // a mail is read wherever, and names both
            .SelectMany(file => Sentence().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value)).ToList();
        Assert.InRange(texts.Count, 100, 2000);
        var words = VerbTable.All.Select(v => v.Cmdlet).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(texts.SelectMany(text => Cmdlet().Matches(ShellWords.Of(text)).Where(m => words.Contains(m.Value)).Select(m => $"{m.Value} in: {text}")));
    }

    // A literal with a space is said to people; a name alone is a name.
    [GeneratedRegex("\"([^\"\\n]*[A-Z][a-z]+-Sting[A-Za-z]+[^\"\\n]* [^\"\\n]*)\"")]
    private static partial Regex Sentence();

    // The audit log knows commands by their cmdlets, and takes them so.
    [GeneratedRegex("(?<!--command )[A-Z][a-z]+-Sting[A-Za-z]+")]
    private static partial Regex Cmdlet();
}
