using System.Collections;
using System.Reflection;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Operations.Daemon;

namespace StingBackup.Engine.Tests.Governance;

/// <summary>Role × operation: what the strategy says, written out once more here, against every way into the engine.</summary>
public sealed class AccessMatrixTests : IAsyncLifetime, IAsyncDisposable
{
    // docs/strategy-source.md, lines 299 to 308, and what follows from them for what it does not name.
    private static readonly Dictionary<AccessRight, AccessRole[]> Matrix = new()
    {
        [AccessRight.Look] = [AccessRole.BackupOperator, AccessRole.SystemAdmin, AccessRole.SecurityTeam, AccessRole.ComplianceOfficer],
        [AccessRight.Read] = [AccessRole.BackupOperator, AccessRole.SystemAdmin],
        [AccessRight.Backup] = [AccessRole.BackupOperator, AccessRole.SystemAdmin],
        [AccessRight.Restore] = [AccessRole.SystemAdmin],
        [AccessRight.Delete] = [AccessRole.ComplianceOfficer],
        [AccessRight.Keys] = [AccessRole.SystemAdmin],
        [AccessRight.Approve] = [AccessRole.SecurityTeam, AccessRole.ComplianceOfficer],
        [AccessRight.Configure] = [AccessRole.SystemAdmin],
        [AccessRight.Drill] = [AccessRole.BackupOperator, AccessRole.SystemAdmin],
    };

    /// <summary>Every public method of the engine that works on an installation, and its right. One that is missing here fails the test below.</summary>
    private static readonly Dictionary<string, AccessRight> Entries = new(StringComparer.Ordinal)
    {
        ["ApprovalInbox.RequestFile"] = AccessRight.Look, ["ApprovalInbox.TakeInAsync"] = AccessRight.Look, ["ApprovalDesk.DenyAsync"] = AccessRight.Approve, ["ApprovalDesk.ListAsync"] = AccessRight.Look, ["ApprovalDesk.PlanDenial"] = AccessRight.Look, ["ApprovalDesk.PlanRevocation"] = AccessRight.Look,
        ["ApprovalDesk.RequestAgainAsync"] = AccessRight.Look, ["GuardedPlans.RequestAsync"] = AccessRight.Look, ["ApprovalDesk.RevokeAsync"] = AccessRight.Approve, ["ApproverJobs.ListAsync"] = AccessRight.Look,
        ["ApproverJobs.PlanRegisterAsync"] = AccessRight.Keys, ["ApproverJobs.PlanUnregisterAsync"] = AccessRight.Keys, ["ApproverJobs.RegisterAsync"] = AccessRight.Keys, ["ApproverJobs.UnregisterAsync"] = AccessRight.Keys,
        ["AuditReader.ReadAsync"] = AccessRight.Look, ["AuditReader.TestAsync"] = AccessRight.Look, ["BackupJob.PlanAsync"] = AccessRight.Backup, ["BackupJob.RunAsync"] = AccessRight.Backup,
        ["ColdRecut.PlanAsync"] = AccessRight.Backup, ["ColdRecut.RunAsync"] = AccessRight.Backup, ["DatabaseRestoreJob.PlanAsync"] = AccessRight.Restore, ["DatabaseRestoreJob.PlanRowsAsync"] = AccessRight.Restore, ["DatabaseRestoreJob.RunAsync"] = AccessRight.Restore,
        ["ErasureFeed.ReadAsync"] = AccessRight.Look, ["ErasureJob.CompleteAsync"] = AccessRight.Delete, ["ErasureJob.Find"] = AccessRight.Look, ["ErasureJob.List"] = AccessRight.Look, ["ErasureJob.PlanAsync"] = AccessRight.Delete,
        ["ErasureJob.PlanRun"] = AccessRight.Look, ["ErasureJob.RequestAsync"] = AccessRight.Delete, ["ErasureJob.StopAsync"] = AccessRight.Delete, ["ErasureSync.PlanAsync"] = AccessRight.Delete,
        ["ErasureSync.RunAsync"] = AccessRight.Delete, ["HostRegistry.IssueAsync"] = AccessRight.Keys, ["HostRegistry.PlanEnrol"] = AccessRight.Keys, ["HostRegistry.PlanTopUp"] = AccessRight.Keys,
        ["HostRevocation.PlanAsync"] = AccessRight.Keys, ["HostRevocation.RunAsync"] = AccessRight.Keys, ["KeyEscrowJob.ExportAsync"] = AccessRight.Keys, ["KeyEscrowJob.PlanExportAsync"] = AccessRight.Keys,
        ["KeyEscrowJob.TestAsync"] = AccessRight.Keys, ["KeyProtectionJob.PlanAsync"] = AccessRight.Keys, ["KeyProtectionJob.PlanRewrapAsync"] = AccessRight.Keys, ["KeyProtectionJob.RewrapAsync"] = AccessRight.Keys,
        ["KeyProtectionJob.RunAsync"] = AccessRight.Keys, ["KeyRotationJob.PlanAsync"] = AccessRight.Keys, ["KeyRotationJob.RunAsync"] = AccessRight.Keys, ["LegacyImportJob.RunAsync"] = AccessRight.Backup,
        ["LegacyImportPlanner.BeginAsync"] = AccessRight.Backup, ["LegalHolds.AddAsync"] = AccessRight.Delete, ["LegalHolds.Find"] = AccessRight.Look, ["LegalHolds.LiftAsync"] = AccessRight.Delete,
        ["LegalHolds.List"] = AccessRight.Look, ["LegalHolds.PlanAsync"] = AccessRight.Delete, ["PruneJob.PlanAsync"] = AccessRight.Delete, ["PruneJob.RunAsync"] = AccessRight.Delete, ["RepositoryUpdateJob.PlanAsync"] = AccessRight.Keys, ["RepositoryUpdateJob.RunAsync"] = AccessRight.Keys, ["RepairJob.PlanAsync"] = AccessRight.Configure,
        ["RepairJob.RunAsync"] = AccessRight.Configure, ["ReportReader.ReadAsync"] = AccessRight.Look, ["RestoreJob.PlanAsync"] = AccessRight.Restore, ["RestoreJob.RunAsync"] = AccessRight.Restore,
        ["RetentionJob.PlanAsync"] = AccessRight.Look, ["RetentionJob.RunAsync"] = AccessRight.Delete, ["RetrievalJob.GetAsync"] = AccessRight.Look, ["RetrievalJob.PlanAsync"] = AccessRight.Restore,
        ["RetrievalJob.PlanPacksAsync"] = AccessRight.Read, ["RetrievalJob.RunAsync"] = AccessRight.Restore, ["ReviewJob.PlanAsync"] = AccessRight.Approve, ["ReviewJob.RunAsync"] = AccessRight.Approve,
        ["SpareOutlook.LookAsync"] = AccessRight.Look, ["StatusReader.ReadAsync"] = AccessRight.Look, ["TierQuotaJob.PlanAsync"] = AccessRight.Configure, ["TierQuotaJob.RunAsync"] = AccessRight.Configure,
        ["TierStatusReader.ReadAsync"] = AccessRight.Look, ["TierSyncJob.PlanAsync"] = AccessRight.Backup, ["TierSyncJob.RunAsync"] = AccessRight.Backup, ["VerifyJob.RunAsync"] = AccessRight.Read,
        ["CostReader.ReadAsync"] = AccessRight.Read, ["CostReader.ReadSubjectsAsync"] = AccessRight.Read, ["ForecastJob.RunAsync"] = AccessRight.Look, ["MetricsReader.ReadAsync"] = AccessRight.Look,
        ["CostForecaster.ReadAsync"] = AccessRight.Read, ["StatusDetailReader.ReadAsync"] = AccessRight.Look,
        ["JobReader.List"] = AccessRight.Look, ["JobStop.Plan"] = AccessRight.Look, ["JobStop.RunAsync"] = AccessRight.Look,
        ["DrillJob.DueAsync"] = AccessRight.Drill, ["DrillJob.PlanAsync"] = AccessRight.Drill, ["DrillJob.RunAsync"] = AccessRight.Drill, ["DrillReader.ReadAsync"] = AccessRight.Look, ["DrillReader.SummaryAsync"] = AccessRight.Look,
        ["AnomalyReader.ReadAsync"] = AccessRight.Look, ["AnomalySettlementJob.PlanAsync"] = AccessRight.Configure, ["AnomalySettlementJob.RunAsync"] = AccessRight.Configure, ["CleanPointSearch.FindAsync"] = AccessRight.Read,
        ["TargetReader.ReadAsync"] = AccessRight.Look,
        ["PortalJob.Plan"] = AccessRight.Configure, ["PortalJob.RunAsync"] = AccessRight.Configure,
        ["SignInLinks.Make"] = AccessRight.Look, ["SignInLinks.MakeAsync"] = AccessRight.Look, ["SignInLinks.PlanAsync"] = AccessRight.Look,
        ["TierIsolation.Plan"] = AccessRight.Configure, ["TierIsolation.LockAsync"] = AccessRight.Configure, ["TierIsolation.PlanUnlockAsync"] = AccessRight.Configure, ["TierIsolation.UnlockAsync"] = AccessRight.Configure,
    };

    /// <summary>Helpers that tell what the configuration says, carry the jobs of others, or check themselves.</summary>
    private static readonly string[] Helpers = ["Access.Allows", "Access.Require", "BackupWait.UntilFreeAsync", "ForecastJob.CheckAsync", "Guard.LookAsync", "Guard.RunAsync", "JobStream.RunAsync", "KeyAges.IsDue", "TierSyncJob.FurtherTiers"];

    private static readonly AccessIdentity Me = new(IdentityKind.Kratos, "6f0c1f0e-4a53-4d05-a6a8-0d6a2a2f6d10");

    private GuardedReserve _test = null!;

    public async Task InitializeAsync() => _test = await GuardedReserve.CreateAsync();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private static AccessPolicy Given(AccessRole? role) => new(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>>
    {
        [role ?? AccessRole.SystemAdmin] = [role is null ? new AccessIdentity(IdentityKind.User, "somebody else") : Me],
    }, []);

    private Task<Installation> AsAsync(AccessRole? role)
    {
        _test.Access = Given(role);
        _test.Caller = Caller.OfProcess with { Portal = Me };
        return _test.ReopenAsync();
    }

    private static IEnumerable<MethodInfo> Methods() => typeof(Installation).Assembly.GetExportedTypes().SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly))
        .Where(method => method.GetParameters() is [{ ParameterType: var first }, ..] && first == typeof(Installation));

    private static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";

    [Fact]
    public void No_public_way_into_the_engine_is_without_a_right() =>
        Assert.Equal(Entries.Keys.Concat(Helpers).Order(StringComparer.Ordinal), Methods().Select(NameOf).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_command_s_roles_are_those_of_the_strategy()
    {
        Assert.Equal(Enum.GetValues<AccessRight>(), Matrix.Keys.Order());
        foreach (var right in Matrix)
        {
            Assert.Equal(right.Value, AccessTable.HoldersOf(right.Key));
        }
        foreach (var (command, right) in (ReadOnlySpan<(string, AccessRight)>)[("Invoke-StingBackup", AccessRight.Backup), ("Restore-StingUser", AccessRight.Restore), ("Remove-StingSubject", AccessRight.Delete), ("Invoke-StingRetention", AccessRight.Delete), ("Optimize-StingRepository", AccessRight.Delete), ("Update-StingKey", AccessRight.Keys), ("Find-StingItem", AccessRight.Read)])
        {
            Assert.Equal(right, AccessTable.RightOf(command));
        }
        Assert.Throws<ArgumentException>(() => AccessTable.RightOf("Get-Nothing"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(AccessRole.BackupOperator)]
    [InlineData(AccessRole.SystemAdmin)]
    [InlineData(AccessRole.SecurityTeam)]
    [InlineData(AccessRole.ComplianceOfficer)]
    public async Task Each_role_gets_into_what_is_its_own_and_into_nothing_else(AccessRole? role)
    {
        var installation = await AsAsync(role);
        var wrong = new List<string>();
        foreach (var method in Methods().Where(m => Entries.ContainsKey(NameOf(m))))
        {
            var mayEnter = role is { } given && Matrix[Entries[NameOf(method)]].Contains(given);
            var refusal = await EnterAsync(method, installation);
            if (mayEnter == (refusal is not null))
            {
                wrong.Add($"{NameOf(method)}: {(mayEnter ? "refused" : "let in")}");
            }
            Assert.True(refusal is null or { Kind: FailureKind.Refused }, method.Name);
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task The_catalog_and_the_guard_ask_too_and_a_refusal_says_who_which_role_and_what_to_do()
    {
        var installation = await AsAsync(AccessRole.SecurityTeam);
        using var catalog = new Catalog(installation);
        var error = await Assert.ThrowsAsync<StingException>(async () => await catalog.PointsAsync(new PointQuery(), default).ToListAsync());
        Assert.Equal("AccessDenied", error.ErrorId);
        foreach (var part in (string[])[Me.Name, "Get-StingRestorePoint", "backup_operator or system_admin", "security_team"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
        Assert.Contains("access.backup_operator", error.Remedy, StringComparison.Ordinal);
        await _test.RefusedAsync(GuardedReserve.PlanFor("user:ada"), "AccessDenied");
        Assert.False(Directory.Exists(_test.Approvals));

        // Both refusals stand in the audit log, by whom and of what.
        await AsAsync(AccessRole.SystemAdmin);
        var refused = (await _test.AuditAsync()).Where(e => e.Event == AuditEvent.Refused).ToList();
        Assert.Equal(["Get-StingRestorePoint", "Remove-StingSubject"], refused.Select(e => e.Command));
        Assert.All(refused, e => Assert.Equal(("AccessDenied", AuditState.Sound, true), (e.Outcome, e.State, e.Actor.StartsWith($"kratos:{Me.Name}@", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Without_any_role_there_is_one_administrator()
    {
        var installation = await _test.ReopenAsync();
        Assert.All(AccessTable.All.Keys, command => Assert.True(Access.Allows(installation, command)));
    }

    [Fact]
    public async Task An_account_its_group_or_the_host_s_key_carries_a_role()
    {
        var account = Caller.OfProcess.Identities;
        Assert.Equal((IdentityKind.User, Environment.UserName), (account[0].Kind, account[0].Name));
        Assert.Contains(account, identity => identity.Kind == IdentityKind.Group);
        foreach (var identity in account.Append(new AccessIdentity(IdentityKind.Key, Fingerprint.Of(_test.Keys.Signer.PublicKey.Span))))
        {
            _test.Access = new AccessPolicy(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>> { [AccessRole.BackupOperator] = [identity] }, []);
            var installation = await _test.ReopenAsync();
            Assert.True(Access.Allows(installation, "Invoke-StingBackup"), identity.ToString());
            Assert.False(Access.Allows(installation, "Restore-StingUser"), identity.ToString());
        }
        // A session of the portal is not the account of the portal's process, nor its host.
        _test.Caller = Caller.OfProcess with { Portal = new AccessIdentity(IdentityKind.Kratos, Guid.NewGuid().ToString()) };
        Assert.False(Access.Allows(await _test.ReopenAsync(), "Invoke-StingBackup"));
    }

    [Fact]
    public async Task Commands_that_need_no_repository_know_the_host_s_key_and_record_refusals_where_it_can_be_opened()
    {
        using var site = new DaemonSite(new DateTimeOffset(2026, 5, 4, 19, 0, 0, TimeSpan.Zero), "UTC");
        await using var installation = await site.OpenAsync(default);
        AccessPolicy To(AccessIdentity identity) => new(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>> { [AccessRole.BackupOperator] = [identity] }, []);
        var byKey = site.Configuration with { Access = To(new AccessIdentity(IdentityKind.Key, Fingerprint.Of(installation.Signer.PublicKey.Span))) };
        Access.Require(byKey, "Start-StingMetadataCapture");
        Assert.Equal("AccessDenied", Assert.Throws<StingException>(() => Access.Require(byKey, "Import-StingKeyEscrow")).ErrorId);
        var record = (await AuditReader.ReadAsync(installation, default))[^1];
        Assert.Equal((AuditEvent.Refused, "Import-StingKeyEscrow", "AccessDenied", Caller.OfProcess.Actor), (record.Event, record.Command, record.Outcome, record.Actor));

        // Without a repository the account alone counts, and is refused no less.
        Directory.Move(Path.Combine(site.Root, "backups"), Path.Combine(site.Root, "away"));
        Assert.Equal("AccessDenied", Assert.Throws<StingException>(() => Access.Require(byKey, "Start-StingMetadataCapture")).ErrorId);
        Access.Require(byKey with { Access = To(Caller.OfProcess.Identities[0]) }, "Start-StingMetadataCapture");
    }

    [Fact]
    public async Task Whoever_comes_through_the_portal_has_nothing_that_no_role_was_given_for()
    {
        string[] commands = [.. AccessTable.All.Keys];
        foreach (var identity in (AccessIdentity[])[Me, new(IdentityKind.Oidc, "a-subject"), new(IdentityKind.User, "root"), new(IdentityKind.Group, "root"), new(IdentityKind.Key, Fingerprint.Of(_test.Keys.Signer.PublicKey.Span))])
        {
            _test.Caller = new Caller { Portal = identity };
            var nobody = await _test.ReopenAsync();
            Assert.All(commands, command => Assert.Equal(AccessTable.Free.Contains(command), Access.Allows(nobody, command)));
            // A link that an administrator's account made for itself, and nothing else that says so.
            _test.Caller = new Caller { Portal = identity, IsAccount = true };
            var account = await _test.ReopenAsync();
            Assert.All(commands, command => Assert.Equal(identity.Kind == IdentityKind.User || AccessTable.Free.Contains(command), Access.Allows(account, command)));
            // A role that is given counts, by whichever kind.
            _test.Access = new AccessPolicy(new Dictionary<AccessRole, IReadOnlyList<AccessIdentity>> { [AccessRole.BackupOperator] = [identity] }, []);
            var given = await _test.ReopenAsync();
            Assert.True(Access.Allows(given, "Invoke-StingBackup") && !Access.Allows(given, "Restore-StingUser"), identity.ToString());
            _test.Access = AccessPolicy.None;
        }
    }

    [Fact]
    public async Task A_person_may_restore_and_ask_for_erasure_and_nothing_more_whatever_roles_there_are()
    {
        _test.Caller = new Caller { Portal = Me, Own = ["user:" + Me.Name] };
        foreach (var policy in (AccessPolicy[])[AccessPolicy.None, Given(null)])
        {
            _test.Access = policy;
            var person = await _test.ReopenAsync();
            Assert.All(AccessTable.All.Keys, command => Assert.Equal(
                command is "Restore-StingFile" or "Restore-StingUser" or "Restore-StingHoneyJar" or "Remove-StingSubject" || AccessTable.Free.Contains(command), Access.Allows(person, command)));
        }
    }

    [Theory]
    [InlineData("oidc:auth0|5f7c8ec7c33c6c004bbafe82", true)]
    [InlineData("oidc:", false)]
    [InlineData("user:ada", true)]
    [InlineData("GROUP: sting admins", true)]
    [InlineData("key:00112233445566778899AABBccddeeff00112233445566778899aabbccddeeff", true)]
    [InlineData("kratos:6f0c1f0e-4a53-4d05-a6a8-0d6a2a2f6d10", true)]
    [InlineData("ada", false)]
    [InlineData("user:", false)]
    [InlineData("key:0011", false)]
    [InlineData("kratos:ada", false)]
    [InlineData("role:system_admin", false)]
    public void An_identity_is_read_or_refused(string text, bool isOne)
    {
        Assert.Equal(isOne, AccessIdentity.TryParse(text, out var identity));
        Assert.True(identity is null || (AccessIdentity.TryParse(identity.ToString(), out var again) && again.Is(identity)));
    }

    /// <summary>Enters with nothing in hand; what is wrong with that comes after the question who asks. Null where it was let in.</summary>
    private static async Task<StingException?> EnterAsync(MethodInfo method, Installation installation)
    {
        try
        {
            object?[] arguments = [installation, .. method.GetParameters().Skip(1).Select(p => p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null)];
            var result = method.Invoke(null, arguments);
            if (result is Task task)
            {
                await task;
            }
            else if (result?.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            {
                await (Task)type.GetMethod("AsTask")!.Invoke(result, null)!;
            }
            else if (result is not IEnumerable && result is IAsyncEnumerable<object> events)
            {
                await using var reader = events.GetAsyncEnumerator();
                await reader.MoveNextAsync();
            }
            return null;
        }
        catch (Exception e)
        {
            return ((e as TargetInvocationException)?.InnerException ?? e) as StingException is { ErrorId: "AccessDenied" } refused ? refused : null;
        }
    }
}
