using System.Buffers;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Restore;

/// <summary>How what stands at the target compares with what is to be restored there.</summary>
internal enum Standing
{
    Different,
    /// <summary>The same content under other attributes.</summary>
    SameContent,
    Same,
}

/// <summary>
/// Compares what stands at the target with what is to be restored. A whole chunk is proved by the id of the bytes that stand there, so nothing is
/// read from the repository for it; of a bundle the bytes themselves are compared.
/// </summary>
internal sealed class ExistingContent(RestoreContext context, RestoreWorker worker)
{
    private const int ZeroBlock = 64 << 10;

    public Standing Compare(PendingItem item, SourceEntry existing) => Compare(item.Tree, item.Entry, existing);

    public Standing Compare(PointTree tree, TreeEntry wanted, SourceEntry existing)
    {
        try
        {
            return !SameContent(tree, wanted, existing) ? Standing.Different
                : new ExistingMetadata(context).IsAsWanted(existing, wanted.Metadata) ? Standing.Same : Standing.SameContent;
        }
        catch (StingException e) when (Failures.IsOfOneItem(e))
        {
            return Standing.Different;   // what cannot be read is not known to be the same
        }
    }

    private bool SameContent(PointTree tree, TreeEntry wanted, SourceEntry existing) =>
        existing.Kind == wanted.Kind && wanted.Kind switch
        {
            ItemKind.File => (existing.Stamp.Length == wanted.Length || existing.Stamp.Length == FileStamp.UnknownLength)
                && ExistingMetadata.SameTime(context.Target.Holdable(existing.Path, existing.Metadata).ModifiedNs, context.Target.Holdable(existing.Path, wanted.Metadata).ModifiedNs) && SameBytes(tree, wanted, existing),
            ItemKind.SymbolicLink => context.Target.ReadMetadata(existing).LinkTarget.AsSpan().SequenceEqual(wanted.Metadata.LinkTarget),
            ItemKind.CharacterDevice or ItemKind.BlockDevice => existing.Metadata.Device == wanted.Metadata.Device,
            _ => true,
        };

    private bool SameBytes(PointTree tree, TreeEntry wanted, SourceEntry existing)
    {
        using var file = context.Target.OpenExisting(existing);
        if (existing.Stamp.Length == FileStamp.UnknownLength && file.DataRanges().Sum(r => r.Length) != wanted.Length)
        {
            return false;
        }
        var at = 0L;
        foreach (var page in worker.Extents(tree.Row.Pseudonym, wanted))
        {
            foreach (var extent in page)
            {
                worker.Cancel.ThrowIfCancellationRequested();
                if (extent.IsHole ? !IsZero(file, at, extent.Length) : !Holds(tree.Row.Pseudonym, file, at, extent))
                {
                    return false;
                }
                at += extent.Length;
            }
        }
        return at == wanted.Length;
    }

    private bool Holds(Id16 pseudonym, ISourceFile file, long at, Extent extent)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)extent.Length);
        try
        {
            var found = buffer.AsSpan(0, (int)extent.Length);
            if (!Fill(file, at, found))
            {
                return false;
            }
            return extent.Offset == 0 && context.Repository.View.Index.TryFind(extent.Id, out var place) && place.Entry.RawLength == extent.Length
                ? worker.IdOf(pseudonym, place.Segment.Header.Generation, found) == extent.Id : worker.Read(pseudonym, extent).SequenceEqual(found);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether a stretch holds nothing but zeros, holes among them.</summary>
    private static bool IsZero(ISourceFile file, long at, long length)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ZeroBlock);
        try
        {
            foreach (var range in file.DataRanges())
            {
                var end = Math.Min(range.Offset + range.Length, at + length);
                for (var from = Math.Max(range.Offset, at); from < end;)
                {
                    var block = buffer.AsSpan(0, (int)Math.Min(ZeroBlock, end - from));
                    if (!Fill(file, from, block) || block.ContainsAnyExcept((byte)0))
                    {
                        return false;
                    }
                    from += block.Length;
                }
            }
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool Fill(ISourceFile file, long at, Span<byte> target)
    {
        for (var done = 0; done < target.Length;)
        {
            var read = file.Read(at + done, target[done..]);
            if (read == 0)
            {
                return false;
            }
            done += read;
        }
        return true;
    }
}
