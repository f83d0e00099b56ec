using System.Runtime.CompilerServices;
using StingBackup.Engine.Governance;

namespace StingBackup.Engine.Restore.Clean;

/// <summary>Finds the histories of files, each to be searched for the moment at which it went bad.</summary>
/// <param name="installation">The installation.</param>
/// <param name="damaged">Takes what cannot be read, while the rest goes on.</param>
public sealed class CorruptionSearch(Installation installation, Action<StingException>? damaged) : IDisposable
{
    private RepositoryReading? _repository;

    /// <summary>The histories, by data class, subject and path.</summary>
    /// <param name="pattern">Names, paths or patterns, as Find-StingItem takes them; null for every file of a subject.</param>
    /// <param name="subject">Only this subject.</param>
    /// <param name="query">Only in these restore points.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>UserNotFound</c>, <c>FileNotUnderstood</c>, <c>ItemNotFound</c></exception>
    public async IAsyncEnumerable<CorruptionCase> CasesAsync(string? pattern, string? subject, PointQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        Access.Require(installation, "Find-StingCorruption");
        ArgumentNullException.ThrowIfNull(query);
        var wanted = ItemPattern.Parse(pattern ?? "*");
        var repository = _repository ??= await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var points = repository.Finder.All.Where(p => !p.Point.Record.IsImported && p.DataClass != DataClass.Physical && (query.DataClass is null || p.DataClass == query.DataClass)
            && (query.From is null || p.Time >= query.From) && (query.To is null || p.Time <= query.To)).ToList();
        var choice = subject is null ? null : await repository.Resolver.ResolveAsync(RestoreScope.File, subject, points, cancel).ConfigureAwait(false);
        var search = new VersionSearch(repository, wanted, damaged);
        var found = false;
        var histories = await SubjectHistory.ReadAsync(repository.Subjects, points, choice, damaged, cancel).ConfigureAwait(false);
        await LookTrail.NoteAsync(installation, "Find-StingCorruption", histories.Select(h => h.Pseudonym), cancel).ConfigureAwait(false);
        foreach (var history in histories)
        {
            foreach (var versions in (await search.VersionsAsync(history, cancel).ConfigureAwait(false)).Where(v => v.Entry.Kind == ItemKind.File).GroupBy(v => v.Entry.Path))
            {
                found = true;
                yield return new CorruptionCase(repository, history, [.. versions]);
            }
        }
        if (!found)
        {
            throw new StingException("ItemNotFound", FailureKind.NotFound, $"No restore point that is asked for holds a file '{pattern ?? "*"}'{(subject is null ? "" : $" of {subject}")}.", pattern ?? subject,
                "Find-StingItem shows what there is.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _repository?.Dispose();
}
