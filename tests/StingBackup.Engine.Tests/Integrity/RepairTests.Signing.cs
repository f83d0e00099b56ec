using StingBackup.Engine.Backup;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>Who signs what a repair says of the index, and what becomes of it where nobody can.</summary>
public sealed partial class RepairTests
{
    [Fact]
    public async Task Without_keys_a_lost_index_serves_restores_and_is_signed_by_a_later_repair_with_keys()
    {
        var objects = sample.Copy();
        foreach (var name in objects.Keys.Where(n => n.StartsWith("index/", StringComparison.Ordinal)).ToList())
        {
            objects[name] = Verify.Flip(objects[name], 100);
        }
        var store = new MemoryObjectStore(objects);
        var result = await RepairAsync(store, useKeys: false);
        Assert.Empty(result.Faults);
        Assert.False(result.Signed);
        await AssertCleanAsync(store);
        await using (var installation = await sample.OpenAsync(new MemoryObjectStore(store.Objects), NewState()))
        {
            // Nobody vouched for what it names: it is stored again.
            var run = await BackupAsync(installation);
            Assert.Equal(run.BytesRead, run.BytesNew);
        }
        result = await RepairAsync(store);
        Assert.True(result.Signed);
        await AssertCleanAsync(store);
        await using (var installation = await sample.OpenAsync(store, NewState()))
        {
            Assert.Equal(await NewInASoundOneAsync(), (await BackupAsync(installation)).BytesNew);
        }
    }

    [Fact]
    public async Task Without_keys_what_this_host_signed_itself_stays_signed()
    {
        // A run's data pack is gone: its fragment is wrong, and its other packs are still what this host said.
        var gone = await PackOfLastRunAsync();
        var objects = sample.Copy();
        objects.Remove(gone);
        var store = new MemoryObjectStore(objects);
        var result = await RepairAsync(store, useKeys: false);
        Assert.Equal((false, 1L), (result.Signed, result.FragmentsReplaced));
        Assert.Equal([gone], result.Faults.Select(f => f.Object));
        await using var installation = await sample.OpenAsync(store, NewState());
        var view = await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, default);
        Assert.Equal([gone], view.Index.Fragments.Where(f => !f.IsSigned).SelectMany(f => f.Packs).Select(p => p.Name));
        Assert.Equal(sample.Objects.Keys.Count(n => n[..5] is "data/" or "meta/") - 1, view.Index.Fragments.Where(f => f.IsSigned).SelectMany(f => f.Packs).Count());
    }

    [Fact]
    public async Task Where_no_host_can_sign_what_is_signed_stays_and_what_is_read_is_added()
    {
        // Nothing vouches on a host that was never enrolled: of a lost fragment the footers serve, and the fragment of a lost pack stays as its writer said it.
        var gone = await PackOfLastRunAsync();
        var objects = sample.Copy();
        string name;
        await using (var whole = await sample.OpenAsync(new MemoryObjectStore(objects), NewState()))
        {
            var fragments = (await RepositoryView.LoadAsync(whole.Store, whole.Reserve, whole.Writers, default)).Index.Fragments;
            name = fragments.First(f => f.Packs.All(p => p.Name != gone)).Name;
        }
        objects[name] = Verify.Flip(objects[name], 90);
        objects.Remove(gone);
        var before = (await sample.ReadableAsync(objects)).Items;
        var store = new MemoryObjectStore(objects);
        var others = objects.Keys.Where(n => n.StartsWith("index/", StringComparison.Ordinal) && n != name).ToList();
        await using (var opened = await sample.OpenAsync(store, NewState()))
        using (var reader = sample.Keys.Unlock(null))
        await using (var bare = await BareAsync(opened, sample.Keys, store, reader))
        {
            var result = await RunAsync(bare, useKeys: false);
            Assert.False(result.Signed);
            Assert.Equal([gone], result.Faults.Select(f => f.Object));
            var again = await RunAsync(bare, useKeys: false);
            Assert.Equal((0L, 0L), (again.Entries, again.FragmentsReplaced));
        }
        Assert.DoesNotContain(name, store.Objects.Keys);
        Assert.Empty(others.Except(store.Objects.Keys));
        Assert.Equal(before.Order(StringComparer.Ordinal), (await sample.ReadableAsync(store.Objects)).Items.Order(StringComparer.Ordinal));
        await using var installation = await sample.OpenAsync(store, NewState());
        var view = await RepositoryView.LoadAsync(store, installation.Reserve, installation.Writers, default);
        Assert.All(view.Index.Fragments.Where(f => !f.IsSigned), f => Assert.Empty(f.Supersedes));
        Assert.Equal(others.Order(StringComparer.Ordinal), view.Index.Fragments.Where(f => f.IsSigned).Select(f => f.Name).Order(StringComparer.Ordinal));
    }
}
