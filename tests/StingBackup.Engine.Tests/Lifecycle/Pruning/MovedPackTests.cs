using System.Security.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Lifecycle.Pruning;

/// <summary>Sweeps that meet: what one copied the next moves or deletes, and what is due goes while more is marked.</summary>
public sealed class MovedPackTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromHours(48);

    /// <summary>What one sweep made is itself moved by the next, before what it was made of has gone: as with small packs, which a daily sweep joins daily.</summary>
    [Fact]
    public async Task What_was_moved_twice_goes_too()
    {
        await using var hosts = new TwoHosts();
        foreach (var (name, length) in (IEnumerable<(string, int)>)[("a", 300_000), ("b", 300_000), ("c", 1_000_000)])
        {
            hosts.Write(true, $"users/1/{name}.bin", RandomNumberGenerator.GetBytes(length));
        }
        await hosts.BackupAsync(first: true);
        foreach (var gone in (string[])["c", "b"])
        {
            hosts.Test.Clock.Advance(TimeSpan.FromDays(1));
            File.Delete(Path.Combine(hosts.Reserve(true), $"users/1/{gone}.bin"));
            await hosts.BackupAsync(first: true);
        }
        hosts.Test.Clock.Advance(TimeSpan.FromDays(363.5));   // the first run is over
        await hosts.LetGoAsync();
        var first = await hosts.PruneAsync();
        Assert.True(first is { Marked.Packs: > 0, Rewritten.Packs: > 0 });
        hosts.Test.Clock.Advance(TimeSpan.FromDays(1));       // the second, and with it half of what was moved
        await hosts.LetGoAsync();
        Assert.True(await hosts.PruneAsync() is { Rewritten.Packs: > 0, Spared: 0 });
        hosts.Test.Clock.Advance(Grace);
        var swept = await hosts.PruneAsync();
        Assert.Equal((first.Marked.Packs, 0L), (swept.Deleted.Packs, swept.Spared));
        await hosts.VerifyAsync();
        hosts.Test.Clock.Advance(Grace);
        await hosts.PruneAsync();
        hosts.Test.Clock.Advance(Grace);
        await hosts.PruneAsync();
        Assert.InRange(hosts.PackBytes, 300_000, 320_000);
        Assert.Empty(hosts.Names("gc/"));
        await hosts.VerifyAsync();
    }

    /// <summary>What is due goes, and in the same sweep more is found: the index never names again what has gone.</summary>
    [Fact]
    public async Task What_goes_and_what_is_newly_marked_in_one_sweep_do_not_meet()
    {
        await using var hosts = new TwoHosts();
        foreach (var name in (string[])["a", "b", "c"])
        {
            hosts.Write(true, $"users/1/{name}.bin", RandomNumberGenerator.GetBytes(300_000));
        }
        await hosts.BackupAsync(first: true);
        foreach (var gone in (string[])["c", "b"])
        {
            hosts.Test.Clock.Advance(TimeSpan.FromDays(3));
            File.Delete(Path.Combine(hosts.Reserve(true), $"users/1/{gone}.bin"));
            await hosts.BackupAsync(first: true);
        }
        hosts.Test.Clock.Advance(TimeSpan.FromDays(360));   // the first run is over
        await hosts.LetGoAsync();
        var first = await hosts.PruneAsync();
        Assert.True(first is { Marked.Packs: > 0, Rewritten.Packs: > 0 });
        Assert.Equal(0, (await hosts.PruneAsync()).Deleted.Packs);
        hosts.Test.Clock.Advance(TimeSpan.FromDays(3));     // the second run, and the readers' time
        await hosts.LetGoAsync();
        var second = await hosts.PruneAsync();
        Assert.True(second.Deleted.Packs > 0 && second.Marked.Packs > 0 && second.Rewritten.Packs > 0);
        await AssertNamesWhatIsThereAsync();
        var waiting = await hosts.PruneAsync();
        Assert.Equal(second.Marked, waiting.Waiting);
        Assert.Equal([$"Marked {first.Marked.Packs}, deleted 0", $"Marked {second.Marked.Packs}, deleted {second.Deleted.Packs}"],
            (await AuditReader.ReadAsync(hosts.Open(true), default)).Where(e => e.Command == "Optimize-StingRepository" && e.Outcome.StartsWith("Marked", StringComparison.Ordinal)).Select(e => e.Outcome));
        hosts.Test.Clock.Advance(Grace);
        await hosts.PruneAsync();
        await AssertNamesWhatIsThereAsync();
        Assert.InRange(hosts.PackBytes, 300_000, 320_000);

        async Task AssertNamesWhatIsThereAsync()
        {
            await hosts.VerifyAsync();
            var view = await RepositoryView.LoadAsync(hosts.Store, hosts.Test.Keys.Reserve, hosts.Open(true).Writers, default);
            Assert.Empty(view.Index.Packs.Select(pack => pack.Name).Except([.. hosts.Names("data/"), .. hosts.Names("meta/")]));
        }
    }
}
