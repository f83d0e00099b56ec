using System.Text;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Recovery;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Operations;

namespace StingBackup.Engine.Tests.Recovery;

/// <summary>The sealed copy of the configuration that goes with each run, and how it comes back where everything else is lost.</summary>
public sealed class ConfigurationCopyTests : IAsyncLifetime, IDisposable
{
    private EscrowSite _site = null!;

    public async Task InitializeAsync() => _site = await EscrowSite.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _site.Dispose();

    private async Task<Installation> OpenAsync() =>
        await Installation.OpenAsync(new ConfigurationLoader(new HostView()).Examine(_site.ConfigurationFile), new InstallationOptions { Clock = _site.Clock }, default);

    private async Task BackupAsync()
    {
        await using var installation = await OpenAsync();
        Assert.Equal(0, (await _site.BackupAsync(installation)).Errors);
    }

    private string[] Copies => Directory.Exists(Path.Combine(_site.Backups, "config")) ? [.. Directory.GetFiles(Path.Combine(_site.Backups, "config"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];

    private static ConfigurationImportRequest Request(string location, IEnumerable<string> shares, string file) => new() { Location = location, Path = [.. shares], ConfigurationFile = file };

    private ValueTask<ConfigurationImportPlan> PlanAsync(KeyEscrowResult escrow, string? hostName = null) =>
        ConfigurationRecovery.PlanAsync(Request(_site.Backups, escrow.ShareFiles.Take(3), _site["new.yaml"]) with { HostName = hostName }, _site.Clock, default);

    [Fact]
    public async Task One_is_kept_for_each_state_of_the_settings_and_says_nothing_to_who_has_the_store_alone()
    {
        await BackupAsync();
        await BackupAsync();
        var first = Assert.Single(Copies);
        File.Delete(Path.Combine(_site.Site1, "state", "configuration-copy"));   // a cache: what the store has counts
        await BackupAsync();
        Assert.Equal(first, Assert.Single(Copies));
        EscrowSite.Configure(_site.ConfigurationFile, text => text.Replace("# parallel_threads: 4", "parallel_threads: 2", StringComparison.Ordinal));
        await BackupAsync();
        Assert.Equal(2, Copies.Length);
        Assert.All(Copies, file => Assert.DoesNotContain("site1", Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal));
        File.Delete(Copies[1]);
        await BackupAsync();
        Assert.Equal(2, Copies.Length);   // one that was lost is written again
        await using var installation = await OpenAsync();
        var verified = await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Structure }, default));
        Assert.True(verified.Passed);
    }

    [Fact]
    public async Task It_comes_back_with_shares_and_the_store_alone_equal_in_every_setting()
    {
        EscrowSite.Configure(_site.ConfigurationFile, text => text.Replace("# parallel_threads: 4", "parallel_threads: 3", StringComparison.Ordinal).Replace("\nreserve:\n", "\nreserve:\n  rules:\n    - {glob: \"reports/**\", class: Reports}\n", StringComparison.Ordinal));
        await BackupAsync();
        var escrow = await _site.ExportAsync();
        var was = new ConfigurationLoader(new HostView()).Examine(_site.ConfigurationFile).Describe().ToDictionary(s => s.Key, s => s.Value is System.Collections.IEnumerable many and not string ? string.Join('|', many.Cast<object>()) : s.Value?.ToString());
        _site.Lose();
        var store = Path.Combine(_site.Site2, "backups");
        var request = Request(store, escrow.ShareFiles.Take(3), _site["new.yaml"]) with { Setting = new Dictionary<string, string> { ["performance.parallel_threads"] = "1", ["keys.replicas"] = $"[\"{_site.Site2}/store\"]" } };
        var plan = await ConfigurationRecovery.PlanAsync(request, _site.Clock, default);
        Assert.False(File.Exists(_site["new.yaml"]));
        Assert.Equal((true, false, 1L), (plan.Chosen.MayMaintain, plan.Chosen.IsRevoked, plan.Chosen.Revision));
        Assert.Contains("performance.parallel_threads: 3 becomes 1", plan.Changed);
        var result = await ConfigurationRecovery.RunAsync(request, _site.Clock, default);
        var now = new ConfigurationLoader(new HostView()).Examine(result.ConfigurationFile);
        // The bucket of the call takes the place of the folder that is lost with its host.
        Assert.Equal(store, now.Require().Repository.BackupRoot);
        var changed = now.Describe().Where(s => (s.Value is System.Collections.IEnumerable many and not string ? string.Join('|', many.Cast<object>()) : s.Value?.ToString()) != was[s.Key]).Select(s => s.Key);
        Assert.Equal(["performance.parallel_threads", "repository.backup_root"], changed.Order(StringComparer.Ordinal));
        Assert.Equal("ConfigurationExists", (await Assert.ThrowsAsync<StingException>(async () => await ConfigurationRecovery.RunAsync(request, _site.Clock, default))).ErrorId);
    }

    [Fact]
    public async Task A_damaged_or_forged_copy_gives_way_to_the_one_before_it()
    {
        await BackupAsync();
        EscrowSite.Configure(_site.ConfigurationFile, text => text.Replace("# parallel_threads: 4", "parallel_threads: 2", StringComparison.Ordinal));
        await BackupAsync();
        var escrow = await _site.ExportAsync();
        Assert.Equal(2, (await PlanAsync(escrow)).Chosen.Revision);
        var bytes = File.ReadAllBytes(Copies[1]);
        bytes[^80] ^= 1;
        File.Delete(Copies[1]);
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(Copies[0])!, "000000000002"), bytes);
        Assert.Equal(1, (await PlanAsync(escrow)).Chosen.Revision);
        await using (var installation = await OpenAsync())
        {
            var faults = new List<object>();
            var verified = await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Structure }, default), errors: [], output: faults);
            Assert.Contains(verified.Faults, f => f.Object.EndsWith("/000000000002", StringComparison.Ordinal));
        }
        await BackupAsync();   // the host does not take it for its own state
        Assert.Equal(3, (await PlanAsync(escrow)).Chosen.Revision);
    }

    [Fact]
    public async Task A_store_without_one_and_a_host_that_is_unknown_are_told_by_name()
    {
        var escrow = await _site.ExportAsync();
        Assert.Equal("ConfigurationCopyMissing", (await Assert.ThrowsAsync<StingException>(async () => await PlanAsync(escrow))).ErrorId);
        await BackupAsync();
        var unknown = await Assert.ThrowsAsync<StingException>(async () => await PlanAsync(escrow, "somebody"));
        Assert.Contains(Environment.MachineName, unknown.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_host_that_took_the_place_of_the_lost_one_is_believed_and_a_revoked_one_by_its_name_alone()
    {
        await BackupAsync();
        var escrow = await _site.ExportAsync();
        var lost = Path.GetFileName(Path.GetDirectoryName(Copies.Single())!);
        var file = _site.Lose();
        await _site.ImportAsync(file, [.. escrow.ShareFiles.Take(3)]);
        Directory.CreateDirectory(Path.Combine(_site["site3"], "epoch-place"));
        async Task<Installation> AtNewHostAsync() => await Installation.OpenAsync(new ConfigurationLoader(new HostView()).Examine(file), new InstallationOptions { Clock = _site.Clock }, default);
        await using (var reading = await AtNewHostAsync())
        {
            await TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(reading, await RepairJob.PlanAsync(reading, true, default), default), errors: [], output: []);
        }
        await using (var writing = await AtNewHostAsync())
        {
            Assert.NotEqual(lost, writing.Host!.Writer.ToString());
            await _site.BackupAsync(writing);
            await _site.ApprovedAsync(writing, async () => await HostRevocation.RunAsync(writing, await HostRevocation.PlanAsync(writing, lost, null, default), default));
        }
        var request = Request(Path.Combine(_site.Site2, "backups"), escrow.ShareFiles.Take(3), _site["new.yaml"]);
        var plan = await ConfigurationRecovery.PlanAsync(request, _site.Clock, default);
        Assert.NotEqual(lost, plan.Chosen.WriterId);
        Assert.Contains(plan.Found, copy => copy.WriterId == lost && copy.IsRevoked);
        Assert.True((await ConfigurationRecovery.PlanAsync(request with { HostName = lost }, _site.Clock, default)).Chosen.IsRevoked);
    }
}
