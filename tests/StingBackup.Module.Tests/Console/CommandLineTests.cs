using System.Text.Json;
using StingBackup.Console;
using StingBackup.Console.CommandLine;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

/// <summary>The strategy's and the README's command lines, as they are typed, through both programs.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();

    public void Dispose() => _sample.Dispose();

    private ScriptedTerminal Run(string line, ExitCode expected = ExitCode.Done, ScriptedTerminal? terminal = null, SampleInstallation? sample = null, string? passphrase = null)
    {
        terminal ??= new ScriptedTerminal();
        var words = line.Split(' ');
        using var program = new StingProgram(words[0], terminal.Terminal, Repository.Module, v => v == "STING_BACKUP_PASSPHRASE" ? passphrase : null);
        var code = program.Run([.. words.Skip(1), $"--config={(sample ?? _sample)["sting-backup.yaml"]}"]);
        Assert.True(code == expected, $"{line}: {code}\n{terminal.Output}\n{terminal.Error}");
        return terminal;
    }

    private string Pdf => _sample["reserve", "users", "user@example.com", "document.pdf"];

    [Theory]
    [InlineData("sting-backup incremental", "Incremental")]
    [InlineData("sting-backup full", "Full")]
    [InlineData("sting-backup archive", "Archive")]
    public void Backups(string line, string type)
    {
        using var json = JsonDocument.Parse(Run($"{line} --json").Output);
        Assert.Equal(type, json.RootElement.GetProperty("type").GetString());
        Assert.Equal("Completed", json.RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public void Approvals_from_the_command_line()
    {
        _sample.AddSecret("KEY=1");
        File.WriteAllText(_sample["officer.pass"], "officer's own words\n");
        Run("sting-backup incremental");
        Run($"sting-backup approver-new --name=officer --key-file={_sample["officer.approver"]} --approver-passphrase-file={_sample["officer.pass"]}");
        Run($"sting-backup approver-add --public-file={_sample["officer.approver.pub"]}", ExitCode.Refused);   // nobody can be asked
        Run($"sting-backup approver-add --public-file={_sample["officer.approver.pub"]} --confirm");
        Assert.Contains("officer", Run("sting-backup approvers").Output, StringComparison.Ordinal);
        var restore = $"sting-restore full --data-class=secrets --destination={_sample["out"]} --confirm";
        Assert.Contains("approve --path=", Run(restore, ExitCode.Refused).Error, StringComparison.Ordinal);
        using var requests = JsonDocument.Parse(Run("sting-backup requests --json").Output);
        var path = requests.RootElement[0].GetProperty("path").GetString();
        Run($"sting-backup approve --path={path} --key-file={_sample["officer.approver"]} --approver-passphrase-file={_sample["officer.pass"]} --confirm");
        Run(restore);
        Assert.Equal("KEY=1", File.ReadAllText(_sample["out", "env", "app.env"]));
        Assert.Contains("Approved", Run("sting-backup audit --event=approved").Output, StringComparison.Ordinal);
        Run(restore, ExitCode.Refused);
        using var open = JsonDocument.Parse(Run("sting-backup requests --json").Output);
        Run($"sting-backup deny --id={open.RootElement[0].GetProperty("id").GetString()}");
        File.Delete(Directory.EnumerateFiles(_sample["backups", "audit"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First());
        Run("sting-backup audit", ExitCode.IntegrityFault);
    }

    [Fact]
    public void Imports_old_archives()
    {
        Assert.Contains("chroma_data", Run($"sting-backup import --path={_sample["old-backups"]} --dry-run").Output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(Run($"sting-backup import --path={_sample["old-backups"]} --json").Output);
        Assert.Equal("backup_20231102_020000", json.RootElement.GetProperty("archives")[0].GetProperty("backupId").GetString());
        Assert.Contains("Imported", Run("sting-backup list --to=2023-12-01").Output, StringComparison.Ordinal);
        Run("sting-backup import", ExitCode.BadUsage);
    }

    [Fact]
    public void Takes_the_key_of_an_old_archive_from_a_file_and_never_from_the_command_line()
    {
        using var old = StingBackup.Engine.Tests.Legacy.OldArchive.Sample("20231201_020000");
        var path = StingBackup.Engine.Tests.Legacy.OldArchive.Save(_sample["old-backups"], "sting_backup_20231201_020000.tar.gz.enc", StingBackup.Engine.Tests.Legacy.OldArchive.Encrypt(old.ToBytes(), "the key"));
        File.WriteAllText(_sample["backup.key"], "the key\n");
        Run($"sting-backup import --path={path}", ExitCode.Refused);
        Run($"sting-backup import --path={path} --archive-passphrase=key", ExitCode.BadUsage);
        Assert.Contains("--archive-passphrase-file FILE", Run("sting-backup import --help").Output, StringComparison.Ordinal);
        Run($"sting-backup import --path={path} --archive-passphrase-file={_sample["backup.key"]}");
    }

    [Fact]
    public void Lists()
    {
        Assert.Contains("backup_20240115_020000", Run("sting-backup list").Output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(Run("sting-backup list --json").Output);
        Assert.True(json.RootElement.GetArrayLength() >= 4);
    }

    [Fact]
    public void Looks_into_a_backup()
    {
        Assert.Contains("users", Run("sting-backup browse --backup-id=backup_20240115_020000").Output, StringComparison.Ordinal);
        Assert.Contains("document.pdf", Run("sting-backup browse --backup-id backup_20240115_020000 --path users/user@example.com").Output, StringComparison.Ordinal);
        Assert.Contains("document.pdf", Run("sting-backup find --name=document.pdf").Output, StringComparison.Ordinal);
        Assert.Contains("Modified", Run("sting-backup diff --from backup_20240115_020000 --to backup_20240116_020000").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sting-backup verify")]
    [InlineData("sting-backup verify --date=2024-01-15")]
    [InlineData("sting-backup verify --date=2024-01-15 --level data")]
    [InlineData("sting-backup repair")]
    [InlineData("sting-backup status")]
    [InlineData("sting-backup status --detailed")]
    [InlineData("sting-backup doctor")]
    [InlineData("sting-backup keys")]
    [InlineData("sting-backup log")]
    [InlineData("sting-backup config")]
    [InlineData("sting-backup check")]
    public void Care(string line) => Run(line);

    [Fact]
    public void Restores_a_file()
    {
        File.Delete(Pdf);
        Run("sting-restore file --user=user@example.com --file=document.pdf --date=2024-01-15");
        Assert.StartsWith("%PDF-1.7 the first", File.ReadAllText(Pdf), StringComparison.Ordinal);
        Run($"sting-restore file --user=user@example.com --file=document.pdf --date=2024-01-16 --destination {_sample["restored"]}");
        Assert.StartsWith("%PDF-1.7 the second", File.ReadAllText(_sample["restored", "users", "user@example.com", "document.pdf"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Restores_a_person_and_a_honey_jar()
    {
        Directory.Delete(_sample["reserve", "users"], recursive: true);
        Directory.Delete(_sample["reserve", "jars"], recursive: true);
        Run("sting-restore user --email=user@example.com --date=2024-01-15");
        Run("sting-restore honey-jar --id=jar_123 --date=2024-01-15");
        Assert.True(File.Exists(Pdf));
        Assert.True(File.Exists(_sample["reserve", "jars", "jar_123", "report.csv"]));
        Assert.False(Directory.Exists(_sample["reserve", "jars", "jar_456"]));
    }

    [Fact]
    public void Restores_everything_with_consent_alone()
    {
        var refused = Run("sting-restore full --backup-id=backup_20240115_020000", ExitCode.Refused);
        Assert.Contains("Restore 7 files", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--confirm", refused.Error, StringComparison.Ordinal);
        Assert.StartsWith("%PDF-1.7 the second", File.ReadAllText(Pdf), StringComparison.Ordinal);

        var plan = Run("sting-restore full --backup-id=backup_20240115_020000 --dry-run");
        Assert.Contains("Files       : 7", plan.Output, StringComparison.Ordinal);
        Assert.StartsWith("%PDF-1.7 the second", File.ReadAllText(Pdf), StringComparison.Ordinal);

        Run("sting-restore full --backup-id=backup_20240115_020000 --confirm");
        Assert.StartsWith("%PDF-1.7 the first", File.ReadAllText(Pdf), StringComparison.Ordinal);
    }

    [Fact]
    public void Overwriting_a_file_asks_on_a_terminal()
    {
        Run("sting-restore file --file=document.pdf --date=2024-01-15 --conflict-action=overwrite", ExitCode.Refused, new ScriptedTerminal(80, interactive: true, input: "n\n"));
        Run("sting-restore file --file=document.pdf --date=2024-01-15 --conflict-action=overwrite", ExitCode.Done, new ScriptedTerminal(80, interactive: true, input: "y\n"));
        Assert.StartsWith("%PDF-1.7 the first", File.ReadAllText(Pdf), StringComparison.Ordinal);
    }

    [Fact]
    public void A_passphrase_is_typed_or_comes_by_file_or_environment_and_backups_need_none()
    {
        using var sample = SampleInstallation.SealedCopy();
        const string Browse = "sting-backup browse --backup-id=backup_20240115_020000";
        Run("sting-backup full", sample: sample);
        Run("sting-backup list", sample: sample);
        Run(Browse, ExitCode.Refused, sample: sample);
        Run(Browse, ExitCode.Refused, sample: sample, passphrase: "wrong");
        Run(Browse, sample: sample, passphrase: SampleInstallation.Passphrase);
        Run(Browse, terminal: new ScriptedTerminal(80, interactive: true, keys: SampleInstallation.Passphrase + "\r"), sample: sample);
        File.WriteAllText(sample["secret"], SampleInstallation.Passphrase + "\n");
        Run($"{Browse} --passphrase-file={sample["secret"]}", sample: sample);
    }

    [Theory]
    [InlineData("sting-restore user --email=usr@example.com", ExitCode.Failed, "user@example.com")]
    [InlineData("sting-restore user --emial=user@example.com", ExitCode.BadUsage, "'--email'")]
    [InlineData("sting-restore user", ExitCode.BadUsage, "--email is missing")]
    [InlineData("sting-restore file --file=a --date=latest --backup-id=b", ExitCode.BadUsage, "do not go together")]
    [InlineData("sting-restore fill", ExitCode.BadUsage, "'file'")]
    [InlineData("sting-backup verify --date=soon", ExitCode.BadUsage, "2024-01-15")]
    [InlineData("sting-backup restore", ExitCode.BadUsage, "no command 'restore'")]
    internal void Mistakes(string line, ExitCode code, string said) => Assert.Contains(said, Run(line, code).Error, StringComparison.Ordinal);

    [Fact]
    public void Damage_exits_5()
    {
        foreach (var pack in Directory.EnumerateFiles(_sample["backups", "data"], "*", SearchOption.AllDirectories))
        {
            File.SetAttributes(pack, FileAttributes.Normal);
            var bytes = File.ReadAllBytes(pack);
            bytes[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(pack, bytes);
        }
        var terminal = Run("sting-backup verify --level=packs", ExitCode.IntegrityFault);
        Assert.Contains("[IntegrityFault]", terminal.Error, StringComparison.Ordinal);
        Assert.Contains(": False", terminal.Output.Split('\n').First(line => line.StartsWith("Passed", StringComparison.Ordinal)), StringComparison.Ordinal);
        Run($"sting-restore full --date=latest --destination={_sample["restored"]} --confirm", ExitCode.IntegrityFault);
    }

    [Fact]
    public void A_new_installation_is_made_used_and_found()
    {
        using var folder = new TemporaryFolder();
        var terminal = new ScriptedTerminal();
        using var program = new StingProgram(VerbTable.Backup, terminal.Terminal, Repository.Module, _ => null);
        var options = new[] { "backup-root", "reserve", "key-directory", "state-directory", "cache-directory", "log-directory" }.Select(o => $"--{o}={folder[o]}");
        Directory.CreateDirectory(folder["reserve", "users", "someone"]);
        Assert.Equal(ExitCode.Done, program.Run(["init", .. options, $"--config={folder["c.yaml"]}", "--no-passphrase", "--json"]));
        using var made = JsonDocument.Parse(terminal.Output);
        Assert.Equal(folder["c.yaml"], made.RootElement.GetProperty("configurationFile").GetString());
        Assert.Equal(ExitCode.Done, program.Run(["incremental", $"--config={folder["c.yaml"]}"]));
    }
}
