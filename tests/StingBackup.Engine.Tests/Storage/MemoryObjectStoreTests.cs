using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

public sealed class MemoryObjectStoreTests : ObjectStoreConformance
{
    protected override ValueTask<IObjectStore> CreateAsync() => ValueTask.FromResult<IObjectStore>(new MemoryObjectStore());

    protected override ValueTask<IObjectStore> ReopenAsync(IObjectStore store) =>
        ValueTask.FromResult<IObjectStore>(new MemoryObjectStore(((MemoryObjectStore)store).Objects));

    [Fact]
    public async Task Objects_is_a_picture_that_later_calls_do_not_change()
    {
        await Store.PutAsync("a", Bytes(1), default);
        var before = ((MemoryObjectStore)Store).Objects;
        await Store.PutAsync("b", Bytes(1), default);
        Assert.Equal(["a"], before.Keys);
    }

    [Fact]
    public void A_bad_name_is_refused_when_a_store_is_made_of_objects()
    {
        var error = Assert.Throws<StingException>(() => new MemoryObjectStore([new("Bad Name", new byte[1])]));
        Assert.Equal("NameNotAllowed", error.ErrorId);
    }
}
