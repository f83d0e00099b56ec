using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Legal holds: orders to keep a subject, which refuse its erasure.</summary>
public static class LegalHolds
{
    /// <summary>Every hold, oldest first. Needs the key directory and no passphrase.</summary>
    public static IReadOnlyList<LegalHold> List(Installation installation, bool withLifted)
    {
        Access.Require(installation, "Get-StingLegalHold");
        return [.. ErasureJob.Book(installation).Holds.Where(hold => withLifted || hold.IsActive).Select(hold => hold.ToHold())];
    }

    /// <summary>Holds that stand, of a configuration; for completion.</summary>
    public static IReadOnlyList<LegalHold> List(StingConfiguration configuration)
    {
        using var keys = ErasureJob.Keys(configuration);
        return [.. new ErasureBook(keys).Holds.Where(hold => hold.IsActive).Select(hold => hold.ToHold())];
    }

    /// <summary>Whom a hold would keep.</summary>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>JarNotFound</c>, <c>SubjectErased</c></exception>
    public static ValueTask<LegalHoldPlan> PlanAsync(Installation installation, RestoreScope scope, string subject, string reason, CancellationToken cancel) =>
        PlanAsync(installation, scope, subject, null, reason, cancel);

    /// <summary>The same, of a jar for what one person brought alone.</summary>
    /// <inheritdoc cref="PlanAsync(Installation, RestoreScope, string, string, CancellationToken)"/>
    public static async ValueTask<LegalHoldPlan> PlanAsync(Installation installation, RestoreScope scope, string subject, string? contributor, string reason, CancellationToken cancel)
    {
        Access.Require(installation, "Add-StingLegalHold");
        ArgumentNullException.ThrowIfNull(installation);
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var choice = await ErasureTargets.ChooseAsync(repository, new ErasureRequest(scope, subject, "", "", "") { Contributor = contributor }, cancel).ConfigureAwait(false);
        return new LegalHoldPlan(choice.Names[0], reason);
    }

    /// <summary>Sets a hold.</summary>
    public static async ValueTask<LegalHold> AddAsync(Installation installation, LegalHoldPlan plan, string by, CancellationToken cancel)
    {
        Access.Require(installation, "Add-StingLegalHold");
        ArgumentNullException.ThrowIfNull(plan);
        var reader = await ErasureJob.ReaderAsync(installation, cancel).ConfigureAwait(false);
        using var held = await reader.Role.HoldAsync(cancel).ConfigureAwait(false);
        var hold = new HoldRecord
        {
            Reserve = installation.Reserve, Id = Id16.New(installation.Random), Subject = plan.Subject, Tag = reader.TagOf(plan.Subject), Reason = plan.Reason, SetBy = by, SetNs = installation.NowNs,
        };
        ErasureJob.Book(installation).Keep(hold, reader.Role.Keys.KeyRole);
        await AuditLog.NoteAsync(installation, "Add-StingLegalHold", [hold.Id], "Added", cancel).ConfigureAwait(false);
        return hold.ToHold();
    }

    /// <summary>The hold of an id that stands.</summary>
    /// <exception cref="StingException"><c>LegalHoldNotFound</c></exception>
    public static LegalHold Find(Installation installation, string id)
    {
        Access.Require(installation, "Get-StingLegalHold");
        return FindRecord(installation, id).ToHold();
    }

    /// <summary>Lifts a hold, once a second identity has approved it.</summary>
    /// <exception cref="StingException"><c>LegalHoldNotFound</c>, <c>ApprovalRequired</c> and the others of <see cref="Guard"/></exception>
    public static Task<LegalHold> LiftAsync(Installation installation, string id, string by, CancellationToken cancel)
    {
        Access.Require(installation, "Remove-StingLegalHold");
        return Guard.RunAsync(installation, DangerOf(installation, id), token => KeepLiftedAsync(installation, id, by, token), static _ => "Lifted", cancel);
    }

    internal static DangerousPlan DangerOf(Installation installation, string id)
    {
        var hold = FindRecord(installation, id);
        return new DangerousPlan("Remove-StingLegalHold", hold.Subject) { Facts = [new PlanFact("Hold", hold.Id.ToString()), new PlanFact("Reason", hold.Reason), new PlanFact("Set by", hold.SetBy)], Subjects = [hold.Tag] };
    }

    private static async Task<LegalHold> KeepLiftedAsync(Installation installation, string id, string by, CancellationToken cancel)
    {
        var role = await ErasureJob.RoleAsync(installation, cancel).ConfigureAwait(false);
        using var held = await role.HoldAsync(cancel).ConfigureAwait(false);
        var lifted = FindRecord(installation, id) with { LiftedBy = by, LiftedNs = installation.NowNs };
        ErasureJob.Book(installation).Keep(lifted, role.Keys.KeyRole);
        return lifted.ToHold();
    }

    private static HoldRecord FindRecord(Installation installation, string id) => ErasureJob.Book(installation).Holds.FirstOrDefault(hold => hold.IsActive && hold.Id.ToString() == id.Trim())
        ?? throw new StingException("LegalHoldNotFound", FailureKind.NotFound, $"No legal hold '{id}' stands.", id, "Get-StingLegalHold lists them.");
}
