using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.People;

/// <summary>
/// Versions of a person's items over time. What was uploaded to STING lies in Vault under ids: it is found by the name that it had, which stands within it, so that all uploads are looked at where a name is asked for.
/// </summary>
internal sealed class OwnVersionSearch(OwnReading reading, ItemPattern wanted)
{
    private const int NamesAtOnce = 8;

    public async ValueTask<OwnVersions> FindAsync(int limit, CancellationToken cancel)
    {
        // What cannot be read has no versions to show; the folder that it is in tells.
        var search = new VersionSearch(reading.Repository, wanted, static _ => { }) { Also = wanted.IsName ? static path => path.IsWithin(ReserveMounts.Vault) : null };
        var found = new List<(ItemVersion Version, string? Name)>();
        foreach (var history in await new OwnHistory(reading.Repository.Finder, reading.Trees, reading.Own).ReadAsync(cancel).ConfigureAwait(false))
        {
            var versions = await search.EntriesAsync(history, cancel).ConfigureAwait(false);
            var named = new (ItemVersion Version, string? Name)?[versions.Count];
            await Parallel.ForAsync(0, versions.Count, new ParallelOptions { MaxDegreeOfParallelism = NamesAtOnce, CancellationToken = cancel }, async (i, stop) =>
                named[i] = await NameAsync(history, versions[i], stop).ConfigureAwait(false)).ConfigureAwait(false);
            found.AddRange(named.OfType<(ItemVersion, string?)>());
        }
        List<(ItemVersion Version, string? Name)> shown = [.. found.OrderBy(f => EntryPath.Parse(f.Version.Path)).ThenByDescending(f => f.Version.LastSeen).Take(limit)];
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (version, name) in shown.Where(f => f.Name is not null))
        {
            names.TryAdd(version.Path, name!);
        }
        return new OwnVersions { Versions = [.. shown.Select(f => f.Version)], Names = names };
    }

    /// <summary>A version as it is to be shown; null where it is not meant, or shown to nobody.</summary>
    private async ValueTask<(ItemVersion, string?)?> NameAsync(SubjectHistory history, (ItemVersion Version, TreeEntry Entry) found, CancellationToken cancel)
    {
        var (version, entry) = found;
        if (!OwnTrees.IsShown(entry.Path))
        {
            return null;
        }
        var upload = entry is { Kind: ItemKind.File, HardLinkTo: null } ? await reading.UploadAsync(history.Pseudonym, entry.Path, entry, cancel).ConfigureAwait(false) : null;
        return wanted.Matches(history.Subject, entry.Path, entry.Kind == ItemKind.Directory) || (upload?.Name is { } name && wanted.MatchesName(name))
            ? (upload is null ? version : version with { Length = upload.Length }, upload?.Name) : null;
    }
}
