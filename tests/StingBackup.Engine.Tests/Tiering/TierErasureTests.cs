using System.Text.Json.Nodes;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Tests.Support;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Tests.Tiering;

/// <summary>An erasure on tiers: claims go from each, the ledger gets to each, the certificate counts each, and reading proves it on each that is in reach.</summary>
public sealed class TierErasureTests
{
    private static async Task<ConfiguredTiers> TwoPeopleAsync()
    {
        var tiers = await ConfiguredTiers.MakeAsync();
        tiers.Write("users/ada/diary.bin", 100_000);
        tiers.Write("users/bob/own.bin", 100_000);
        await tiers.BackupAsync();
        Assert.Equal(ConfiguredTiers.Names(tiers.Local), ConfiguredTiers.Names(tiers.Remote));
        return tiers;
    }

    internal static async Task<(ErasurePlan Plan, Erasure Done)> EraseAsync(ConfiguredTiers tiers, Action? before = null)
    {
        ErasurePlan plan;
        await using (var installation = await tiers.OpenAsync())
        {
            plan = await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, "ada", "GDPR Art. 17", "ticket 12", "dpo"), default);
            await new TestOfficer(tiers.Root, tiers.Clock).ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default));
        }
        tiers.Clock.Advance(TimeSpan.FromDays(10));
        before?.Invoke();
        await using var later = await tiers.OpenAsync();
        var result = await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(later, "key officer", default));
        return (plan, Assert.Single(result.Erasures));
    }

    private static string[] Claims(string root) => [.. ConfiguredTiers.Names(root).Where(n => n.StartsWith("subjects/", StringComparison.Ordinal))];

    private static JsonObject Certificate(Erasure done) => (JsonObject)JsonNode.Parse(File.ReadAllText(done.Certificate!))!["certificate"]!;

    [Fact]
    public async Task It_reaches_every_tier_and_is_proven_on_each()
    {
        await using var tiers = await TwoPeopleAsync();
        var claims = Claims(tiers.Local);
        var (plan, done) = await EraseAsync(tiers);
        Assert.Equal([(Tier.Local, 1L), (Tier.Remote, 1L)], plan.Hits.Where(h => h.DataClass == DataClass.UserFiles).Select(h => (h.Tier, h.Points)));
        Assert.Equal(ErasureState.Completed, done.State);
        Assert.Equal(claims.Length - 1, Claims(tiers.Local).Length);
        Assert.Equal(Claims(tiers.Local), Claims(tiers.Remote));
        Assert.True(File.Exists(Path.Combine(tiers.Remote, "ledger", "000000000001")));
        var certificate = Certificate(done);
        Assert.Equal(["Local", "Remote"], certificate["scope"]!["tiers"]!.AsArray().Select(t => t!["tier"]!.GetValue<string>()).Distinct());
        var verification = certificate["verification"]!;
        Assert.True(verification["chunks_tried"]!.GetValue<int>() >= 2);
        Assert.Equal(verification["chunks_tried"]!.GetValue<int>(), verification["chunks_refused"]!.GetValue<int>());
        Assert.Equal(certificate["scope"]!["packs"]!.GetValue<long>(), plan.Packs);
        Assert.DoesNotContain(certificate["exceptions"]!.AsArray(), e => e!.GetValue<string>().Contains("tier", StringComparison.Ordinal));
        Assert.Empty(await tiers.VerifyAsync());
    }

    [Fact]
    public async Task A_tier_that_is_away_stands_in_the_certificate_and_follows_with_the_next_sync()
    {
        await using var tiers = await TwoPeopleAsync();
        var aside = tiers.Remote + ".aside";
        var (_, done) = await EraseAsync(tiers, () => Directory.Move(tiers.Remote, aside));
        Assert.Equal(ErasureState.Completed, done.State);
        var certificate = Certificate(done);
        Assert.Equal(["Local"], certificate["scope"]!["tiers"]!.AsArray().Select(t => t!["tier"]!.GetValue<string>()).Distinct());
        Assert.Contains(certificate["exceptions"]!.AsArray(), e => e!.GetValue<string>().StartsWith("tier Remote", StringComparison.Ordinal));
        Directory.Move(aside, tiers.Remote);
        Assert.NotEqual(Claims(tiers.Local), Claims(tiers.Remote));
        Assert.Equal(1, (await tiers.SyncAsync()).Claims);
        Assert.Equal(ConfiguredTiers.Names(tiers.Local), ConfiguredTiers.Names(tiers.Remote));
        // And the local tier, brought back from there, does not bring her back.
        Directory.Delete(tiers.Local, recursive: true);
        Directory.CreateDirectory(tiers.Local);
        await tiers.SyncAsync(Tier.Local);
        Assert.Equal(Claims(tiers.Remote), Claims(tiers.Local));
        Assert.True(File.Exists(Path.Combine(tiers.Local, "ledger", "000000000001")));
        Assert.Empty(await tiers.VerifyAsync());
    }

    [Fact]
    public async Task A_raised_quota_needs_a_second_identity()
    {
        await using var tiers = await ConfiguredTiers.MakeAsync(settings: new Dictionary<string, string> { ["remote.quota"] = "1MB" });
        tiers.Write("users/ada/long.bin", 1_500_000);
        var warnings = new List<string>();
        await tiers.BackupAsync(warnings);
        Assert.Contains("pass its quota", Assert.Single(warnings), StringComparison.Ordinal);
        await using (var installation = await tiers.OpenAsync())
        {
            Assert.Equal("QuotaNotRaised", (await Assert.ThrowsAsync<StingException>(async () => await TierQuotaJob.PlanAsync(installation, 1_000_000, default))).ErrorId);
            var plan = await TierQuotaJob.PlanAsync(installation, 50_000_000, default);
            Assert.Equal((1_000_000L, 50_000_000L), (plan.Before, plan.Length));
            Assert.Equal(50_000_000, (await new TestOfficer(tiers.Root, tiers.Clock).ApprovedAsync(installation, () => TierQuotaJob.RunAsync(installation, plan, default))).Length);
        }
        Assert.Equal(1, (await tiers.SyncAsync()).Points);
    }
}
