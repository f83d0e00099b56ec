using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Storage.S3;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Tiering.Cold;

/// <summary>Archived objects, in front of the real S3 server, as Amazon documents them.</summary>
public sealed class GlacierStoreTests
{
    private static readonly string Name = $"data/ab/{new string('a', 64)}";
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(100_000);

    private async Task<byte[]> ReadAsync(IObjectStore store)
    {
        var buffer = new byte[_content.Length];
        return buffer[..await store.ReadAsync(Name, 0, buffer, default)];
    }

    [CephTheory]
    [InlineData(100_000)]
    [InlineData(2_000_000)]   // an upload of parts
    public async Task A_pack_is_archived_thawed_read_and_archived_again(int length)
    {
        await using var glacier = await GlacierFixture.StartAsync(_clock);
        await using var store = await glacier.OpenAsync();
        var thawing = store.Thawing!;
        var content = RandomNumberGenerator.GetBytes(length);
        await store.StageAsync(Name, content, default);
        await store.BarrierAsync(default);
        await store.PutAsync("points/x", _content, default);
        Assert.Equal(ThawState.Ready, (await thawing.GetStateAsync("points/x", default))!.State);   // everything but packs stays hot
        Assert.Null(await thawing.GetStateAsync("points/y", default));
        Assert.Equal(length, await store.GetLengthAsync(Name, default));
        var archived = (await thawing.GetStateAsync(Name, default))!;
        Assert.Equal(("GLACIER", ThawState.Archived, (DateTimeOffset?)null), (archived.Object.StorageClass, archived.State, archived.ThawedUntil));
        Assert.Equal(["GLACIER"], await ClassesAsync(thawing));
        var error = await Assert.ThrowsAsync<StingException>(() => ReadAsync(store));
        Assert.Equal("PackArchived", error.ErrorId);
        Assert.Contains("Request-StingArchiveRetrieval", error.Remedy, StringComparison.Ordinal);

        Assert.Equal(ThawAnswer.Begun, await thawing.ThawAsync(Name, RetrievalSpeed.Bulk, 2, default));
        Assert.Equal(ThawAnswer.UnderWay, await thawing.ThawAsync(Name, RetrievalSpeed.Bulk, 2, default));
        Assert.Equal(ThawState.Thawing, (await thawing.GetStateAsync(Name, default))!.State);
        Assert.Equal("PackArchived", (await Assert.ThrowsAsync<StingException>(() => ReadAsync(store))).ErrorId);
        // A faster one overtakes.
        Assert.Equal(ThawAnswer.Begun, await thawing.ThawAsync(Name, RetrievalSpeed.Standard, 2, default));
        _clock.Advance(TimeSpan.FromHours(5));
        var thawed = (await thawing.GetStateAsync(Name, default))!;
        Assert.Equal((ThawState.Thawed, "GLACIER"), (thawed.State, thawed.Object.StorageClass));
        Assert.Equal(new DateTimeOffset(2026, 3, 4, 0, 0, 0, TimeSpan.Zero), thawed.ThawedUntil);   // two days, then the next midnight
        Assert.Equal(content, await store.ReadAllAsync(Name, default));
        Assert.Equal(ThawAnswer.Extended, await thawing.ThawAsync(Name, RetrievalSpeed.Bulk, 9, default));
        Assert.Equal(new DateTimeOffset(2026, 3, 11, 0, 0, 0, TimeSpan.Zero), (await thawing.GetStateAsync(Name, default))!.ThawedUntil);
        _clock.Advance(TimeSpan.FromDays(10));
        Assert.Equal(ThawState.Archived, (await thawing.GetStateAsync(Name, default))!.State);
        Assert.Equal("PackArchived", (await Assert.ThrowsAsync<StingException>(() => ReadAsync(store))).ErrorId);
    }

    private static async Task<List<string>> ClassesAsync(IThawingStore thawing)
    {
        var classes = new List<string>();
        await foreach (var item in thawing.ListStoredAsync("data/", default))
        {
            classes.Add(item.StorageClass);
        }
        return classes;
    }

    [CephFact]
    public async Task What_cannot_be_thawed_says_so()
    {
        await using var glacier = await GlacierFixture.StartAsync(_clock, "DEEP_ARCHIVE");
        await using var store = await glacier.OpenAsync();
        var thawing = store.Thawing!;
        await store.PutAsync(Name, _content, default);
        await store.PutAsync("points/x", _content, default);
        Assert.Equal("ThawRefused", (await Assert.ThrowsAsync<StingException>(() => thawing.ThawAsync(Name, RetrievalSpeed.Expedited, 1, default).AsTask())).ErrorId);
        Assert.Equal(ThawAnswer.NotArchived, await thawing.ThawAsync("points/x", RetrievalSpeed.Bulk, 1, default));
        Assert.Equal("ObjectNotFound", (await Assert.ThrowsAsync<StingException>(() => thawing.ThawAsync("points/y", RetrievalSpeed.Bulk, 1, default).AsTask())).ErrorId);
        // An overloaded server is asked again.
        var refusals = 0;
        glacier.Proxy.Refuse = _ => refusals++ < 2 ? 503 : null;
        Assert.Equal(ThawAnswer.Begun, await thawing.ThawAsync(Name, RetrievalSpeed.Bulk, 1, default));
        Assert.Equal(3, glacier.Proxy.Asked.Count(a => a.Tier == "Bulk" && a.Key.EndsWith(Name, StringComparison.Ordinal)));
        await using var flexible = await GlacierFixture.StartAsync(_clock);
        await using var other = await flexible.OpenAsync();
        await other.PutAsync(Name, _content, default);
        flexible.Proxy.HasExpedited = false;
        Assert.Equal("ThawRefused", (await Assert.ThrowsAsync<StingException>(() => other.Thawing!.ThawAsync(Name, RetrievalSpeed.Expedited, 1, default).AsTask())).ErrorId);
        // What is archived cannot be copied onto itself; a rule of the bucket moves it.
        Assert.Equal("PackArchived", (await Assert.ThrowsAsync<StingException>(() => other.Thawing!.MoveAsync(Name, "DEEP_ARCHIVE", default).AsTask())).ErrorId);
        flexible.Proxy.Transition(flexible.Bucket, $"sting/{Name}", "DEEP_ARCHIVE");
        Assert.Equal("DEEP_ARCHIVE", (await other.Thawing!.GetStateAsync(Name, default))!.Object.StorageClass);
        Assert.Equal(["DEEP_ARCHIVE"], await ClassesAsync(other.Thawing!));
    }

    [CephFact]
    public async Task Packs_that_can_be_copied_go_to_the_coldest_class_when_they_are_old_enough()
    {
        await using var reserve = new ArchivedReserve();
        await using var glacier = await GlacierFixture.StartAsync(reserve.Test.Clock, "GLACIER_IR");
        await using var store = await glacier.OpenAsync();
        await store.PutAsync(Name, _content, default);
        await store.PutAsync("points/x", _content, default);
        var installation = new ArchivedReserve(store);
        await using (installation)
        {
            installation.Test.Archiving = installation.Test.Archiving with { StorageClass = "GLACIER_IR" };
            // The server's clock is the real one.
            installation.Test.Clock.SetUtcNow(TimeProvider.System.GetUtcNow().AddDays(29));
            await installation.ArchiveAsync();
            Assert.Equal(["GLACIER_IR"], await ClassesAsync(store.Thawing!));
            installation.Test.Clock.Advance(TimeSpan.FromDays(2));
            Assert.Equal(1, (await installation.ArchiveAsync()).Cooled);
            Assert.Equal(["DEEP_ARCHIVE"], await ClassesAsync(store.Thawing!));
            Assert.Equal(ThawState.Ready, (await store.Thawing!.GetStateAsync("points/x", default))!.State);
            Assert.Equal(0, (await installation.ArchiveAsync()).Cooled);
            Assert.Equal("PackArchived", (await Assert.ThrowsAsync<StingException>(() => ReadAsync(store))).ErrorId);
        }
    }

    [Fact]
    public void What_the_classes_charge_in_any_case_is_respected_unless_it_is_told_otherwise()
    {
        var options = Engine.Reserve.Configuration.ArchiveOptions.Default;
        StoredObject Pack(string storageClass) => new("data/x", 1, storageClass, _clock.GetUtcNow());
        Assert.Equal([90, 90, 180, 0], ((string[])["GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "STANDARD"]).Select(c => (int)(ColdClasses.DeletableFrom(Pack(c), options) - _clock.GetUtcNow()).TotalDays));
        Assert.Equal(_clock.GetUtcNow(), ColdClasses.DeletableFrom(Pack("GLACIER"), options with { KeepsMinimumDays = false }));
        var address = Engine.Storage.S3.S3Address.Parse("glacier://bucket/sting");
        Assert.Equal("""{"Rules":[{"ID":"sting-coldest","Status":"Enabled","Filter":{"Prefix":"sting/data/"},"Transitions":[{"Days":30,"StorageClass":"DEEP_ARCHIVE"}]}]}""", ColdClasses.LifecycleRule(address, options));
        Assert.Null(ColdClasses.LifecycleRule(address, options with { StorageClass = "GLACIER_IR" }));
        Assert.Null(ColdClasses.LifecycleRule(address, options with { ColdestAfterDays = 0 }));
    }
}
