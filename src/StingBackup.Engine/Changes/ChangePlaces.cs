using System.Text;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Changes;

/// <summary>Where the watcher of changes and runs meet, in the host's state.</summary>
internal sealed class ChangePlaces(string stateFolder)
{
    public string Folder { get; } = Path.Combine(stateFolder, "changes");
    /// <summary>Held by the one watcher.</summary>
    public string LockFile => Path.Combine(Folder, "lock");

    /// <summary>Whether a watcher runs, in whichever process.</summary>
    public bool IsWatched()
    {
        if (!File.Exists(LockFile))
        {
            return false;
        }
        using var mine = FileLock.TryAcquire(LockFile, out var held);
        return held;
    }

    /// <summary>What the watcher says of itself.</summary>
    public string StatusFile => Path.Combine(Folder, "status.json");
    /// <summary>What ended the trust in a journal.</summary>
    public string DistrustFile => Path.Combine(Folder, "distrust.json");
    /// <summary>Watched like the reserve: a file here asks.</summary>
    public string Asks => Path.Combine(Folder, "asks");
    public string Answers => Path.Combine(Folder, "answers");
    public string AnswerTo(string ask) => Path.Combine(Answers, $"{ask}.json");
    /// <summary>A generation's changes.</summary>
    public string LogFile(string generation) => Path.Combine(Folder, $"{generation}.log");
}

/// <summary>A record of the journal: kind u8 · root u8 · length u16 · path within the root; of a file whose names changed, its inode.</summary>
internal static class JournalRecord
{
    public const int Head = 4;
    public const byte Folder = (byte)'F', Tree = (byte)'T', Names = (byte)'N';
}

/// <summary>A folder that is watched, and which one it was when that began.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Device">The device that holds it.</param>
/// <param name="Inode">Its inode.</param>
internal sealed record WatchedRoot(string Path, ulong Device, ulong Inode)
{
    /// <summary>Whether it is what stands at a path now.</summary>
    public bool IsStill(string path) => path == Path && Of(path) == this;

    /// <summary>What stands at a path; null where no folder does.</summary>
    public static unsafe WatchedRoot? Of(string path)
    {
        if (!Libc.IsSupported)
        {
            return null;
        }
        fixed (byte* text = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return Libc.Stat(LinuxAbi.AT_FDCWD, text, 0, out var stat) == 0 && stat.Kind == ItemKind.Directory ? new WatchedRoot(path, stat.Stamp.Device, stat.Stamp.Inode) : null;
        }
    }
}

/// <summary>What the watcher answers: all that changed before the question is written up to here.</summary>
internal sealed record JournalAnswer(string Generation, long Position, string Beginning, WatchedRoot[] Roots);

/// <summary>A full scan found what a generation had not told.</summary>
internal sealed record JournalDistrust(string Generation, int Missed);

/// <summary>What a watcher says of itself, every few seconds.</summary>
internal sealed record WatcherStatus
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    public required int ProcessId { get; init; }
    public required DateTimeOffset Updated { get; init; }
    /// <summary>The journal at hand; null while there is none.</summary>
    public string? Generation { get; init; }
    public required DateTimeOffset Since { get; init; }
    /// <summary>How it watches: <c>fanotify</c>, <c>inotify</c>.</summary>
    public string Method { get; init; } = "";
    /// <summary>Why the journal began, or why there is none.</summary>
    public string Message { get; init; } = "";
    /// <summary>Events that the kernel told.</summary>
    public long Events { get; init; }
    /// <summary>Bytes of the journal.</summary>
    public long Length { get; init; }
}
