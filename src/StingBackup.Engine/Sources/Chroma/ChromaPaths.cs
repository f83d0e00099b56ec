using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>Between collections and the files that stand for them, and whom a collection of STING belongs to.</summary>
internal static class ChromaPaths
{
    private const string Extension = ".chroma";
    private const string Jar = "honey_jar_";

    /// <summary>The classes that collections are of.</summary>
    public static IReadOnlySet<DataClass> Classes { get; } = new HashSet<DataClass> { DataClass.Embeddings };

    /// <summary>The file of a collection. What no name of 0.5.20 holds (check_index_name of chromadb/api/segment.py) is written <c>%XX</c>.</summary>
    public static EntryPath Of(string collection) => EntryPath.Root.Append(System.Text.Encoding.UTF8.GetBytes(Uri.EscapeDataString(collection) + Extension));

    /// <summary>The collection that a file stands for, or null.</summary>
    public static string? CollectionOf(EntryPath path)
    {
        var name = path.ToString();
        return name.EndsWith(Extension, StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal) ? Uri.UnescapeDataString(name[..^Extension.Length]) : null;
    }

    /// <summary>STING names a jar's collection <c>honey_jar_</c> and the jar's UUID with <c>_</c> for <c>-</c>; any other is the installation's.</summary>
    public static string SubjectOf(string collection) =>
        collection.StartsWith(Jar, StringComparison.Ordinal) && Guid.TryParseExact(collection[Jar.Length..].Replace('_', '-'), "D", out var jar) ? SubjectNames.OfJar(jar.ToString("D")) : SubjectNames.System;

    /// <summary>Where an item belongs.</summary>
    public static Placement Classify(EntryPath path) => new(false, DataClass.Embeddings, CollectionOf(path) is { } collection ? SubjectOf(collection) : SubjectNames.System);
}
