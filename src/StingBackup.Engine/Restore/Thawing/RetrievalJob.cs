using System.Globalization;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Restore.Thawing;

/// <summary>Thaws what a restore needs of the archive tier: a plan with its cost first, then the requests, then how they stand. A restore waits for them where it is told to.</summary>
public static class RetrievalJob
{
    /// <summary>Requests a second at most.</summary>
    public const int PerSecond = 1000;

    /// <summary>Which packs a restore reads, of which tiers, and what thawing takes. Asks for nothing, and asks for keys.</summary>
    /// <exception cref="StingException">As <see cref="RestoreJob.PlanAsync"/>, and as the stores' own.</exception>
    public static async ValueTask<RestorePackPlan> PlanPacksAsync(Installation installation, RestoreRequest request, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingRestorePlan");
        ArgumentNullException.ThrowIfNull(installation);
        return await new PackPlanner(installation).PlanAsync(await RestoreJob.PlanForAsync(installation, "Get-StingRestorePlan", request, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
    }

    /// <summary>What a retrieval would ask for, and what it costs. Asks for nothing.</summary>
    /// <exception cref="StingException">As above, <c>NothingToThaw</c>, and <c>ThawRefused</c> where the packs' storage class has no such speed.</exception>
    public static async ValueTask<RetrievalPlan> PlanAsync(Installation installation, RestoreRequest request, RetrievalSpeed speed, CancellationToken cancel)
    {
        Access.Require(installation, "Request-StingArchiveRetrieval");
        return await PlanAsync(installation, await PlanPacksAsync(installation, request, cancel).ConfigureAwait(false), speed, cancel).ConfigureAwait(false);
    }

    /// <summary>The same of packs that are known.</summary>
    internal static async ValueTask<RetrievalPlan> PlanAsync(Installation installation, RestorePackPlan packs, RetrievalSpeed speed, CancellationToken cancel)
    {
        if (packs.Id.Length == 0)
        {
            throw NothingToThaw(packs);
        }
        if (EstimateOf(Archived(packs), installation, packs.Id, speed) is null)
        {
            throw new StingException("ThawRefused", FailureKind.NotSupported, $"Not all of these packs can be thawed at speed {speed}: {string.Join(", ", Archived(packs).Select(p => p.StorageClass).Distinct())} has none.", speed.ToString(),
                $"Choose {string.Join(" or ", PackPlanner.Estimates(installation, packs.Id, Archived(packs)).Select(e => e.Speed))}.");
        }
        var asks = ToAsk(installation, packs, speed);
        var plan = new RetrievalPlan
        {
            Packs = packs, Speed = speed, Days = installation.Archiving.ThawDays, Estimate = EstimateOf(asks, installation, packs.Id, speed), CostOfDay = new ThawBook(installation).CostOfDay(packs.Id, speed, installation.Clock.GetUtcNow()), ToAsk = new PackSum(asks.Count, asks.Sum(p => p.Length)),
            Archive = (await installation.OpenTierAsync(TierOf(packs), cancel).ConfigureAwait(false)).Location,
        };
        return Needed(installation, plan) is { } dangerous ? plan with { Approval = await Guard.LookAsync(installation, dangerous, cancel).ConfigureAwait(false) } : plan;
    }

    /// <summary>Packs that have to be asked for: those of a retrieval under way that were not; else all, since a faster speed is charged for what is being thawed too.</summary>
    private static List<RestorePack> ToAsk(Installation installation, RestorePackPlan packs, RetrievalSpeed speed)
    {
        var book = new ThawBook(installation);
        var requested = book.UnderWay(packs.Id, speed, installation.Clock.GetUtcNow()) is { } known ? book.Requested(known) : [];
        return [.. Archived(packs).Where(p => !requested.Contains(p.Name))];
    }

    private static List<RestorePack> Archived(RestorePackPlan packs) => [.. packs.Packs.Where(p => p.State is PackReadiness.Archived or PackReadiness.Thawing or PackReadiness.Thawed)];

    private static RetrievalEstimate? EstimateOf(List<RestorePack> packs, Installation installation, string id, RetrievalSpeed speed) => PackPlanner.Estimates(installation, id, packs).FirstOrDefault(e => e.Speed == speed);

    /// <summary>
    /// Asks for what a plan names and nobody has asked for yet. Broken off, the same call goes on. The last event is a <see cref="CompletedEvent"/> with an <see cref="ArchiveRetrieval"/>.
    /// </summary>
    /// <exception cref="StingException"><c>RetrievalRunning</c>, <c>ThawRefused</c>, <c>PackMissing</c>; above the cost limit, what <see cref="Guard"/> says</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RetrievalPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Request-StingArchiveRetrieval");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        // What is asked for is told anew: what a plan says of itself opens nothing.
        return JobStream.RunAsync(installation, "thaw", async (output, token) =>
        {
            installation.Alarm = output.Warn;
            // Before the cost is looked at: of two at once, one would not see what the other asks for.
            using var only = new ThawBook(installation).Lock();
            return Needed(installation, plan with { ToAsk = new PackSum(ToAsk(installation, plan.Packs, plan.Speed).Count, 0) }) is { } dangerous
                ? await Guard.RunAsync(installation, dangerous, deed => AskAsync(installation, plan, output, deed), r => r.State.ToString(), token).ConfigureAwait(false)
                : await AskAsync(installation, plan, output, token).ConfigureAwait(false);
        }, cancel);
    }

    /// <summary>How the retrievals of this host stand, as the store tells.</summary>
    public static async IAsyncEnumerable<ArchiveRetrieval> GetAsync(Installation installation, string? id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingArchiveRetrieval");
        ArgumentNullException.ThrowIfNull(installation);
        var book = new ThawBook(installation);
        var records = book.All.Where(r => id is null || r.Id.Equals(id, StringComparison.OrdinalIgnoreCase)).ToList();
        if (id is not null && records.Count == 0)
        {
            throw new StingException("RetrievalNotFound", FailureKind.NotFound, $"This host has asked for no retrieval {id}.", id, "Get-StingArchiveRetrieval (sting-backup thaw-status) shows all of them.");
        }
        foreach (var record in records)
        {
            yield return await LookAsync(installation, book, record, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Retrievals that a configuration's host remembers, without asking a store: for completion.</summary>
    public static IEnumerable<(string Id, string Scope, DateTimeOffset Created)> List(StingConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new ThawBook(configuration.StateDirectory, null).All.Select(r => (r.Id, r.Scope, r.Created));
    }

    internal static async ValueTask<ArchiveRetrieval> LookAsync(Installation installation, ThawBook book, ThawRecord record, CancellationToken cancel)
    {
        var store = await installation.OpenTierAsync(record.Tier, cancel).ConfigureAwait(false);
        var states = await PackPlanner.StatesAsync(store, [.. record.Packs.Select(p => p.ToInfo())], cancel).ConfigureAwait(false);
        var requested = book.Requested(record);
        var thawed = record.Packs.Where(p => states.GetValueOrDefault(p.ToInfo().Id) is { State: ThawState.Ready or ThawState.Thawed }).ToList();
        var thawing = record.Packs.Count(p => states.GetValueOrDefault(p.ToInfo().Id) is { State: ThawState.Thawing });
        return new ArchiveRetrieval
        {
            Id = record.Id, Scope = record.Scope, Speed = record.Speed, RequestedTime = record.Created, DueTime = record.Due, Cost = record.Cost, Currency = record.Currency, BackupIds = record.BackupIds,
            Packs = SumOf(record.Packs), Requested = SumOf(record.Packs.Where(p => requested.Contains(p.Name))), Thawed = SumOf(thawed),
            ExpiresTime = states.Values.Where(s => s.ThawedUntil is not null).Select(s => s.ThawedUntil).DefaultIfEmpty(null).Min(),
            State = requested.Count < record.Packs.Length ? RetrievalState.Incomplete : thawed.Count == record.Packs.Length ? RetrievalState.Ready
                : thawing + thawed.Count == record.Packs.Length || installation.Clock.GetUtcNow() < record.Due ? RetrievalState.Thawing : RetrievalState.Expired,
        };
    }

    private static async Task<ArchiveRetrieval> AskAsync(Installation installation, RetrievalPlan plan, JobOutput output, CancellationToken cancel)
    {
        var book = new ThawBook(installation);
        output.Progress.Activity = $"Retrieval for {plan.Packs.Scope}";
        var record = Record(installation, plan, book);
        var tier = TierOf(plan.Packs);
        var store = await installation.OpenTierAsync(tier, cancel).ConfigureAwait(false);
        var thawing = store.Thawing ?? throw new StingException("ThawRefused", FailureKind.NotSupported, $"Nothing at {store.Location} has to be thawed.", store.Location, "Restore at once.");
        book.Save(record);   // the hold and the list first: what is asked for is never forgotten
        var requested = book.Requested(record);
        var open = record.Packs.Where(p => !requested.Contains(p.Name)).ToList();
        output.Progress.TotalItems = open.Count;
        using var pace = new RequestPace(installation.Clock, PerSecond);
        using (var log = book.OpenLog(record))
        {
            await Parallel.ForEachAsync(open, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel }, async (pack, stop) =>
            {
                await pace.WaitAsync(stop).ConfigureAwait(false);
                // One that is refused keeps further ones from being sent; what was sent is granted, paid for and to be noted all the same.
                var answer = await thawing.ThawAsync(pack.Name, record.Speed, record.Days, cancel).ConfigureAwait(false);
                log.Add(pack.Name, installation.Clock.GetUtcNow(), answer.ToString());
                output.Progress.Add(1, pack.Length);
            }).ConfigureAwait(false);
        }
        await AuditLog.NoteAsync(installation, "Request-StingArchiveRetrieval", [], string.Create(CultureInfo.InvariantCulture, $"Asked for {open.Count} packs, {record.Speed}"), cancel).ConfigureAwait(false);
        return await LookAsync(installation, book, record, cancel).ConfigureAwait(false);
    }

    /// <summary>A retrieval of the same packs goes on, unless its copies have gone; else a new one of those that are not thawed.</summary>
    private static ThawRecord Record(Installation installation, RetrievalPlan plan, ThawBook book)
    {
        var now = installation.Clock.GetUtcNow();
        if (book.UnderWay(plan.Packs.Id, plan.Speed, now) is { } known)
        {
            return known;
        }
        var archived = Archived(plan.Packs);
        var estimate = EstimateOf(archived, installation, plan.Packs.Id, plan.Speed);
        ThawPack[] packs = [.. archived.Select(p => new ThawPack(p.Name, p.Length))];
        book.Forget(plan.Packs.Id);
        return new ThawRecord
        {
            Id = plan.Packs.Id, Reserve = installation.Reserve.ToString(), Tier = TierOf(plan.Packs), Scope = plan.Packs.Scope, Speed = plan.Speed, Days = plan.Days, Created = now,
            Due = now + (estimate?.To ?? TimeSpan.FromHours(48)), Cost = estimate?.Cost ?? 0, Currency = installation.Archiving.Currency, BackupIds = [.. plan.Packs.BackupIds], Packs = packs,
        };
    }

    /// <summary>
    /// The dangerous plan of a retrieval that costs, with what was asked for in the last 24 hours, more than the limit; null for any other. That sum is no fact of it: it changes while somebody approves. It is of all packs under the id, whether or not some are under way by now, so that what was approved and broken off
    /// goes on.
    /// </summary>
    internal static DangerousPlan? Needed(Installation installation, RetrievalPlan plan)
    {
        var packs = Archived(plan.Packs);
        if (plan.ToAsk.Packs == 0 || EstimateOf(packs, installation, plan.Packs.Id, plan.Speed) is not { NeedsApproval: true } estimate)
        {
            return null;
        }
        return new DangerousPlan("Request-StingArchiveRetrieval", plan.Archive)
        {
            Facts =
            [
                new PlanFact("For", plan.Packs.Scope), new PlanFact("Speed", plan.Speed.ToString()), new PlanFact("Packs", packs.Count.ToString(CultureInfo.InvariantCulture)),
                new PlanFact("Bytes", packs.Sum(p => p.Length).ToString(CultureInfo.InvariantCulture)), new PlanFact("Estimated cost", string.Create(CultureInfo.InvariantCulture, $"{estimate.Cost:0.00} {estimate.Currency}")),
                new PlanFact("Days", plan.Days.ToString(CultureInfo.InvariantCulture)), new PlanFact("Retrieval", plan.Packs.Id),
            ],
        };
    }

    private static StingException NothingToThaw(RestorePackPlan packs) => new("NothingToThaw", FailureKind.InvalidArgument, $"{packs.Scope} needs nothing that must be thawed.", packs.Scope, "Restore it at once.");

    private static Tier TierOf(RestorePackPlan packs) => Archived(packs).FirstOrDefault()?.Tier ?? Tier.Archive;

    private static PackSum SumOf(IEnumerable<ThawPack> packs) => packs.Aggregate(default(PackSum), static (sum, pack) => new PackSum(sum.Packs + 1, sum.Length + pack.Length));
}
