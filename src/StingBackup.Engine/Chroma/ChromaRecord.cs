namespace StingBackup.Engine.Chroma;

/// <summary>A collection as the server lists it. Metadata and configuration are canonical JSON, or null.</summary>
/// <param name="Id">The server's id.</param>
/// <param name="Name">Its name, unique in its database.</param>
/// <param name="Dimension">Numbers in a vector; null before the first record.</param>
/// <param name="Metadata">Its metadata.</param>
/// <param name="Configuration">Its <c>configuration_json</c>.</param>
internal sealed record ChromaCollection(string Id, string Name, int? Dimension, byte[]? Metadata, byte[]? Configuration);

/// <summary>A record of a collection.</summary>
/// <param name="Id">Its id, unique in its collection.</param>
/// <param name="Vector">The embedding. Chroma keeps 32-bit numbers (ScalarEncoding.FLOAT32); what it answers before it has stored them is rounded to these.</param>
internal sealed record ChromaRecord(string Id, float[] Vector)
{
    /// <summary>The text, or null.</summary>
    public string? Document { get; init; }
    /// <summary>Canonical JSON of an object with text, numbers and truth values; null for none.</summary>
    public byte[]? Metadata { get; init; }
    /// <summary>Where its original lies, or null.</summary>
    public string? Uri { get; init; }
}
