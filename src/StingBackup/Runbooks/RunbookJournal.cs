using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StingBackup.Runbooks;

/// <summary>
/// The journal of one run of a runbook: a line of JSON for each thing that happened, each on the disk before the next thing begins. A process that is killed leaves at most half a line, which counts for nothing: its step is done
/// again, and finds what it did already. Held by one process at a time. No secret is ever in it.
/// </summary>
public sealed class RunbookJournal : IDisposable
{
    // How the system says that another has the file open for itself alone, and nothing else: a sharing violation, EWOULDBLOCK.
    private static readonly int Held = OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11;
    private readonly FileStream _file;
    private readonly FileStream _held;
    private readonly List<RunbookEntry> _entries = [];

    private RunbookJournal(FileStream file, FileStream held, string path)
    {
        _file = file;
        _held = held;
        Path = path;
    }

    /// <summary>Its file.</summary>
    public string Path { get; }

    /// <summary>What happened, oldest first.</summary>
    public IReadOnlyCollection<RunbookEntry> Entries => _entries.ToArray();   // PowerShell indexes arrays, and not what a collection expression makes

    /// <summary>Opens or begins one.</summary>
    /// <exception cref="StingException"><c>RunbookRunning</c>, <c>RunbookJournalUnusable</c></exception>
    public static RunbookJournal Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileStream? file = null, held = null;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            // The lock ends with the process. It is on a file of its own, so that others can look into the journal meanwhile.
            held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // O_SYNC: a write returns when it is on the disk.
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, Options = FileOptions.WriteThrough, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            file = new FileStream(path, options);
            var journal = new RunbookJournal(file, held, path);
            journal.Load();
            return journal;
        }
        catch (IOException busy) when (held is null && busy.HResult == Held)
        {
            throw new StingException("RunbookRunning", FailureKind.Busy, $"Another process goes on with this run of the runbook: '{path}' is in use.", path, "Wait for it. Where its host is gone, the lock is gone too.", busy);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            held?.Dispose();
            throw new StingException("RunbookJournalUnusable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io, $"The journal '{path}' cannot be used: {e.Message}", path,
                "Give this user the right to write there, or name another folder with -StatePath (--state-path).", e);
        }
    }

    /// <summary>What is in a journal that nobody need hold, or null where there is none.</summary>
    public static IReadOnlyList<RunbookEntry>? Peek(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Parse(file, out _);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Adds a line.</summary>
    /// <param name="what">What happened: begin, step, done, skipped, waits, failed, resumed, end.</param>
    /// <param name="step">The step's number; 0 for the run.</param>
    /// <param name="detail">For people, and for a step that goes on.</param>
    /// <param name="time">When.</param>
    public void Append(string what, int step, string? detail, DateTimeOffset time)
    {
        var entry = new RunbookEntry(what, step, detail ?? "", time);
        var line = new JsonObject { ["time"] = time.UtcDateTime.ToString("o", CultureInfo.InvariantCulture), ["what"] = entry.What, ["step"] = step, ["detail"] = entry.Detail };
        _file.Seek(0, SeekOrigin.End);
        _file.Write(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"));
        _entries.Add(entry);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _held.Dispose();
    }

    private void Load()
    {
        _entries.AddRange(Parse(_file, out var sound));
        _file.SetLength(sound);   // half a line of a process that was killed
    }

    private static List<RunbookEntry> Parse(FileStream file, out long sound)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var entries = new List<RunbookEntry>();
        sound = 0;
        while (sound < bytes.Length && Array.IndexOf(bytes, (byte)'\n', (int)sound) is var end && end >= 0)
        {
            if (Read(bytes.AsMemory((int)sound..end)) is not { } entry)
            {
                break;
            }
            entries.Add(entry);
            sound = end + 1;
        }
        return entries;
    }

    private static RunbookEntry? Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new RunbookEntry(root.GetProperty("what").GetString()!, root.GetProperty("step").GetInt32(), root.GetProperty("detail").GetString() ?? "", root.GetProperty("time").GetDateTimeOffset());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}

/// <summary>A line of a journal.</summary>
/// <param name="What">What happened.</param>
/// <param name="Step">The step's number; 0 for the run.</param>
/// <param name="Detail">For people, and for a step that goes on.</param>
/// <param name="Time">When.</param>
public sealed record RunbookEntry(string What, int Step, string Detail, DateTimeOffset Time);
