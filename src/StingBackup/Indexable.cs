using System.Diagnostics.CodeAnalysis;

namespace StingBackup;

/// <summary>
/// Lists of public records as arrays: PowerShell finds no indexer on the lists that collection expressions make for <see cref="IReadOnlyList{T}"/>, so <c>$plan.Sources[0]</c> would be nothing. Every record
/// does it where a list comes in, so that no place that makes a record has to think of it.
/// </summary>
internal static class Indexable
{
    /// <summary>The list itself where it is an array, else its values as one.</summary>
    [return: NotNullIfNotNull(nameof(list))]
    public static T[]? Of<T>(IReadOnlyList<T>? list) => list as T[] ?? list?.ToArray();
}
