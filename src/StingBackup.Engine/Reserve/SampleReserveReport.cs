namespace StingBackup.Engine.Reserve;

/// <summary>What a generated sample reserve holds. Counts leave out <see cref="Edges"/> and <see cref="ExcludedFolders"/>.</summary>
public sealed record SampleReserveReport
{
    /// <summary>Where it lies.</summary>
    public required string Root { get; init; }
    /// <summary>The seed it was made from.</summary>
    public required int Seed { get; init; }
    /// <summary>People, with and without files.</summary>
    public required int People { get; init; }
    /// <summary>Honey jars.</summary>
    public required int Jars { get; init; }
    /// <summary>Regular files.</summary>
    public required int Files { get; init; }
    /// <summary>Sum of their lengths, in bytes.</summary>
    public required long Length { get; init; }
    /// <summary>Files of people.</summary>
    public required int UserFiles { get; init; }
    /// <summary>Documents in jars.</summary>
    public required int JarDocuments { get; init; }
    /// <summary>Files whose content the same subject holds already.</summary>
    public required int DuplicatesWithin { get; init; }
    /// <summary>Their bytes.</summary>
    public required long DuplicateBytesWithin { get; init; }
    /// <summary>Files whose content another subject holds already.</summary>
    public required int DuplicatesAcross { get; init; }
    /// <summary>Their bytes.</summary>
    public required long DuplicateBytesAcross { get; init; }
    /// <summary>Bytes of files that are compressed already.</summary>
    public required long CompressedBytes { get; init; }
    /// <summary>Awkward things that were made: what, and where (relative to the root, as a person writes it).</summary>
    public required IReadOnlyList<SampleEdge> Edges { get; init; }
    /// <summary>Awkward things that this system refused, each with the reason.</summary>
    public required IReadOnlyList<SampleEdge> SkippedEdges { get; init; }
    /// <summary>Folders that a backup leaves out by its default rules, relative to the root.</summary>
    public required IReadOnlyList<string> ExcludedFolders { get; init; }
}

/// <summary>An awkward thing in a sample reserve.</summary>
/// <param name="What">What it is, a few words.</param>
/// <param name="Detail">Its path when it was made; the reason when it was not.</param>
public sealed record SampleEdge(string What, string Detail);

/// <summary>How a tick of change treated a file.</summary>
public enum SampleChangeKind
{
    /// <summary>Bytes in the middle overwritten, or some inserted there.</summary>
    Edited,
    /// <summary>Bytes added at its end.</summary>
    Appended,
    /// <summary>New content of another length.</summary>
    Rewritten,
    /// <summary>A new file.</summary>
    Created,
    /// <summary>Gone.</summary>
    Deleted,
    /// <summary>The same file under another name.</summary>
    Renamed,
}

/// <summary>One changed file.</summary>
/// <param name="Kind">What happened to it.</param>
/// <param name="Path">Its path relative to the root, <c>/</c> between components; the old one when it was renamed.</param>
/// <param name="NewPath">Its new path when it was renamed, else null.</param>
public sealed record SampleChangeItem(SampleChangeKind Kind, string Path, string? NewPath = null);

/// <summary>What a tick of change did.</summary>
/// <param name="Root">Where the reserve lies.</param>
/// <param name="Candidates">Files that it chose from.</param>
/// <param name="Items">What it changed.</param>
public sealed record SampleChangeReport(string Root, int Candidates, IReadOnlyList<SampleChangeItem> Items)
{
    /// <summary>How many files were treated so.</summary>
    public int Count(SampleChangeKind kind) => Items.Count(item => item.Kind == kind);
}
