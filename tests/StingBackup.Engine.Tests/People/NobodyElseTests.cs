using StingBackup.Engine.Basics;
using StingBackup.Engine.People;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.People;

/// <summary>Two people who must not see each other: another's path, run, plan, request, pseudonym and root are given to every method, and to what stands under them.</summary>
public sealed class NobodyElseTests : IAsyncLifetime
{
    private static readonly string Theirs = $"users/{PeopleFixture.Bob}/notes.txt";

    private PeopleFixture _test = null!;
    private OwnReserve _ada = null!, _bob = null!;

    public async Task InitializeAsync()
    {
        _test = await PeopleFixture.StartAsync();
        (_ada, _bob) = (await _test.OfAsync(PeopleFixture.Ada), await _test.OfAsync(PeopleFixture.Bob));
    }

    public Task DisposeAsync() => _test.DisposeAsync().AsTask();

    [Fact]
    public async Task No_method_gives_another_s_items()
    {
        // What is not there at all and what is another's are answered alike.
        foreach (var path in (string[])[Theirs, $"users/{PeopleFixture.Bob}", "users/nobody/notes.txt", "conf/config.yml", $"users/{PeopleFixture.Ada}/notes.txt/x"])
        {
            await RefusedAsync("ItemNotFound", async () => await _ada.FileAsync("latest", path, default));
            await RefusedAsync("ItemNotFound", async () => await _ada.FolderAsync("latest", path, null, 10, default));
            await RefusedAsync("ItemNotFound", async () => await _ada.FilesAsync("latest", [path], null, default).ToListAsync());
            await RefusedAsync("ItemNotFound", async () => await _ada.PlanRestoreAsync(new OwnRestoreRequest { BackupId = "latest", Paths = [path] }, default));
            await RefusedAsync("ItemNotFound", async () => await _ada.AskForRecoveryAsync(new RecoveryWish { Paths = [path], Reason = "I want it" }, default));
        }
        foreach (var path in (string[])[$"users/{PeopleFixture.Ada}/../{PeopleFixture.Bob}/notes.txt", "..", "users//x"])
        {
            await RefusedAsync("NameNotAllowed", async () => await _ada.FileAsync("latest", path, default));
            await RefusedAsync("NameNotAllowed", async () => await _ada.FolderAsync("latest", path, null, 10, default));
        }
        await RefusedAsync("CursorInvalid", async () => await _ada.FolderAsync("latest", $"users/{PeopleFixture.Ada}", Theirs, 10, default));
        Assert.All((await _ada.VersionsAsync("**", 100, default)).Versions, v => Assert.Equal(PeopleFixture.UserOf(PeopleFixture.Ada), v.Subject));
        Assert.Empty((await _ada.VersionsAsync(Theirs, 100, default)).Versions);
        Assert.All(await _ada.FilesAsync("latest", [], null, default).ToListAsync(), f => Assert.StartsWith($"users/{PeopleFixture.Ada}/", f.Item.Path, StringComparison.Ordinal));
        Assert.Equal([PeopleFixture.Ada], (await _ada.FolderAsync("latest", "users", null, 10, default)).Items.Select(i => i.Name));
        await RefusedAsync("JarNotFound", async () => await _ada.JarAsync("any", default));
    }

    [Fact]
    public async Task Another_s_plan_request_and_certificate_are_refused()
    {
        var plan = await _bob.PlanRestoreAsync(new OwnRestoreRequest { BackupId = "latest", Paths = [Theirs] }, default);
        await RefusedAsync("AccessDenied", async () => await _ada.RestoreAsync(plan, default).ToListAsync());
        await RefusedAsync("RestorePlanOutdated", async () => await _ada.RestoreAsync(plan with { Selection = null }, default).ToListAsync());

        var asked = await _bob.AskForRecoveryAsync(new RecoveryWish { Paths = [Theirs], Reason = "Lost" }, default);
        Assert.Empty(await _ada.RecoveriesAsync(default));
        await RefusedAsync("ApprovalRequestUnknown", async () => await _ada.RecoverAsync(asked.Id, default).ToListAsync());
        Assert.Equal(asked.Id, Assert.Single(await _bob.RecoveriesAsync(default)).Id);

        var erasure = Assert.Single(await _bob.AskForErasureAsync("I leave", default));
        Assert.Empty(await _ada.ErasuresAsync(default));
        await RefusedAsync("ApprovalRequestUnknown", async () => await _ada.ConfirmErasureAsync(erasure.Id, default));
        await RefusedAsync("ErasureNotFound", async () => await _ada.CertificateAsync(erasure.Id, default));
    }

    [Fact]
    public async Task Keys_pages_and_chunks_of_another_cannot_be_opened()
    {
        var (ada, bob) = (await _ada.HoldAsync(default), await _bob.HoldAsync(default));
        var tree = Assert.Single((await bob.Value.Trees.AtRunAsync("latest", default)).Trees);
        var own = Assert.Single(ada.Value.Own.Keys);
        var reader = ada.Value.Repository.Reader;
        await RefusedAsync("AccessDenied", async () => await reader.ReadPageAsync(tree.Row.Pseudonym, tree.Row.Root, default));
        await RefusedAsync("ChunkDamaged", async () => await reader.ReadPageAsync(own, tree.Row.Root, default));
        var entry = (await bob.Value.Repository.Walker.FindAsync(tree.Root, EntryPath.Parse(Theirs), default))!;
        await RefusedAsync("AccessDenied", async () => await reader.ReadDataAsync(tree.Row.Pseudonym, entry.Extents[0].Id, default));
        await RefusedAsync("ChunkDamaged", async () => await reader.ReadDataAsync(own, entry.Extents[0].Id, default));
        await RefusedAsync("AccessDenied", async () => await ada.Value.Repository.Subjects.HeadAsync(tree.Row, default));
        await RefusedAsync("AccessDenied", async () => (await ada.Value.Installation.UnlockAsync(default)).GetIdKey(tree.Row.Pseudonym, 1));
        Assert.Null(ada.Value.Installation.UnlockWithSecretAsync);
        await RefusedAsync("AccessDenied", async () => await ada.Value.Repository.Subjects.AllAsync(ada.Value.Repository.Finder.AtRun("latest", null).Classes, default));

        // A claim that leads to another's pseudonym leads to nothing: the tree itself says whose it is.
        var forged = new OwnTrees(bob.Value.Repository, new Dictionary<Id16, string> { [tree.Row.Pseudonym] = PeopleFixture.UserOf(PeopleFixture.Ada) }, new RecentCache<Id32, IReadOnlyList<SubjectRow>>(1 << 20, _ => 1));
        var state = await forged.AtRunAsync("latest", default);
        Assert.Empty(state.Trees);
        Assert.Contains(state.Damage, e => e.ErrorId == "SubjectUnreadable");
        await ada.ReleaseAsync();
        await bob.ReleaseAsync();
    }

    [Fact]
    public async Task Whoever_cannot_be_told_for_certain_is_nobody()
    {
        Task<Person?> Find(AccessIdentity identity, string? email) => _test.Shared.FindPersonAsync(new PersonClaim(identity, email, null), default).AsTask();
        static AccessIdentity Oidc(string sub) => new(IdentityKind.Oidc, sub);
        Assert.Null(await Find(PeopleFixture.Kratos(Guid.NewGuid().ToString()), null));
        Assert.Null(await Find(Oidc("7"), null));
        Assert.Null(await Find(Oidc(PeopleFixture.Ada), null));
        Assert.Null(await Find(new AccessIdentity(IdentityKind.User, "7"), null));
        Assert.Null(await Find(new AccessIdentity(IdentityKind.User, PeopleFixture.Ada), null));
        Assert.Null(await Find(new AccessIdentity(IdentityKind.Group, PeopleFixture.Cleo), null));
        Assert.Null(await Find(PeopleFixture.Kratos(Guid.NewGuid().ToString()), "ada@example.org"));   // the map gives this address to another UUID
        Assert.Null(await Find(Oidc("x"), "someone@else.org"));
        Assert.Equal([PeopleFixture.UserOf(PeopleFixture.Ada)], (await Find(Oidc("x"), "ADA@example.org"))!.Subjects);
        Assert.Equal([$"path:UserFiles/{PeopleFixture.Cleo}"], (await Find(Oidc("y"), PeopleFixture.Cleo))!.Subjects);
        Assert.Equal([$"path:UserFiles/{PeopleFixture.Cleo}"], (await Find(new AccessIdentity(IdentityKind.User, PeopleFixture.Cleo), null))!.Subjects);
        Assert.Empty(typeof(Person).GetConstructors());
    }

    [Fact]
    public async Task An_administrator_needs_the_right_and_leaves_a_record_each_time()
    {
        var somebody = new Caller { Portal = PeopleFixture.Kratos(PeopleFixture.Ada) };
        await RefusedAsync("AccessDenied", async () => await _test.Shared.OfSubjectAsync(somebody, PeopleFixture.UserOf(PeopleFixture.Bob), default));
        await RefusedAsync("AccessDenied", async () => await _test.Shared.OfSubjectAsync(somebody, PeopleFixture.UserOf(PeopleFixture.Ada), default));
        var looks = new Caller { Portal = new AccessIdentity(IdentityKind.User, "root"), IsAccount = true };
        var before = (await _test.AuditAsync()).Count(e => e.Command == OwnTrail.Browse);
        var opened = await _test.Shared.OfSubjectAsync(looks, "bob@example.org", default);
        await _test.Shared.OfSubjectAsync(looks, PeopleFixture.UserOf(PeopleFixture.Bob), default);
        Assert.Equal(before + 2, (await _test.AuditAsync()).Count(e => e.Command == OwnTrail.Browse && e.Actor.StartsWith("user:root@", StringComparison.Ordinal)));
        Assert.Equal("Bob's notes", await PeopleFixture.TextAsync(await opened.FileAsync("latest", Theirs, default)));
        await RefusedAsync("ItemNotFound", async () => await opened.FileAsync("latest", $"users/{PeopleFixture.Ada}/notes.txt", default));
        await RefusedAsync("UserNotFound", async () => await _test.Shared.OfSubjectAsync(looks, "user:99999999-0000-4000-8000-000000000000", default));
    }

    private static async Task RefusedAsync(string errorId, Func<Task> deed) => Assert.Equal(errorId, (await Assert.ThrowsAsync<StingException>(deed)).ErrorId);
}
