using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// The spares of this host while one job uses them: takes them off in steps that a crash cannot turn into a spare used twice. Held by one job at a time.
/// Not safe to use from two threads at once.
/// </summary>
/// <remarks>
/// A spare is set aside for a tag (durably) before its claim is created. What becomes of that is noted with the next line that has to be durable anyway;
/// after a crash the spare stays set aside for its tag alone, and the claims in the repository tell the rest.
/// </remarks>
internal sealed class SpareShelf : IDisposable
{
    private const string SparesName = "spares";
    private const string LogName = "spares.log";
    private const string LockName = "spares.lock";

    private readonly KeyEnvironment _environment;
    private readonly HostKeys _host;
    private readonly string _path;
    private readonly SpareLog _log;
    private readonly IDisposable _lock;
    private readonly KemSuite _wanted;
    private readonly List<SpareEvent> _pending = [];
    private Dictionary<Id16, Spare> _spares = [];
    private Queue<Spare> _free = new();

    private SpareShelf(KeyEnvironment environment, HostKeys host, string folder, IDisposable held, KemSuite? wanted)
    {
        _wanted = wanted ?? KemSuite.P256;
        _environment = environment;
        _host = host;
        _path = Path.Combine(folder, SparesName);
        _log = new SpareLog(environment.Files, Path.Combine(folder, LogName));
        _lock = held;
    }

    /// <summary>Spares that can be taken and are of the suite that is wanted, or a later one. Where there is none, one of an earlier suite serves: a backup that fails protects nobody.</summary>
    public int Free => _free.Count(IsWanted);

    /// <summary>Why no spare can be used, or null.</summary>
    public StingException? Damage { get; private set; }

    /// <summary>Tags that this host knows to be claimed.</summary>
    public IReadOnlySet<Id16> ClaimedTags => _log.ClaimedTags;

    /// <summary>The files that a shelf consists of.</summary>
    public static IReadOnlyList<string> PathsIn(string folder) => [Path.Combine(folder, SparesName), Path.Combine(folder, LogName)];

    /// <summary>Takes the shelf for one job.</summary>
    /// <exception cref="StingException"><c>KeysBusy</c>, <c>KeyFileUnavailable</c></exception>
    public static async ValueTask<SpareShelf> OpenAsync(KeyEnvironment environment, HostKeys host, string folder, CancellationToken cancel, KemSuite? wanted = null)
    {
        var held = await environment.Files.LockAsync(Path.Combine(folder, LockName), cancel).ConfigureAwait(false);
        var shelf = new SpareShelf(environment, host, folder, held, wanted);
        try
        {
            shelf.Load();
            return shelf;
        }
        catch
        {
            shelf.Dispose();
            throw;
        }
    }

    /// <summary>Counts without taking the shelf; a job that holds it may change the number at once.</summary>
    public static (int Free, StingException? Damage) Glance(KeyEnvironment environment, HostKeys host, string folder, KemSuite? wanted = null)
    {
        using var glance = new SpareShelf(environment, host, folder, held: NoLock.Instance, wanted);
        glance.Load();
        return (glance.Free, glance.Damage);
    }

    /// <summary>Notes claims that were found in the repository: whatever spare they use is used.</summary>
    public void Note(IReadOnlyList<(Id16 Tag, Id16 Pseudonym)> claims)
    {
        if (claims.Count == 0 || Damage is not null)
        {
            return;
        }
        Write([.. claims.Select(claim => new SpareEvent(claim.Pseudonym, claim.Tag, SpareFate.Seen))]);
        Sort();
    }

    /// <summary>Sets a spare aside for each tag, durably; the one that was set aside for it before, if any. Fewer when there are not enough.</summary>
    public IReadOnlyList<(Id16 Tag, Spare Spare)> Reserve(IReadOnlyList<Id16> tags)
    {
        var reserved = new List<(Id16, Spare)>(tags.Count);
        var lines = new List<SpareEvent>(tags.Count);
        foreach (var tag in tags)
        {
            if (_log.Reserved.TryGetValue(tag, out var earlier) && _spares.TryGetValue(earlier, out var spare))
            {
                reserved.Add((tag, spare));
            }
            else if (_free.TryDequeue(out spare))
            {
                reserved.Add((tag, spare));
                lines.Add(new SpareEvent(spare.Key.Pseudonym, tag, SpareFate.Reserved));
            }
        }
        Write(lines);
        return reserved;
    }

    /// <summary>Says what became of a spare that was set aside.</summary>
    public void Settle(Id16 tag, Spare spare, bool claimed)
    {
        _pending.Add(new SpareEvent(spare.Key.Pseudonym, tag, claimed ? SpareFate.Claimed : SpareFate.Returned));
        if (!claimed)
        {
            _free.Enqueue(spare);
        }
    }

    /// <summary>Whether a spare lies on the shelf, or was ever taken off it.</summary>
    public bool Knows(Id16 pseudonym) => _spares.ContainsKey(pseudonym) || !_log.IsFree(pseudonym);

    /// <summary>Puts new spares on the shelf, and takes off what was claimed. The shelf owns them then.</summary>
    public void Add(IReadOnlyList<Spare> minted)
    {
        var replacesLog = Damage is not null;
        if (replacesLog)
        {
            _pending.Clear();
        }
        Write([]);
        _log.CreateIfMissing();
        var reserved = _log.Reserved.Values.ToHashSet();
        List<Spare> kept = [.. _spares.Values.Where(spare => _log.IsFree(spare.Key.Pseudonym) || reserved.Contains(spare.Key.Pseudonym)), .. minted];
        _environment.Files.Replace(_path, SpareFile.Write(kept, _host, _environment.Random));
        if (replacesLog)
        {
            // Only now: a crash must never leave old spares beside a log that does not know of them.
            _log.Create();
            Damage = null;
        }
        foreach (var gone in _spares.Values.Except(kept))
        {
            gone.Dispose();
        }
        _spares = kept.ToDictionary(spare => spare.Key.Pseudonym);
        Sort();
    }

    /// <summary>Notes what is settled, and lets go.</summary>
    public void Dispose()
    {
        try
        {
            Write([]);
        }
        catch (StingException)
        {
            // What is not noted now is found in the repository's claims by the next job.
        }
        finally
        {
            DropAll();
            _lock.Dispose();
        }
    }

    private void Load()
    {
        try
        {
            var bytes = _environment.Files.Read(_path);
            var hasLog = _log.Load();
            if (bytes is not null)
            {
                _spares = SpareFile.Read(bytes, _host, _path).ToDictionary(spare => spare.Key.Pseudonym);
                if (!hasLog)
                {
                    throw SpareLog.Damaged(_log.Path, "it is missing");
                }
            }
            Sort();
        }
        catch (StingException damage) when (damage.ErrorId == "SparesDamaged")
        {
            Damage = damage;
            DropAll();
        }
    }

    private void Write(List<SpareEvent> lines)
    {
        if (_pending.Count + lines.Count == 0)
        {
            return;
        }
        _log.Append([.. _pending, .. lines]);
        _pending.Clear();
    }

    private void Sort() => _free = new Queue<Spare>(_spares.Values.Where(spare => _log.IsFree(spare.Key.Pseudonym)).OrderBy(spare => IsWanted(spare) ? 0 : 1));

    private bool IsWanted(Spare spare) => spare.Key.Suite.Number >= _wanted.Number;

    private void DropAll()
    {
        foreach (var spare in _spares.Values)
        {
            spare.Dispose();
        }
        _spares = [];
        _free.Clear();
    }

    private sealed class NoLock : IDisposable
    {
        public static NoLock Instance { get; } = new();

        public void Dispose()
        {
        }
    }
}
