using System.Globalization;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore.Thawing;

/// <summary>A pack of a retrieval.</summary>
/// <param name="Name">Its object.</param>
/// <param name="Length">Its bytes.</param>
internal sealed record ThawPack(string Name, long Length)
{
    /// <summary>As the index names it.</summary>
    public PackInfo ToInfo() => new(ObjectKinds.IdIn(Name), ObjectKind.DataPack, Length);
}

/// <summary>A retrieval as this host remembers it.</summary>
internal sealed record ThawRecord
{
    public required string Id { get; init; }
    public required string Reserve { get; init; }
    public required Tier Tier { get; init; }
    public required string Scope { get; init; }
    public required RetrievalSpeed Speed { get; init; }
    public required int Days { get; init; }
    public required DateTimeOffset Created { get; init; }
    public required DateTimeOffset Due { get; init; }
    public required decimal Cost { get; init; }
    public required string Currency { get; init; }
    public required string[] BackupIds { get; init; }
    public required ThawPack[] Packs { get; init; }

    /// <summary>Until when it holds its restore points: as long as the last of its copies may be there, a midnight more.</summary>
    public DateTimeOffset HoldsUntil => Due.AddDays(Days + 1);
}

/// <summary>
/// Retrievals that this host has asked for: a record each, and a line for each pack that the store has taken the request of. A journal, so that a command goes on where it was broken off, and a hold; never
/// authority about what is thawed, which the store tells.
/// </summary>
internal sealed class ThawBook(string stateFolder, Id16? reserve)
{
    /// <summary>How long what was asked for counts towards the cost limit.</summary>
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    private readonly string _folder = Path.Combine(stateFolder, "tiers", "thaw");

    public ThawBook(Installation installation) : this(installation.StateFolder, installation.Reserve)
    {
    }

    /// <summary>Every retrieval of the reserve, or of all, oldest first.</summary>
    public IReadOnlyList<ThawRecord> All => Records("*.json");

    /// <summary>The same with those in whose place the same packs were asked for anew: each was charged.</summary>
    public IReadOnlyList<ThawRecord> Charged => [.. All, .. Records("*.past")];

    /// <summary>A retrieval by its id; null when there is none.</summary>
    public ThawRecord? Find(string id) => All.FirstOrDefault(r => r.Id == id);

    /// <summary>A retrieval of the same packs that goes on: not slower than what is asked, and its time is not over.</summary>
    public ThawRecord? UnderWay(string id, RetrievalSpeed speed, DateTimeOffset now) => Find(id) is { } known && known.Due > now && known.Speed >= speed ? known : null;

    /// <summary>What was asked for in the last 24 hours, beside a retrieval that is asked for or goes on now.</summary>
    public decimal CostOfDay(string id, RetrievalSpeed speed, DateTimeOffset now)
    {
        var same = UnderWay(id, speed, now);
        return Charged.Where(r => r.Created > now - Day && (r.Id != same?.Id || r.Created != same.Created)).Sum(r => r.Cost);
    }

    /// <summary>The newest retrieval that has all of some packs and whose copies may still be there.</summary>
    public ThawRecord? Covering(IEnumerable<string> packs, DateTimeOffset now)
    {
        var names = packs.ToHashSet(StringComparer.Ordinal);
        return All.LastOrDefault(r => r.HoldsUntil > now && names.IsSubsetOf(r.Packs.Select(p => p.Name)));
    }

    /// <summary>What holds a part of a restore point against retention, for people; null when nothing does.</summary>
    public Func<string, string?> Holds(DateTimeOffset now)
    {
        var held = All.Where(r => r.HoldsUntil > now).SelectMany(r => r.BackupIds.Select(b => (Backup: b, r.Id))).ToLookup(h => h.Backup, h => h.Id, StringComparer.Ordinal);
        return backup => held[backup].FirstOrDefault() is { } id ? $"retrieval {id}" : null;
    }

    /// <summary>Notes a retrieval, durable on return.</summary>
    public void Save(ThawRecord record)
    {
        Directory.CreateDirectory(_folder);
        Durable.WriteFile(PathOf(record.Id, "json"), JsonSerializer.SerializeToUtf8Bytes(record), replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Only one process asks for a retrieval at a time.</summary>
    /// <exception cref="StingException"><c>RetrievalRunning</c>, <c>LockUnusable</c></exception>
    public IDisposable? Lock()
    {
        Directory.CreateDirectory(_folder);
        var path = Path.Combine(_folder, "lock");
        return FileLock.Take(path, () => new StingException("RetrievalRunning", FailureKind.Busy, "Another retrieval is being asked for on this host.", path, "Wait for it, or stop it; the lock ends with its process."));
    }

    /// <summary>Forgets what was asked for under an id, before it is asked anew. What it cost stays on record.</summary>
    public void Forget(string id)
    {
        File.Delete(PathOf(id, "log"));
        if (Find(id) is { } record)
        {
            File.Move(PathOf(id, "json"), PathOf(id, string.Create(CultureInfo.InvariantCulture, $"{record.Created.UtcTicks}.past")), overwrite: true);
        }
    }

    /// <summary>Packs of a retrieval whose request the store has taken.</summary>
    public HashSet<string> Requested(ThawRecord record) => File.Exists(PathOf(record.Id, "log"))
        ? [.. File.ReadLines(PathOf(record.Id, "log")).Select(line => line.Split(' ')).Where(parts => parts.Length == 3).Select(parts => parts[0])] : [];

    /// <summary>Opens the list of requests that the store has taken.</summary>
    public ThawLog OpenLog(ThawRecord record) => new(PathOf(record.Id, "log"));

    private IReadOnlyList<ThawRecord> Records(string pattern) => Directory.Exists(_folder)
        ? [.. Directory.EnumerateFiles(_folder, pattern).Select(Read).OfType<ThawRecord>().Where(r => reserve is null || r.Reserve == reserve.ToString()).OrderBy(r => r.Created).ThenBy(r => r.Id, StringComparer.Ordinal)] : [];

    private string PathOf(string id, string kind) => Path.Combine(_folder, $"{id}.{kind}");

    private static ThawRecord? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ThawRecord>(File.ReadAllBytes(path));
        }
        catch (JsonException)
        {
            return null;   // asked again, a request that was taken is answered so
        }
    }
}

/// <summary>The list of requests that a store has taken. What is lost of it by a crash is asked for again, which the store answers with what it has.</summary>
internal sealed class ThawLog(string path) : IDisposable
{
    private const int SyncEvery = 100;
    private readonly Lock _gate = new();
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read);
    private int _unsynced;

    public void Add(string pack, DateTimeOffset time, string answer)
    {
        lock (_gate)
        {
            _file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{pack} {time:yyyy-MM-ddTHH:mm:ssZ} {answer}\n")));
            _file.Flush();
            if (++_unsynced >= SyncEvery)
            {
                Sync();
            }
        }
    }

    public void Dispose()
    {
        Sync();
        _file.Dispose();
    }

    private void Sync()
    {
        Durable.SyncFile(_file.SafeFileHandle, path);
        _unsynced = 0;
    }
}
