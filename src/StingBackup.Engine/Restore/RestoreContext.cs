using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Restore;

/// <summary>What became of an item.</summary>
internal enum Outcome
{
    Restored,
    Unchanged,
    Skipped,
    Failed,
}

/// <summary>What the threads of a restore share: where from, where to, by which rule, and the counts.</summary>
internal sealed class RestoreContext(
    Installation installation, ConflictAction conflict, RestoreSelection selection, RepositoryReading repository, IRestoreTarget target, JobOutput output)
{
    private const int MessagesTold = 20;
    private const int MessagesKnown = 1000;

    private readonly ConcurrentDictionary<string, long> _messages = new(StringComparer.Ordinal);
    private readonly long[] _outcomes = new long[Enum.GetValues<Outcome>().Length];
    private long _bytes;

    public Installation Installation => installation;
    public ConflictAction Conflict => conflict;
    public RestoreSelection Selection => selection;
    public RepositoryReading Repository => repository;
    public IRestoreTarget Target => target;
    public JobOutput Output => output;
    public LinkedFiles Links { get; } = new();
    /// <summary>Long files that are being written: what is still in here when the run stops is discarded.</summary>
    public ConcurrentDictionary<LongFile, bool> LongFiles { get; } = new(ReferenceEqualityComparer.Instance);
    /// <summary>Without root's rights owners cannot be set, so they do not tell a restored file from another.</summary>
    public bool OwnersCount { get; } = Environment.IsPrivilegedProcess;

    public long Bytes => Interlocked.Read(ref _bytes);

    public long CountOf(Outcome outcome) => Interlocked.Read(ref _outcomes[(int)outcome]);

    /// <summary>An item is done, for better or worse: counts it, and lets go of its folder.</summary>
    /// <param name="item">The item.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="bytes">Bytes written for it.</param>
    /// <param name="ahead">Bytes of its length that progress has shown already.</param>
    public void Done(PendingItem item, Outcome outcome, long bytes = 0, long ahead = 0)
    {
        Interlocked.Increment(ref _outcomes[(int)outcome]);
        Interlocked.Add(ref _bytes, bytes);
        output.Progress.Add(1, item.Entry.Length - ahead);
        item.Folder.Release();
    }

    /// <summary>An item failed: told by its name, with what caused it and what to do.</summary>
    public void Failed(PendingItem item, StingException error, long ahead = 0)
    {
        output.Failed(Explain(item, error));
        Done(item, Outcome.Failed, 0, ahead);
    }

    /// <summary>Counts a folder.</summary>
    public void Count(Outcome outcome, long count = 1)
    {
        Interlocked.Add(ref _outcomes[(int)outcome], count);
        output.Progress.Add(count, 0);
    }

    /// <summary>Something of an item could not be set. Each kind of message is told once with an example, and at the end how often it came.</summary>
    public void Degraded(EntryPath path, IReadOnlyList<string> messages)
    {
        foreach (var message in messages)
        {
            var known = _messages.Count < MessagesKnown || _messages.ContainsKey(message) ? message : "other attributes could not be set";
            if (_messages.AddOrUpdate(known, 1, static (_, n) => n + 1) == 1 && _messages.Count <= MessagesTold)
            {
                output.Warn($"'{path}': {message}.");
            }
        }
    }

    /// <summary>Tells how often messages came that were told once.</summary>
    public void TellDegraded()
    {
        foreach (var (message, count) in _messages.Where(m => m.Value > 1).OrderByDescending(m => m.Value).Take(MessagesTold))
        {
            output.Warn($"{count} items: {message}.");
        }
    }

    private static StingException Explain(PendingItem item, StingException error) => error.ErrorId switch
    {
        // The target's errors name the place themselves.
        _ when error.ErrorId.StartsWith("Restore", StringComparison.Ordinal) || error.ErrorId is "NameNotAllowed" or "MasterKeyMissing" => error,
        _ => new StingException(error.Kind == FailureKind.Integrity ? "RestoreItemDamaged" : "RestoreItemFailed", error.Kind,
            $"'{item.Path}' of {item.Tree.Point.BackupId} was not restored: {error.Message}", item.Path.ToString(),
            error.Kind == FailureKind.Integrity ? "Restore it from another point, or from another tier's copy; Test-StingBackupIntegrity -Level Data tells what else the damage hits." : error.Remedy, error),
    };
}

/// <summary>An item on its way to the target.</summary>
/// <param name="Tree">The tree that holds it.</param>
/// <param name="Entry">What is restored.</param>
/// <param name="Folder">The folder that it goes into; held until the item is done.</param>
/// <param name="Links">The file that it is a name of, when hard links are restored that refer to it or it is one.</param>
internal sealed record PendingItem(PointTree Tree, TreeEntry Entry, FolderNode Folder, LinkedFile? Links)
{
    public EntryPath Path => Entry.Path;
}
