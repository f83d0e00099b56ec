using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>Tiers are opened when something is asked of them, once, and closed with their installation.</summary>
public sealed class TierOpeningTests
{
    [Fact]
    public async Task A_tier_is_opened_once_and_only_when_it_is_asked_for()
    {
        var opened = 0;
        await using var remote = new MemoryObjectStore();
        await using var test = new TestInstallation
        {
            FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>>
            {
                [Tier.Archive] = _ => throw new StingException("StoreUnavailable", FailureKind.Io, "away", "archive", "wait"),
                [Tier.Remote] = _ => { opened++; return ValueTask.FromResult<IObjectStore>(remote); },
            },
        };
        Assert.Equal([Tier.Local, Tier.Remote, Tier.Archive], test.Installation.Tiers);
        Assert.Equal(0, opened);
        Assert.Same(remote, await test.Installation.OpenTierAsync(Tier.Remote, default));
        Assert.Same(remote, await test.Installation.OpenTierAsync(Tier.Remote, default));
        Assert.Equal(1, opened);
        Assert.Same(test.Store, await test.Installation.OpenTierAsync(Tier.Local, default));
        Assert.Equal("StoreUnavailable", (await Assert.ThrowsAsync<StingException>(async () => await test.Installation.OpenTierAsync(Tier.Archive, default))).ErrorId);
    }

    [Fact]
    public async Task A_tier_that_is_not_configured_is_an_error_that_names_its_setting()
    {
        await using var test = new TestInstallation();
        Assert.Equal([Tier.Local], test.Installation.Tiers);
        var error = await Assert.ThrowsAsync<StingException>(async () => await test.Installation.OpenTierAsync(Tier.Archive, default));
        Assert.Equal("TierNotConfigured", error.ErrorId);
        Assert.Contains("archive.location", error.Remedy, StringComparison.Ordinal);
    }
}
