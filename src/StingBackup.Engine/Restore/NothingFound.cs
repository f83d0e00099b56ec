using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Restore;

/// <summary>Answers a request that finds nothing: what lies nearest, and when what was asked did exist.</summary>
internal sealed class NothingFound(RepositoryReading repository, RestoreRequest request, string when)
{
    private const int NamesCompared = 200_000;
    private const int VersionsTold = 5;

    /// <summary>The error for a subject of which nothing stands in the points chosen.</summary>
    public async ValueTask<StingException> SubjectAsync(SubjectChoice choice, TreeSet trees, CancellationToken cancel)
    {
        if (trees.Failures.FirstOrDefault(f => f.IsCertain) is { } failure)
        {
            return failure.Error;
        }
        var histories = await SubjectHistory.ReadAsync(repository.Subjects, [.. repository.Finder.All], choice, static _ => { }, cancel).ConfigureAwait(false);
        var times = histories.SelectMany(h => h.Runs.SelectMany(r => new[] { h.Points[r.First], h.Points[r.Last] })).OrderBy(p => p.Point.Record.TimeNs).ToList();
        var known = times.Count == 0 ? "No restore point holds anything of it." : $"It stands in {times[0].BackupId} ({Day(times[0].Time)}) to {times[^1].BackupId} ({Day(times[^1].Time)}).";
        var hidden = trees.Failures.Count == 0 ? "" : $" {trees.Failures.Count} subjects could not be read; it may be among them.";
        return new StingException("SubjectNotInPoint", FailureKind.NotFound, $"Nothing of '{request.Subject}' stands in the reserve {when}. {known}{hidden}", request.Subject,
            "Choose a moment at which it existed; Get-StingRestorePoint -Subject shows them.", trees.Failures.Count == 0 ? null : trees.Failures[0].Error);
    }

    /// <summary>The error for a name, path or glob that means no item.</summary>
    public async ValueTask<StingException> ItemAsync(string text, SubjectChoice? choice, IReadOnlyList<PointTree> trees, CancellationToken cancel)
    {
        var name = text.TrimEnd('/')[(text.TrimEnd('/').LastIndexOf('/') + 1)..];
        var near = NearestNames.Of(name, await NamesAsync(trees, cancel).ConfigureAwait(false));
        var versions = await VersionsAsync(text, choice, cancel).ConfigureAwait(false);
        var whose = request.Subject is null ? "" : $" of '{request.Subject}'";
        var message = $"There is no '{text}'{whose} in the reserve {when}.";
        if (versions.Count > 0)
        {
            message += $" It existed: {string.Join("; ", versions.Take(VersionsTold).Select(Describe))}{(versions.Count > VersionsTold ? string.Create(CultureInfo.InvariantCulture, $" and {versions.Count - VersionsTold} more") : "")}.";
        }
        if (near.Count > 0)
        {
            message += $" The nearest names: {string.Join(", ", near)}.";
        }
        return new StingException("ItemNotFound", FailureKind.NotFound, message, text,
            versions.Count > 0 ? $"Restore it by -BackupId {versions[^1].BackupId}; Find-StingItem shows every version." : "Look for it with Find-StingItem, or through Get-StingRestorePointItem.");
    }

    private async ValueTask<HashSet<string>> NamesAsync(IReadOnlyList<PointTree> trees, CancellationToken cancel)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var (_, entry) in new MergedTrees(repository.Walker, trees).WalkAsync(EntryPath.Root, true, static (_, _) => { }, cancel).ConfigureAwait(false))
        {
            if (names.Add(EntryPath.Display(entry.Path.Name)) && names.Count == NamesCompared)
            {
                break;
            }
        }
        return names;
    }

    private async ValueTask<List<ItemVersion>> VersionsAsync(string text, SubjectChoice? choice, CancellationToken cancel)
    {
        var search = new VersionSearch(repository, ItemPattern.Parse(text), static _ => { });
        var found = new List<ItemVersion>();
        foreach (var history in await SubjectHistory.ReadAsync(repository.Subjects, [.. repository.Finder.All], choice, static _ => { }, cancel).ConfigureAwait(false))
        {
            found.AddRange(await search.FindAsync(history, cancel).ConfigureAwait(false));
        }
        return [.. found.OrderBy(v => v.LastSeen)];
    }

    private static string Describe(ItemVersion version) => version.FirstSeen == version.LastSeen
        ? $"{version.Path} on {Day(version.FirstSeen)} ({version.BackupId})" : $"{version.Path} from {Day(version.FirstSeen)} to {Day(version.LastSeen)} ({version.BackupId})";

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
