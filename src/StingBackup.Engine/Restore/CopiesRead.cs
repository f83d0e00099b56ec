using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>What a reading took from other tiers because it was damaged here: reading goes on, and the damage is an alarm. Safe to use from many threads.</summary>
internal sealed class CopiesRead
{
    private readonly ConcurrentDictionary<string, (Tier From, string Problem)> _read = new(StringComparer.Ordinal);
    private readonly Installation _installation;

    public CopiesRead(Installation installation)
    {
        _installation = installation;
        Others = new OtherTiers(installation, installation.AtTier);
        Reader = Others.Any ? new CopyReader(Others.OpenAsync, Note) : null;
    }

    /// <summary>The other tiers.</summary>
    public OtherTiers Others { get; }

    /// <summary>Reads objects from them; null where there are none.</summary>
    public CopyReader? Reader { get; }

    /// <summary>Takes what came from another tier. What is only missing here may have been let go, and is no alarm: a verification tells.</summary>
    public void Note(string name, Tier from, StingException why)
    {
        if (why.ErrorId != "ObjectNotFound")
        {
            _read.TryAdd(name, (from, Failures.Words(why)));
        }
    }

    /// <summary>Tells what was read from elsewhere, and notes it for the status.</summary>
    public void Tell(Action<string> warn)
    {
        foreach (var (name, (from, problem)) in _read.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            warn($"ReadFromOtherTier: '{name}' on the {_installation.AtTier} tier cannot be used ({problem}); the {from} tier's copy was. Run Repair-StingRepository: it puts the copy in its place.");
        }
        HealJournal.Add(_installation, _installation.AtTier, [.. _read.Select(r => new HealJournal.Entry(_installation.Clock.GetUtcNow(), r.Key, r.Value.From, false))], warn);
    }
}
