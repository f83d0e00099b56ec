using System.Buffers.Binary;
using System.Diagnostics;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Changes;

/// <summary>A place in a journal. What lies between two of one generation is all that changed in between.</summary>
/// <param name="Generation">The journal: from the start of a watcher to its end, or to the first moment at which it may have missed something.</param>
/// <param name="Position">Bytes of it.</param>
internal sealed record JournalMoment(string Generation, long Position);

/// <summary>How runs use a journal of changes.</summary>
/// <param name="FullScanEvery">How long runs may go by it until one scans everything.</param>
/// <param name="Settings">A hash of all that decides what a scan takes, and whose it is.</param>
internal sealed record ChangeJournalOptions(TimeSpan FullScanEvery, string Settings);

/// <summary>
/// A run's side of the journal of changes. It asks by a file in a folder that the watcher watches as it does the reserve: when the watcher has come to that file in its queue, it has written down all that changed before.
/// Never authority: no answer, or one that does not fit, costs a full scan.
/// </summary>
internal sealed class ChangeJournal
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), AskAgain = TimeSpan.FromSeconds(2);

    private readonly ChangePlaces _places;
    private readonly IReadOnlyList<(string Folder, EntryPath Mount)> _folders;

    /// <param name="stateFolder">The host's state.</param>
    /// <param name="folders">The folders of the reserve, and where their roots stand among its paths.</param>
    public ChangeJournal(string stateFolder, IReadOnlyList<(string Folder, EntryPath Mount)> folders) => (_places, _folders) = (new ChangePlaces(stateFolder), folders);

    /// <summary>Why the journal begins where it does.</summary>
    public string Beginning { get; private set; } = "";

    /// <summary>The place behind all that happened before the call; or why there is none.</summary>
    public (JournalMoment? Moment, string Why) Ask()
    {
        if (!_places.IsWatched() || StateFile.Read<WatcherStatus>(_places.StatusFile) is not { } status)
        {
            return (null, "no watcher of changes runs. The daemon is one (sting-backup daemon).");
        }
        if (status.Generation is null)
        {
            return (null, $"the watcher of changes cannot tell: {status.Message}");
        }
        try
        {
            if (Wait() is not { } answer)
            {
                return (null, "the watcher of changes did not answer.");
            }
            Beginning = answer.Beginning;
            if (StateFile.Read<JournalDistrust>(_places.DistrustFile) is { } distrust && distrust.Generation == answer.Generation)
            {
                return (null, $"the journal of changes is not trusted any more, since a full scan found what it had not told ({distrust.Missed:N0} items). Start the daemon anew.");
            }
            return _folders.FirstOrDefault(f => !answer.Roots.Any(r => r.IsStill(f.Folder))).Folder is { } strange
                ? (null, $"the watcher of changes watches another folder than what stands at '{strange}' now. Start the daemon anew.") : (new JournalMoment(answer.Generation, answer.Position), "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"the watcher of changes cannot be asked: {e.Message}");
        }
    }

    /// <summary>What changed between two places of one generation; null where that cannot be read.</summary>
    public ChangeSet? Read(JournalMoment from, JournalMoment to)
    {
        try
        {
            using var file = new FileStream(_places.LogFile(to.Generation), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (from.Generation != to.Generation || from.Position > to.Position || to.Position > file.Length)
            {
                return null;
            }
            var bytes = new byte[to.Position - from.Position];
            file.Position = from.Position;
            file.ReadExactly(bytes);
            return Parse(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StingException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>A full scan found what the journal had not told: no run goes by this generation any more.</summary>
    public StingException Distrust(string generation, int missed, EntryPath first)
    {
        var failure = new StingException("JournalMissedChange", FailureKind.Integrity, $"The full scan found {missed:N0} items that changed and that the journal of changes had not told, '{first}' among them. They are in this run; runs scan everything from now on.", first.ToString(),
            "Find out who changes files past this host's kernel (a network file system, a second host, a disk image), and set journal.enabled: false if that is meant; starting the daemon anew begins a new journal.");
        try
        {
            StateFile.Write(_places.DistrustFile, new JournalDistrust(generation, missed));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The runs' own marks are gone too: the next run scans everything, and would find it again.
        }
        return failure;
    }

    private JournalAnswer? Wait()
    {
        var since = Stopwatch.StartNew();
        while (since.Elapsed < Patience)
        {
            var ask = Guid.NewGuid().ToString("n");
            var asked = Path.Combine(_places.Asks, ask);
            File.WriteAllBytes(asked, []);
            var until = since.Elapsed + AskAgain;
            try
            {
                for (; since.Elapsed < until; Thread.Sleep(2))
                {
                    if (StateFile.Read<JournalAnswer>(_places.AnswerTo(ask)) is { } answer)
                    {
                        return answer;
                    }
                }
            }
            finally
            {
                File.Delete(asked);
                File.Delete(_places.AnswerTo(ask));
            }
        }
        return null;
    }

    private ChangeSet? Parse(ReadOnlySpan<byte> bytes)
    {
        var changes = new ChangeSet();
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < JournalRecord.Head)
            {
                return null;
            }
            var (kind, root, length) = (bytes[0], bytes[1], BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]));
            if (bytes.Length < JournalRecord.Head + length || root >= _folders.Count)
            {
                return null;
            }
            var what = bytes.Slice(JournalRecord.Head, length);
            switch (kind)
            {
                case JournalRecord.Folder:
                    changes.AddFolder(EntryPath.FromBytes(what).Under(_folders[root].Mount));
                    break;
                case JournalRecord.Tree:
                    changes.AddTree(EntryPath.FromBytes(what).Under(_folders[root].Mount));
                    break;
                case JournalRecord.Names:
                    changes.AddInode(BinaryPrimitives.ReadUInt64LittleEndian(what));
                    break;
                default:
                    return null;
            }
            bytes = bytes[(JournalRecord.Head + length)..];
        }
        return changes;
    }
}
