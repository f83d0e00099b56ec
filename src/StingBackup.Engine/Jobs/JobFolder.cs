using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Jobs;

/// <summary>The notes of jobs in their folder: whose process lives, whose died, and what goes.</summary>
internal static class JobFolder
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    /// <summary>Jobs whose process has not told that they ended: those that run, and those that died.</summary>
    public static List<JobNote> Running(JobPlace place)
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
    public static void SweepDead(JobPlace place)
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
    public static void Remove(JobPlace place, string id)
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

    /// <summary>The error where this account may not look.</summary>
    public static StingException Unreadable(JobPlace place, Exception cause) => new("JobsUnreadable", FailureKind.PermissionDenied, $"The jobs in '{place.Folder}' cannot be read: {cause.Message}", place.Folder, "Run as the account that backs up, or as root.", cause);
}
