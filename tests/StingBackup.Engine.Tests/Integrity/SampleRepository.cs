using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>
/// A small repository with every kind of object, made once with real keys: two people, a jar and the system's own files; two runs, a run that died and was
/// closed by a void point, and a third. Tests get copies of it in memory, and damage those.
/// </summary>
public sealed class SampleRepository : IAsyncLifetime, IAsyncDisposable
{
    private readonly TestInstallation _base = new(new MemoryObjectStore());
    private ReserveKeys? _keys;
    private SubjectReader? _reader;

    /// <summary>Its objects as they should be.</summary>
    internal IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Objects { get; private set; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>Every item of every point, as <c>backup id: path</c>.</summary>
    internal IReadOnlySet<string> Items { get; private set; } = new HashSet<string>();

    /// <summary>Ids of the runs, oldest first.</summary>
    internal List<string> BackupIds { get; } = [];

    internal KeyOptions? KeyOptions { get; private set; }
    internal ReserveKeys Keys => _keys!;
    internal SubjectReader Reader => _reader!;
    internal string ReserveRoot => _base.ReserveRoot;
    internal string Folder => _base.Root;
    internal Microsoft.Extensions.Time.Testing.FakeTimeProvider Clock => _base.Clock;

    public async Task InitializeAsync()
    {
        var folder = Path.Combine(_base.Root, "keys");
        KeyOptions = KeyOptions.Of(folder, Path.Combine(_base.Root, "host"), [], []) with { Spares = 12 };
        var creation = new KeyCreation { HostName = "test", WithPassphrase = false, Spares = 12 };
        _keys = await ReserveKeys.CreateAsync(ReserveKeys.Plan(KeyOptions, creation), null, default, _base.Clock);
        await _keys.PublishAsync(_base.Store, default);
        _reader = _keys.Unlock(null);

        WriteReserve();
        await using (var installation = await OpenAsync(_base.Store, "making"))
        {
            await BackupAsync(installation);
            File.WriteAllBytes(Path.Combine(ReserveRoot, "users/ada/report.bin"), Noise(11, 150_000));
            _base.Write("users/ada/new.txt", "new in the second run"u8);
            await BackupAsync(installation);
            var dead = new SessionRecord(installation.IdentityOf(3), installation.NowNs);
            await _base.Store.PutAsync(dead.ObjectName, dead.ToBytes(), default);
            await EnrolApproverAsync(installation);
            File.Delete(Path.Combine(ReserveRoot, "jars/jar_1/b.txt"));
            _base.Write("jars/jar_1/c.bin", Noise(12, 90_000));
            await BackupAsync(installation);
        }
        Objects = ((MemoryObjectStore)_base.Store).Objects;
        Items = (await ReadableAsync(Objects)).Items;
    }

    public async ValueTask DisposeAsync()
    {
        _reader?.Dispose();
        _keys?.Dispose();
        await _base.DisposeAsync();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    /// <summary>A copy to damage.</summary>
    internal Dictionary<string, ReadOnlyMemory<byte>> Copy() => new(Objects, StringComparer.Ordinal);

    /// <summary>An installation over a store, with a state folder of its own and the sample's keys opened again.</summary>
    internal async Task<Installation> OpenAsync(IObjectStore store, string state, IObjectStore? remote = null, IObjectStore? archive = null)
    {
        var keys = ReserveKeys.Open(KeyOptions!, Keys.KeyRoleFingerprint, _base.Clock);
        var writers = await keys.LoadWritersAsync(store, default);
        var further = new[] { (Tier.Remote, remote), (Tier.Archive, archive) }.Where(t => t.Item2 is not null).ToDictionary(t => t.Item1, t => (Func<CancellationToken, ValueTask<IObjectStore>>)(_ => ValueTask.FromResult(t.Item2!)));
        return new Installation
        {
            FurtherTiers = further,
            Reserve = Keys.ReserveId, ReserveRoot = ReserveRoot, Map = ReserveMap.Compile(new ReserveSettings { Path = "/" }, UsersMap.Empty), Store = store,
            Host = new HostRole(keys.WriterId, keys.Signer, keys.OpenWriter(store, writers), keys.CacheKey), Writers = writers, Keys = keys,
            UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(_reader!), StateFolder = Path.Combine(Folder, "state", state),
            CacheFolder = Path.Combine(Folder, "cache", state), Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = _base.Clock,
        };
    }

    /// <summary>Runs a backup a minute later.</summary>
    internal async Task<BackupResult> BackupAsync(Installation installation, BackupType type = BackupType.Incremental, List<StingException>? errors = null)
    {
        _base.Clock.Advance(TimeSpan.FromMinutes(1));
        var result = await TestInstallation.CompleteAsync<BackupResult>(
            BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, type, null, due: false, default), default), errors);
        BackupIds.Add(result.BackupId!);
        return result;
    }

    /// <summary>
    /// What a reader gets from objects: every item of every point whose content it can read whole, by the same classes that a restore stands on and not by the
    /// verification.
    /// </summary>
    internal async Task<(IReadOnlySet<string> Items, IReadOnlySet<string> Subjects)> ReadableAsync(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> objects)
    {
        var store = new MemoryObjectStore(objects);
        using var writers = await Keys.LoadWritersAsync(store, default);
        var view = await RepositoryView.LoadAsync(store, Keys.ReserveId, writers, default);
        using var reader = new ChunkReader(store, view.Index, Keys.ReserveId, _reader);
        var walker = new TreeWalker(reader);
        var items = new HashSet<string>(StringComparer.Ordinal);
        var subjects = new HashSet<string>(StringComparer.Ordinal);
        foreach (var point in view.Backups)
        {
            foreach (var row in await RowsAsync(reader, point.Record))
            {
                var readable = new HashSet<EntryPath>();
                await foreach (var entry in Swallow(walker.WalkAsync(new TreeRoot(row.Pseudonym, row.Root), EntryPath.Root, _ => { }, default)))
                {
                    if (await ReadsAsync(reader, walker, row.Pseudonym, entry, readable))
                    {
                        readable.Add(entry.Path);
                        items.Add($"{point.Record.Name}: {entry.Path}");
                        subjects.Add(row.Pseudonym.ToString());
                    }
                }
            }
        }
        return (items, subjects);
    }

    internal static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>An approver, and an audit chain of three records, which the third run anchors.</summary>
    private async Task EnrolApproverAsync(Installation installation)
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        var made = ApproverJobs.New(ApproverJobs.PlanNew("Security officer", Path.Combine(Folder, "officer.approver")), passphrase, _base.Clock, new Argon2Parameters(64, 1, 1));
        await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, made.PublicFile, default), default);
        await AuditLog.NoteAsync(installation, "Add-StingLegalHold", [], "Added", default);
        await AuditLog.NoteAsync(installation, "Add-StingLegalHold", [], "Added", default);
    }

    private void WriteReserve()
    {
        _base.Write("config/app.conf", "workers = 4"u8);
        _base.Write("users/ada/notes/a.txt", "some words"u8);
        _base.Write("users/ada/notes/empty", []);
        _base.Write("users/ada/report.bin", Noise(1, 150_000));
        _base.Write("users/bob/photo.raw", Noise(2, 200_000));
        _base.Write("jars/jar_1/a.txt", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("honey ", 2000))));
        _base.Write("jars/jar_1/b.txt", "gone in the last run"u8);
        // Seventy stretches of data between holes: more extents than a leaf takes, so that they stand in a content page.
        using (var sparse = File.Create(Path.Combine(ReserveRoot, "users/bob/sparse.img")))
        {
            for (var i = 0; i < 70; i++)
            {
                sparse.Position = i * (64L << 10);
                sparse.Write(Noise(100 + i, 4096));
            }
        }
        if (OperatingSystem.IsLinux())
        {
            File.CreateSymbolicLink(Path.Combine(ReserveRoot, "users/bob/link"), "photo.raw");
        }
    }

    private static async Task<List<SubjectRow>> RowsAsync(ChunkReader reader, PointRecord point)
    {
        var rows = new List<SubjectRow>();
        foreach (var page in point.Classes.SelectMany(c => c.SubjectPages))
        {
            try
            {
                rows.AddRange(await reader.ReadSubjectPageAsync(page, default));
            }
            catch (StingException)
            {
                // What stands in it cannot be read.
            }
        }
        return rows;
    }

    private static async IAsyncEnumerable<TreeEntry> Swallow(IAsyncEnumerable<TreeEntry> entries)
    {
        await using var walk = entries.GetAsyncEnumerator();
        while (true)
        {
            try
            {
                if (!await walk.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (StingException)
            {
                yield break;
            }
            yield return walk.Current;
        }
    }

    private static async Task<bool> ReadsAsync(ChunkReader reader, TreeWalker walker, Id16 pseudonym, TreeEntry entry, HashSet<EntryPath> readable)
    {
        try
        {
            if (entry.HardLinkTo is { } first && !readable.Contains(first))
            {
                return false;
            }
            long length = 0;
            foreach (var extent in await walker.ReadExtentsAsync(pseudonym, entry, default))
            {
                length += extent.Length;
                if (!extent.IsHole)
                {
                    using var chunk = await reader.ReadDataAsync(pseudonym, extent.Id, default);
                    _ = chunk.Span.Slice(extent.Offset, (int)extent.Length);
                }
            }
            return length == entry.Length;
        }
        catch (StingException)
        {
            return false;
        }
    }
}
