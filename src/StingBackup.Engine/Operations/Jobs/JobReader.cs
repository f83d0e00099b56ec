using StingBackup.Engine.Governance;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Jobs;

/// <summary>Which jobs are wanted.</summary>
public sealed record JobQuery
{
    /// <summary>This one alone, or null.</summary>
    public string? Id { get; init; }
    /// <summary>So many of the newest, running and past; null where only those that run are wanted.</summary>
    public int? Last { get; init; }
    /// <summary>Those that began since then, running and past.</summary>
    public DateTimeOffset? Since { get; init; }
    /// <summary>Those in one of these states, running and past.</summary>
    public IReadOnlyList<HostJobState> States { get; init; } = [];
}

/// <summary>Reads the jobs of this host, whatever process they run in. Changes nothing.</summary>
public static class JobReader
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    /// <summary>The jobs that are asked for, the oldest first. Without any wish those that run, and those that died since the last job began.</summary>
    /// <exception cref="StingException"><c>JobsUnreadable</c>; <c>JobNotFound</c> for an id that no job has.</exception>
    public static IReadOnlyList<HostJob> List(StingConfiguration configuration, JobQuery query, TimeProvider clock)
    {
        Access.Require(configuration, "Get-StingBackupJob");
        ArgumentNullException.ThrowIfNull(query);
        return List(JobPlace.Of(configuration, clock), query, configuration.TimeZone);
    }

    /// <summary>The same for whoever acts on an installation.</summary>
    /// <inheritdoc cref="List(StingConfiguration, JobQuery, TimeProvider)"/>
    public static IReadOnlyList<HostJob> List(Installation installation, JobQuery query)
    {
        Access.Require(installation, "Get-StingBackupJob");
        ArgumentNullException.ThrowIfNull(query);
        return JobPlace.Of(installation) is { } place ? List(place, query, installation.Zone) : [];
    }

    /// <summary>The same, for whoever was asked already.</summary>
    internal static IReadOnlyList<HostJob> List(JobPlace place, JobQuery query, TimeZoneInfo zone)
    {
        // In this order: a job that ends in between is in both, and has ended then.
        var running = Running(place);
        var past = query is { Id: null, Last: null, Since: null, States.Count: 0 } ? [] : JobHistory.Read(place);
        var notes = past.Concat(running).DistinctBy(note => note.Id, StringComparer.Ordinal).OrderBy(note => note.Started).ThenBy(note => note.Id, StringComparer.Ordinal)
            .Where(note => (query.Id is null || note.Id == query.Id) && (query.Since is not { } since || note.Started >= since) && (query.States.Count == 0 || query.States.Contains(note.State))).ToList();
        return query.Id is not null && notes.Count == 0 ? throw NotFound(query.Id) : [.. notes.TakeLast(query.Last ?? int.MaxValue).Select(note => note.ToJob(zone))];
    }

    internal static StingException NotFound(string id) => new("JobNotFound", FailureKind.NotFound, $"No job {id} is known on this host.", id, "Get-StingBackupJob (sting-backup jobs) shows those that run, with -Last 20 (--last=20) those of the past too.");

    internal static StingException Unreadable(JobPlace place, Exception cause) => new("JobsUnreadable", FailureKind.PermissionDenied, $"The jobs in '{place.Folder}' cannot be read: {cause.Message}", place.Folder, "Run as the account that backs up, or as root.", cause);

    /// <summary>Which job holds what others wait for, to stand behind "runs on this host": the oldest that runs, and is not the one that asks.</summary>
    internal static string OldestInTheWay(Installation installation)
    {
        try
        {
            var running = JobPlace.Of(installation) is { } place ? Running(place).Where(note => note.State != HostJobState.Died).OrderBy(note => note.Started).ToList() : [];
            return running is [var first, ..] && (running.Count > 1 || first.Process != Environment.ProcessId)
                ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $": job {first.Id} ({first.Kind}), process {first.Process} of {first.User}, since {TimeZoneInfo.ConvertTime(first.Started, installation.Zone):yyyy-MM-dd HH:mm:ss}") : "";
        }
        catch (StingException)
        {
            return "";   // somebody else's jobs, whom this account may not look at
        }
    }

    /// <summary>Jobs whose process has not told that they ended: those that run, and those that died.</summary>
    internal static List<JobNote> Running(JobPlace place)
    {
        var found = new List<JobNote>();
        foreach (var id in Ids(place))
        {
            var path = place.NoteOf(id);
            if (StateFile.Read<JobNote>(path) is not { } note)
            {
                // Replaced or removed at this very moment; or somebody else's, whom this account may not look at.
                if (File.Exists(path) && !CanRead(path, out var refused))
                {
                    throw Unreadable(place, refused!);
                }
                continue;
            }
            if (IsHeld(place, note))
            {
                found.Add(note with { State = File.Exists(place.StopOf(id)) ? HostJobState.Stopping : HostJobState.Running });
            }
            // Whoever ends in order takes the note away before the lock: a note without a lock is of one that died.
            else if (File.Exists(path))
            {
                found.Add(note with { State = HostJobState.Died, Ended = note.Updated });
            }
        }
        return found;
    }

    /// <summary>Puts jobs that died among those of the past.</summary>
    internal static void SweepDead(JobPlace place)
    {
        foreach (var note in Running(place).Where(note => note.State == HostJobState.Died))
        {
            using var mine = FileLock.TryAcquire(place.LockOf(note.Id), out _);
            if (mine is not null && File.Exists(place.NoteOf(note.Id)))
            {
                JobHistory.Add(place, note);
                Remove(place, note.Id);
            }
        }
    }

    /// <summary>Takes away what a job left in the folder; its lock is held by the caller.</summary>
    internal static void Remove(JobPlace place, string id)
    {
        foreach (var path in (ReadOnlySpan<string>)[place.NoteOf(id), place.NoteOf(id) + ".new", place.StopOf(id), place.StopOf(id) + ".new", place.LockOf(id)])
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It stays, and is swept as one that died.
            }
        }
    }

    private static IEnumerable<string> Ids(JobPlace place)
    {
        try
        {
            return Directory.Exists(place.Folder) ? [.. Directory.EnumerateFiles(place.Folder, "*" + JobPlace.NoteEnding).Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(place, e);
        }
    }

    private static bool CanRead(string path, out Exception? refused)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete).Dispose();
            refused = null;
            return true;
        }
        catch (UnauthorizedAccessException e)
        {
            refused = e;
            return false;
        }
        catch (IOException)
        {
            refused = null;
            return true;
        }
    }

    /// <summary>Whether the job's process holds its lock. Where this account may not ask, whether a process of that number lives.</summary>
    private static bool IsHeld(JobPlace place, JobNote note)
    {
        try
        {
            if (!File.Exists(place.LockOf(note.Id)))
            {
                return false;
            }
            for (var attempt = 0; ; attempt++)
            {
                using var mine = FileLock.TryAcquire(place.LockOf(note.Id), out var held);
                // Another one who asks holds it for a moment only.
                if (!held || attempt == 3)
                {
                    return held;
                }
                Thread.Sleep(Moment);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Lives(note.Process);
        }
    }

    private static bool Lives(int process)
    {
        try
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
