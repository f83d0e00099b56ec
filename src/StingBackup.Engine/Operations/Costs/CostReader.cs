using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Restore.Thawing;

namespace StingBackup.Engine.Operations.Costs;

/// <summary>Tells what backups cost: from listings of the tiers, the index, and what restore points reach. Reads no content, changes nothing.</summary>
public static class CostReader
{
    /// <summary>What the tiers hold, by data class, and what would cost less. Asks for no key.</summary>
    /// <exception cref="StingException"><c>StoreUnavailable</c> of the local tier; another tier that is away is told within the report.</exception>
    public static async ValueTask<CostReport> ReadAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Measure-StingCost");
        var (view, needs, uses) = await TakeAsync(installation, cancel).ConfigureAwait(false);
        var warnings = uses.Where(use => use.Failure is not null).Select(use => $"The {use.Tier} tier could not be looked at: {use.Failure!.Message} {use.Failure.Remedy}").ToList();
        if (needs.IsPartial)
        {
            warnings.Add("Some restore points could not be followed to their end, so that what they need may count as needed by nobody: run Test-StingBackupIntegrity.");
        }
        warnings.AddRange(CostAdvisor.Quota(installation, uses));
        return new CostReport
        {
            Time = TimeZoneInfo.ConvertTime(installation.Clock.GetUtcNow(), installation.Zone), Repository = installation.Store.Location,
            Tiers = uses.Select(use => CostOf(installation, use)).ToArray(), Classes = ClassesOf(installation, uses), Savings = SavingsOf(installation, view, needs),
            Advice = CostAdvisor.Advise(installation, uses), Warnings = warnings.ToArray(),
        };
    }

    /// <summary>What each person and honey jar costs, the dearest first. Names need the keys that open them.</summary>
    /// <exception cref="StingException">Also as unlocking.</exception>
    public static async ValueTask<IReadOnlyList<SubjectCost>> ReadSubjectsAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Measure-StingCost");
        var (_, _, uses) = await TakeAsync(installation, cancel).ConfigureAwait(false);
        var names = await NamesAsync(installation, cancel).ConfigureAwait(false);
        await LookTrail.NoteAsync(installation, "Measure-StingCost", names.Keys, cancel).ConfigureAwait(false);
        return
        [
            .. uses.SelectMany(use => use.Subjects.Keys).Distinct().Where(pseudonym => pseudonym != default).Select(pseudonym =>
            {
                long On(Tier tier) => uses.Where(use => use.Tier == tier).Sum(use => use.Subjects.GetValueOrDefault(pseudonym));
                return new SubjectCost
                {
                    Subject = names.GetValueOrDefault(pseudonym), Pseudonym = pseudonym.ToString(), Local = On(Tier.Local), Remote = On(Tier.Remote), Archive = On(Tier.Archive),
                    MonthlyCost = uses.Sum(use => Dollars.For(use.Subjects.GetValueOrDefault(pseudonym), PriceOf(installation, use.Tier))),
                };
            }).OrderByDescending(cost => cost.MonthlyCost).ThenByDescending(cost => cost.Length).ThenBy(cost => cost.Pseudonym, StringComparer.Ordinal),
        ];
    }

    /// <summary>Dollars for a gigabyte and month.</summary>
    internal static decimal PriceOf(Installation installation, Tier tier) => installation.Configuration?.Prices[tier] ?? CostSettings.Prices[tier].Default;

    private static async ValueTask<(RepositoryView View, NeededRows Needs, TierUse[] Uses)> TakeAsync(Installation installation, CancellationToken cancel)
    {
        (RepositoryView, NeededRows, TierUse[])? taken = null;
        var look = JobStream.RunAsync(installation.Clock, async (output, token) =>
        {
            var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, token).ConfigureAwait(false);
            var needs = await NeededRows.WalkAsync(installation, view, output, token).ConfigureAwait(false);
            var uses = new List<TierUse>();
            foreach (var tier in installation.Tiers)
            {
                uses.Add(await TierUse.TakeAsync(installation, tier, view.Index, needs, token).ConfigureAwait(false));
            }
            taken = (view, needs, uses.ToArray());
            return uses;
        }, cancel);
        await foreach (var _ in look.ConfigureAwait(false))
        {
            // The walk's progress is told to nobody.
        }
        return taken!.Value;
    }

    private static TierCost CostOf(Installation installation, TierUse use)
    {
        var isThere = use.Failure is null;
        var since = installation.Clock.GetUtcNow().AddDays(-TierUse.Days);
        return new TierCost
        {
            Tier = use.Tier, Location = installation.LocationOf(use.Tier), Problem = use.Failure?.Message ?? "", Length = isThere ? use.Length : null, Needed = isThere ? use.Needed : null, Unneeded = isThere ? use.Unneeded : null,
            PricePerGigabyte = PriceOf(installation, use.Tier), Writes = use.Writes, RequestCost = Math.Round((use.Writes ?? 0) / 1000m * RequestPriceOf(installation, use.Tier), 4),
            RetrievalCost = new ThawBook(installation).Charged.Where(thaw => thaw.Tier == use.Tier && thaw.Created >= since).Sum(thaw => thaw.Cost),
        };
    }

    private static decimal RequestPriceOf(Installation installation, Tier tier) =>
        installation.Configuration?.RequestPrices.GetValueOrDefault(tier) ?? (CostSettings.RequestPrices.TryGetValue(tier, out var setting) ? setting.Default : 0);

    private static ClassCost[] ClassesOf(Installation installation, TierUse[] uses) =>
    [
        .. Enum.GetValues<DataClass>().Select(dataClass =>
        {
            long On(Tier tier) => uses.Where(use => use.Tier == tier).Sum(use => use.Classes.GetValueOrDefault(dataClass));
            return new ClassCost
            {
                DataClass = dataClass, Local = On(Tier.Local), Remote = On(Tier.Remote), Archive = On(Tier.Archive),
                MonthlyCost = uses.Sum(use => Dollars.For(use.Classes.GetValueOrDefault(dataClass), PriceOf(installation, use.Tier))),
            };
        }).Where(cost => cost.Length > 0).OrderByDescending(cost => cost.MonthlyCost).ThenByDescending(cost => cost.Length),
    ];

    private static CostSavings? SavingsOf(Installation installation, RepositoryView view, NeededRows needs)
    {
        long different = 0, stored = 0;
        for (var rank = 0; rank < view.Index.Count; rank++)
        {
            // A chunk that two hosts stored at once counts once here: what it takes twice is no saving of either.
            if (needs.ClassOf(rank) is not null && view.Index.TryPlaceAt(rank, out var place) && place.Segment.Pack.Kind == ObjectKind.DataPack && view.Index.TryFind(place.Entry.Id, out var first)
                && first.Segment.Pack.Id == place.Segment.Pack.Id && first.Entry.Offset == place.Entry.Offset)
            {
                different += place.Entry.RawLength;
                stored += place.Entry.StoredLength;
            }
        }
        var shown = view.Backups.Sum(point => point.Record.Classes.Sum(part => part.Length));
        var price = PriceOf(installation, Tier.Local);
        return shown == 0 ? null : new CostSavings
        {
            Shown = shown, Different = different, Stored = stored, Deduplication = Dollars.For(Math.Max(0, shown - different), price), Compression = Dollars.For(Math.Max(0, different - stored), price),
        };
    }

    private static async ValueTask<Dictionary<Id16, string>> NamesAsync(Installation installation, CancellationToken cancel)
    {
        var names = new Dictionary<Id16, string>();
        using var reading = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        foreach (var point in reading.Finder.All.Reverse())
        {
            foreach (var row in await reading.Subjects.RowsAsync(point, static _ => { }, cancel).ConfigureAwait(false))
            {
                if (names.ContainsKey(row.Pseudonym))
                {
                    continue;
                }
                try
                {
                    names.Add(row.Pseudonym, (await reading.Subjects.HeadAsync(row, cancel).ConfigureAwait(false)).Subject);
                }
                catch (StingException e) when (Failures.IsOfOneItem(e))
                {
                    // An older tree may open; without one the pseudonym stands for itself.
                }
            }
        }
        return names;
    }
}
