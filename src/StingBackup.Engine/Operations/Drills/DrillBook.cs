using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>A drill's evidence and the object that holds it.</summary>
internal sealed record DrillEvidence(string Name, DrillRecord Record)
{
    public DateTimeOffset Time => NanosecondTime.FromNs(Record.TimeNs, 0);
    /// <summary>Whether it counts: one from another tier than the strategy names proves nothing, good or bad.</summary>
    public bool Counts => Record.Verdict != RecoveryVerdict.NoEvidence;
}

/// <summary>All evidence of a repository, oldest first; what cannot be read is told apart. It names those that were tested.</summary>
internal sealed class DrillBook
{
    private const int Reads = 16;

    private DrillBook(IReadOnlyList<DrillEvidence> all, IReadOnlyList<StingException> damaged) => (All, Damaged) = (all, damaged);

    public IReadOnlyList<DrillEvidence> All { get; }
    public IReadOnlyList<StingException> Damaged { get; }

    public static async ValueTask<DrillBook> LoadAsync(Installation installation, CancellationToken cancel)
    {
        var names = new List<string>();
        await foreach (var item in installation.Store.ListAsync(DrillRecord.Prefix, cancel).ConfigureAwait(false))
        {
            if (ObjectKinds.Of(item.Name) == ObjectKind.Drill)
            {
                names.Add(item.Name);
            }
        }
        var found = new ConcurrentBag<DrillEvidence>();
        var damaged = new ConcurrentBag<StingException>();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = Reads, CancellationToken = cancel }, async (name, stop) =>
        {
            try
            {
                found.Add(new DrillEvidence(name, DrillRecord.Read(name, await installation.Store.ReadAllAsync(name, stop).ConfigureAwait(false), installation.Reserve, id => AuditLog.KeyOf(installation, id))));
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                damaged.Add(e);
            }
        }).ConfigureAwait(false);
        return new DrillBook([.. found.OrderBy(e => e.Record.TimeNs).ThenBy(e => e.Name, StringComparer.Ordinal)], [.. damaged.OrderBy(e => e.Message, StringComparer.Ordinal)]);
    }

    /// <summary>When something of somebody was tested last by one kind of drill; what failed counts, since the next one should look elsewhere too.</summary>
    public Dictionary<(Id16 Pseudonym, Id16 Tag), DateTimeOffset> LastTested(RecoveryTestType type)
    {
        var last = new Dictionary<(Id16, Id16), DateTimeOffset>();
        foreach (var evidence in All.Where(e => e.Counts && e.Record.Type == type))
        {
            foreach (var choice in evidence.Record.Choices)
            {
                (last[(choice.Pseudonym, choice.Tag)], last[(choice.Pseudonym, default)]) = (evidence.Time, evidence.Time);
            }
        }
        return last;
    }
}
