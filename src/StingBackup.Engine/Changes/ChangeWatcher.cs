using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Changes;

/// <summary>
/// Watches the folders of the reserve and writes down what changes, for runs to scan no more than that. A journal reaches from its beginning to the first moment at which something may have been missed: then another begins,
/// and the next run scans everything. It need not outlive a crash of the host, so it waits for no disk.
/// </summary>
internal sealed class ChangeWatcher : IChangeSink
{
    /// <summary>So long is the wait for the kernel: by then a watcher that is to end does.</summary>
    private const int WaitMilliseconds = 250;
    private static readonly TimeSpan MostBackoff = TimeSpan.FromMinutes(5), Settled = TimeSpan.FromMinutes(10);

    private readonly ChangePlaces _places;
    private readonly IReadOnlyList<string> _roots;
    private readonly TimeProvider _clock;
    private readonly Func<IReadOnlyList<string>, string, IChangeReader> _open;
    private readonly HashSet<(byte Kind, int Root, EntryPath Path)> _written = [];
    private readonly HashSet<ulong> _inodes = [];
    private (byte Kind, int Root, EntryPath? Path) _last;
    private WatcherStatus _status;
    private long _told;
    private Session? _session;

    /// <param name="stateFolder">The host's state.</param>
    /// <param name="roots">The folders, in the order in which runs know them.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="open">Starts to watch; a test may choose how.</param>
    public ChangeWatcher(string stateFolder, IReadOnlyList<string> roots, TimeProvider clock, Func<IReadOnlyList<string>, string, IChangeReader>? open = null)
    {
        (_places, _roots, _clock, _open) = (new ChangePlaces(stateFolder), roots, clock, open ?? ChangeReaders.Open);
        _status = new WatcherStatus { ProcessId = Environment.ProcessId, Updated = clock.GetUtcNow(), Since = clock.GetUtcNow(), Message = "it begins" };
    }

    /// <summary>Bytes that a journal may have: beyond that a full scan is no more work than what is in it.</summary>
    public long MostBytes { get; init; } = 64 << 20;

    /// <summary>Told why a journal ended, or none can be begun.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Watches until it is cancelled.</summary>
    public void Run(CancellationToken cancel)
    {
        StateFile.CreateFolder(_places.Folder);
        StateFile.CreateFolder(_places.Asks);
        StateFile.CreateFolder(_places.Answers);
        using var one = Lock(cancel);
        if (one is null)
        {
            Warn?.Invoke("Another watcher of changes runs on this host; this one leaves it to that.");
            return;
        }
        var beginning = string.Create(CultureInfo.InvariantCulture, $"the watcher began at {Display.Time(_clock.GetUtcNow())} UTC");
        var backoff = TimeSpan.FromSeconds(1);
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                var began = _clock.GetTimestamp();
                try
                {
                    Watch(beginning, cancel);
                }
                catch (Exception e) when (e is ChangeGapException or IOException or UnauthorizedAccessException)
                {
                    beginning = e.Message;
                    Tell(_status with { Generation = null, Since = _clock.GetUtcNow(), Message = e.Message });
                    Warn?.Invoke($"The journal of changes ended: {e.Message}. The next backup scans everything.");
                }
                backoff = _clock.GetElapsedTime(began) > Settled ? TimeSpan.FromSeconds(1) : backoff;
                Pause(backoff, cancel);
                backoff = backoff * 2 < MostBackoff ? backoff * 2 : MostBackoff;
            }
        }
        finally
        {
            Tell(_status with { Generation = null, Message = "it ended" });
        }
    }

    /// <summary>One journal, from its beginning to its end.</summary>
    private void Watch(string beginning, CancellationToken cancel)
    {
        Tell(_status with { Generation = null, Message = "it begins" });
        foreach (var old in Directory.EnumerateFiles(_places.Folder, "*.log").Concat(Directory.EnumerateFiles(_places.Asks)).Concat(Directory.EnumerateFiles(_places.Answers)))
        {
            File.Delete(old);
        }
        // Before anything is watched: what is mounted later, or stands elsewhere by then, is another journal's.
        var mounts = MountsAround.Of(_roots);
        var roots = _roots.Select(r => WatchedRoot.Of(r) ?? throw new ChangeGapException($"'{r}' is no folder, or this system tells no changes")).ToArray();
        using var reader = _open(_roots, _places.Asks);
        var generation = Guid.NewGuid().ToString("n");
        using var log = new BufferedStream(Durable.CreateNew(_places.LogFile(generation), UnixFileMode.UserRead | UnixFileMode.UserWrite), 1 << 16);
        var session = _session = new Session(generation, beginning, mounts, roots, log);
        _written.Clear();
        _inodes.Clear();
        _last = default;
        Tell(_status with { Generation = generation, Since = _clock.GetUtcNow(), Method = reader.Method, Message = beginning, Events = 0, Length = 0 });
        while (!cancel.IsCancellationRequested)
        {
            reader.Read(this, WaitMilliseconds);
            if (_clock.GetElapsedTime(_told) > WatcherStatus.Every)
            {
                Tell(_status with { Events = reader.Events, Length = session.Length });
            }
        }
    }

    void IChangeSink.Folder(int root, EntryPath folder) => Write(JournalRecord.Folder, root, folder);

    void IChangeSink.Tree(int root, EntryPath item) => Write(JournalRecord.Tree, root, item);

    void IChangeSink.Names(ulong inode)
    {
        if (_inodes.Add(inode))
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, inode);
            Write(JournalRecord.Names, 0, bytes);
        }
    }

    void IChangeSink.Asked(string ask)
    {
        var session = _session!;
        if (!session.Mounts.SequenceEqual(MountsAround.Of(_roots)))
        {
            throw new ChangeGapException("a file system was mounted or unmounted where the reserve is");
        }
        session.Log.Flush();
        StateFile.Write(_places.AnswerTo(ask), new JournalAnswer(session.Generation, session.Length, session.Beginning, session.Roots));
        // Whoever goes on from here must be told again.
        _written.Clear();
        _inodes.Clear();
        _last = default;
    }

    private void Write(byte kind, int root, EntryPath path)
    {
        if ((_last.Kind, _last.Root) == (kind, root) && ReferenceEquals(_last.Path, path))
        {
            return;
        }
        _last = (kind, root, path);
        if (_written.Add((kind, root, path)))
        {
            Write(kind, root, path.Bytes);
        }
    }

    private void Write(byte kind, int root, ReadOnlySpan<byte> what)
    {
        var session = _session!;
        Span<byte> head = [kind, (byte)root, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(head[2..], checked((ushort)what.Length));
        session.Log.Write(head);
        session.Log.Write(what);
        session.Length += head.Length + what.Length;
        if (session.Length > MostBytes)
        {
            throw new ChangeGapException($"more changed than a journal keeps ({Display.Length(MostBytes)} of paths)");
        }
    }

    private void Tell(WatcherStatus status)
    {
        _status = status with { Updated = _clock.GetUtcNow() };
        _told = _clock.GetTimestamp();
        try
        {
            StateFile.Write(_places.StatusFile, _status);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Warn?.Invoke($"How the watcher of changes stands cannot be written to '{_places.StatusFile}': {e.Message}");
        }
    }

    private void Pause(TimeSpan time, CancellationToken cancel)
    {
        for (var left = time; left > TimeSpan.Zero && !cancel.WaitHandle.WaitOne(left < WatcherStatus.Every ? left : WatcherStatus.Every); left -= WatcherStatus.Every)
        {
            Tell(_status);
        }
    }

    /// <summary>The right to be the watcher; null where another is. Somebody may only have looked whether one runs, which takes it for a moment.</summary>
    private FileLock? Lock(CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (FileLock.TryAcquire(_places.LockFile, out var held) is { } mine)
            {
                return mine;
            }
            if (!held || attempt == 5 || cancel.WaitHandle.WaitOne(20))
            {
                return null;
            }
        }
    }

    /// <summary>A journal that is being written.</summary>
    private sealed class Session(string generation, string beginning, string[] mounts, WatchedRoot[] roots, Stream log)
    {
        public string Generation => generation;
        public string Beginning => beginning;
        public string[] Mounts => mounts;
        public WatchedRoot[] Roots => roots;
        public Stream Log => log;
        public long Length { get; set; }
    }
}

/// <summary>Chooses how the kernel is asked.</summary>
internal static class ChangeReaders
{
    /// <summary>Local file systems: what changes there, changes through this kernel. Of those of the first group one is one, without parts of their own.</summary>
    private static readonly HashSet<ulong> s_plain = [0xef53, 0x58465342, 0x01021994, 0xf2f52010], s_local = [0x9123683e, 0x2fc12fc1, 0xca451a4e];

    /// <summary>Fanotify where it is allowed, else inotify.</summary>
    /// <exception cref="ChangeGapException">Neither tells all changes.</exception>
    public static IChangeReader Open(IReadOnlyList<string> roots, string asks)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new ChangeGapException("this system tells no changes");
        }
        if (roots.FirstOrDefault(r => roots.Any(o => o != r && o.StartsWith(r.TrimEnd('/') + '/', StringComparison.Ordinal))) is { } outer)
        {
            throw new ChangeGapException($"another folder of the reserve lies in '{outer}'");
        }
        var kinds = roots.Select(KindOf).ToList();
        if (kinds.FindIndex(k => !s_plain.Contains(k) && !s_local.Contains(k)) is >= 0 and var strange)
        {
            throw new ChangeGapException(string.Create(CultureInfo.InvariantCulture, $"the file system of '{roots[strange]}' (0x{kinds[strange]:x}) may change past this host's kernel, or tells not all"));
        }
        if (kinds.TrueForAll(s_plain.Contains))
        {
            try
            {
                return new FanotifyReader(roots, asks);
            }
            catch (ChangeGapException)
            {
                // Not allowed, or an old kernel: each folder by itself.
            }
        }
        return new InotifyReader(roots, asks);
    }

    [SupportedOSPlatform("linux")]
    private static unsafe ulong KindOf(string path)
    {
        fixed (byte* start = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var file = Libc.OpenAt(LinuxAbi.AT_FDCWD, start, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY);
            if (file < 0)
            {
                throw new ChangeGapException($"'{path}' cannot be opened: {Errno.Text(-file)}");
            }
            var system = Libc.FileSystemOf(file);
            Libc.Close(file);
            return system?.Kind ?? 0;
        }
    }
}

/// <summary>What is mounted where folders are: on the way to them, and below them.</summary>
internal static class MountsAround
{
    /// <summary>The mounts on the way, as the kernel tells them.</summary>
    /// <exception cref="ChangeGapException">Something is mounted below, or that cannot be told.</exception>
    public static string[] Of(IReadOnlyList<string> roots)
    {
        try
        {
            var around = new List<string>();
            string[] real = [.. roots.Select(r => (new DirectoryInfo(r).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(r)).TrimEnd('/') + '/')];
            foreach (var line in File.ReadLines("/proc/self/mountinfo"))
            {
                var point = MountText.Unescape(line.Split(' ')[4]).TrimEnd('/') + '/';
                if (real.FirstOrDefault(r => point.Length > r.Length && point.StartsWith(r, StringComparison.Ordinal)) is { } over)
                {
                    throw new ChangeGapException($"'{point.TrimEnd('/')}' is mounted below '{over.TrimEnd('/')}'");
                }
                if (real.Any(r => r.StartsWith(point, StringComparison.Ordinal)))
                {
                    around.Add(line);
                }
            }
            return [.. around];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChangeGapException($"what is mounted cannot be told: {e.Message}");
        }
    }
}
