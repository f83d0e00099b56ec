using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Whose backups are to become unreadable, and why.</summary>
/// <param name="Scope">A person or a jar.</param>
/// <param name="Subject">Whose: as for a restore.</param>
/// <param name="LegalBasis">The law or contract.</param>
/// <param name="Reference">The request's own name elsewhere, or empty.</param>
/// <param name="RequestedBy">Who asks.</param>
public sealed record ErasureRequest(RestoreScope Scope, string Subject, string LegalBasis, string Reference, string RequestedBy);

/// <summary>Erasure of a subject from every backup: planned, asked for, stoppable for a while, then carried out by destroying its key.</summary>
public static class ErasureJob
{
    /// <summary>What an erasure would hit. Changes nothing, and needs keys only where names cannot be found without.</summary>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>JarNotFound</c>, <c>SubjectErased</c>, <c>NothingToErase</c>, <c>LegalHoldStands</c>, <c>ErasureExists</c></exception>
    public static async ValueTask<ErasurePlan> PlanAsync(Installation installation, ErasureRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(request);
        var book = Book(installation);
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var choice = await repository.Resolver.ResolveAsync(request.Scope, request.Subject, [.. repository.Finder.All], cancel).ConfigureAwait(false);
        var names = choice.WithContributors ? await WithContributorsAsync(repository, choice, cancel).ConfigureAwait(false) : choice.Names;
        var targets = await TargetsAsync(installation, names, cancel).ConfigureAwait(false);
        if (targets.Count == 0)
        {
            throw new StingException("NothingToErase", FailureKind.NotFound, $"No backup holds anything of '{request.Subject}': there is no key of its to destroy.", request.Subject,
                "Check the name with Get-StingRestorePoint -Subject; data that was never backed up needs no erasure here.");
        }
        RefuseHeld(book, targets);
        if (book.Erasures.FirstOrDefault(record => record.State is ErasureState.Pending or ErasureState.Incomplete && record.Targets.Any(t => targets.Exists(o => o.Pseudonym == t.Pseudonym))) is { } open)
        {
            throw new StingException("ErasureExists", FailureKind.AlreadyExists, $"The erasure of '{request.Subject}' was asked for already, on {Display.Time(Installation.FromNs(open.RequestedNs, 0))}.", open.Id.ToString(),
                $"Stop it with Stop-StingErasure -Id {open.Id}, or carry it out with Complete-StingErasure when it is due.");
        }
        var scope = await ErasureScope.MeasureAsync(installation, repository.View, targets.Select(target => target.Pseudonym).ToHashSet(), cancel).ConfigureAwait(false);
        var now = installation.Clock.GetUtcNow();
        return new ErasurePlan
        {
            Subject = names[0], Pseudonyms = [.. targets.Select(target => target.Pseudonym.ToString())], Hits = [.. scope.Hits], Packs = scope.Packs, StoredBytes = scope.StoredBytes,
            Residuals = [.. Residuals.Of(installation, repository.View, now)], DueTime = now + installation.ErasureDelay, LegalBasis = request.LegalBasis, Reference = request.Reference,
            Targets = new PlannedErasure(request, names, targets),
        };
    }

    /// <summary>Takes a planned erasure down, once a second identity has approved it: it is due after the delay, and can be stopped until then. Needs the key role.</summary>
    /// <exception cref="StingException"><c>LegalHoldStands</c>, <c>ApprovalRequired</c> and the others of <see cref="Guard"/></exception>
    public static Task<Erasure> RequestAsync(Installation installation, ErasurePlan plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        var planned = (PlannedErasure)plan.Targets!;
        // What grows with each run (points, bytes) decides nothing: whoever is erased is erased from all of it.
        var danger = new DangerousPlan("Remove-StingSubject", plan.Subject)
        {
            Facts = [new PlanFact("Legal basis", plan.LegalBasis), new PlanFact("Reference", plan.Reference), new PlanFact("Delay", Display.Duration(installation.ErasureDelay))],
            Subjects = [.. planned.Targets.Select(target => target.Pseudonym)],
        };
        return Guard.RunAsync(installation, danger, (pass, token) => KeepAsync(installation, plan, planned, pass, token), static _ => "Pending", cancel);
    }

    private static async Task<Erasure> KeepAsync(Installation installation, ErasurePlan plan, PlannedErasure planned, GuardPass pass, CancellationToken cancel)
    {
        var book = Book(installation);
        var role = await RoleAsync(installation, cancel).ConfigureAwait(false);
        using var held = await role.HoldAsync(cancel).ConfigureAwait(false);
        RefuseHeld(book, planned.Targets);
        var record = new ErasureRecord
        {
            Reserve = installation.Reserve, Id = Id16.New(installation.Random), State = ErasureState.Pending, Names = planned.Names, Targets = planned.Targets,
            RequestedNs = installation.NowNs, RequestedBy = planned.Request.RequestedBy, DueNs = Installation.ToNs(plan.DueTime), LegalBasis = plan.LegalBasis, Reference = plan.Reference,
            Approvers = [.. pass.Approvers.Select(approver => approver.ToString())],
        };
        book.Keep(record, role.Keys.KeyRole);
        return book.ToErasure(record);
    }

    /// <summary>Every request, oldest first. Needs the key directory and no passphrase.</summary>
    public static IReadOnlyList<Erasure> List(Installation installation)
    {
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
        var book = Book(installation);
        return book.ToErasure(Find(book, id));
    }

    /// <summary>Stops an erasure that is not carried out yet.</summary>
    /// <exception cref="StingException"><c>ErasureNotFound</c>, <c>ErasureTooLate</c></exception>
    public static async ValueTask<Erasure> StopAsync(Installation installation, string id, string by, CancellationToken cancel)
    {
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
        return book.ToErasure(stopped);
    }

    /// <summary>Which erasures are due. Needs the key directory and no passphrase.</summary>
    public static ErasureRunPlan PlanRun(Installation installation)
    {
        var book = Book(installation);
        var all = book.Erasures.ToLookup(record => record.IsDue(installation.NowNs));
        var waiting = all[false].Where(record => record.State == ErasureState.Pending).Select(record => record.DueNs).Order().ToList();
        return new ErasureRunPlan { Due = all[true].Select(book.ToErasure).ToArray(), NextDueTime = waiting.Count > 0 ? Installation.FromNs(waiting[0], 0) : null };
    }

    /// <summary>
    /// Carries out every erasure that is due, with one turn of the epoch for all, and goes on with those that a place out of reach keeps open. The last event is a
    /// <see cref="CompletedEvent"/> with an <see cref="ErasureResult"/>.
    /// </summary>
    public static IAsyncEnumerable<JobEvent> CompleteAsync(Installation installation, string by, CancellationToken cancel)
    {
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

    /// <summary>The claims that names lead to.</summary>
    internal static async ValueTask<List<ErasureTarget>> TargetsAsync(Installation installation, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var reader = await ReaderAsync(installation, cancel).ConfigureAwait(false);
        using var keyRole = new SignatureVerifier(installation.Keys!.KeyRolePublicKey.Span);
        var targets = new List<ErasureTarget>();
        foreach (var tag in names.Select(reader.TagOf).Distinct())
        {
            var name = KeyObjectNames.Claim(tag);
            if ((await ClaimReader.ReadBytesAsync(installation.Store, name, cancel).ConfigureAwait(false) ?? installation.Keys.FindUnfinishedClaim(tag)) is { } bytes)
            {
                var claim = SubjectClaim.Read(name, bytes, installation.Reserve, keyRole, installation.Writers);
                targets.Add(new ErasureTarget(claim.Key.Pseudonym, tag, [.. claim.Aliases], new Id32(System.Security.Cryptography.SHA256.HashData(claim.Key.PublicKey))));
            }
        }
        return targets;
    }

    /// <summary>A jar's own name and those of contributors within it, which only their trees tell.</summary>
    private static async ValueTask<IReadOnlyList<string>> WithContributorsAsync(RepositoryReading repository, SubjectChoice choice, CancellationToken cancel)
    {
        var histories = await SubjectHistory.ReadAsync(repository.Subjects, [.. repository.Finder.All], choice, static _ => { }, cancel).ConfigureAwait(false);
        return [.. choice.Names.Concat(histories.Select(history => history.Subject)).Distinct(StringComparer.Ordinal)];
    }

    private static void RefuseHeld(ErasureBook book, IReadOnlyList<ErasureTarget> targets)
    {
        if (book.HoldsOn(targets) is [var hold, ..])
        {
            throw new StingException("LegalHoldStands", FailureKind.Refused, $"'{hold.Subject}' must be kept: {hold.Reason} (hold {hold.Id}, set by {hold.SetBy} on {Display.Time(Installation.FromNs(hold.SetNs, 0))}).",
                hold.Id.ToString(), $"Ask whoever set it; when it ends, lift it with Remove-StingLegalHold -Id {hold.Id}, and erase then.");
        }
    }

    private static StingException KeyRoleMissing(Installation installation) => new("KeyDirectoryMissing", FailureKind.NotFound,
        "The key directory is not here: erasures and holds are the key role's.", installation.Configuration?.Keys.Directory, "Run it on the machine that has the key directory.");

    internal sealed record PlannedErasure(ErasureRequest Request, IReadOnlyList<string> Names, IReadOnlyList<ErasureTarget> Targets);
}
