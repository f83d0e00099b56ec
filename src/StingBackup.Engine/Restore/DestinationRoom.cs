using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Restore;

/// <summary>Checks before anything is written that what a plan writes has room at the destination.</summary>
internal static class DestinationRoom
{
    private const long Block = 4096;

    /// <summary>Quick where there is plenty; else it looks at what stands there already, and leaves out holes.</summary>
    /// <exception cref="StingException"><c>RestoreNoRoom</c></exception>
    public static async ValueTask CheckAsync(RestorePlan plan, RestoreContext context, CancellationToken cancel)
    {
        if (RoomOf(context.Installation.HostView, plan.Destination) is not { } free || free >= plan.Length + Block * plan.Items)
        {
            return;
        }
        long needed = 0, longest = 0;
        await foreach (var (_, entry) in context.Selection.WalkAsync(context.Repository.Walker, static (_, _) => { }, cancel).ConfigureAwait(false))
        {
            if (entry.Kind != ItemKind.File)
            {
                needed += entry.Kind == ItemKind.Directory ? Block : 0;
                continue;
            }
            var length = LengthOf(entry);
            var existing = Find(context, entry.Path);
            if (existing is null || plan.Conflict == ConflictAction.Rename)
            {
                needed += length;
            }
            else if (plan.Conflict != ConflictAction.Skip && (existing.Stamp.Length != entry.Length || existing.Stamp.ModifiedNs != entry.Metadata.ModifiedNs))
            {
                // The new file stands beside the old one until it takes its place.
                needed += Math.Max(0, length - existing.Stamp.Length);
                longest = Math.Max(longest, length);
            }
        }
        if (needed + longest > free)
        {
            throw new StingException("RestoreNoRoom", FailureKind.ResourceExhausted, $"'{plan.Destination}' has {free} bytes free; this restore needs {needed + longest}.", plan.Destination,
                "Free room there, restore to another folder by -Destination, or restore less.");
        }
    }

    private static SourceEntry? Find(RestoreContext context, EntryPath path)
    {
        try
        {
            return context.Target.Find(path);
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            return null;
        }
    }

    private static long LengthOf(TreeEntry entry)
    {
        var data = entry.ContentPages.Count > 0 ? entry.Length : 0;
        foreach (var extent in entry.Extents)
        {
            data += extent.IsHole ? 0 : extent.Length;
        }
        return (data + Block - 1) / Block * Block;
    }

    private static long? RoomOf(IHostView host, string path)
    {
        // The target has made the folder by now; a system that cannot tell its room is written to until it is full.
        return host.RoomOf(path)?.Free;
    }
}
