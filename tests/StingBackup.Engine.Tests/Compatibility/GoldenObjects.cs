using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>The golden repository's objects in memory, with its keys unlocked once: copies of them are broken, verified, restored from and repaired.</summary>
public sealed class GoldenObjects : IAsyncLifetime, IDisposable
{
    private readonly GoldenSite _site = GoldenSite.Copy("format-1");
    private ReserveKeys? _keys;
    private SubjectReader? _reader;
    private int _states;

    internal GoldenSite Site => _site;
    internal ReserveKeys Keys => _keys!;

    /// <summary>Its objects as they should be.</summary>
    internal IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Objects { get; private set; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>The newest point, which holds every class.</summary>
    internal string Newest { get; private set; } = "";

    /// <summary>What the newest point holds.</summary>
    internal SortedDictionary<string, string> Content { get; private set; } = [];

    public Task InitializeAsync()
    {
        _keys = ReserveKeys.Open(Installation.KeyOptionsOf(_site.Load()), _site.Load().Repository.KeyFingerprint, _site.Clock);
        using var passphrase = SecretBytes.CopyOf(System.Text.Encoding.UTF8.GetBytes(GoldenSite.Passphrase));
        _reader = _keys.Unlock(passphrase);
        Objects = Read(_site);
        Newest = _site.ExpectedPoints.Select(p => p[..p.IndexOf(' ', StringComparison.Ordinal)]).Last();
        Content = _site.Expected(Newest);
        return Task.CompletedTask;
    }

    Task IAsyncLifetime.DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _reader?.Dispose();
        _keys?.Dispose();
        _site.Dispose();
    }

    /// <summary>The objects that lie in a golden repository.</summary>
    internal static Dictionary<string, ReadOnlyMemory<byte>> Read(GoldenSite site) => Directory.GetFiles(site.Backups, "*", SearchOption.AllDirectories)
        .Where(f => !Path.GetRelativePath(site.Backups, f).StartsWith('~'))   // what a folder has besides is no object
        .ToDictionary(f => Path.GetRelativePath(site.Backups, f).Replace('\\', '/'), f => (ReadOnlyMemory<byte>)File.ReadAllBytes(f), StringComparer.Ordinal);

    /// <summary>A copy to break.</summary>
    internal Dictionary<string, ReadOnlyMemory<byte>> Copy() => new(Objects, StringComparer.Ordinal);

    /// <summary>The installation over a store, with a state of its own.</summary>
    internal async Task<Installation> OpenAsync(IObjectStore store)
    {
        var keys = ReserveKeys.Open(Installation.KeyOptionsOf(_site.Load()), Keys.KeyRoleFingerprint, _site.Clock);
        var writers = await keys.LoadWritersAsync(store, default);
        var ledger = await keys.LoadLedgerAsync(store, default);
        var state = _site[$"state-{Interlocked.Increment(ref _states)}"];
        return new Installation
        {
            Reserve = keys.ReserveId, ReserveRoot = _site.Reserve, Map = ReserveMap.Compile(_site.Load().Reserve, UsersMap.Empty), Store = store, Ledger = ledger, Keys = keys, Writers = writers,
            Host = new HostRole(keys.WriterId, keys.Signer, keys.OpenWriter(store, writers, ledger: ledger), keys.CacheKey), UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(_reader!),
            StateFolder = state, CacheFolder = state + "-cache", Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = _site.Clock,
        };
    }

    /// <summary>Verifies at a level.</summary>
    internal async Task<IntegrityResult> VerifyAsync(IObjectStore store, IntegrityLevel level)
    {
        await using var installation = await OpenAsync(store);
        return await GoldenSite.VerifyAsync(installation, level);
    }

    /// <summary>Restores the newest point, and gives what came, and what was told.</summary>
    internal async Task<(SortedDictionary<string, string> Content, List<StingException> Errors)> RestoreAsync(IObjectStore store)
    {
        await using var installation = await OpenAsync(store);
        var errors = new List<StingException>();
        var folder = await _site.RestoreAsync(installation, Newest, errors);
        return (ContentList.Of(folder), errors);
    }

    /// <summary>Repairs with keys.</summary>
    internal async Task<RepairResult> RepairAsync(IObjectStore store)
    {
        await using var installation = await OpenAsync(store);
        return await TestInstallation.CompleteAsync<RepairResult>(RepairJob.RunAsync(installation, await RepairJob.PlanAsync(installation, useKeys: true, default), default), output: []);
    }
}
