using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>A reserve with real keys and a repository in memory; approvers are made as people make them, with less work for guessers.</summary>
internal sealed class GuardedReserve : IAsyncDisposable
{
    public const string Passphrase = "the approver's own words";

    private static readonly Argon2Parameters LittleWork = new(64, 1, 1);
    private readonly TempFolder _folder = new();
    private ReserveKeys _keys = null!;
    private SubjectReader _reader = null!;

    public string Root => _folder.Path;
    public string State => Path.Combine(Root, "state");
    public string Approvals => Path.Combine(State, "approvals");
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2025, 3, 1, 12, 0, 0, TimeSpan.Zero));
    public MemoryObjectStore Store { get; private set; } = new();
    /// <summary>What the installation writes to; the store itself unless a test puts something between.</summary>
    public Func<IObjectStore, IObjectStore> Wrap { get; set; } = store => store;
    public ReserveKeys Keys => _keys;
    /// <summary>Who may do what, from the next opening on.</summary>
    public AccessPolicy Access { get; set; } = AccessPolicy.None;
    /// <summary>Who acts, from the next opening on.</summary>
    public Caller Caller { get; set; } = Caller.OfProcess;
    /// <summary>How long restore points are kept, from the next opening on.</summary>
    public RetentionSettings? Retention { get; set; }
    public Installation Installation { get; private set; } = null!;

    public static async Task<GuardedReserve> CreateAsync()
    {
        var made = new GuardedReserve();
        Directory.CreateDirectory(Path.Combine(made.Root, "reserve", "env"));
        await File.WriteAllTextAsync(Path.Combine(made.Root, "reserve", "env", "app.env"), "KEY=secret");
        await File.WriteAllTextAsync(Path.Combine(made.Root, "reserve", "a.conf"), "a");
        var options = made.Options;
        made._keys = await ReserveKeys.CreateAsync(ReserveKeys.Plan(options, new KeyCreation { HostName = "host-a", WithPassphrase = false, Spares = 8 }), null, default, made.Clock);
        await made._keys.PublishAsync(made.Store, default);
        made._reader = made._keys.Unlock(null);
        await made.ReopenAsync();
        return made;
    }

    public KeyOptions Options => KeyOptions.Of(Path.Combine(Root, "keys"), State, [], []) with { Spares = 8 };

    /// <summary>Opens the installation anew over a store, as another process would.</summary>
    public async Task<Installation> ReopenAsync(MemoryObjectStore? store = null, bool asHost = true)
    {
        Store = store ?? Store;
        var keys = ReserveKeys.Open(Options, _keys.KeyRoleFingerprint, Clock);
        var writers = await keys.LoadWritersAsync(Store, default);
        return Installation = new Installation
        {
            Reserve = keys.ReserveId, ReserveRoot = Path.Combine(Root, "reserve"), Store = Wrap(Store), Writers = writers, Keys = keys,
            Map = ReserveMap.Compile(new ReserveSettings { Path = "/", Rules = [new ClassRule("env/**", DataClass.Secrets, null)] }, UsersMap.Empty),
            Host = asHost ? new HostRole(keys.WriterId, keys.Signer, keys.OpenWriter(Store, writers), keys.CacheKey) : null, UnlockAsync = _ => ValueTask.FromResult<ISubjectReader>(_reader),
            StateFolder = State, CacheFolder = Path.Combine(Root, "cache"), Threads = 2, ZstdLevel = 3, Zone = TimeZoneInfo.Utc, Clock = Clock,
            Access = Access, Caller = Caller, Retention = Retention ?? new RetentionSettings(7, 30, 365, Settings.ClassDays.ToDictionary(c => c.Key, c => c.Value.Default)),
        };
    }

    /// <summary>A new approver's key; his files are named by him.</summary>
    public NewApproverResult MakeApprover(string name)
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        return ApproverJobs.New(ApproverJobs.PlanNew(name, Path.Combine(Root, name.Replace(' ', '-') + ".approver")), passphrase, Clock, LittleWork);
    }

    /// <summary>Makes and enrols an approver; one that is not the first is approved by another.</summary>
    public async Task<NewApproverResult> EnrolAsync(string name, NewApproverResult? approvedBy = null)
    {
        var made = MakeApprover(name);
        var plan = await ApproverJobs.PlanRegisterAsync(Installation, made.PublicFile, default);
        if (approvedBy is not null)
        {
            var asked = await Assert.ThrowsAsync<StingException>(() => ApproverJobs.RegisterAsync(Installation, plan, default).AsTask());
            Approve(asked.Target!, approvedBy);
        }
        await ApproverJobs.RegisterAsync(Installation, plan, default);
        return made;
    }

    /// <summary>Approves an open request, as its approver does.</summary>
    public ApprovalResult Approve(string request, NewApproverResult by, string? folder = null)
    {
        using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
        return ApprovalDesk.Approve(ApprovalDesk.PlanApproval(Path.Combine(folder ?? Approvals, request + ".request"), by.KeyFile, Clock), passphrase, Clock);
    }

    public static DangerousPlan PlanFor(string target, long count = 3) => new("Remove-StingSubject", target)
    {
        Facts = [new PlanFact("Packs", count.ToString(System.Globalization.CultureInfo.InvariantCulture)), new PlanFact("Legal basis", "Art. 17 GDPR")],
        Subjects = [new Id16(new byte[16] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 })],
    };

    /// <summary>Tries a deed that counts.</summary>
    public Task<int> TryAsync(DangerousPlan plan, Func<Task>? deed = null, CancellationToken cancel = default) => Guard.RunAsync(Installation, plan, async _ =>
    {
        await (deed?.Invoke() ?? Task.CompletedTask);
        return ++Deeds;
    }, null, cancel);

    /// <summary>Deeds that were done.</summary>
    public int Deeds { get; private set; }

    /// <summary>Asks for a plan and gives the request's id.</summary>
    public async Task<string> AskAsync(DangerousPlan plan) => (await RefusedAsync(plan, "ApprovalRequired")).Target!;

    /// <summary>Tries, and expects a refusal by name that does nothing.</summary>
    public async Task<StingException> RefusedAsync(DangerousPlan plan, string errorId, FailureKind kind = FailureKind.Refused)
    {
        var before = Deeds;
        var error = await Assert.ThrowsAsync<StingException>(() => TryAsync(plan));
        Assert.Equal((errorId, kind, before), (error.ErrorId, error.Kind, Deeds));
        return error;
    }

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync() => await AuditReader.ReadAsync(Installation, default);

    /// <summary>The events of the chain, in order.</summary>
    public async Task<IReadOnlyList<AuditEvent?>> EventsAsync() => [.. (await AuditAsync()).Select(e => e.Event)];

    /// <summary>What a verification finds; without the record that it leaves, so that tests know what the chain holds.</summary>
    public async Task<IReadOnlyList<IntegrityFault>> VerifyAsync() => (await TestInstallation.CompleteAsync<IntegrityResult>(
        JobStream.RunAsync(Clock, async (output, cancel) => await new VerifyRun(Installation, Installation.Writers, new VerifyRequest { Level = IntegrityLevel.Structure }, output).RunAsync(cancel), default))).Faults;

    public async Task<BackupResult> BackupAsync()
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        var plan = await BackupJob.PlanAsync(Installation, BackupType.Incremental, null, due: false, default);
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(Installation, plan, default));
    }

    public string AuditName(long number) => AuditRecord.NameOf(_keys.WriterId, number);

    /// <summary>Puts other bytes in the place of an object, as who can write to the store could.</summary>
    public async Task ReplaceAsync(string name, byte[]? bytes)
    {
        await Store.DeleteAsync(name, default);
        if (bytes is not null)
        {
            await Store.PutAsync(name, bytes, default);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _keys.Dispose();
        await Store.DisposeAsync();
        _folder.Dispose();
    }
}
