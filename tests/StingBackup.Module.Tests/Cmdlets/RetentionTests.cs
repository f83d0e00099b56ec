using StingBackup.Console;
using StingBackup.Module.Tests.Hosting;
using ExitCodes = StingBackup.Console.ExitCodes;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Retention and sweeping as administrators use them. The sample's two runs are of January 2024, so that by the clock of today all days but those of the newest are over.</summary>
public sealed class RetentionTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public RetentionTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private SortedDictionary<string, long> Repository()
    {
        var root = _sample["backups"];
        return new(Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(root, f), f => new FileInfo(f).Length), StringComparer.Ordinal);
    }

    [CulturedFact]
    public void The_plan_tells_by_class_and_by_restore_point_what_goes()
    {
        var plan = _shell.Run("Get-StingRetentionPlan").Succeeded().Objects<RetentionPlan>().Single();
        var files = plan.Classes.Single(of => of.DataClass == DataClass.UserFiles);
        Assert.Equal((365, 2L, 1L), (files.Days, files.Points, files.Going));
        Assert.Equal(new DateTimeOffset(2024, 1, 16, 2, 0, 0, TimeSpan.Zero), files.OldestTime);
        var entries = _shell.Run("Get-StingRetentionPlan -All").Succeeded().Objects<RetentionEntry>();
        Assert.Equal(plan.Entries.Count, entries.Count);
        Assert.All(entries.Where(entry => entry.BackupId == SampleInstallation.SecondRun && entry.DataClass is not (DataClass.AuditLogs or DataClass.Physical)), entry => Assert.Equal((false, "newest 1"), (entry.Goes, entry.KeptBy)));
        Assert.Equal(new DateTimeOffset(2025, 1, 14, 2, 0, 0, TimeSpan.Zero), entries.Single(entry => entry is { Goes: true, DataClass: DataClass.UserFiles }).EndTime);
        Assert.Equal("Expired", _shell.Run("(Get-StingRetentionPlan).Entries[0].Reason.ToString()").Succeeded().Output.Single().ToString());
    }

    [Fact]
    public void Another_moment_is_simulated()
    {
        long Going(string time) => _shell.Run($"Get-StingRetentionPlan -Time '{time}'").Succeeded().Objects<RetentionPlan>().Single().Classes.Single(of => of.DataClass == DataClass.UserFiles).Going;
        Assert.Equal(0, Going("2025-01-13"));
        Assert.Equal(1, Going("2025-01-14"));   // a day means its end
        Assert.Equal((0, 1), (Going("2025-01-14 01:59"), Going("2025-01-14T02:01:00Z")));
        Assert.Equal(1, Going("2099-12-31"));   // the newest stays in any case
        _shell.Run("Get-StingRetentionPlan -Time soon").FailedWith("DateNotUnderstood");
    }

    [Fact]
    public void A_forecast_measures_the_reserve_and_takes_what_it_is_told()
    {
        var measured = _shell.Run("Get-StingStorageForecast -Day 30 -Every 06:00:00").Succeeded().Objects<StorageForecast>().Single();
        Assert.Contains(measured.Classes, of => of is { DataClass: DataClass.UserFiles, IsMeasured: true, ChangedPerDay: > 0 });
        Assert.Equal((30, measured.SteadyDay, TimeSpan.FromHours(6)), (measured.Tiers[0].Day, measured.Tiers[^1].Day, measured.Every));
        Assert.All(measured.Tiers, tier => Assert.Equal((Tier.Local, tier.Content + tier.Pages + tier.Others), (tier.Tier, tier.Length)));
        var told = _shell.Run("Get-StingStorageForecast -Day 30 -Class 'user_files=2TB/1000000/1%/0.5' -Every 06:00:00 -All").Succeeded().Objects<TierForecast>();
        // Half of two terabytes, and 30 times 1 % of it; and what sweeps leave in packs.
        Assert.InRange(told[0].Classes.Single(of => of.DataClass == DataClass.UserFiles).Length, 1_250_000_000_000, 1_420_000_000_000);
        Assert.Equal("UserFiles", _shell.Run("(Get-StingStorageForecast -Day 1 -Every 12:00:00).Classes[0].DataClass.ToString()").Succeeded().Output.Single().ToString());
        _shell.Run("Get-StingStorageForecast -Class 'files=2TB/1/1%'").FailedWith("ForecastNotUnderstood");
        _shell.Run("Get-StingStorageForecast -Day 0").FailedWith("ForecastNotUnderstood");
        _shell.Run("Get-StingStorageForecast -Every 2.00:00:00").FailedWith("ForecastNotUnderstood");
    }

    [Fact]
    public void WhatIf_changes_nothing()
    {
        var before = Repository();
        var plan = _shell.Run("Invoke-StingRetention -WhatIf").Succeeded().Objects<RetentionPlan>().Single();
        Assert.Contains(plan.Entries, entry => entry.Goes);
        Assert.Equal(0, _shell.Run("Optimize-StingRepository -WhatIf").Succeeded().Objects<PrunePlan>().Single().Unreached.Packs);
        Assert.Equal(before, Repository());
    }

    [Fact]
    public void A_person_is_asked_and_may_say_no()
    {
        var before = Repository();
        _shell.Host.Answers.Enqueue("n");
        Assert.Empty(_shell.Run("Invoke-StingRetention").Succeeded().Output);
        Assert.Equal(before, Repository());
        Assert.Contains("UserFiles: 1 of 2, from 2024-01-15 02:00:00", Assert.Single(_shell.Host.Questions), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_over_goes_and_is_given_to_nobody_and_the_rest_opens()
    {
        var plan = _shell.Run("Invoke-StingRetention -WhatIf").Succeeded().Objects<RetentionPlan>().Single();
        var done = _shell.Run("Invoke-StingRetention -Confirm:$false").Succeeded().Objects<RetentionResult>().Single();
        Assert.Equal((plan.Entries.Count(entry => entry.Goes), plan.Entries.Count(entry => !entry.Goes), 0), (done.Dropped, done.Kept, done.Held));
        Assert.True(done.Dropped > 0);
        Assert.DoesNotContain(_shell.Run("Get-StingRestorePoint").Succeeded().Objects<RestorePoint>(), point => point is { BackupId: SampleInstallation.FirstRun, DataClass: DataClass.UserFiles });
        Assert.Equal([SampleInstallation.SecondRun], _shell.Run("Find-StingItem document.pdf").Succeeded().Objects<ItemVersion>().Select(version => version.BackupId).Distinct());
        _shell.Run("Restore-StingUser user@example.com -Date 2024-01-15 -Destination ./before").FailedWith("SubjectNotInPoint");
        // Nothing is left to go: nobody is asked.
        Assert.Equal(0, _shell.Run("Invoke-StingRetention").Succeeded().Objects<RetentionResult>().Single().Dropped);
        Assert.Empty(_shell.Host.Questions);

        var seen = _shell.Run("Optimize-StingRepository -WhatIf").Succeeded().Objects<PrunePlan>().Single();
        Assert.True(seen.Unreached.Packs + seen.Wasteful.Packs > 0);
        var swept = _shell.Run("Optimize-StingRepository").Succeeded().Objects<PruneResult>().Single();
        Assert.Equal((seen.Unreached.Packs + seen.Wasteful.Packs, 0L), (swept.Marked.Packs, swept.Deleted.Packs));
        Assert.True(_shell.Run("Optimize-StingRepository -AsJob | Wait-Job | Receive-Job").Succeeded().Objects<PruneResult>().Single().Waiting.Packs > 0);
        var waiting = Assert.Single(_shell.Run("Optimize-StingRepository -WhatIf").Succeeded().Objects<PrunePlan>().Single().Marks);
        Assert.Equal("readers that began before", waiting.WaitsFor);
        Assert.Empty(_shell.Run("Test-StingBackupIntegrity -Level Data").Succeeded().Objects<IntegrityResult>().Single().Faults);
        Assert.Equal(JobState.Completed, _shell.Run("Restore-StingUser user@example.com -Destination ./out").Succeeded().Objects<RestoreResult>().Single().State);
        var audited = _shell.Run("Get-StingAuditEvent").Succeeded().Objects<AuditEntry>().Select(entry => entry.Command).ToList();
        Assert.Contains("Invoke-StingRetention", audited);
        Assert.Contains("Optimize-StingRepository", audited);
    }

    [Fact]
    public void What_was_imported_is_old_at_once_and_older_than_all_of_the_reserve_s_own()
    {
        _shell.Run("Import-StingLegacyBackup ./old-backups").Succeeded();
        var imported = _shell.Run("Get-StingRetentionPlan -All | Where-Object BackupId -EQ backup_20231102_020000").Succeeded().Objects<RetentionEntry>();
        Assert.True(imported.Single(entry => entry.DataClass == DataClass.Settings).Goes);
        _shell.Run("Invoke-StingRetention -Confirm:$false").Succeeded();
        Assert.DoesNotContain(_shell.Run("Get-StingRestorePoint").Succeeded().Objects<RestorePoint>(), point => point is { ImportedFrom.Length: > 0, DataClass: DataClass.Settings });
        Assert.True(_shell.Run("Test-StingBackupIntegrity -Level Data").Succeeded().Objects<IntegrityResult>().Single().Passed);
    }

    [Fact]
    public void A_legal_hold_keeps_what_its_person_is_in()
    {
        _shell.Run("Add-StingLegalHold user@example.com -Reason 'case 7'").Succeeded();
        var plan = _shell.Run("Get-StingRetentionPlan").Succeeded().Objects<RetentionPlan>().Single();
        Assert.All(plan.Entries.Where(entry => entry.DataClass == DataClass.UserFiles), entry => Assert.False(entry.Goes));
        Assert.StartsWith("legal hold ", plan.Entries.First(entry => entry.DataClass == DataClass.UserFiles).KeptBy, StringComparison.Ordinal);
        Assert.Equal(1, _shell.Run("Invoke-StingRetention -Confirm:$false").Succeeded().Objects<RetentionResult>().Single().Held);
    }

    [Fact]
    public void A_host_that_only_writes_is_refused()
    {
        _shell.Run("""
            $null = Register-StingHost -New -HostName web-1 -OutputPath web-1.request -ConfigPath web-1.yaml
            $null = Register-StingHost -Request web-1.request -OutputPath web-1.package -Count 20
            $null = Register-StingHost -Package web-1.package -ConfigPath web-1.yaml
            """).Succeeded();
        var before = Repository();
        foreach (var command in (string[])["Get-StingRetentionPlan", "Invoke-StingRetention -Confirm:$false", "Optimize-StingRepository -WhatIf", "Optimize-StingRepository"])
        {
            var error = _shell.Run($"{command} -ConfigPath web-1.yaml").FailedWith("NotAllowedToMaintain");
            Assert.Equal(ExitCode.Refused, ExitCodes.Of(error.Exception));
        }
        Assert.Equal(before, Repository());
    }

    [Fact]
    public void Damage_stops_a_sweep()
    {
        Directory.Delete(_sample["backups", "index"], recursive: true);
        var error = _shell.Run("Optimize-StingRepository").FailedWith("PruneUnsafe");
        Assert.Equal(ExitCode.IntegrityFault, ExitCodes.Of(error.Exception));
        Assert.False(Directory.Exists(_sample["backups", "gc"]));
    }
}
