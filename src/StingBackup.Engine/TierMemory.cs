using System.Globalization;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine;

/// <summary>What a host notes of its dealings with a further tier.</summary>
internal sealed record TierNote
{
    /// <summary>When the tier last had everything that this host's local tier had.</summary>
    public DateTimeOffset? CompleteTime { get; init; }
    /// <summary>When all of it was last listed; null when what is remembered is not to be relied on.</summary>
    public DateTimeOffset? ListedTime { get; init; }
    /// <summary>When it was last tried.</summary>
    public DateTimeOffset? TriedTime { get; init; }
    /// <summary>How the last attempt failed; empty when it did not.</summary>
    public string Failure { get; init; } = "";
    /// <summary>Bytes that lay there after the last sync; null when that was never noted.</summary>
    public long? Length { get; init; }
    /// <summary>Claims by name as the tier has them: SHA-256 of their bytes.</summary>
    public Dictionary<string, string> Claims { get; init; } = [];
    /// <summary>When its objects were last locked for longer, all that were due.</summary>
    public DateTimeOffset? LockedTime { get; init; }
    /// <summary>What was last told of locked objects that were written over.</summary>
    public string Shadowed { get; init; } = "";
}

/// <summary>
/// What this host remembers of a further tier, in <c>state/tiers/</c>: which objects the tier has confirmed, and how the last attempt went. It is a cache, so that a look at what waits needs no
/// tier that is away; nothing is ever let go on its account.
/// </summary>
internal sealed class TierMemory
{
    private readonly string _noteFile, _namesFile, _quotaFile;

    public TierMemory(Installation installation, Tier tier)
    {
        Folder = Path.Combine(installation.StateFolder, "tiers", installation.Reserve.ToString());
        _noteFile = Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"{tier.ToString().ToLowerInvariant()}.json"));
        _namesFile = Path.ChangeExtension(_noteFile, ".confirmed");
        _quotaFile = Path.ChangeExtension(_noteFile, ".quota");
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>The note; an empty one when there is none.</summary>
    public TierNote ReadNote() => StateFile.Read<TierNote>(_noteFile) ?? new TierNote();

    /// <summary>Writes the note.</summary>
    public void Write(TierNote note) => StateFile.Write(_noteFile, note);

    /// <summary>The quota of the tier that was approved beyond the configured one; null where none was.</summary>
    public long? ReadQuota() => StateFile.Read<ApprovedQuota>(_quotaFile)?.Length;

    /// <summary>Notes an approved quota.</summary>
    public void WriteQuota(long length, DateTimeOffset time) => StateFile.Write(_quotaFile, new ApprovedQuota(length, time));

    /// <summary>Something is not there as it was confirmed: the next sync lists the whole tier.</summary>
    public void Distrust()
    {
        if (ReadNote() is { ListedTime: not null } note)
        {
            Write(note with { ListedTime = null });
        }
    }

    /// <summary>Names that the tier has confirmed; null when that was never noted.</summary>
    public HashSet<string>? ReadConfirmed()
    {
        try
        {
            return File.Exists(_namesFile) ? File.ReadLines(_namesFile).ToHashSet(StringComparer.Ordinal) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Notes all that the tier has, as a listing showed it.</summary>
    public void Replace(IEnumerable<string> names)
    {
        StateFile.CreateFolder(Folder);
        File.WriteAllLines(_namesFile + ".new", names);
        File.Move(_namesFile + ".new", _namesFile, overwrite: true);
    }

    /// <summary>Notes further objects, so that a sync that is killed has not to be asked about them.</summary>
    public void Add(IEnumerable<string> names)
    {
        StateFile.CreateFolder(Folder);
        File.AppendAllLines(_namesFile, names);
    }

    /// <summary>Whether another process of this host works on the tier now; else the lock, which ends with its process.</summary>
    public Platform.FileLock? TryLock(out bool held)
    {
        StateFile.CreateFolder(Folder);
        return Platform.FileLock.TryAcquire(Path.ChangeExtension(_noteFile, ".lock"), out held);
    }

    private sealed record ApprovedQuota(long Length, DateTimeOffset Time);
}
