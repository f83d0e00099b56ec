using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>A mark with the steps that it has gone.</summary>
/// <param name="Marked">The first step.</param>
/// <param name="Sessions">The second; null when the sweeper ended before it.</param>
/// <param name="Condemned">The third; null while a session may use what is marked.</param>
internal sealed record PackMark(MarkRecord Marked, MarkRecord? Sessions, MarkRecord? Condemned);

/// <summary>Packs that are on their way out.</summary>
internal sealed class MarkBook
{
    private MarkBook(IReadOnlyList<PackMark> marks, IReadOnlyList<MarkRecord> left) => (Marks, Left) = (marks, left);

    /// <summary>The marks, oldest first.</summary>
    public IReadOnlyList<PackMark> Marks { get; }

    /// <summary>Later steps of marks whose first was not found: they count for nobody.</summary>
    public IReadOnlyList<MarkRecord> Left { get; }

    /// <summary>Packs that do not exist for whoever begins now.</summary>
    public IReadOnlySet<Id32> Packs => Marks.SelectMany(mark => mark.Marked.Packs).Select(pack => pack.Id).ToHashSet();

    /// <summary>
    /// Reads every mark that counts. One that cannot be read goes to <paramref name="damage"/> and counts for nobody: a sweeper reads each step anew before it acts on it, so nothing is deleted by it.
    /// </summary>
    public static async ValueTask<MarkBook> LoadAsync(IObjectStore store, Id16 reserve, EnrolledWriters writers, List<StingException> damage, CancellationToken cancel)
    {
        var steps = new List<MarkRecord>();
        await foreach (var item in store.ListAsync(MarkRecord.Prefix, cancel).ConfigureAwait(false))
        {
            try
            {
                var step = MarkRecord.Read(item.Name, await store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false), reserve, writers);
                if (Maintenance.Counts(writers, step.Writer, step.Sequence))
                {
                    steps.Add(step);
                }
            }
            catch (StingException e) when (e.ErrorId == "ObjectNotFound")
            {
                // Its sweeper was done with it in this moment.
            }
            catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotSupported)
            {
                damage.Add(e);
            }
        }
        var begun = steps.Where(step => step.Step == MarkStep.Marked).Select(step => step.Mark).ToHashSet();
        return new MarkBook([.. from step in steps
                                group step by step.Mark into mark
                                let first = mark.FirstOrDefault(step => step.Step == MarkStep.Marked)
                                where first is not null
                                orderby first.TimeNs, first.Mark
                                select new PackMark(first, mark.FirstOrDefault(step => step.Step == MarkStep.Sessions), mark.FirstOrDefault(step => step.Step == MarkStep.Condemned))],
            [.. steps.Where(step => !begun.Contains(step.Mark))]);
    }
}
