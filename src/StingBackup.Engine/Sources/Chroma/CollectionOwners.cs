using System.Collections.Concurrent;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>Whom collections belong to: a jar's to the jar, or, where the collection's metadata name who brought what is in it, to that contributor.</summary>
/// <param name="resolve">Gives the subject of a person as metadata name him; null where nobody is meant.</param>
internal sealed class CollectionOwners(Func<string, string?> resolve)
{
    /// <summary>Keys of a collection's, or a record's, metadata that name who brought it; best first.</summary>
    public static readonly IReadOnlyList<string> Keys = ["uploaded_by", "uploader_id", "contributor_id", "uploaded_by_id", "user_id", "owner_id"];

    private readonly ConcurrentDictionary<EntryPath, string> _subjects = new();

    /// <summary>Learns from a collection's metadata, before it is placed.</summary>
    public void Learn(ChromaCollection collection)
    {
        _subjects[ChromaPaths.Of(collection.Name)] = SubjectOf(collection);
    }

    /// <summary>Whom a collection belongs to.</summary>
    public string SubjectOf(ChromaCollection collection) =>
        ChromaPaths.SubjectOf(collection.Name) is var jar && jar != SubjectNames.System && Person(collection.Metadata) is { } person && person.StartsWith("user:", StringComparison.Ordinal)
            ? SubjectNames.OfContributor(jar, person) : ChromaPaths.SubjectOf(collection.Name);

    /// <summary>Whom a record's metadata name: within a jar a contributor, in a collection of the installation's a person; null for nobody.</summary>
    public string? SubjectOf(ChromaCollection collection, byte[]? metadata) => Person(metadata) is not { } person ? null
        : ChromaPaths.SubjectOf(collection.Name) is var jar && jar == SubjectNames.System ? person
        : person.StartsWith("user:", StringComparison.Ordinal) ? SubjectNames.OfContributor(jar, person) : null;

    private string? Person(byte[]? metadata) => PersonIn(metadata) is { } text ? resolve(text) : null;

    /// <summary>Where an item belongs.</summary>
    public Placement Place(EntryPath path) => ChromaPaths.Classify(path) is var placement && _subjects.TryGetValue(path, out var subject) ? placement with { Subject = subject } : placement;

    /// <summary>Whom metadata name, as they write it; null for nobody.</summary>
    public static string? PersonIn(byte[]? metadata)
    {
        if (metadata is null)
        {
            return null;
        }
        using var json = JsonDocument.Parse(metadata);
        return Keys.Select(key => json.RootElement.TryGetProperty(key, out var value) ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null } : null)
            .FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
    }
}
