namespace StingBackup.Engine.Repository.Parity;

/// <summary>
/// How a pack is cut for its parity: into pieces of a disk's sector, dealt out to groups in turn, so that what lies side by side and is lost together is another group's each. Each group has as many pieces of
/// parity, and as many of its pieces may be lost.
/// </summary>
/// <param name="Length">Bytes of the pack.</param>
/// <param name="PieceSize">Bytes of a piece; the last of a pack is shorter.</param>
/// <param name="Groups">Groups.</param>
/// <param name="Spares">Pieces of parity of each group.</param>
internal sealed record ParityLayout(long Length, int PieceSize, int Groups, int Spares)
{
    /// <summary>Bytes of a piece as this program cuts.</summary>
    public const int Piece = 4096;
    /// <summary>Most pieces of a group, those of parity included: the field has no more elements.</summary>
    public const int MostOfGroup = 256;
    /// <summary>Pieces that a lost stretch of 64 KiB touches, wherever it begins. A short pack has no fewer spare ones, as long as it has so many itself.</summary>
    private const int Burst = 17;

    /// <summary>Pieces of the pack.</summary>
    public int Pieces => (int)((Length + PieceSize - 1) / PieceSize);

    /// <summary>Pieces of parity.</summary>
    public int SpareCount => Groups * Spares;

    /// <summary>Pieces of the group that has most.</summary>
    private int Largest => (Pieces + Groups - 1) / Groups;

    /// <summary>Whether anything can be laid out so.</summary>
    public bool IsPossible => Length is > 0 and <= PackFormat.MaxPackLength && PieceSize is >= 512 and <= 1 << 20 && Groups >= 1 && Groups <= Pieces && Spares >= 1 && Spares <= MostOfGroup && Largest + Spares <= MostOfGroup;

    /// <summary>The layout of a pack's parity.</summary>
    public static ParityLayout Of(long length, int percent)
    {
        var pieces = (int)((length + Piece - 1) / Piece);
        for (var groups = 1; ; groups++)
        {
            var largest = (pieces + groups - 1) / groups;
            var spares = Math.Max((int)Math.Round(largest * percent / 100.0), Math.Min(largest, (Burst + groups - 1) / groups));
            if (largest + spares <= MostOfGroup)
            {
                return new ParityLayout(length, Piece, groups, spares);
            }
        }
    }

    /// <summary>Where a piece lies in the pack.</summary>
    public (int Offset, int Length) Of(int piece) => (piece * PieceSize, (int)Math.Min(PieceSize, Length - ((long)piece * PieceSize)));

    /// <summary>The factor by which a group's piece, the first, second … of it, goes into one of its pieces of parity: an element of a Cauchy matrix, of which each square part can be solved.</summary>
    public byte Factor(int spare, int place) => GaloisRows.InverseOf((byte)(spare ^ (Spares + place)));
}
