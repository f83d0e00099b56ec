using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class InitializeTests : IDisposable
{
    private const string Everything =
        "Initialize-StingRepository ./backups ./reserve -ConfigPath ./sting-backup.yaml -KeyDirectory ./keys -StateDirectory ./state -CacheDirectory ./cache -LogDirectory ./logs -TimeZone UTC";

    private readonly TemporaryFolder _folder = new();
    private readonly HostedShell _shell = HostedShell.WithModule();

    public InitializeTests()
    {
        Directory.CreateDirectory(_folder["reserve", "users", "user@example.com"]);
        _shell.Run("param($path) $null = $ExecutionContext.SessionState.Path.SetLocation($path)", ("path", _folder.Path)).Succeeded();
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    [CulturedFact]
    public void It_makes_repository_keys_and_a_configuration_that_the_next_command_finds()
    {
        var result = _shell.Run($"{Everything} -NoPassphrase").Succeeded().Objects<InitializeResult>().Single();
        Assert.Equal(_folder["sting-backup.yaml"], result.ConfigurationFile);
        Assert.False(result.HasPassphrase);
        Assert.Equal(JobState.Completed, _shell.Run("Invoke-StingBackup").Succeeded().Objects<BackupResult>().Single().State);
    }

    [Fact]
    public void The_hybrid_suite_is_chosen_at_init_stands_in_the_configuration_and_serves_a_backup_and_a_restore()
    {
        File.WriteAllText(_folder["reserve", "users", "user@example.com", "note.txt"], "of both suites");
        _shell.Run($"{Everything} -NoPassphrase -KeySuite Hybrid").Succeeded();
        Assert.Contains("suite: hybrid", File.ReadAllText(_folder["sting-backup.yaml"]), StringComparison.Ordinal);
        Assert.Equal(JobState.Completed, _shell.Run("Invoke-StingBackup").Succeeded().Objects<BackupResult>().Single().State);
        var keys = _shell.Run("Get-StingKey").Succeeded().Objects<KeyInfo>();
        Assert.All(keys.Where(key => key.Kind is KeyKind.KeyVault or KeyKind.Subject), key => Assert.Contains("ML-KEM-768", key.Algorithm, StringComparison.Ordinal));
        Assert.Contains(keys, key => key.Kind == KeyKind.Subject);
        _shell.Run("Restore-StingReserve -Destination ./restored -Force").Succeeded();
        Assert.Equal("of both suites", File.ReadAllText(_folder["restored", "users", "user@example.com", "note.txt"]));
    }

    [Fact]
    public void An_open_key_file_is_made_only_when_asked_for_and_warned_of()
    {
        var warnings = _shell.Run($"{Everything} -NoPassphrase").Succeeded().Warnings;
        Assert.Contains(warnings, w => w.Contains("no passphrase", StringComparison.Ordinal));
    }

    [Fact]
    public void A_Vault_that_is_to_seal_the_key_file_stands_in_the_plan_and_no_passphrase_is_asked_for()
    {
        var plan = _shell.Run($"{Everything} -KeyVaultAddress https://keys.example.org:8200 -KeyVaultKey reserve -KeyVaultTokenFile ./token -WhatIf").Succeeded().Objects<InitializePlan>().Single();
        Assert.Contains("keys.example.org:8200, transit key transit/reserve", plan.KeyVault, StringComparison.Ordinal);
        Assert.Empty(_shell.Host.Questions);
        Assert.False(Directory.Exists(_folder["keys"]));
        _shell.Run($"{Everything} -KeyVaultAddress https://keys.example.org:8200 -NoPassphrase").FailedWith("AmbiguousParameterSet");
    }

    [Fact]
    public void A_passphrase_is_typed_twice()
    {
        _shell.Host.Answers.Enqueue("secret");
        _shell.Host.Answers.Enqueue("secret");
        Assert.True(_shell.Run(Everything).Succeeded().Objects<InitializeResult>().Single().HasPassphrase);
        Assert.Equal(2, _shell.Host.Questions.Count);
    }

    [Fact]
    public void Two_passphrases_that_differ_make_nothing()
    {
        _shell.Host.Answers.Enqueue("secret");
        _shell.Host.Answers.Enqueue("secrte");
        _shell.Run(Everything).FailedWith("PassphrasesDiffer");
        Assert.False(Directory.Exists(_folder["backups"]));
        Assert.False(Directory.Exists(_folder["keys"]));
    }

    [Fact]
    public void Without_a_passphrase_and_nobody_to_ask_nothing_is_made()
    {
        Assert.Equal(ErrorCategory.AuthenticationError, _shell.Run(Everything).FailedWith("PassphraseNeeded").CategoryInfo.Category);
        Assert.False(Directory.Exists(_folder["backups"]));
    }

    [Fact]
    public void WhatIf_outputs_the_plan_asks_for_no_passphrase_and_makes_nothing()
    {
        var plan = _shell.Run($"{Everything} -WhatIf").Succeeded().Objects<InitializePlan>().Single();
        Assert.Equal(_folder["backups"], plan.BackupRoot);
        Assert.NotEmpty(plan.KeyFiles);
        Assert.Empty(_shell.Host.Questions);
        Assert.Equal([_folder["reserve"]], Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("backups/x", "RepositoryExists")]
    [InlineData("sting-backup.yaml", "ConfigurationExists")]
    public void What_stands_there_is_never_touched(string path, string error)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        File.WriteAllText(_folder[path], "mine");
        _shell.Run($"{Everything} -NoPassphrase").FailedWith(error);
        Assert.Equal("mine", File.ReadAllText(_folder[path]));
        Assert.False(Directory.Exists(_folder["keys"]));
    }

    [Fact]
    public void Keys_in_the_reserve_are_refused()
    {
        var error = _shell.Run(Everything.Replace("./keys", "./reserve/keys", StringComparison.Ordinal) + " -NoPassphrase").FailedWith("ConfigurationInvalid");
        Assert.Contains("keys.directory", error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["backups"]));
    }
}
