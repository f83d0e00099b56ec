using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Repository;

/// <summary>A stretch of a file's content: part of a chunk, or a hole.</summary>
/// <param name="Id">The chunk; zero for a hole.</param>
/// <param name="Offset">First byte within the chunk's raw bytes.</param>
/// <param name="Length">Bytes of the file.</param>
public readonly record struct Extent(Id32 Id, int Offset, long Length)
{
    /// <summary>True for a hole.</summary>
    public bool IsHole => Id.IsZero;
}

/// <summary>A stretch of a long file whose extents stand in a content page of their own.</summary>
/// <param name="Page">Id of the content page.</param>
/// <param name="Length">Bytes of the file that it covers.</param>
public readonly record struct ContentPageRef(Id32 Page, long Length);

/// <summary>One item of a tree: its path, what it is, its attributes, its content.</summary>
public sealed record TreeEntry
{
    /// <summary>Path within the reserve.</summary>
    public required EntryPath Path { get; init; }
    /// <summary>What it is.</summary>
    public required ItemKind Kind { get; init; }
    /// <summary>Attributes.</summary>
    public required ItemMetadata Metadata { get; init; }
    /// <summary>Length of the content in bytes; 0 for what has none.</summary>
    public long Length { get; init; }
    /// <summary>Content, in order; empty when <see cref="ContentPages"/> hold it.</summary>
    public IReadOnlyList<Extent> Extents { get; init; } = [];
    /// <summary>Pages that hold the extents of a long file, in order.</summary>
    public IReadOnlyList<ContentPageRef> ContentPages { get; init; } = [];
    /// <summary>First path of the file that this is a second name of.</summary>
    public EntryPath? HardLinkTo { get; init; }
}
