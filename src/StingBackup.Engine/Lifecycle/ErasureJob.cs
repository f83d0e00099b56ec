using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Whose backups are to become unreadable, and why.</summary>
/// <param name="Scope">A person or a jar.</param>
/// <param name="Subject">Whose: as for a restore.</param>
/// <param name="LegalBasis">The law or contract.</param>
/// <param name="Reference">The request's own name elsewhere, or empty.</param>
/// <param name="RequestedBy">Who asks.</param>
public sealed record ErasureRequest(RestoreScope Scope, string Subject, string LegalBasis, string Reference, string RequestedBy)
{
    /// <summary>Of a jar only what this person brought; null for all of it.</summary>
    public string? Contributor { get; init; }
    /// <summary>Leaves what a person brought into honey jars, which else goes with him.</summary>
    public bool KeepContributions { get; init; }
}

/// <summary>Erasure of a subject from every backup: planned, asked for, stoppable for a while, then carried out by destroying its key.</summary>
public static class ErasureJob
{
    /// <summary>What an erasure would hit. Changes nothing, and needs keys only where names cannot be found without.</summary>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>JarNotFound</c>, <c>SubjectErased</c>, <c>NothingToErase</c>, <c>LegalHoldStands</c>, <c>ErasureExists</c></exception>
    public static async ValueTask<ErasurePlan> PlanAsync(Installation installation, ErasureRequest request, CancellationToken cancel)
    {
        Access.Require(installation, "Remove-StingSubject");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(request);
        var book = Book(installation);
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var choice = await ErasureTargets.ChooseAsync(repository, request, cancel).ConfigureAwait(false);
        var names = await ErasureTargets.NamesAsync(repository, choice, cancel).ConfigureAwait(false);
        var targets = await ErasureTargets.FindAsync(installation, names, cancel).ConfigureAwait(false);
        if (targets.Count == 0)
        {
            throw ErasureTargets.Nothing(request);
        }
        ErasureTargets.RefuseHeld(book, targets, names, await ReaderAsync(installation, cancel).ConfigureAwait(false));
        RefuseAsked(book, targets, request.Subject);
        var scope = (await new ErasureTiers(installation, targets.Select(target => target.Pseudonym).ToHashSet()).MeasureAsync(repository.View, cancel).ConfigureAwait(false)).Scope;
        var now = installation.Clock.GetUtcNow();
        return new ErasurePlan
        {
            Subject = names[0], Pseudonyms = [.. targets.Select(target => target.Pseudonym.ToString())], Hits = [.. scope.Hits], Packs = scope.Packs, StoredBytes = scope.StoredBytes,
            Contributions = [.. names.Where(name => SubjectNames.ContributorOf(name) is not null)],
            Residuals = [.. Residuals.Of(installation, repository.View, now), .. await EarlierCopies.FindAsync(repository, names, cancel).ConfigureAwait(false)], DueTime = now + installation.ErasureDelay, LegalBasis = request.LegalBasis, Reference = request.Reference,
            Targets = new PlannedErasure(request, names, targets),
        };
    }

    /// <summary>Takes a planned erasure down, once a second identity has approved it: it is due after the delay, and can be stopped until then. Needs the key role.</summary>
    /// <exception cref="StingException"><c>LegalHoldStands</c>, <c>ErasureExists</c>, <c>ApprovalRequired</c> and the others of <see cref="Guard"/></exception>
    public static Task<Erasure> RequestAsync(Installation installation, ErasurePlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Remove-StingSubject");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var planned = (PlannedErasure)plan.Targets!;
        return Guard.RunAsync(installation, DangerOf(installation, plan), (pass, token) => KeepAsync(installation, plan, planned, pass, token), static _ => "Pending", cancel);
    }

    internal static DangerousPlan DangerOf(Installation installation, ErasurePlan plan)
    {
        var planned = (PlannedErasure)plan.Targets!;
        return ErasureApproval.PlanOf(planned.Names, planned.Targets, plan.LegalBasis, plan.Reference, Display.Duration(installation.ErasureDelay));
    }

    /// <summary>Refuses who is to be erased already: of two requests one could be stopped, and the other would be carried out.</summary>
    private static void RefuseAsked(ErasureBook book, IReadOnlyList<ErasureTarget> targets, string subject)
    {
        if (book.Erasures.FirstOrDefault(record => record.State is ErasureState.Pending or ErasureState.Incomplete && record.Targets.Any(t => targets.Any(o => o.Pseudonym == t.Pseudonym))) is { } open)
        {
            throw new StingException("ErasureExists", FailureKind.AlreadyExists, $"The erasure of '{subject}' was asked for already, on {Display.Time(NanosecondTime.FromNs(open.RequestedNs, 0))}.", open.Id.ToString(),
                $"Stop it with Stop-StingErasure -Id {open.Id}, or carry it out with Complete-StingErasure when it is due.");
        }
    }

    private static async Task<Erasure> KeepAsync(Installation installation, ErasurePlan plan, PlannedErasure planned, GuardPass pass, CancellationToken cancel)
    {
        var book = Book(installation);
        var role = await RoleAsync(installation, cancel).ConfigureAwait(false);
        using var held = await role.HoldAsync(cancel).ConfigureAwait(false);
        ErasureTargets.RefuseHeld(book, planned.Targets, planned.Names, await ReaderAsync(installation, cancel).ConfigureAwait(false));
        RefuseAsked(book, planned.Targets, planned.Request.Subject);
        var record = new ErasureRecord
        {
            Reserve = installation.Reserve, Id = Id16.New(installation.Random), State = ErasureState.Pending, Names = planned.Names, Targets = planned.Targets,
            RequestedNs = installation.NowNs, RequestedBy = planned.Request.RequestedBy, DueNs = NanosecondTime.ToNs(plan.DueTime), LegalBasis = plan.LegalBasis, Reference = plan.Reference,
            Approvers = [.. pass.Approvers.Select(approver => approver.ToString())], Approval = pass.Request, Delay = Display.Duration(installation.ErasureDelay),
        };
        book.Keep(record, role.Keys.KeyRole);
        return book.ToErasure(record);
    }

    /// <summary>Every request, oldest first. Needs the key directory and no passphrase.</summary>
    public static IReadOnlyList<Erasure> List(Installation installation)
    {
        Access.Require(installation, "Get-StingErasure");
        var book = Book(installation);
        return [.. book.Erasures.Select(book.ToErasure)];
    }

    /// <summary>Every request, of a configuration; for completion.</summary>
    public static IReadOnlyList<Erasure> List(StingConfiguration configuration)
    {
        using var keys = Keys(configuration);
        var book = new ErasureBook(keys);
        return [.. book.Erasures.Select(book.ToErasure)];
    }

    /// <summary>The request of an id.</summary>
    /// <exception cref="StingException"><c>ErasureNotFound</c></exception>
    public static Erasure Find(Installation installation, string id)
    {
        Access.Require(installation, "Get-StingErasure");
        var book = Book(installation);
        return book.ToErasure(Find(book, id));
    }

    /// <summary>Stops an erasure that is not carried out yet.</summary>
    /// <exception cref="StingException"><c>ErasureNotFound</c>, <c>ErasureTooLate</c></exception>
    public static async ValueTask<Erasure> StopAsync(Installation installation, string id, string by, CancellationToken cancel)
    {
        Access.Require(installation, "Stop-StingErasure");
        var book = Book(installation);
        var role = await RoleAsync(installation, cancel).ConfigureAwait(false);
        using var held = await role.HoldAsync(cancel).ConfigureAwait(false);
        var record = Find(book, id);
        // A run that was killed right after the turn has destroyed the key and not said so yet.
        if (record.State != ErasureState.Pending || role.HasLost(record.Targets.Select(target => target.Pseudonym)))
        {
            throw new StingException("ErasureTooLate", FailureKind.Refused, $"Erasure {id} is {(record.State == ErasureState.Pending ? "begun" : record.State)}: it cannot be stopped any more.", id,
                record.State == ErasureState.Stopped ? "It was stopped before." : "The key is destroyed; nothing brings it back.");
        }
        var stopped = record with { State = ErasureState.Stopped, EndedBy = by };
        book.Keep(stopped, role.Keys.KeyRole);
        await AuditLog.NoteAsync(installation, "Stop-StingErasure", [.. record.Targets.Select(target => target.Pseudonym)], "Stopped", cancel).ConfigureAwait(false);
        return book.ToErasure(stopped);
    }

    /// <summary>Which erasures are due. Needs the key directory and no passphrase.</summary>
    public static ErasureRunPlan PlanRun(Installation installation)
    {
        Access.Require(installation, "Get-StingErasure");
        var book = Book(installation);
        var all = book.Erasures.ToLookup(record => record.IsDue(installation.NowNs));
        var waiting = all[false].Where(record => record.State == ErasureState.Pending).Select(record => record.DueNs).Order().ToList();
        return new ErasureRunPlan { Due = all[true].Select(book.ToErasure).ToArray(), NextDueTime = waiting.Count > 0 ? NanosecondTime.FromNs(waiting[0], 0) : null };
    }

    /// <summary>
    /// Carries out every erasure that is due, with one turn of the epoch for all, and goes on with those that a place out of reach keeps open. The last event is a
    /// <see cref="CompletedEvent"/> with an <see cref="ErasureResult"/>.
    /// </summary>
    public static IAsyncEnumerable<JobEvent> CompleteAsync(Installation installation, string by, CancellationToken cancel)
    {
        Access.Require(installation, "Complete-StingErasure");
        ArgumentNullException.ThrowIfNull(installation);
        return JobStream.RunAsync(installation, "erasure", async (output, token) =>
        {
            var reader = await ReaderAsync(installation, token).ConfigureAwait(false);
            return await new ErasureRun(installation, Book(installation), reader, by, output).RunAsync(token).ConfigureAwait(false);
        }, cancel);
    }

    internal static ErasureRecord Find(ErasureBook book, string id) => book.Erasures.FirstOrDefault(record => record.Id.ToString() == id.Trim())
        ?? throw new StingException("ErasureNotFound", FailureKind.NotFound, $"There is no erasure '{id}'.", id, "Get-StingErasure lists them.");

    internal static ReserveKeys Keys(StingConfiguration configuration) =>
        ReserveKeys.Open(Installation.KeyOptionsOf(configuration), configuration.Repository.KeyFingerprint);

    internal static ErasureBook Book(Installation installation) => new(installation.Keys ?? throw KeyRoleMissing(installation));

    internal static async ValueTask<SubjectReader> ReaderAsync(Installation installation, CancellationToken cancel) =>
        await installation.UnlockAsync(cancel).ConfigureAwait(false) as SubjectReader ?? throw KeyRoleMissing(installation);

    internal static async ValueTask<KeyRole> RoleAsync(Installation installation, CancellationToken cancel) => (await ReaderAsync(installation, cancel).ConfigureAwait(false)).Role;

    private static StingException KeyRoleMissing(Installation installation) => new("KeyDirectoryMissing", FailureKind.NotFound,
        "The key directory is not here: erasures and holds are the key role's.", installation.Configuration?.Keys.Directory, "Run it on the machine that has the key directory.");

    internal sealed record PlannedErasure(ErasureRequest Request, IReadOnlyList<string> Names, IReadOnlyList<ErasureTarget> Targets);
}
