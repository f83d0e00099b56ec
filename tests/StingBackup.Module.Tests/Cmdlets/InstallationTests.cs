using System.Management.Automation;
using System.Text.Json;
using StingBackup.Fixtures;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>From an installation of STING to a repository.</summary>
public sealed class InstallationTests : IDisposable
{
    private const string Places = "-BackupRoot ./backups -ConfigPath ./etc/sting-backup.yaml -KeyDirectory ./keys -StateDirectory ./state -CacheDirectory ./cache -LogDirectory ./logs -TimeZone UTC";

    private readonly StingFolder _sting = new(Path.Combine(Repository.Root, "tests", "fixtures"));
    private readonly HostedShell _shell = HostedShell.WithModule();

    public InstallationTests() => _shell.Run("param($path) $null = $ExecutionContext.SessionState.Path.SetLocation($path)", ("path", _sting.Root)).Succeeded();

    public void Dispose()
    {
        _shell.Dispose();
        _sting.Dispose();
    }

    [CulturedFact]
    public void An_installation_is_found_by_its_folder()
    {
        var found = _shell.Run("Find-StingInstallation ./sting-ce -NoDocker").Succeeded().Objects<StingInstallation>().Single();
        Assert.Equal(_sting.Install, found.Path);
        Assert.Equal("1.0.0", found.Version);
        Assert.Equal(DockerAnswer.NotAsked, found.Docker);
        Assert.Equal(5433, found.Database!.Port);
        Assert.True(found.HasMasterKey);
    }

    [Fact]
    public void One_folder_that_is_none_is_an_error_and_the_next_is_found()
    {
        var result = _shell.Run("'./volumes', './sting-ce' | Find-StingInstallation -NoDocker");
        var error = Assert.Single(result.Errors);
        Assert.Equal("StingNotFound", error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Contains("INSTALL_DIR", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Single(result.Objects<StingInstallation>());
    }

    [Fact]
    public void What_was_found_keeps_its_places_in_another_session()
    {
        dynamic back = _shell.Run(
            "[System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Find-StingInstallation ./sting-ce -NoDocker)))").Succeeded().Output.Single();
        Assert.Contains("env", string.Join(' ', ((System.Collections.IEnumerable)((PSObject)back.Places).BaseObject).Cast<PSObject>().Select(p => p.Properties["Path"].Value)), StringComparison.Ordinal);
        Assert.Equal(5433, (int)back.Database.Port);
    }

    [Fact]
    public void WhatIf_shows_the_settings_and_what_is_to_be_done_and_makes_nothing()
    {
        var before = Directory.EnumerateFileSystemEntries(_sting.Root).Order().ToList();
        var plan = _shell.Run($"Find-StingInstallation ./sting-ce -NoDocker | Initialize-StingRepository {Places} -NoDocker -WhatIf").Succeeded().Objects<InitializePlan>().Single();
        Assert.Equal(_sting.Install, plan.Reserve);
        Assert.Contains(plan.Settings, s => s.Key == "postgresql.port" && s.Value == "5433");
        Assert.Contains(plan.Settings, s => s.Key == "reserve.rules" && s.Value.Contains("- {glob: \"env/**\", class: Secrets}", StringComparison.Ordinal));
        Assert.Contains(plan.Tasks, t => t.Contains(Path.Combine(_sting.Root, "etc", "pgpass"), StringComparison.Ordinal));
        Assert.Contains(plan.NotFound, g => g.What == "Vault");
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_sting.Root).Order());
        Assert.DoesNotContain("SECRET-", JsonSerializer.Serialize(plan), StringComparison.Ordinal);
    }

    [Fact]
    public void A_repository_for_an_installation_backs_up_its_folder_by_class_and_owner()
    {
        // Without these there is neither database nor Vault to reach.
        File.Delete(Path.Combine(_sting.Install, "docker-compose.yml"));
        var made = _shell.Run($"Initialize-StingRepository {Places} -Sting ./sting-ce -NoDocker -NoPassphrase").Succeeded().Objects<InitializeResult>().Single();
        Assert.DoesNotContain("SECRET-", File.ReadAllText(made.ConfigurationFile), StringComparison.Ordinal);
        Assert.Equal(made.ConfigurationFile, Assert.Single(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(made.ConfigurationFile)!)));
        const string Config = "-ConfigPath ./etc/sting-backup.yaml";
        var result = _shell.Run($"Invoke-StingBackup -Type Full {Config}").Succeeded().Objects<BackupResult>().Single();
        Assert.Equal(JobState.Completed, result.State);
        var items = _shell.Run($"Get-StingRestorePointItem {result.BackupId} -Recurse {Config}").Succeeded().Objects<RestorePointItem>().Where(i => i.Kind == ItemKind.File).ToDictionary(i => i.Path);
        Assert.Equal(DataClass.Secrets, items["env/app.env"].DataClass);
        Assert.Equal(DataClass.Secrets, items["vault-files/vault-init.json"].DataClass);
        Assert.Equal(DataClass.AuditLogs, items["logs/manage.log"].DataClass);
        Assert.Equal("user:11111111-1111-4111-8111-111111111111", items["honey-reserve/11111111-1111-4111-8111-111111111111/file-1"].Subject);
        Assert.Equal(DataClass.TempFiles, items["temp-uploads/11111111-1111-4111-8111-111111111111/file-2"].DataClass);
        Assert.DoesNotContain(items.Keys, p => p.Contains("model", StringComparison.Ordinal) || p.StartsWith("vault/", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_nothing_is_there_to_protect_nothing_is_made()
    {
        _shell.Run($"Initialize-StingRepository {Places} -Sting ./volumes -NoDocker -NoPassphrase").FailedWith("StingNotFound");
        Assert.False(Directory.Exists(Path.Combine(_sting.Root, "backups")));
    }

    [Fact]
    public async Task The_program_asks_the_docker_that_is_on_its_path()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        Task<ProgramResult> RunAsync(params string[] words) => Programs.RunAsync("/usr/bin/env", _sting.Root, [$"PATH={_sting.Bin}:/usr/bin:/bin", Repository.Program("sting-backup"), .. words]);
        using var json = JsonDocument.Parse((await RunAsync("discover", "--path", "./sting-ce", "--json")).Ended(0).Output);
        var found = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal("Answered", found.GetProperty("docker").GetString());
        Assert.Equal("172.19.0.2", found.GetProperty("vault").GetProperty("host").GetString());
        Assert.DoesNotContain("SECRET-", json.RootElement.GetRawText(), StringComparison.Ordinal);

        var plan = (await RunAsync("init", "--backup-root=./backups", "--sting=./sting-ce", "--config=./etc/sting-backup.yaml", "--key-directory=./keys", "--state-directory=./state", "--dry-run")).Ended(0);
        Assert.Contains(_sting.Volume("jar_documents"), plan.Output, StringComparison.Ordinal);
        Assert.Contains("vault.address: \"http://172.19.0.2:8200\"", plan.Output, StringComparison.Ordinal);
        Assert.Contains("Vault's port", plan.Output, StringComparison.Ordinal);
        Assert.All(_sting.Calls, c => Assert.True(c.StartsWith("ps ", StringComparison.Ordinal) || c.StartsWith("inspect ", StringComparison.Ordinal), c));
    }
}
