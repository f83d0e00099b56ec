using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle;

/// <summary>What the next runs read and store again when ids change: what the newest point of each enrolled host holds in each class.</summary>
internal static class StoredAgain
{
    /// <summary>Counts bytes as files have them. Needs no key: subject pages are in the clear.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="pseudonyms">Whose; null for everybody's.</param>
    /// <param name="cancel">Cancels.</param>
    public static async ValueTask<long> MeasureAsync(Installation installation, IReadOnlySet<Id16>? pseudonyms, CancellationToken cancel)
    {
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, cancel).ConfigureAwait(false);
        var newest = view.Backups.Select(point => point.Record).Where(point => !point.IsImported && installation.Writers.Find(point.Writer)?.LastGoodSequence is null)
            .SelectMany(point => point.Classes.Select(part => (point.Writer, point.Sequence, Part: part))).GroupBy(found => (found.Writer, found.Part.Class)).Select(parts => parts.MaxBy(found => found.Sequence).Part).ToList();
        if (pseudonyms is null)
        {
            return newest.Sum(part => part.Length);
        }
        using var reader = new ChunkReader(installation.Store, view.Index, installation.Reserve, null);
        var bytes = 0L;
        foreach (var page in newest.SelectMany(part => part.SubjectPages))
        {
            bytes += (await reader.ReadSubjectPageAsync(page, cancel).ConfigureAwait(false)).Where(row => pseudonyms.Contains(row.Pseudonym)).Sum(row => row.Length);
        }
        return bytes;
    }
}
