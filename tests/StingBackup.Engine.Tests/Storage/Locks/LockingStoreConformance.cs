using System.Security.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage.Locks;

/// <summary>What every store does that locks: against its own mistakes, and against somebody with the bucket's credentials, who overwrites, hides and deletes as the bucket lets him.</summary>
public abstract class LockingStoreConformance
{
    private static readonly TimeSpan s_days = TimeSpan.FromDays(3);

    /// <summary>Opens a store over one bucket, the same for each call of a test.</summary>
    protected abstract ValueTask<IObjectStore> OpenAsync(TierLockMode mode, TimeSpan atLeast);

    /// <summary>Opens a store over a bucket without Object Lock.</summary>
    protected abstract ValueTask<IObjectStore> OpenPlainAsync();

    /// <summary>Stores without any condition.</summary>
    protected abstract Task WriteOverAsync(string name, byte[] content);

    /// <summary>Deletes without a version, which leaves a delete marker.</summary>
    protected abstract Task HideAsync(string name);

    /// <summary>Deletes every version; false when one is refused.</summary>
    protected abstract Task<bool> TryDestroyAsync(string name, bool bypass);

    /// <summary>Shortens the lock of the oldest version, or makes it a milder one; false when that is refused.</summary>
    protected abstract Task<bool> TryShortenAsync(string name, TierLockMode mode, DateTimeOffset until);

    /// <summary>Versions and delete markers of a name.</summary>
    protected abstract Task<int> CountAsync(string name);

    /// <summary>Lets time pass.</summary>
    protected abstract Task PassAsync(TimeSpan time);

    protected abstract DateTimeOffset Now { get; }

    [Theory]
    [InlineData(TierLockMode.Governance)]
    [InlineData(TierLockMode.Compliance)]
    public async Task What_is_stored_is_locked_and_what_must_be_able_to_go_is_not(TierLockMode mode)
    {
        await using var store = await OpenAsync(mode, s_days);
        var long_ = Bytes(200_000);
        Assert.True(await store.PutAsync("points/w/1", Bytes(10), default));
        Assert.True(await store.PutAsync("subjects/ab", Bytes(10), default));
        await store.StageAsync("data/ab/one", long_, default);
        await store.StageAsync("meta/ab/two", Bytes(20), default);
        await store.BarrierAsync(default);
        foreach (var name in (string[])["points/w/1", "data/ab/one", "meta/ab/two"])
        {
            var held = await store.Locking!.GetLockAsync(name, default);
            Assert.Equal(mode, held!.Mode);
            Assert.InRange(held.Until, Now + s_days - TimeSpan.FromMinutes(2), Now + s_days + TimeSpan.FromMinutes(2));
            var refused = await Assert.ThrowsAsync<StingException>(async () => await store.DeleteAsync(name, default));
            Assert.Equal(("ObjectLocked", FailureKind.Refused), (refused.ErrorId, refused.Kind));
            Assert.Contains(held.Until.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(long_, await store.ReadAllAsync("data/ab/one", default));
        Assert.Null(await store.Locking!.GetLockAsync("subjects/ab", default));
        Assert.True(await store.DeleteAsync("subjects/ab", default));
        Assert.Equal(0, await CountAsync("subjects/ab"));   // no marker, and no version under it: an erasure removes claims
        Assert.Null(await store.GetLengthAsync("subjects/ab", default));
        Assert.False(await store.DeleteAsync("data/none", default));
        Assert.Equal("ObjectNotFound", (await Assert.ThrowsAsync<StingException>(async () => await store.Locking!.GetLockAsync("data/none", default))).ErrorId);
    }

    [Fact]
    public async Task Whoever_writes_over_a_locked_object_or_hides_it_changes_nothing_for_readers()
    {
        await using var store = await OpenAsync(TierLockMode.Governance, s_days);
        var (first, pack) = (Bytes(50), Bytes(3000));
        await store.PutAsync("points/w/1", first, default);
        await store.StageAsync("data/ab/pack", pack, default);
        await store.StageAsync("data/ab/quiet", pack, default);
        await store.BarrierAsync(default);
        await WriteOverAsync("points/w/1", Bytes(60));
        await WriteOverAsync("data/ab/pack", Bytes(3000));
        await HideAsync("data/ab/pack");
        // As a process that begins now.
        await using var reader = await OpenAsync(TierLockMode.Governance, s_days);
        foreach (var each in (IObjectStore[])[store, reader])
        {
            Assert.Equal(pack, await each.ReadAllAsync("data/ab/pack", default));
            var part = new byte[100];
            Assert.Equal(100, await each.ReadAsync("data/ab/pack", 1000, part, default));
            Assert.Equal(pack[1000..1100], part);
            Assert.Equal(first, await each.ReadAllAsync("points/w/1", default));
            Assert.Equal(50, await each.GetLengthAsync("points/w/1", default));
            Assert.Equal([("data/ab/pack", 3000L), ("data/ab/quiet", 3000L), ("points/w/1", 50L)], await ListAsync(each));
            Assert.Equal([("data/ab/pack", 2, true), ("points/w/1", 1, false)], each.Locking!.Shadowed.Select(s => (s.Name, s.Later, s.IsHidden)));
        }
        // A name that is hidden is taken all the same.
        Assert.False(await reader.PutAsync("data/ab/pack", Bytes(10), default));
        await reader.StageAsync("data/ab/pack", Bytes(400_000), default);
        await reader.BarrierAsync(default);
        Assert.Equal(pack, await reader.ReadAllAsync("data/ab/pack", default));
    }

    [Fact]
    public async Task Of_a_name_that_is_not_locked_the_newest_version_is_the_object()
    {
        await using var store = await OpenAsync(TierLockMode.Governance, s_days);
        await store.PutAsync("subjects/ab", Bytes(10), default);
        var renewed = Bytes(20);
        await store.DeleteAsync("subjects/ab", default);
        Assert.True(await store.PutAsync("subjects/ab", renewed, default));
        Assert.Equal(renewed, await store.ReadAllAsync("subjects/ab", default));
        await HideAsync("subjects/ab");
        Assert.Null(await store.GetLengthAsync("subjects/ab", default));
        Assert.Empty(await ListAsync(store));
        Assert.True(await store.PutAsync("subjects/ab", Bytes(30), default));
        Assert.Equal([("subjects/ab", 30L)], await ListAsync(store));
        Assert.Empty(store.Locking!.Shadowed);
    }

    [Fact]
    public async Task Stolen_credentials_destroy_nothing_and_only_governance_can_be_bypassed()
    {
        await using var governed = await OpenAsync(TierLockMode.Governance, s_days);
        await governed.PutAsync("data/ab/governed", Bytes(10), default);
        await using var strict = await OpenAsync(TierLockMode.Compliance, s_days);
        await strict.PutAsync("data/ab/strict", Bytes(10), default);
        Assert.False(await TryDestroyAsync("data/ab/governed", bypass: false));
        Assert.False(await TryDestroyAsync("data/ab/strict", bypass: false));
        Assert.False(await TryDestroyAsync("data/ab/strict", bypass: true));
        Assert.Equal(10, await governed.GetLengthAsync("data/ab/governed", default));
        Assert.Equal(10, await strict.GetLengthAsync("data/ab/strict", default));
        Assert.True(await TryDestroyAsync("data/ab/governed", bypass: true));
        Assert.Null(await governed.GetLengthAsync("data/ab/governed", default));
    }

    [Fact]
    public async Task A_lock_gets_longer_and_never_shorter()
    {
        await using var store = await OpenAsync(TierLockMode.Compliance, s_days);
        await store.PutAsync("data/ab/pack", Bytes(10), default);
        await WriteOverAsync("data/ab/pack", Bytes(10));   // the lock is that of the object, not of what came later
        var until = new DateTimeOffset((Now + TimeSpan.FromDays(40)).UtcDateTime.Date, TimeSpan.Zero);
        Assert.Equal(new ObjectLock(TierLockMode.Compliance, until), await store.Locking!.ExtendAsync("data/ab/pack", until, default));
        Assert.Equal(until, (await store.Locking!.ExtendAsync("data/ab/pack", Now + TimeSpan.FromDays(5), default)).Until);
        Assert.Equal(until, (await store.Locking!.GetLockAsync("data/ab/pack", default))!.Until);
        Assert.False(await TryShortenAsync("data/ab/pack", TierLockMode.Compliance, Now + TimeSpan.FromDays(1)));
        Assert.False(await TryShortenAsync("data/ab/pack", TierLockMode.Governance, until.AddDays(1)));
        // Settings that are milder by now take nothing back.
        await using var milder = await OpenAsync(TierLockMode.Governance, s_days);
        Assert.Equal(new ObjectLock(TierLockMode.Compliance, until.AddDays(1)), await milder.Locking!.ExtendAsync("data/ab/pack", until.AddDays(1), default));
        Assert.Equal("ObjectNotFound", (await Assert.ThrowsAsync<StingException>(async () => await store.Locking!.ExtendAsync("data/none", until, default))).ErrorId);
    }

    [Fact]
    public async Task What_was_stored_before_there_was_a_lock_is_locked_by_the_first_extension()
    {
        await using var store = await OpenAsync(TierLockMode.Governance, s_days);
        await WriteOverAsync("data/ab/old", Bytes(10));
        Assert.Null(await store.Locking!.GetLockAsync("data/ab/old", default));
        await store.Locking!.ExtendAsync("data/ab/old", Now + TimeSpan.FromDays(9), default);
        Assert.False(await TryDestroyAsync("data/ab/old", bypass: false));
    }

    [Fact]
    public async Task When_its_lock_has_ended_an_object_goes_with_every_version_and_marker()
    {
        await using var store = await OpenAsync(TierLockMode.Governance, TimeSpan.FromSeconds(2));
        await store.PutAsync("data/ab/pack", Bytes(10), default);
        await WriteOverAsync("data/ab/pack", Bytes(20));
        await HideAsync("data/ab/pack");
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.True(await store.DeleteAsync("data/ab/pack", default));
        Assert.Equal(0, await CountAsync("data/ab/pack"));
        Assert.Empty(await ListAsync(store));
        Assert.True(await store.PutAsync("data/ab/pack", Bytes(30), default));
        Assert.Equal([("data/ab/pack", 30L)], await ListAsync(store));
    }

    [Fact]
    public async Task Listings_of_many_versions_show_each_object_once_in_order()
    {
        await using var store = await OpenAsync(TierLockMode.Governance, s_days);
        var expected = new List<(string, long)>();
        for (var i = 0; i < 12; i++)
        {
            var name = $"index/0/{i:x4}";
            await store.PutAsync(name, Bytes(i + 1), default);
            expected.Add((name, i + 1));
            for (var more = 0; more < i % 4; more++)
            {
                await WriteOverAsync(name, Bytes(100));
            }
            if (i % 3 == 0)
            {
                await HideAsync(name);
            }
        }
        Assert.Equal(expected, await ListAsync(store));
        Assert.Equal(10, store.Locking!.Shadowed.Count);   // all but 4 and 8
    }

    [Fact]
    public async Task A_bucket_without_object_lock_takes_nothing()
    {
        await using var store = await OpenPlainAsync();
        var refused = await Assert.ThrowsAsync<StingException>(async () => await store.PutAsync("data/ab/pack", Bytes(10), default));
        Assert.Equal("ObjectLockUnavailable", refused.ErrorId);
        Assert.Contains("object_lock", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Object Lock on", refused.Remedy, StringComparison.Ordinal);
        Assert.Equal("ObjectLockUnavailable", (await Assert.ThrowsAsync<StingException>(async () => await store.Locking!.RequireAsync(default))).ErrorId);
    }

    private static byte[] Bytes(int length) => RandomNumberGenerator.GetBytes(length);

    private static async Task<List<(string Name, long Length)>> ListAsync(IObjectStore store)
    {
        var names = new List<(string, long)>();
        await foreach (var item in store.ListAsync("", default))
        {
            names.Add((item.Name, item.Length));
        }
        return names;
    }
}
