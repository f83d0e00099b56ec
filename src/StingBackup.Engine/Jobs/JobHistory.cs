using System.Text.Json;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Jobs;

/// <summary>Jobs that have ended, of this host: a line each. No authority; what is lost of it stands in logs, audit log and restore points.</summary>
internal static class JobHistory
{
    /// <summary>From this length on the older half goes: months of a run each quarter of an hour.</summary>
    private const long Most = 4 << 20;
    private const int Attempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>All of them, the oldest first; lines that are damaged are passed over.</summary>
    /// <exception cref="StingException"><c>JobsUnreadable</c></exception>
    public static IReadOnlyList<JobNote> Read(JobPlace place)
    {
        try
        {
            return !File.Exists(place.History) ? [] : [.. File.ReadLines(place.History).Select(Parse).OfType<JobNote>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw JobFolder.Unreadable(place, e);
        }
    }

    /// <summary>Adds one.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to it.</exception>
    public static void Add(JobPlace place, JobNote note)
    {
        // Two jobs that end at once, one of which shortens the file, must not lose each other's line.
        using var one = Lock(place);
        if (File.Exists(place.History) && new FileInfo(place.History).Length > Most)
        {
            var lines = File.ReadAllLines(place.History);
            var shorter = place.History + ".new";
            File.WriteAllLines(shorter, lines.Skip(lines.Length / 2));
            Protect(shorter);
            File.Move(shorter, place.History, overwrite: true);
        }
        var isNew = !File.Exists(place.History);
        // A line that a dying process tore ends here, not in the next one.
        var torn = !isNew && EndsTorn(place.History);
        File.AppendAllText(place.History, $"{(torn ? "\n" : "")}{JsonSerializer.Serialize(note)}\n");
        if (isNew)
        {
            Protect(place.History);
        }
    }

    private static bool EndsTorn(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        Span<byte> last = stackalloc byte[1];
        return length > 0 && RandomAccess.Read(file, last, length - 1) == 1 && last[0] != '\n';
    }

    private static void Protect(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>Waits a second at most; a line in the wrong place is better than none.</summary>
    private static FileLock? Lock(JobPlace place)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (FileLock.TryAcquire(Path.Combine(place.Folder, "history.lock"), out var held) is { } taken)
            {
                return taken;
            }
            if (!held)
            {
                break;
            }
            Thread.Sleep(Pause);
        }
        return null;
    }

    private static JobNote? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<JobNote>(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
