using StingBackup.Engine.Integrity;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Operations.Costs;

/// <summary>For which data class each row of the index is kept: told from what is in the clear, without any key. A byte a row.</summary>
internal sealed class NeededRows
{
    private const byte OldBit = 0x80;
    private readonly byte[] _needs;

    private NeededRows(byte[] needs) => _needs = needs;

    /// <summary>The class that needs a row; null when nothing does.</summary>
    public DataClass? ClassOf(int rank) => (_needs[rank] & ~OldBit) is var number and > 0 ? (DataClass)(number - 1) : null;

    /// <summary>Whether only restore points that are older than the local tier's days need a row.</summary>
    public bool IsOld(int rank) => (_needs[rank] & OldBit) != 0;

    /// <summary>What of the points could not be followed: more may be needed than is told.</summary>
    public bool IsPartial { get; private init; }

    /// <summary>Walks from the points, the newer first.</summary>
    public static async ValueTask<NeededRows> WalkAsync(Installation installation, RepositoryView view, JobOutput output, CancellationToken cancel)
    {
        output.Progress.Status = "what the restore points reach";
        using var reader = new ChunkReader(installation.Reading, view.Index, installation.Reserve, null);
        var walk = new ReachWalk(reader, null, installation.Ledger, new FaultBook(), installation.Threads, output);
        var needs = new byte[checked((int)view.Index.Count)];
        var recent = PointSelection.Within(view.Backups, installation.Retention.LocalDays, installation.Clock.GetUtcNow()).ToHashSet();
        var all = view.Backups.SelectMany(p => p.Record.Classes.Select(c => PointSelection.PartOf(p.Record, c)));
        foreach (var group in all.GroupBy(part => (IsOld: !recent.Contains(part), part.Part.Class)).OrderBy(g => g.Key.IsOld).ThenBy(g => g.Key.Class))
        {
            await walk.RunAsync([.. group], cancel).ConfigureAwait(false);
            var need = (byte)(((int)group.Key.Class + 1) | (group.Key.IsOld ? OldBit : 0));
            for (var rank = 0; rank < needs.Length; rank++)
            {
                if (needs[rank] == 0 && walk.Reached.Contains(rank))
                {
                    needs[rank] = need;
                }
            }
        }
        return new NeededRows(needs) { IsPartial = walk.Missing.Count + walk.Unreadable.Count > 0 };
    }
}
