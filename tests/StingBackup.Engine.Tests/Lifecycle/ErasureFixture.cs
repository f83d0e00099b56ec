using StingBackup.Engine.Backup;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>A reserve with real keys on disk, whose writes can fail, opened anew for each job as commands do.</summary>
internal sealed class ErasureFixture : IDisposable
{
    public static readonly byte[] Secret = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Ada's diary, planted. ", 4000)));

    private TestOfficer? _officer;

    private ErasureFixture(KeyFixture keys) => Keys = keys;

    public KeyFixture Keys { get; }
    public string Reserve => Path.Combine(Keys.Folder, "reserve");
    /// <summary>Who may do what, from the next opening on.</summary>
    public AccessPolicy Access { get; set; } = AccessPolicy.None;
    /// <summary>Whether the machine backs up too, from the next opening on; else it has the key role alone.</summary>
    public bool IsHost { get; set; } = true;
    /// <summary>What is made of the enrolled writers, from the next opening on.</summary>
    public Func<EnrolledWriters, EnrolledWriters> Enrol { get; set; } = writers => writers;

    /// <summary>Two people with an equal file, a jar, and two runs of them.</summary>
    public static async Task<ErasureFixture> CreateAsync(KemSuite? suite = null)
    {
        var fixture = new ErasureFixture(new KeyFixture(suite));
        (await fixture.Keys.CreateAsync()).Dispose();
        fixture.Write("users/ada/diary.txt", Secret);
        fixture.Write("users/ada/small.txt", "a small one"u8);
        fixture.Write("users/bob/diary.txt", Secret);
        fixture.Write("users/bob/own.txt", "Bob's"u8);
        fixture.Write("jars/j1/doc.md", "honey"u8);
        await fixture.BackupAsync();
        fixture.Write("users/ada/second.txt", "in the second run"u8);
        await fixture.BackupAsync();
        return fixture;
    }

    /// <summary>The same, in a folder and a store of its own.</summary>
    public ErasureFixture Copy() => new(Keys.Copy());

    public void Write(string path, ReadOnlySpan<byte> content)
    {
        var full = Path.Combine(Reserve, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }

    public async Task<Installation> OpenAsync(IObjectStore? store = null, JarContributors? contributors = null)
    {
        var keys = Keys.Open();
        store ??= Keys.Store;
        var writers = Enrol(await keys.LoadWritersAsync(store, default));
        var ledger = await keys.LoadLedgerAsync(store, default);
        SubjectReader? reader = null;
        return new Installation
        {
            Reserve = keys.ReserveId, ReserveRoot = Reserve, Map = ReserveMap.Compile(new ReserveSettings { Path = "/", Rules = [new ClassRule("captures/**", DataClass.Physical, null)] }, UsersMap.Empty), Store = store,
            Host = IsHost ? new HostRole(keys.WriterId, keys.Signer, keys.OpenWriter(store, writers, ledger: ledger), keys.CacheKey) : null, Writers = writers, Keys = keys, Ledger = ledger, Access = Access,
            UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(reader ??= keys.Unlock(null)), StateFolder = Path.Combine(Keys.Folder, "run-state"),
            CacheFolder = Path.Combine(Keys.Folder, "cache"), Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = Keys.Clock, Contributors = contributors,
        };
    }

    public async Task<BackupResult> BackupAsync(List<StingException>? errors = null, BackupType type = BackupType.Incremental)
    {
        Keys.Clock.Advance(TimeSpan.FromMinutes(1));
        await using var installation = await OpenAsync();
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, await BackupJob.PlanAsync(installation, type, null, due: false, default), default), errors);
    }

    public async Task<ErasurePlan> PlanAsync(string user = "ada")
    {
        await using var installation = await OpenAsync();
        return await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, user, "GDPR Art. 17", "ticket 12", "dpo"), default);
    }

    public async Task<Erasure> RequestAsync(string user = "ada")
    {
        await using var installation = await OpenAsync();
        var plan = await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, user, "GDPR Art. 17", "ticket 12", "dpo"), default);
        return await ApprovedAsync(installation, () => ErasureJob.RequestAsync(installation, plan, default));
    }

    /// <summary>Tries without an approval, which must be refused, has it approved, and does it.</summary>
    public Task<T> ApprovedAsync<T>(Installation installation, Func<Task<T>> deed) => (_officer ??= new TestOfficer(Keys.Folder, Keys.Clock)).ApprovedAsync(installation, deed);

    /// <summary>Carries out what is due some days later.</summary>
    public async Task<IReadOnlyList<Erasure>> CompleteAsync(List<StingException>? errors = null, int days = 10)
    {
        Keys.Clock.Advance(TimeSpan.FromDays(days));
        await using var installation = await OpenAsync();
        return (await TestInstallation.CompleteAsync<ErasureResult>(ErasureJob.CompleteAsync(installation, "key officer", default), errors)).Erasures;
    }

    public async Task<IntegrityResult> VerifyAsync(IObjectStore? store = null)
    {
        await using var installation = await OpenAsync(store);
        return await TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data }, default), output: []);
    }

    /// <summary>Restores into a folder of its own and gives it.</summary>
    public async Task<string> RestoreAsync(string? user, List<StingException>? errors = null, DataClass? only = null)
    {
        var destination = Path.Combine(Keys.Folder, $"restored-{Guid.NewGuid():n}");
        await using var installation = await OpenAsync();
        var request = new RestoreRequest { Scope = user is null ? RestoreScope.Reserve : RestoreScope.User, Subject = user, Destination = destination, Classes = only is { } one ? [one] : null };
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), default), errors);
        return destination;
    }

    public void Dispose() => Keys.Dispose();
}
