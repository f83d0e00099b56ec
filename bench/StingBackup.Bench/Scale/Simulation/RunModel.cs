using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Bench.Scale.Simulation;

/// <summary>What a run meets and what it has to store.</summary>
internal sealed record RunShape
{
    /// <summary>Points of this host, of all hosts, and those of all that it has not read before.</summary>
    public required double OwnPoints { get; init; }
    public required double Points { get; init; }
    public required double NewPoints { get; init; }
    /// <summary>Index fragments that are listed, and those that it has not read before; their chunks.</summary>
    public required double Fragments { get; init; }
    public required double NewFragments { get; init; }
    public double NewFragmentChunks { get; init; }
    /// <summary>Audit records of all hosts, and their chains.</summary>
    public double AuditRecords { get; init; }
    public double AuditChains { get; init; }
    /// <summary>Subjects that its sources have: each claim is read.</summary>
    public double Claims { get; init; }
    /// <summary>Data classes of the point.</summary>
    public double Classes { get; init; } = 10;
    /// <summary>Those of them that hold anything.</summary>
    public double ClassesWithItems { get; init; } = 1;
    /// <summary>Heads of other writers that the point anchors.</summary>
    public double OtherWriters { get; init; }
    /// <summary>Subjects with new content, its chunks and their bytes as they are stored.</summary>
    public double ChangedSubjects { get; init; }
    public double Chunks { get; init; }
    public double ChunkBytes { get; init; }
    /// <summary>New pages of trees, and their bytes as they are stored, tables included; new pages of subject tables, and their bytes.</summary>
    public double TreePages { get; init; }
    public double TreeBytes { get; init; }
    public double SubjectPages { get; init; }
    public double SubjectPageBytes { get; init; }
}

/// <summary>How many requests and bytes a run is, by the format and by the order in which a run asks (docs/architecture.md). Held against the engine itself by a test.</summary>
internal static class RunModel
{
    /// <summary>Measured: a point's fields beside its classes and heads; a class without pages; an audit record; a claim; a session.</summary>
    public const double PointFixed = 262, ClassFixed = 7, PageSize = 40, HeadSize = 62, AuditRecordSize = 400, ClaimSize = 417, SessionSize = 140;

    private static readonly double SegmentSize = SegmentHeader.FixedSize + DataKeys.SealedSize(KemSuite.P256);

    /// <summary>Bytes of a point.</summary>
    public static double PointBytes(RunShape run) => PointFixed + run.Classes * ClassFixed + run.ClassesWithItems * PageSize + HeadSize * (run.OtherWriters + run.AuditChains);

    /// <summary>Bytes of the index fragment.</summary>
    public static double FragmentBytes(RunShape run) => FragmentBytes(Packs(run), run.ChangedSubjects * (run.Chunks > 0 ? 2 : 1) + 1, run.Chunks + run.TreePages + run.SubjectPages);

    /// <summary>What the run asks of the store.</summary>
    public static Requests Predict(RunShape run)
    {
        // Of chains that a host knows it asks what came since; of all points, where that takes fewer pages than there are writers.
        var lists = 1 + Math.Min(Pages(run.Points), run.OtherWriters + 1) + Pages(run.Fragments) + 2 * Pages(run.AuditRecords)
            + 2;   // gc/, drops/; audit/ once for open reviews and once for heads
        var gets = Math.Min(1, run.OwnPoints) + run.NewPoints + run.NewFragments + run.AuditChains + run.Claims;
        var bytesGot = (Math.Min(1, run.OwnPoints) + run.NewPoints) * PointBytes(run) + FragmentBytes(run.NewFragments, 3 * run.NewFragments, run.NewFragmentChunks) - (run.NewFragments == 0 ? FragmentBytes(0, 0, 0) : 0)
            + run.AuditChains * AuditRecordSize + run.Claims * ClaimSize;
        var packs = Packs(run);
        var puts = packs + Math.Min(1, packs) + 2;   // a fragment; session and point
        var bytesPut = SessionSize + PointBytes(run) + (packs > 0 ? FragmentBytes(run) : 0) + PackBytes(run);
        return new Requests(puts, gets, lists, bytesPut, bytesGot);
    }

    /// <summary>Packs of content and of pages that are begun.</summary>
    private static double Packs(RunShape run) => Math.Ceiling(run.ChunkBytes / PackFormat.DataSize) + Math.Ceiling((run.TreeBytes + run.SubjectPageBytes) / PackFormat.MetaSize);

    private static double PackBytes(RunShape run)
    {
        var chunk = ChunkHeader.Size + ChunkHeader.TagSize + ChunkEntry.Size;
        return Packs(run) * (PackFormat.HeaderSize + PackFormat.FooterFixedSize + PackFormat.TrailerSize)
            + (run.ChangedSubjects * (run.Chunks > 0 ? 2 : 1)) * (SegmentSize + 4) + (run.SubjectPages > 0 ? SegmentHeader.FixedSize + 4 : 0)
            + (run.Chunks + run.TreePages) * chunk + run.ChunkBytes + run.TreeBytes + run.SubjectPages * (chunk - ChunkHeader.TagSize) + run.SubjectPageBytes;
    }

    private static double FragmentBytes(double packs, double segments, double chunks) =>
        80 + packs * PackInfo.Size + segments * (8 + SegmentSize) + chunks * ChunkEntry.Size + Engine.Repository.ObjectFrame.SignatureSize;

    private static double Pages(double items) => Math.Max(1, Math.Ceiling(items / Limits.ListPage));
}
