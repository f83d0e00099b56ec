using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;

namespace StingBackup.Engine.Restore.Scratch;

/// <summary>What a drill compared, and what was not as it should be: for its evidence without names, for whoever holds it with them.</summary>
internal sealed class DrillTally
{
    private const int Told = 100;

    private readonly SortedDictionary<string, (long Compared, long Equal)> _checks = new(StringComparer.Ordinal);
    private readonly List<(DrillDifference Kept, RecoveryTestDifference Shown)> _differences = [];

    public IReadOnlyList<DrillCheck> Checks => [.. _checks.Select(c => new DrillCheck(c.Key, c.Value.Compared, c.Value.Equal))];
    public IReadOnlyList<DrillDifference> Kept => [.. _differences.Select(d => d.Kept)];
    public IReadOnlyList<RecoveryTestDifference> Shown => [.. _differences.Select(d => d.Shown)];
    public long Differences { get; private set; }
    public long Compared => _checks.Values.Sum(c => c.Compared);

    /// <summary>Counts what was compared.</summary>
    public void Count(string kind, long compared, long equal)
    {
        var known = _checks.GetValueOrDefault(kind);
        _checks[kind] = (known.Compared + compared, known.Equal + equal);
    }

    /// <summary>Notes a difference. What is nobody's is kept by name; else the tag stands for it.</summary>
    public void Differs(string kind, Id16 pseudonym, Id16 tag, string subject, string item, string why)
    {
        Differences++;
        if (_differences.Count < Told)
        {
            _differences.Add((new DrillDifference(kind, pseudonym, tag, pseudonym == default ? $"{item}: {why}" : why), new RecoveryTestDifference(kind, subject.Length > 0 ? subject : "the system", item, why)));
        }
    }
}
