using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>This program over what earlier ones wrote: reads all of it exactly, and goes on with it.</summary>
public sealed class GoldenReadTests
{
    public static TheoryData<string> All => [.. GoldenSite.Names];

    [LinuxTheory]
    [MemberData(nameof(All))]
    public async Task Its_points_are_listed_its_chains_hold_and_all_of_its_content_is_proved(string name)
    {
        using var site = GoldenSite.Copy(name);
        await using var installation = await site.OpenAsync();
        Assert.Empty(installation.OpeningFaults);
        Assert.Equal(site.ExpectedPoints, await GoldenSite.PointsAsync(installation));
        var before = Objects(site);
        foreach (var level in (IntegrityLevel[])[IntegrityLevel.Structure, IntegrityLevel.Packs, IntegrityLevel.Data])
        {
            var result = await GoldenSite.VerifyAsync(installation, level);
            Assert.Empty(result.Faults);
            Assert.True(result is { Points: > 3, Packs: > 5 });
        }
        // Every kind of object is in it, and reading leaves all as it was; the audit log alone has grown.
        Assert.Equal(["approvers", "audit", "config", "data", "drills", "drops", "format", "gc", "index", "ledger", "meta", "points", "sessions", "subjects", "writers"], before.Keys.Select(n => n[..n.IndexOf('/', StringComparison.Ordinal)]).Distinct().Order(StringComparer.Ordinal));
        Assert.All(Objects(site).Except(before), grown => Assert.StartsWith("audit/", grown.Key, StringComparison.Ordinal));
        Assert.Empty(before.Except(Objects(site)));
        Assert.Single((await installation.Keys!.LoadApproversAsync(installation.Store, default)).All);
    }

    [LinuxTheory]
    [MemberData(nameof(All))]
    public async Task Every_point_comes_back_exactly(string name)
    {
        using var site = GoldenSite.Copy(name);
        await using var installation = await site.OpenAsync();
        var ids = site.ExpectedPoints.Select(p => p[..p.IndexOf(' ', StringComparison.Ordinal)]).Distinct().ToList();
        Assert.True(ids.Count >= 4);
        foreach (var id in ids)
        {
            var errors = new List<StingException>();
            var folder = await site.RestoreAsync(installation, id, errors);
            Assert.Empty(errors);
            AssertSame(site.Expected(id), ContentList.Of(folder));
        }
    }

    [LinuxTheory]
    [MemberData(nameof(All))]
    public async Task It_is_gone_on_with_backups_renewed_keys_an_erasure_retention_and_sweeps(string name)
    {
        using var site = GoldenSite.Copy(name);
        var last = site.ExpectedPoints[^1][..site.ExpectedPoints[^1].IndexOf(' ', StringComparison.Ordinal)];
        string backup;
        await using (var installation = await site.OpenAsync())
        {
            // The reserve as the last point has it, and something new.
            Directory.Delete(site.Reserve);
            Directory.Move(await site.RestoreAsync(installation, last), site.Reserve);
            site.Write("users/ada/later.txt", "written by a later program"u8);
            site.Write("users/zoe/first.txt", "a person whom nobody knew"u8);
            var result = await site.BackupAsync(installation);
            Assert.Equal((0L, JobState.Completed), (result.Errors, result.State));
            backup = result.BackupId!;
        }
        await using (var second = await site.OpenAsync("b.yaml"))
        {
            Assert.Equal(0, (await site.BackupAsync(second, BackupType.Full)).Errors);
        }
        foreach (var kind in (KeyRotationKind[])[KeyRotationKind.KeyEncryptionKey, KeyRotationKind.Subject])
        {
            await using var installation = await site.OpenAsync();
            var plan = await KeyRotationJob.PlanAsync(installation, new KeyRotationRequest(kind), default);
            Task<KeyRotationResult> Renew() => TestInstallation.CompleteAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, plan, default));
            Assert.Equal(JobState.Completed, (plan.NeedsApproval ? await site.ApprovedAsync(installation, Renew) : await Renew()).State);
        }
        await using (var installation = await site.OpenAsync())
        {
            var plan = await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, "bob", "GDPR Art. 17", "ticket 13", "dpo"), default);
            await site.ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default));
            site.Clock.Advance(TimeSpan.FromHours(1));
            Assert.Equal(ErasureState.Completed, Assert.Single((await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(installation, "key officer", default))).Erasures).State);
        }
        await using (var installation = await site.OpenAsync())
        {
            // The marks that the earlier program left are gone on with.
            await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
            for (var i = 0; i < 3; i++)
            {
                await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(installation, default));
                site.Clock.Advance(TimeSpan.FromDays(4));
            }
            Assert.Empty((await GoldenSite.VerifyAsync(installation)).Faults);
            var expected = new SortedDictionary<string, string>(ContentList.Of(site.Reserve).Where(i => i.Key != "users/bob" && !i.Key.StartsWith("users/bob/", StringComparison.Ordinal)).ToDictionary(i => i.Key, i => i.Value), StringComparer.Ordinal);
            AssertSame(expected, ContentList.Of(await site.RestoreAsync(installation, backup)));
        }
    }

    private static Dictionary<string, string> Objects(GoldenSite site) => GoldenObjects.Read(site).ToDictionary(o => o.Key, o => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(o.Value.Span)));

    private static void AssertSame(SortedDictionary<string, string> expected, SortedDictionary<string, string> actual) => Assert.Equal(expected.Select(i => $"{i.Key}: {i.Value}"), actual.Select(i => $"{i.Key}: {i.Value}"));
}
