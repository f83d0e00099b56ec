using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Lifecycle.Forecast;

/// <summary>A pack of played pieces, on whichever hot tiers have it.</summary>
internal sealed class PlayedPack
{
    /// <summary>Bytes of a pack's frame.</summary>
    private const int PackLength = PackFormat.HeaderSize + PackFormat.FooterFixedSize + PackFormat.TrailerSize;

    public PlayedPack(IReadOnlyList<Piece> pieces, PlayedReserve reserve)
    {
        Pieces = pieces;
        // What is moved stays under the header of the run that wrote it.
        var segments = pieces.Select(p => (p.ClassIndex, p.Born, p.IsTable)).Distinct().Select(s => s.ClassIndex).ToList();
        Length = pieces.Sum(p => p.Length + (ChunkEntry.Size * reserve.ChunksOf(p))) + PackLength + (reserve.SegmentLength * segments.Count);
        ScaledLength = pieces.Sum(p => ScaledLengthOf(p, reserve)) + segments.Sum(c => reserve.SegmentLength * reserve.ScaleOf(c)) + (PackLength * reserve.ScaleOf(segments[0]));
        IndexLength = pieces.Sum(p => ChunkEntry.Size * reserve.ChunksOf(p) * reserve.ScaleOf(p.ClassIndex)) + segments.Sum(c => reserve.SegmentLength * reserve.ScaleOf(c)) + (PackLength * segments.Distinct().Sum(reserve.ScaleOf));
    }

    /// <summary>What it holds.</summary>
    public IReadOnlyList<Piece> Pieces { get; }
    /// <summary>Its bytes.</summary>
    public double Length { get; }
    /// <summary>Its bytes, as often as it stands in the reserve.</summary>
    public double ScaledLength { get; }
    /// <summary>Bytes that the index has of it, as often.</summary>
    public double IndexLength { get; }
    /// <summary>Whether it holds pages.</summary>
    public bool IsPages => Pieces[0].IsPage;
    /// <summary>Whether the local tier has it.</summary>
    public bool IsLocal { get; set; } = true;
    /// <summary>Whether the remote tier has it.</summary>
    public bool IsRemote { get; set; }
    /// <summary>Whether the index names it.</summary>
    public bool IsNamed { get; set; } = true;
    /// <summary>Whether a sweep of the local tier works on it, or has made it.</summary>
    public bool IsMarked { get; set; }
    /// <summary>Whether a sweep of the remote tier works on it.</summary>
    public bool IsMarkedRemotely { get; set; }
    /// <summary>Since when nothing was seen to reach it; null while something does.</summary>
    public DateTimeOffset? UnreachedTime { get; set; }

    /// <summary>Bytes of a piece, as often as it stands in the reserve.</summary>
    public static double ScaledLengthOf(Piece piece, PlayedReserve reserve) => (piece.Length + (ChunkEntry.Size * reserve.ChunksOf(piece))) * reserve.ScaleOf(piece.ClassIndex);

    /// <summary>Packs of at most so many bytes.</summary>
    public static IEnumerable<PlayedPack> Cut(IEnumerable<Piece> pieces, long most, PlayedReserve reserve)
    {
        var open = new List<Piece>();
        var length = 0.0;
        foreach (var piece in pieces)
        {
            if (open.Count > 0 && length + piece.Length > most)
            {
                yield return new PlayedPack(open, reserve);
                (open, length) = ([], 0);
            }
            open.Add(piece);
            length += piece.Length + (ChunkEntry.Size * reserve.ChunksOf(piece));
        }
        if (open.Count > 0)
        {
            yield return new PlayedPack(open, reserve);
        }
    }
}

/// <summary>Packs that a sweep works on.</summary>
/// <param name="Packs">The packs.</param>
/// <param name="Into">What it made of them.</param>
internal sealed record PlayedMark(IReadOnlyList<PlayedPack> Packs, IReadOnlyList<PlayedPack> Into)
{
    /// <summary>When they were condemned; null before.</summary>
    public DateTimeOffset? Condemned { get; set; }
}
