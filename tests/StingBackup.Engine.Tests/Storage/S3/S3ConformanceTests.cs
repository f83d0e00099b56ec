using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Tests.Storage.S3;

/// <summary>The bare store, short staged objects in memory, listings of a few keys a page.</summary>
public sealed class S3ObjectStoreTests : ObjectStoreConformance
{
    private S3Options _options = null!;

    protected override async ValueTask<IObjectStore> CreateAsync() => await S3Server.OpenAsync(_options = (await S3Server.NewOptionsAsync()) with { ListPage = 7 });

    protected override async ValueTask<IObjectStore> ReopenAsync(IObjectStore store)
    {
        await store.DisposeAsync();
        return await S3Server.OpenAsync(_options);
    }
}

/// <summary>The same where everything staged is sent as an upload of parts, and the way a configuration puts it together: streams, retry, bandwidth.</summary>
public sealed class S3UploadStoreTests : ObjectStoreConformance
{
    private S3Options _options = null!;

    protected override async ValueTask<IObjectStore> CreateAsync()
    {
        _options = (await S3Server.NewOptionsAsync()) with { LongestHeld = 0, Bandwidth = new BandwidthLimiter(1L << 30, TimeProvider.System) };
        return await OpenAsync();
    }

    protected override async ValueTask<IObjectStore> ReopenAsync(IObjectStore store)
    {
        await store.DisposeAsync();
        return await OpenAsync();
    }

    private async Task<IObjectStore> OpenAsync() =>
        new QueuedObjectStore(new RetryingObjectStore(await S3Server.OpenAsync(_options), new StoreRetry(TimeProvider.System)), new TransferQueue(), TransferPriority.UserData);
}

/// <summary>A server without conditional writes, as far as the store knows, and one writer.</summary>
public sealed class S3OnlyWriterTests : ObjectStoreConformance, IDisposable
{
    private readonly TempFolder _noted = new();
    private S3Options _options = null!;

    protected override async ValueTask<IObjectStore> CreateAsync()
    {
        _options = (await S3Server.NewOptionsAsync()) with { AbilityFolder = _noted.Path, IsOnlyWriter = true };
        new S3AbilityFile(_options).Save(new S3Abilities { Probed = TimeProvider.System.GetUtcNow(), ConditionalPut = Ability.No, EtagIsMd5 = Ability.Yes, Md5Checked = Ability.Yes });
        return await S3Server.OpenAsync(_options);
    }

    protected override async ValueTask<IObjectStore> ReopenAsync(IObjectStore store)
    {
        await store.DisposeAsync();
        return await S3Server.OpenAsync(_options);
    }

    public void Dispose() => _noted.Dispose();
}

/// <summary>The decorators over a store that does nothing by itself.</summary>
public sealed class DecoratedMemoryStoreTests : ObjectStoreConformance
{
    private IReadOnlyDictionary<string, ReadOnlyMemory<byte>> _kept = new Dictionary<string, ReadOnlyMemory<byte>>();
    private Func<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> _keep = null!;

    protected override ValueTask<IObjectStore> CreateAsync()
    {
        var memory = new MemoryObjectStore(_kept);
        _keep = () => memory.Objects;
        return ValueTask.FromResult<IObjectStore>(new QueuedObjectStore(new RetryingObjectStore(memory, new StoreRetry(TimeProvider.System)), new TransferQueue(), TransferPriority.SystemData));
    }

    protected override async ValueTask<IObjectStore> ReopenAsync(IObjectStore store)
    {
        await store.DisposeAsync();
        _kept = _keep();
        return await CreateAsync();
    }
}
