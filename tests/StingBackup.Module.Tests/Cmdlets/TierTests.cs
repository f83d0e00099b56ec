using StingBackup.Console;
using StingBackup.Module.Tests.Hosting;
using ExitCodes = StingBackup.Console.ExitCodes;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Tiers as administrators use them: the sample, with a folder as remote tier.</summary>
public sealed class TierTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public TierTests()
    {
        _sample.AddRemoteTier();
        _shell = _sample.OpenShell();
    }

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private string[] Names(string folder) => [.. Directory.EnumerateFiles(_sample[folder], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_sample[folder], f))
        .Where(n => !n.StartsWith("sessions", StringComparison.Ordinal) && !n.StartsWith('.') && !n.StartsWith('~')).Order(StringComparer.Ordinal)];

    [Fact]
    public void A_plan_copies_nothing_and_a_sync_copies_everything()
    {
        var before = _shell.Run("Get-StingTier").Succeeded().Objects<TierStatus>();
        Assert.Equal([Tier.Local, Tier.Remote], before.Select(t => t.Tier));
        Assert.Equal((0L, 2L, true), (before[1].Points!.Value, before[1].Waiting!.Value.Points, before[1].IsLate));
        var plan = _shell.Run("Sync-StingTier -WhatIf").Succeeded().Objects<TierSyncPlan>().Single();
        Assert.Equal((Tier.Remote, 2L), (plan.Tier, plan.Points));
        Assert.Empty(Names("remote"));
        var result = _shell.Run("Sync-StingTier").Succeeded().Objects<TierSyncResult>().Single();
        Assert.Equal((2L, plan.Packs, JobState.Completed), (result.Points, result.Packs, result.State));
        Assert.Equal(Names("backups"), Names("remote"));
        var after = _shell.Run("Get-StingTier Remote").Succeeded().Objects<TierStatus>().Single();
        Assert.Equal((2L, 0L, false), (after.Points!.Value, after.Waiting!.Value.Points, after.IsLate));
    }

    [Fact]
    public void A_lock_that_a_folder_cannot_keep_is_refused_before_anything_is_copied()
    {
        Assert.Null(_shell.Run("Get-StingTier Remote").Succeeded().Objects<TierStatus>().Single().Locks);
        var configuration = _sample["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nremote:\n", "\nremote:\n  object_lock: governance\n", StringComparison.Ordinal));
        var finding = _shell.Run("Test-StingBackupConfig | Where-Object Severity -EQ Error").Succeeded().Objects<ConfigurationFinding>().Single();
        Assert.Equal("remote.object_lock", finding.Key);
        Assert.Contains("locks nothing", finding.Problem, StringComparison.Ordinal);
        _shell.Run("Sync-StingTier").FailedWith("ConfigurationInvalid");
        Assert.Empty(Names("remote"));
    }

    [Fact]
    public void A_backup_copies_what_it_commits_and_a_tier_that_is_away_is_a_warning()
    {
        _shell.Run("Sync-StingTier").Succeeded();
        Assert.Empty(_shell.Run("Invoke-StingBackup").Succeeded().Warnings);
        Assert.Equal(Names("backups"), Names("remote"));
        Directory.Move(_sample["remote"], _sample["elsewhere"]);
        var run = _shell.Run("Invoke-StingBackup").Succeeded();
        Assert.Equal(JobState.Completed, run.Objects<BackupResult>().Single().State);
        Assert.Contains("1 restore points", Assert.Single(run.Warnings), StringComparison.Ordinal);
        var status = _shell.Run("Get-StingTier Remote").Succeeded().Objects<TierStatus>().Single();
        Assert.Equal((false, 1L), (status.IsReachable, status.Waiting!.Value.Points));
        var error = _shell.Run("Sync-StingTier").FailedWith("TierUnavailable");
        Assert.Equal(ExitCode.Failed, ExitCodes.Of(error.Exception));
        Directory.Move(_sample["elsewhere"], _sample["remote"]);
        Assert.Equal(1, _shell.Run("Sync-StingTier").Succeeded().Objects<TierSyncResult>().Single().Points);
    }

    [Fact]
    public void A_status_warns_of_a_tier_that_lags()
    {
        Assert.Contains(_shell.Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single().Warnings, w => w.StartsWith("The Remote tier lags by", StringComparison.Ordinal));
        _shell.Run("Sync-StingTier").Succeeded();
        Assert.DoesNotContain(_shell.Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single().Warnings, w => w.StartsWith("The Remote tier", StringComparison.Ordinal));
    }

    [Fact]
    public void A_lost_local_tier_restores_from_the_remote_one_and_is_brought_back()
    {
        _shell.Run("Sync-StingTier").Succeeded();
        var all = Names("backups");
        Directory.Delete(_sample["backups"], recursive: true);
        Directory.CreateDirectory(_sample["backups"]);
        var restored = _shell.Run("Restore-StingFile document.pdf user@example.com -Destination ./out").Succeeded();
        Assert.Contains(restored.Warnings, w => w.Contains("Sync-StingTier -Tier Local", StringComparison.Ordinal));
        _shell.Run("Invoke-StingBackup").FailedWith("LocalTierLost");
        Assert.Equal(2, _shell.Run("Sync-StingTier -Tier Local").Succeeded().Objects<TierSyncResult>().Single().Points);
        Assert.Equal(all, Names("backups"));
        Assert.True(_shell.Run("Test-StingBackupIntegrity -Level Data").Succeeded().Objects<IntegrityResult>().Single().Passed);
    }

    [Fact]
    public void A_tier_that_is_not_configured_is_said()
    {
        foreach (var command in (string[])["Get-StingTier Archive", "Sync-StingTier -Tier Archive", "Sync-StingTier Archive -WhatIf"])
        {
            Assert.Equal(ExitCode.BadUsage, ExitCodes.Of(_shell.Run(command).FailedWith("TierNotConfigured").Exception));
        }
    }

    [Fact]
    public void What_another_host_wrote_to_the_remote_tier_while_this_one_was_away_comes_over_whole()
    {
        // A replica of the key store that both sites see: whoever comes at the other one has his key there.
        Directory.CreateDirectory(_sample["shared"]);
        Directory.Move(_sample["keys", "store-2"], _sample["shared", "store"]);
        File.WriteAllText(_sample["sting-backup.yaml"], File.ReadAllText(_sample["sting-backup.yaml"]).Replace("\nkeys:\n", $"\nkeys:\n  replicas:\n    - {_sample["shared", "store"]}\n", StringComparison.Ordinal));
        _shell.Run("Sync-StingTier").Succeeded();
        // Whoever took over: the same configuration and keys on another machine.
        var configuration = File.ReadAllText(_sample["sting-backup.yaml"]).Replace($"backup_root: {_sample["backups"]}", $"backup_root: {_sample["dr", "backups"]}", StringComparison.Ordinal);
        foreach (var folder in (string[])["keys", "state", "cache", "logs"])
        {
            configuration = configuration.Replace(_sample[folder], _sample["dr", folder], StringComparison.Ordinal);
        }
        Assert.Contains(_sample["dr", "backups"], configuration, StringComparison.Ordinal);
        foreach (var folder in Directory.EnumerateDirectories(_sample["keys"], "*", SearchOption.AllDirectories).Prepend(_sample["keys"]).Where(f => !f.EndsWith("host", StringComparison.Ordinal)))
        {
            var there = Directory.CreateDirectory(_sample["dr", "keys", Path.GetRelativePath(_sample["keys"], folder)]).FullName;
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                File.Copy(file, Path.Combine(there, Path.GetFileName(file)));
            }
        }
        Directory.CreateDirectory(_sample["dr", "backups"]);
        File.WriteAllText(_sample["dr.yaml"], configuration);
        _shell.Run("$null = Sync-StingTier -Tier Local -ConfigPath ./dr.yaml; $null = Repair-StingRepository -ConfigPath ./dr.yaml").Succeeded();
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(_sample["reserve", "users", "new@example.com"]).FullName, "there.txt"), "written at the other host");
        var run = _shell.Run("Invoke-StingBackup -ConfigPath ./dr.yaml; $null = Sync-StingTier -ConfigPath ./dr.yaml").Succeeded().Objects<BackupResult>().Single();
        Assert.NotEqual(_shell.Run("(Get-StingBackupStatus).Writer").Succeeded().Output.Single().ToString(), _shell.Run("(Get-StingBackupStatus -ConfigPath ./dr.yaml).Writer").Succeeded().Output.Single().ToString());

        Assert.Equal(1, _shell.Run("Sync-StingTier -Tier Local -WhatIf").Succeeded().Objects<TierSyncPlan>().Single().Points);
        var result = _shell.Run("Sync-StingTier -Tier Local").Succeeded().Objects<TierSyncResult>().Single();
        Assert.Equal((JobState.Completed, 1L), (result.State, result.Points));
        Assert.Equal(Names("remote"), Names("backups"));
        _shell.Run($"Restore-StingReserve -BackupId {run.BackupId} -Destination ./back -Force").Succeeded();
        Assert.Equal("written at the other host", File.ReadAllText(_sample["back", "users", "new@example.com", "there.txt"]));
    }
}
