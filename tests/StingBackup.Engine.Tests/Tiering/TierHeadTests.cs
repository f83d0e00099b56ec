using StingBackup.Engine.Tests.Compatibility;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>What a sync takes of the objects that all others are checked with.</summary>
public sealed class TierHeadTests
{
    /// <summary>Found by the fault sweep: "sync, Local read format#1, Short".</summary>
    [LinuxTheory]
    [InlineData("format")]
    [InlineData("writers")]
    public async Task A_head_that_the_disk_gives_cut_short_goes_to_no_further_tier_until_it_is_whole(string kind)
    {
        using var site = GoldenSite.Copy("format-1");
        Directory.CreateDirectory(site["remote"]);
        File.WriteAllText(site["a.yaml"], File.ReadAllText(site["a.yaml"]).Replace("\nremote:\n", $"\nremote:\n  location: {site["remote"]}\n", StringComparison.Ordinal));
        var file = Directory.GetFiles(Path.Combine(site.Backups, kind)).Order(StringComparer.Ordinal).First();
        var (name, whole) = ($"{kind}/{Path.GetFileName(file)}", File.ReadAllBytes(file));

        File.WriteAllBytes(file, whole[..^9]);
        var errors = new List<StingException>();
        Assert.Equal(JobState.CompletedWithErrors, (await SyncAsync(site, errors)).State);
        Assert.Contains(errors, e => (e.ErrorId, e.Target) == ("ObjectDamaged", name));
        Assert.False(File.Exists(Path.Combine(site["remote"], name)));

        File.WriteAllBytes(file, whole);
        Assert.Equal(JobState.Completed, (await SyncAsync(site, [])).State);
        Assert.Equal(whole, File.ReadAllBytes(Path.Combine(site["remote"], name)));
    }

    private static async Task<TierSyncResult> SyncAsync(GoldenSite site, List<StingException> errors)
    {
        await using var installation = await site.OpenAsync();
        return await TestInstallation.CompleteAsync<TierSyncResult>(TierSyncJob.RunAsync(installation, Tier.Remote, default), errors);
    }
}
