using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>A subject whose trees of a data class differ between two points.</summary>
/// <param name="Name">Its canonical name.</param>
/// <param name="Pseudonym">Its pseudonym.</param>
/// <param name="Before">Its tree in the earlier point, or null.</param>
/// <param name="After">Its tree in the later point, or null.</param>
/// <param name="Points">The points; where one is missing the other in its place.</param>
internal sealed record ChangedSubject(string Name, Id16 Pseudonym, SubjectRow? Before, SubjectRow? After, (ClassPoint Old, ClassPoint New) Points);

/// <summary>Compares a data class between two points: subject by subject, and of each only the pages that the trees do not share.</summary>
internal sealed class PointComparison(RepositoryReading repository, SubjectChoice? choice, EntryPath under, Action<StingException>? damaged)
{
    private readonly ItemEquality _equality = new(repository.Reader);

    /// <summary>The subjects whose trees differ, by name.</summary>
    /// <param name="from">The earlier part, or null when there is none.</param>
    /// <param name="to">The later part, or null when there is none.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask<IReadOnlyList<ChangedSubject>> SubjectsAsync(ClassPoint? from, ClassPoint? to, CancellationToken cancel)
    {
        var old = await RowsAsync(from, cancel).ConfigureAwait(false);
        var @new = await RowsAsync(to, cancel).ConfigureAwait(false);
        var subjects = new List<ChangedSubject>();
        foreach (var pseudonym in old.Keys.Union(@new.Keys))
        {
            SubjectRow? before = old.TryGetValue(pseudonym, out var row) ? row : null, after = @new.TryGetValue(pseudonym, out row) ? row : null;
            if (before?.Root != after?.Root && await NameAsync(before ?? after!.Value, cancel).ConfigureAwait(false) is { } name && choice?.Matches(name) != false)
            {
                subjects.Add(new ChangedSubject(name, pseudonym, before, after, (from ?? to!, to ?? from!)));
            }
        }
        return [.. subjects.OrderBy(s => s.Name, StringComparer.Ordinal)];
    }

    /// <summary>What differs of one of them, by path.</summary>
    public async IAsyncEnumerable<RestorePointDifference> CompareAsync(ChangedSubject changed, [EnumeratorCancellation] CancellationToken cancel)
    {
        var (subject, _, before, after, points) = changed;
        if (before is null || after is null)
        {
            var root = new TreeRoot((before ?? after)!.Value.Pseudonym, (before ?? after)!.Value.Root);
            await foreach (var entry in repository.Walker.WalkAsync(root, under, damaged is null ? null : d => damaged(d.Error), cancel).ConfigureAwait(false))
            {
                yield return before is null ? Difference(DifferenceKind.Added, subject, null, entry, points) : Difference(DifferenceKind.Removed, subject, entry, null, points);
            }
            yield break;
        }
        IReadOnlyList<TreeEntry> old = [], @new = [];
        try
        {
            (old, @new) = await repository.Walker.UnsharedAsync(
                new TreeRoot(before.Value.Pseudonym, before.Value.Root), new TreeRoot(after.Value.Pseudonym, after.Value.Root), cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (damaged is not null && Failures.IsOfOneItem(e))
        {
            damaged(new StingException("TreeDamaged", e.Kind, $"The trees of '{subject}' cannot be compared: {e.Message}", e.Target, e.Remedy, e));
        }
        var later = @new.Where(e => e.Path.IsWithin(under)).ToDictionary(e => e.Path);
        var earlier = old.Where(e => e.Path.IsWithin(under)).ToDictionary(e => e.Path);
        foreach (var path in earlier.Keys.Union(later.Keys).Order())
        {
            TreeEntry? a = earlier.GetValueOrDefault(path), b = later.GetValueOrDefault(path);
            if (await ChangeAsync(before.Value.Pseudonym, a, b, cancel).ConfigureAwait(false) is { } change)
            {
                yield return Difference(change, subject, a, b, points);
            }
        }
    }

    private async ValueTask<DifferenceKind?> ChangeAsync(Id16 pseudonym, TreeEntry? a, TreeEntry? b, CancellationToken cancel) =>
        a is null ? DifferenceKind.Added
        : b is null ? DifferenceKind.Removed
        : !await _equality.SameContentAsync(pseudonym, a, b, cancel).ConfigureAwait(false) ? DifferenceKind.Modified
        : ItemEquality.SameMetadata(a.Metadata, b.Metadata) ? null : DifferenceKind.Attributes;

    private static RestorePointDifference Difference(DifferenceKind change, string subject, TreeEntry? a, TreeEntry? b, (ClassPoint Old, ClassPoint New) points) => new()
    {
        Change = change, DataClass = points.New.DataClass, Subject = subject, Path = (b ?? a)!.Path.ToString(), Kind = (b ?? a)!.Kind,
        OldLength = a?.Length, NewLength = b?.Length, OldTime = a is null ? null : points.Old.TimeOf(a), NewTime = b is null ? null : points.New.TimeOf(b),
    };

    private async ValueTask<Dictionary<Id16, SubjectRow>> RowsAsync(ClassPoint? point, CancellationToken cancel) =>
        point is null ? [] : (await repository.Subjects.RowsAsync(point, damaged, cancel).ConfigureAwait(false)).ToDictionary(r => r.Pseudonym);

    private async ValueTask<string?> NameAsync(SubjectRow row, CancellationToken cancel)
    {
        try
        {
            return (await repository.Subjects.HeadAsync(row, cancel).ConfigureAwait(false)).Subject;
        }
        catch (StingException e) when (damaged is not null && Failures.IsOfOneItem(e))
        {
            damaged(new StingException("SubjectUnreadable", e.Kind, $"Subject {row.Pseudonym} cannot be read: {e.Message}", row.Pseudonym.ToString(), e.Remedy, e));
            return null;
        }
    }
}
