using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Lifecycle.Updating;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Keys;
using StingBackup.Engine.Tests.Restore;
using StingBackup.Engine.Tiering;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>Every verb that writes to a store, or reads content from one.</summary>
internal static class FaultVerbs
{
    /// <summary>
    /// What cannot be read is told, and copied by the next run: heads, which the key directory has too, and restore points with what they alone need. A point that is there has all that it reaches; where a number is missing a later
    /// one is there all the same, since replication does not wait for ever.
    /// </summary>
    private static readonly string[] NotCopied = ["format/", "writers/", "approvers/", "subjects/", "audit/", "points/", "meta/", "data/"];

    public static IReadOnlyList<FaultVerb> All { get; } =
    [
        new("publish", FaultWorlds.Bare, PublishAsync) { IsMaintenance = true },
        new("first backup", FaultWorlds.Empty, (w, s, t) => w.BackupAsync(s, t)) { Methods = ["BackupJob.PlanAsync", "BackupJob.RunAsync"] },
        new("increment", FaultWorlds.Two, (w, s, t) => w.BackupAsync(s, t)),
        new("full backup", FaultWorlds.Two, (w, s, t) => w.BackupAsync(s, t, BackupType.Full)),
        new("backup and sync", FaultWorlds.Synced, BackupAndSyncAsync) { ListsOwnWrites = true, MayLack = NotCopied },
        new("sync", FaultWorlds.Two, SyncAsync(Tier.Remote)) { MayLack = NotCopied, IsMaintenance = true, Methods = ["TierSyncJob.RunAsync"] },
        new("sync again", FaultWorlds.Synced, SyncAsync(Tier.Remote)) { MayLack = NotCopied, IsMaintenance = true },
        new("sync back", FaultWorlds.Damaged, SyncAsync(Tier.Local)) { IsMaintenance = true, Mends = true },
        new("archive", FaultWorlds.Archived, ArchiveAsync) { MayLack = NotCopied, IsMaintenance = true, Methods = ["ColdRecut.RunAsync"] },
        new("retain", FaultWorlds.Aged, RetainAsync) { IsMaintenance = true, Methods = ["RetentionJob.PlanAsync", "RetentionJob.RunAsync"] },
        new("let go", FaultWorlds.Archived, RetainAsync) { IsMaintenance = true },
        new("sweep", FaultWorlds.Dropped, SweepAsync(Tier.Local)) { IsMaintenance = true, Methods = ["PruneJob.RunAsync", "PruneJob.PlanAsync"] },
        new("sweep remote", FaultWorlds.Swept, SweepAsync(Tier.Remote)) { IsMaintenance = true },
        new("verify structure", FaultWorlds.Synced, VerifyAsync(Tier.Local, IntegrityLevel.Structure)) { OnlyReads = true, Methods = ["VerifyJob.RunAsync"] },
        new("verify data", FaultWorlds.Synced, VerifyAsync(Tier.Local, IntegrityLevel.Data)) { OnlyReads = true },
        new("verify remote", FaultWorlds.Synced, VerifyAsync(Tier.Remote, IntegrityLevel.Data)) { OnlyReads = true },
        new("heal", FaultWorlds.Damaged, RepairAsync(Tier.Local)) { IsMaintenance = true, Mends = true, Methods = ["RepairJob.PlanAsync", "RepairJob.RunAsync"] },
        new("heal remote", FaultWorlds.DamagedAfar, RepairAsync(Tier.Remote)) { IsMaintenance = true, Mends = true },
        new("restore", FaultWorlds.Two, RestoreAsync) { OnlyReads = true, Methods = ["RestoreJob.PlanAsync", "RestoreJob.RunAsync"] },
        new("restore through", FaultWorlds.LetGo, RestoreAsync) { OnlyReads = true },
        new("restore of one person", FaultWorlds.Archived, RestorePersonAsync) { OnlyReads = true },
        new("drill", FaultWorlds.Synced, DrillAsync) { Methods = ["DrillJob.PlanAsync", "DrillJob.RunAsync"] },
        new("status", FaultWorlds.Synced, StatusAsync) { OnlyReads = true, Methods = ["StatusReader.ReadAsync", "TierStatusReader.ReadAsync"] },
        new("audit log", FaultWorlds.Condemned, AuditAsync) { OnlyReads = true, Methods = ["AuditReader.ReadAsync", "AuditReader.TestAsync"] },
        new("look into", FaultWorlds.Two, CatalogAsync) { OnlyReads = true },
        new("hold", FaultWorlds.Two, HoldAsync) { Methods = ["LegalHolds.PlanAsync", "LegalHolds.AddAsync", "LegalHolds.List"] },
        new("lift", FaultWorlds.Held, LiftAsync) { PrepareAsync = w => w.ApproveAsync(LiftAsync), Refusals = ["ApprovalRequired", "LegalHoldNotFound"], Methods = ["LegalHolds.LiftAsync"] },
        new("ask for erasure", FaultWorlds.Two, Opened((i, _) => RequestErasureAsync(i))) { PrepareAsync = w => w.ApproveAsync(RequestErasureAsync), Refusals = ["ApprovalRequired", "ErasureExists"], Methods = ["ErasureJob.PlanAsync", "ErasureJob.RequestAsync"] },
        new("erase", FaultWorlds.Condemned, Opened((i, told) => told.RunAsync<ErasureResult>(ErasureJob.CompleteAsync(i, "key officer", default)))) { Erases = "users/ada", ThenAsync = SyncAsync(Tier.Remote), MaySay = "it was erased, or never kept here", Methods = ["ErasureJob.CompleteAsync"] },
        .. Enum.GetValues<KeyRotationKind>().Select(kind => new FaultVerb($"rotate {kind}", FaultWorlds.Two, Opened((i, told) => RotateAsync(i, kind, told)))
        {
            PrepareAsync = w => kind is KeyRotationKind.KeyEncryptionKey or KeyRotationKind.Signing ? w.ApproveAsync(i => RotateAsync(i, kind, new FaultTold())) : Task.CompletedTask,
            Refusals = ["ApprovalRequired", "ApprovalUsed"], MayLack = ["format/", "subjects/", "writers/"], MaySay = "it is from before the key role's signing key was renewed", Methods = ["KeyRotationJob.PlanAsync", "KeyRotationJob.RunAsync"],
        }),
        new("enrol host", FaultWorlds.Two, EnrolAsync) { MayLack = ["subjects/", "writers/"], Methods = ["HostRegistry.PlanEnrol", "HostRegistry.IssueAsync"] },
        new("revoke host", FaultWorlds.Two, Opened((i, _) => RevokeAsync(i))) { PrepareAsync = w => w.ApproveAsync(RevokeAsync), Refusals = ["ApprovalRequired", "ApprovalUsed"], MayLack = ["subjects/", "writers/"], Methods = ["HostRevocation.PlanAsync", "HostRevocation.RunAsync"] },
        new("update", FaultWorlds.Earlier, Opened(async (i, told) => await told.RunAsync<RepositoryUpdateResult>(RepositoryUpdateJob.RunAsync(i, await RepositoryUpdateJob.PlanAsync(i, default), default))))
        {
            IsMaintenance = true, MayLack = ["format/"], Methods = ["RepositoryUpdateJob.PlanAsync", "RepositoryUpdateJob.RunAsync"],
        },
        new("enrol approver", FaultWorlds.Two, EnrolApproverAsync) { MayLack = ["approvers/"], MaySay = "no audit record tells of its enrolment", Methods = ["ApproverJobs.PlanRegisterAsync", "ApproverJobs.RegisterAsync", "ApproverJobs.ListAsync"], Refusals = ["ApproverEnrolled"] },
    ];

    public static async Task PublishAsync(FaultWorld world, FaultScript? script, FaultTold told)
    {
        var store = new SweptStore(world.Local, Tier.Local, script ?? new FaultScript());
        using var keys = world.Keys.Open();
        told.Failures.AddRange((await keys.PublishAsync(store, default)).Faults.Select(f => f.Message));
    }

    public static Func<FaultWorld, FaultScript?, FaultTold, Task> SyncAsync(Tier tier) => Opened((i, told) => told.RunAsync<TierSyncResult>(TierSyncJob.RunAsync(i, tier, default)));

    public static async Task RetainAsync(FaultWorld world, FaultScript? script, FaultTold told)
    {
        await using var installation = await world.OpenAsync(script);
        await told.RunAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
    }

    public static async Task ArchiveAsync(FaultWorld world, FaultScript? script, FaultTold told)
    {
        await using var installation = await world.OpenAsync(script);
        await told.RunAsync<ArchiveResult>(ColdRecut.RunAsync(installation, null, default));
    }

    /// <summary>Sweeps until nothing is left to do, two days apart.</summary>
    public static Func<FaultWorld, FaultScript?, FaultTold, Task> SweepAsync(Tier tier) => async (world, script, told) =>
    {
        for (var sweep = 0; sweep < 6; sweep++)
        {
            await using (var installation = await world.OpenAsync(script))
            {
                await told.RunAsync<PruneResult>(PruneJob.RunAsync(installation, tier, default));
                if (!(await PruneJob.PlanAsync(installation, tier, default)).HasWork)
                {
                    return;
                }
            }
            world.Advance(TimeSpan.FromHours(49));
        }
        Assert.Fail("Six sweeps were not enough.");
    };

    public static Task HoldAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened(async (installation, _) =>
    {
        if (LegalHolds.List(installation, withLifted: false).Count == 0)
        {
            await LegalHolds.AddAsync(installation, await LegalHolds.PlanAsync(installation, RestoreScope.User, "ada", "a case", default), "dpo", default);
        }
    })(world, script, told);

    public static async Task RequestErasureAsync(Installation installation) =>
        await ErasureJob.RequestAsync(installation, await ErasureJob.PlanAsync(installation, new ErasureRequest(RestoreScope.User, "ada", "GDPR Art. 17", "ticket 12", "dpo"), default), default);

    private static async Task BackupAndSyncAsync(FaultWorld world, FaultScript? script, FaultTold told)
    {
        world.SyncsAtCommit = true;
        await world.BackupAsync(script, told);
    }

    private static Func<FaultWorld, FaultScript?, FaultTold, Task> VerifyAsync(Tier tier, IntegrityLevel level) =>
        Opened((i, told) => told.RunAsync<IntegrityResult>(VerifyJob.RunAsync(i, new VerifyRequest { Level = level, Tier = tier }, default)));

    private static Func<FaultWorld, FaultScript?, FaultTold, Task> RepairAsync(Tier tier) =>
        Opened(async (i, told) => await told.RunAsync<RepairResult>(RepairJob.RunAsync(i, await RepairJob.PlanAsync(i, tier, useKeys: true, default), default)));

    private static async Task RestoreAsync(FaultWorld world, FaultScript? script, FaultTold told)
    {
        var destination = Path.Combine(world.Keys.Folder, "restored");
        try
        {
            await using var installation = await world.OpenAsync(script);
            var request = new RestoreRequest { Scope = RestoreScope.Reserve, Destination = destination };
            await told.RunAsync<RestoreResult>(RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), default));
        }
        finally
        {
            told.NoteRestored(destination);
        }
    }

    private static async Task RestorePersonAsync(FaultWorld world, FaultScript? script, FaultTold told)
    {
        var destination = Path.Combine(world.Keys.Folder, "restored");
        try
        {
            await using var installation = await world.OpenAsync(script);
            var request = new RestoreRequest { Scope = RestoreScope.User, Subject = "bob", Destination = destination };
            await told.RunAsync<RestoreResult>(RestoreJob.RunAsync(installation, await RestoreJob.PlanAsync(installation, request, default), default));
        }
        finally
        {
            told.NoteRestored(destination);
        }
    }

    private static Task DrillAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened(async (installation, _) =>
    {
        var plan = await DrillJob.PlanAsync(installation, new RecoveryTestRequest { Type = RecoveryTestType.File, Seed = 1 }, default);
        told.Failures.AddRange((await told.RunAsync<RecoveryTest>(DrillJob.RunAsync(installation, plan, default))).Reasons);
    })(world, script, told);

    private static Task StatusAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened(async (installation, _) =>
    {
        told.Failures.AddRange((await StatusReader.ReadAsync(installation, default)).Warnings);
        told.Failures.AddRange(await TierStatusReader.ReadAsync(installation, default).Where(t => !t.IsReachable).Select(t => t.Problem).ToListAsync());
    })(world, script, told);

    private static Task AuditAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened(async (installation, _) =>
    {
        told.Failures.AddRange((await AuditReader.ReadAsync(installation, default)).Where(e => e.State != AuditState.Sound).Select(e => $"{e.State}"));
        told.Failures.AddRange(await AuditReader.TestAsync(installation, default) is { IsSound: false } bad ? [$"{bad.Bad} bad records"] : []);
    })(world, script, told);

    private static Task CatalogAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened(async (installation, _) =>
    {
        using var catalog = new Catalog(installation);
        var points = await catalog.PointsAsync(new PointQuery(), default).ToListAsync();
        Assert.NotEmpty(await catalog.ItemsAsync(points[^1].BackupId, null, null, null, recurse: true, default).ToListAsync());
        Assert.NotEmpty(await catalog.FindAsync("photo.raw", null, new PointQuery(), default).ToListAsync());
    })(world, script, told);

    private static Task LiftAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened((i, _) => LiftAsync(i))(world, script, told);

    private static async Task LiftAsync(Installation installation) =>
        await LegalHolds.LiftAsync(installation, LegalHolds.List(installation, withLifted: true)[0].Id, "dpo", default);

    private static async Task RotateAsync(Installation installation, KeyRotationKind kind, FaultTold told) =>
        await told.RunAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, await KeyRotationJob.PlanAsync(installation, new KeyRotationRequest(kind), default), default));

    private static Task EnrolAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened(async (installation, _) =>
        await HostRegistry.IssueAsync(installation, HostRegistry.PlanEnrol(installation, FaultWorlds.RequestOf(world), Path.Combine(world.Keys.Folder, $"{Guid.NewGuid():n}.package"), 3), default))(world, script, told);

    private static async Task RevokeAsync(Installation installation) => await HostRevocation.RunAsync(installation, await HostRevocation.PlanAsync(installation, "host-c", null, default), default);

    private static Task EnrolApproverAsync(FaultWorld world, FaultScript? script, FaultTold told) => Opened(async (installation, _) =>
    {
        var key = Path.Combine(world.Keys.Folder, "another.approver");
        if (!File.Exists(key))
        {
            using var passphrase = SecretBytes.CopyOf("the approver's own words"u8);
            ApproverJobs.New(ApproverJobs.PlanNew("Another", key), passphrase, world.Keys.Clock, KeyFixture.LittleWork);
        }
        await ApproverJobs.RegisterAsync(installation, await ApproverJobs.PlanRegisterAsync(installation, key + ".pub", default), default);
    })(world, script, told);

    private static Func<FaultWorld, FaultScript?, FaultTold, Task> Opened(Func<Installation, FaultTold, Task> deed) => async (world, script, told) =>
    {
        await using var installation = await world.OpenAsync(script);
        await deed(installation, told);
    };
}
