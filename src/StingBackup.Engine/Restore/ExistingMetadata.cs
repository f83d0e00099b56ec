using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Restore;

/// <summary>Tells whether what stands at the target has the attributes that were backed up.</summary>
internal readonly struct ExistingMetadata(RestoreContext context)
{
    private const long Second = 1_000_000_000, WindowsTick = 100;
    private const uint RunAs = 0xc00;   // set-user-id and set-group-id

    /// <summary>Whether all that a restore could set is as wanted.</summary>
    public bool IsAsWanted(SourceEntry existing, ItemMetadata wanted)
    {
        var found = context.Target.Holdable(existing.Path, existing.Metadata);
        wanted = context.Target.Holdable(existing.Path, wanted);
        // Whoever cannot set owners cannot give files such bits either.
        var modeBits = context.OwnersCount ? ~0u : ~RunAs;
        return (existing.Kind == ItemKind.SymbolicLink || wanted.Mode is null || found.Mode is null || (found.Mode & modeBits) == (wanted.Mode & modeBits))
            && SameTime(found.ModifiedNs, wanted.ModifiedNs)
            && (!context.OwnersCount || (SameOwner(found.UserName, found.UserId, wanted.UserName, wanted.UserId) && SameOwner(found.GroupName, found.GroupId, wanted.GroupName, wanted.GroupId)))
            && SameAttributes(context.Target.Holdable(existing.Path, context.Target.ReadMetadata(existing)).ExtendedAttributes, wanted.ExtendedAttributes);
    }

    /// <summary>Whether a time is the wanted one, as far as the file system keeps times: to the nanosecond, to 100 of them, or to the second.</summary>
    public static bool SameTime(long found, long wanted) => found == wanted
        || (found % WindowsTick == 0 && wanted - found is > 0 and < WindowsTick) || (found % Second == 0 && wanted - found is > 0 and < Second);

    private static bool SameOwner(string? foundName, uint? found, string? wantedName, uint? wanted) =>
        found is null || wanted is null || (wantedName is not null && foundName is not null ? foundName == wantedName : found == wanted);

    /// <summary>All that is wanted is there; of what is there besides, only labels of this system (security.*, trusted.*) are left.</summary>
    private static bool SameAttributes(IReadOnlyList<KeyValuePair<byte[], byte[]>> found, IReadOnlyList<KeyValuePair<byte[], byte[]>> wanted)
    {
        if (found.Count == 0 && wanted.Count == 0)
        {
            return true;
        }
        foreach (var (name, value) in wanted)
        {
            if (!found.Any(f => f.Key.AsSpan().SequenceEqual(name) && f.Value.AsSpan().SequenceEqual(value)))
            {
                return false;
            }
        }
        return found.All(f => wanted.Any(w => w.Key.AsSpan().SequenceEqual(f.Key)) || f.Key.AsSpan().StartsWith("security."u8) || f.Key.AsSpan().StartsWith("trusted."u8));
    }
}
