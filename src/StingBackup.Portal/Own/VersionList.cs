namespace StingBackup.Portal.Own;

/// <summary>Versions of one file, for a table.</summary>
/// <param name="Versions">Newest first.</param>
/// <param name="Jar">The jar that they are in, or null.</param>
/// <param name="Name">The file's name.</param>
internal sealed record VersionList(IReadOnlyList<ItemVersion> Versions, string? Jar, string Name);
