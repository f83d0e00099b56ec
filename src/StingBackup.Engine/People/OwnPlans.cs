using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>Plans of restores of a person's own items, in place.</summary>
internal static class OwnPlans
{
    /// <summary>Makes a plan.</summary>
    /// <param name="reading">The person's reserve.</param>
    /// <param name="request">What is to be brought back.</param>
    /// <param name="classes">From which classes; without <see cref="DataClass.Metadata"/> no rows of databases come back, of whichever class they are.</param>
    /// <param name="looksAtApproval">Whether the plan says how its approval stands.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<RestorePlan> OfAsync(OwnReading reading, OwnRestoreRequest request, IReadOnlyList<DataClass> classes, bool looksAtApproval, CancellationToken cancel)
    {
        if (reading.Own.Count == 0)
        {
            throw OwnReserve.NotFound(request.Paths.Count > 0 ? request.Paths[0] : "", request.BackupId);
        }
        var paths = request.Paths.Select(EntryPath.Parse).Distinct().Order().ToList();
        string[] names = [.. reading.Own.Values.Order(StringComparer.Ordinal)];
        var full = new RestoreRequest
        {
            Scope = paths.Count == 0 ? RestoreScope.User : RestoreScope.File, Subject = names[0], Files = [.. paths.Select(p => p.ToString())], BackupId = request.BackupId, Conflict = request.Conflict,
            Classes = classes, AllowPartial = true,
        };
        if (names.Any(name => name.StartsWith("jar:", StringComparison.Ordinal)) && paths.Count == 0)
        {
            full = full with { Scope = RestoreScope.HoneyJar };
        }
        Access.Require(reading.Installation, RestoreApproval.VerbOf(full));
        RestorePlanner.Check(reading.Installation, full);
        async ValueTask<TreeSet> TreesAsync(IReadOnlyList<ClassPoint> points, CancellationToken stop)
        {
            var state = await reading.Trees.InAsync(points, stop).ConfigureAwait(false);
            return new TreeSet(state.Trees, [.. state.Damage.Select(e => new TreeFailure(e, 1, IsCertain: true))]);
        }
        var items = paths.Count == 0 ? ItemSelector.All : ItemSelector.Of(paths);
        return await new RestorePlanner(reading.Installation, full, reading.Repository)
        {
            Known = new KnownRestore(names, TreesAsync, classes.Contains(DataClass.Metadata) ? items : items.Except(ReserveMounts.PostgreSql)), LooksAtApproval = looksAtApproval,
        }.PlanAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Refuses a plan that is not of this person's own files, whoever made it. The keys would refuse it too.</summary>
    /// <exception cref="StingException"><c>AccessDenied</c>, <c>RestorePlanOutdated</c></exception>
    public static void RequireOwn(OwnReading reading, RestorePlan plan)
    {
        if (plan.Selection is not RestoreSelection selection)
        {
            throw new StingException("RestorePlanOutdated", FailureKind.InvalidArgument, "This plan was made by another process.", null, "Plan the restore again.");
        }
        if (!plan.InPlace || selection.Trees.Any(t => !reading.Own.ContainsKey(t.Row.Pseudonym) || !RestoreApproval.IsOfPeople(t.Point.DataClass)))
        {
            throw new StingException("AccessDenied", FailureKind.Refused, "This plan is not of your own files.", null, "Plan a restore of your own files.");
        }
    }
}
