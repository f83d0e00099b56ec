using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>Who may be erased, and who is under a hold before, between and after the request.</summary>
public sealed class ErasureRequestTests : IAsyncLifetime
{
    private ErasureFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await ErasureFixture.CreateAsync();

    public Task DisposeAsync()
    {
        _fixture.Dispose();
        return Task.CompletedTask;
    }

    private async Task<LegalHold> HoldAsync(string user)
    {
        await using var installation = await _fixture.OpenAsync();
        return await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, user, "lawsuit 7", default), "counsel", default);
    }

    [Fact]
    public async Task A_legal_hold_refuses_and_is_named()
    {
        var hold = await HoldAsync("ada");
        var refused = await Assert.ThrowsAsync<StingException>(() => _fixture.PlanAsync());
        Assert.Equal(("LegalHoldStands", FailureKind.Refused, hold.Id), (refused.ErrorId, refused.Kind, refused.Target));
        Assert.Contains("lawsuit 7", refused.Message, StringComparison.Ordinal);
        await _fixture.RequestAsync("bob");
        await using (var installation = await _fixture.OpenAsync())
        {
            Assert.Equal(hold, LegalHolds.Find(installation, hold.Id));
            await _fixture.ApprovedAsync(installation, () => LegalHolds.LiftAsync(installation, hold.Id, "counsel", default));
            Assert.False(Assert.Single(LegalHolds.List(installation, withLifted: true)).IsActive);
            Assert.Empty(LegalHolds.List(installation, withLifted: false));
        }
        await _fixture.PlanAsync();
    }

    [Fact]
    public async Task A_hold_set_after_the_request_keeps_the_key()
    {
        await _fixture.RequestAsync();
        await HoldAsync("ada");
        var errors = new List<StingException>();
        Assert.Empty(await _fixture.CompleteAsync(errors));
        Assert.Equal("LegalHoldStands", Assert.Single(errors).ErrorId);
        Assert.True(Directory.Exists(await _fixture.RestoreAsync("ada")));
    }

    [Fact]
    public async Task A_hold_that_is_set_between_plan_and_request_refuses_the_request()
    {
        var plan = await _fixture.PlanAsync();
        var hold = await HoldAsync("ada");
        await using var installation = await _fixture.OpenAsync();
        var refused = await Assert.ThrowsAsync<StingException>(() => _fixture.ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default)));
        Assert.Equal(("LegalHoldStands", hold.Id), (refused.ErrorId, refused.Target));
        Assert.Empty(ErasureJob.List(installation));
    }

    [Fact]
    public async Task Requests_and_holds_are_told_oldest_first()
    {
        List<string> holds = [], requests = [];
        foreach (var user in (string[])["ada", "bob"])
        {
            _fixture.Keys.Clock.Advance(TimeSpan.FromMinutes(1));
            requests.Add((await _fixture.RequestAsync(user)).Id);
        }
        foreach (var user in (string[])["bob", "ada"])
        {
            _fixture.Keys.Clock.Advance(TimeSpan.FromMinutes(1));
            holds.Add((await HoldAsync(user)).Id);
        }
        await using var installation = await _fixture.OpenAsync();
        Assert.Equal(requests, ErasureJob.List(installation).Select(erasure => erasure.Id));
        Assert.Equal(holds, LegalHolds.List(installation, withLifted: true).Select(hold => hold.Id));
    }
}
