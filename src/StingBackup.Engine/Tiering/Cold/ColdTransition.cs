using StingBackup.Engine.Jobs;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>Sends packs of the archive tier to the coldest storage class when they are old enough, where that can be done by copying them onto themselves.</summary>
internal static class ColdTransition
{
    /// <summary>Moves what is due; one that cannot be moved is told, and stays where it is. Returns how many went.</summary>
    public static async ValueTask<long> RunAsync(Installation installation, IObjectStore archive, JobOutput output, CancellationToken cancel)
    {
        var options = installation.Archiving;
        if (archive.Thawing is not { } thawing || !archive.Location.StartsWith("glacier://", StringComparison.Ordinal) || options.ColdestAfterDays == 0 || options.StorageClass is null or ColdClasses.Coldest)
        {
            return 0;
        }
        if (archive.Locking is not null)
        {
            output.Explain($"Packs go from {options.StorageClass} to {ColdClasses.Coldest} by a lifecycle rule of the bucket: a copy of a locked object would be another version, and leave the first where it is.");
            return 0;
        }
        if (!ColdClasses.CanBeCopied(options.StorageClass))
        {
            output.Explain($"Packs go from {options.StorageClass} to {ColdClasses.Coldest} by a lifecycle rule of the bucket, since what is archived cannot be copied.");
            return 0;
        }
        var youngest = installation.Clock.GetUtcNow().AddDays(-options.ColdestAfterDays);
        var moved = 0L;
        var due = new List<string>();
        await foreach (var pack in thawing.ListStoredAsync("data/", cancel).ConfigureAwait(false))
        {
            if (pack.Stored <= youngest && pack.StorageClass != ColdClasses.Coldest && ColdClasses.CanBeCopied(pack.StorageClass))
            {
                due.Add(pack.Name);
            }
        }
        foreach (var name in due)
        {
            try
            {
                await thawing.MoveAsync(name, ColdClasses.Coldest, cancel).ConfigureAwait(false);
                moved++;
            }
            catch (StingException e) when (!StoreRetry.IsPassing(e))
            {
                output.Failed(e);
            }
        }
        return moved;
    }
}
