using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Keeping;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore.Thawing;
using StingBackup.Engine.Tiering;

namespace StingBackup.Engine.Lifecycle.Retention;

/// <summary>Lets restore points go whose time is over. Nothing is deleted by it: what only they reach is swept later, and no longer given to anybody at once.</summary>
public static class RetentionJob
{
    /// <summary>What will go, when and why. Needs no key and changes nothing.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="time">As of when; null for now. A later moment tells what will have gone by then, of the points that stand today.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>NotAllowedToMaintain</c> on a host that only writes, and what reading a repository can say</exception>
    public static async ValueTask<RetentionPlan> PlanAsync(Installation installation, DateTimeOffset? time, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingRetentionPlan");
        ArgumentNullException.ThrowIfNull(installation);
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var asked = time ?? installation.Clock.GetUtcNow();
        var plan = await PlanAsync(installation, view, asked, cancel).ConfigureAwait(false);
        if (installation.FurtherTiers.Count == 0)
        {
            return plan;
        }
        TierRetention[] tiers = [];
        var look = JobStream.RunAsync(installation.Clock, async (output, token) => tiers = await TierDays.PlanAsync(installation, asked, output, token).ConfigureAwait(false), cancel);
        await foreach (var _ in look.ConfigureAwait(false))
        {
            // Progress of a plan is told to nobody.
        }
        return plan with { Tiers = tiers };
    }

    private static async ValueTask<RetentionPlan> PlanAsync(Installation installation, RepositoryView view, DateTimeOffset time, CancellationToken cancel)
    {
        using var held = new HeldParts(installation, view.Index);
        await held.OpenAsync(cancel).ConfigureAwait(false);
        var thaws = new ThawBook(installation).Holds(installation.Clock.GetUtcNow());
        var suspect = Guardian.AnomalyBook.Of(installation, view.Points.Select(point => point.Record));
        var parts = view.Backups.SelectMany(point => point.Record.Classes.Select(part => new RetainedPart(point.Record, part)));
        var entries = new RetentionPlanner(installation.Retention, installation.Zone).Decide(parts, time, part => held.HeldBy(part) ?? thaws(part.Point.Name) ?? suspect.HeldBy(part.Point, part.Part.Class, installation.Guarding.Hold, installation.Clock.GetUtcNow()));
        return new RetentionPlan
        {
            Repository = installation.Store.Location, Tier = Tier.Local, Time = TimeZoneInfo.ConvertTime(time, installation.Zone), Entries = entries.ToArray(),
            Classes = entries.GroupBy(entry => entry.DataClass).OrderBy(group => group.Key).Select(group => Sum(group.Key, installation.Retention.ClassDays[group.Key], [.. group])).ToArray(),
        };
    }

    private static ClassRetention Sum(DataClass dataClass, int days, IReadOnlyList<RetentionEntry> entries)
    {
        var kept = entries.Where(entry => !entry.Goes).ToList();
        var next = kept.Where(entry => !entry.KeptBy.StartsWith("legal", StringComparison.Ordinal)).Select(entry => (DateTimeOffset?)entry.EndTime).Min();
        return new ClassRetention(dataClass, days, entries.Count, entries.Count - kept.Count, kept.Count > 0 ? kept.Min(entry => entry.Time) : null, next);
    }

    /// <summary>Lets go what a plan names, as far as it would still go now. The last event is a <see cref="CompletedEvent"/> with a <see cref="RetentionResult"/>.</summary>
    /// <exception cref="StingException">While it runs: <c>NotAllowedToMaintain</c>, <c>HostNotEnrolled</c>, <c>AuditChainBroken</c>, <c>StoreUnavailable</c>, <c>StoreFull</c>.</exception>
    public static IAsyncEnumerable<JobEvent> RunAsync(Installation installation, RetentionPlan plan, CancellationToken cancel)
    {
        Access.Require(installation, "Invoke-StingRetention");
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return JobStream.RunAsync(installation, "retention", async (output, token) =>
        {
            Maintenance.Require(installation.Writers, installation.Writer);
            Recovery.TierIsolation.RequireOpen(installation, "retention");
            if (await RetentionCut.NeededAsync(installation, token).ConfigureAwait(false) is { } cut)
            {
                return await Guard.RunAsync(installation, cut, deed => DropAsync(installation, plan, output, deed), _ => RetentionCut.TextOf(installation.Retention), token).ConfigureAwait(false);
            }
            var result = await DropAsync(installation, plan, output, token).ConfigureAwait(false);
            await RetentionCut.NoteAsync(installation, token).ConfigureAwait(false);
            return result;
        }, cancel);
    }

    private static async Task<object> DropAsync(Installation installation, RetentionPlan plan, JobOutput output, CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = "Retention";
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        foreach (var damage in view.Damage)
        {
            output.Failed(damage);
        }
        // A hold may have been set, or a point let go by another host, since the plan was made.
        var planned = plan.Going.Select(entry => (entry.Writer, entry.Sequence, entry.DataClass)).ToHashSet();
        var now = await PlanAsync(installation, view, installation.Clock.GetUtcNow(), cancel).ConfigureAwait(false);
        var going = now.Going.Where(entry => planned.Contains((entry.Writer, entry.Sequence, entry.DataClass))).ToList();
        if (going.Count > 0)
        {
            var drop = new DropRecord
            {
                Reserve = installation.Reserve, Writer = installation.Writer, TimeNs = installation.NowNs,
                Sequence = view.Points.Where(point => point.Record.Writer == installation.Writer).Select(point => point.Record.Sequence).DefaultIfEmpty().Max(),
                Parts = [.. going.Select(entry => new DroppedPart(Id16.TryParse(entry.Writer, out var writer) ? writer : default, entry.Sequence, entry.DataClass, entry.Reason!.Value, NanosecondTime.ToNs(entry.EndTime)))],
            };
            var bytes = drop.ToBytes(installation.Signer);
            await installation.Store.PutAsync(DropRecord.NameOf(bytes), bytes, cancel).ConfigureAwait(false);
            await AuditLog.NoteAsync(installation, "Invoke-StingRetention", [], string.Create(CultureInfo.InvariantCulture, $"Dropped {going.Count}"), cancel).ConfigureAwait(false);
            output.Tell($"{going.Count} restore points are let go. What only they reach is swept by Optimize-StingRepository.");
        }
        return new RetentionResult
        {
            Dropped = going.Count, Kept = now.Entries.Count - going.Count, Held = now.Held, Tiers = await TierDays.RunAsync(installation, output, cancel).ConfigureAwait(false),
            Duration = installation.Clock.GetElapsedTime(started),
        };
    }
}
