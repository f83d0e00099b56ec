using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Restore;

/// <summary>Whether two versions of an item are the same. Content is compared by what it refers to; bytes are read only where bundles leave a doubt.</summary>
internal sealed class ItemEquality(ChunkReader reader)
{
    /// <summary>Whether content is the same: of files their bytes, of links their target, of devices their number.</summary>
    public async ValueTask<bool> SameContentAsync(Id16 pseudonym, TreeEntry a, TreeEntry b, CancellationToken cancel)
    {
        if (a.Kind != b.Kind || a.Length != b.Length || a.HardLinkTo != b.HardLinkTo || a.Metadata.Device != b.Metadata.Device
            || !SameBytes(a.Metadata.LinkTarget, b.Metadata.LinkTarget))
        {
            return false;
        }
        if (a.Extents.SequenceEqual(b.Extents) && a.ContentPages.SequenceEqual(b.ContentPages))
        {
            return true;
        }
        // The same content gives the same whole chunks. A small file is part of a bundle, which changes when its neighbours do.
        if (a.Extents is not [{ IsHole: false } x] || b.Extents is not [{ IsHole: false } y] || (IsWholeChunk(x) && IsWholeChunk(y)))
        {
            return false;
        }
        try
        {
            using var left = await reader.ReadDataAsync(pseudonym, x.Id, cancel).ConfigureAwait(false);
            using var right = await reader.ReadDataAsync(pseudonym, y.Id, cancel).ConfigureAwait(false);
            return TrySlice(left, x, out var one) && TrySlice(right, y, out var other) && one.SequenceEqual(other);
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            return false;
        }
    }

    /// <summary>Whether all that a restore would set is the same.</summary>
    public static bool SameMetadata(ItemMetadata a, ItemMetadata b) =>
        a.Mode == b.Mode && a.UserId == b.UserId && a.GroupId == b.GroupId && a.UserName == b.UserName && a.GroupName == b.GroupName
        && a.ModifiedNs == b.ModifiedNs && a.WindowsAttributes == b.WindowsAttributes && SameAttributes(a.ExtendedAttributes, b.ExtendedAttributes);

    /// <summary>Whether two sets of extended attributes, ascending by name, are the same.</summary>
    public static bool SameAttributes(IReadOnlyList<KeyValuePair<byte[], byte[]>> a, IReadOnlyList<KeyValuePair<byte[], byte[]>> b)
    {
        if (a.Count != b.Count)
        {
            return false;
        }
        for (var i = 0; i < a.Count; i++)
        {
            if (!SameBytes(a[i].Key, b[i].Key) || !SameBytes(a[i].Value, b[i].Value))
            {
                return false;
            }
        }
        return true;
    }

    private bool IsWholeChunk(Extent extent) => extent.Offset == 0 && reader.Index.TryFind(extent.Id, out var place) && place.Entry.RawLength == extent.Length;

    private static bool SameBytes(byte[]? a, byte[]? b) => a is null ? b is null : b is not null && a.AsSpan().SequenceEqual(b);

    private static bool TrySlice(ChunkBytes chunk, Extent extent, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (extent.Offset < 0 || extent.Length < 0 || extent.Offset + extent.Length > chunk.Span.Length)
        {
            return false;
        }
        bytes = chunk.Span.Slice(extent.Offset, (int)extent.Length);
        return true;
    }
}
