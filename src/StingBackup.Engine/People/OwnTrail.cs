using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.People;

/// <summary>
/// What people leave in the audit log: that somebody looked into a subject once an hour, each opening of a file's content, and what was asked for or restored. Pseudonyms and ids, never a name of a file.
/// A record that cannot be written stops nobody from having the own files back; where another than the owner looks, nothing is shown that is not recorded.
/// </summary>
internal sealed class OwnTrail(bool isOwner, TrailEnd end)
{
    /// <summary>Verbs of the audit log for what is no cmdlet: what a person does with the own reserve, and what an administrator does with another's.</summary>
    public const string Browse = "Portal-Browse", Read = "Portal-Read";

    private readonly ConcurrentDictionary<Id16, long> _browsed = new();

    /// <summary>Somebody looks at what there is: one record an hour for each subject.</summary>
    public async ValueTask BrowsedAsync(OwnReading reading, CancellationToken cancel)
    {
        var now = reading.Installation.Clock.GetUtcNow().Ticks;
        bool IsOver(long last) => now - last is < 0 or >= TimeSpan.TicksPerHour;
        Id16[] due = [.. reading.Own.Keys.Where(subject => !_browsed.TryGetValue(subject, out var last) || IsOver(last))];
        if (due.Length == 0)
        {
            return;
        }
        // Of several at once one writes.
        due = [.. due.Where(subject => _browsed.TryGetValue(subject, out var last) ? IsOver(last) && _browsed.TryUpdate(subject, now, last) : _browsed.TryAdd(subject, now))];
        try
        {
            if (due.Length > 0)
            {
                await NoteAsync(reading, Browse, due, cancel).ConfigureAwait(false);
            }
        }
        catch
        {
            foreach (var subject in due)
            {
                _browsed.TryRemove(subject, out _);
            }
            throw;
        }
    }

    /// <summary>An administrator opens somebody's reserve: each time.</summary>
    public async ValueTask OpenedAsync(OwnReserve reserve, CancellationToken cancel)
    {
        var reading = await reserve.HoldAsync(cancel).ConfigureAwait(false);
        try
        {
            await NoteAsync(reading.Value, Browse, [.. reading.Value.Own.Keys], cancel).ConfigureAwait(false);
        }
        finally
        {
            await reading.ReleaseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The content of a file is opened.</summary>
    public ValueTask OpenedAsync(OwnReading reading, Id16 subject, CancellationToken cancel) => NoteAsync(reading, Read, [subject], cancel);

    private async ValueTask NoteAsync(OwnReading reading, string verb, IReadOnlyList<Id16> subjects, CancellationToken cancel)
    {
        if (reading.Installation.IsLocalTierLost && isOwner)
        {
            return;
        }
        try
        {
            await end.AppendAsync(reading.Installation, new AuditDraft(AuditEvent.Noted, verb) { Subjects = subjects, Outcome = "Completed" }, cancel).ConfigureAwait(false);
        }
        catch (StingException) when (isOwner)
        {
            // What an audit log that cannot be written means is told by the status; a person's own files come first.
        }
    }
}

/// <summary>
/// Where this process's audit chain ended when it last wrote: two hundred people would else list the whole chain for each record, and stand in each other's way. One writes at a time; what others wrote meanwhile is looked
/// for at least each minute.
/// </summary>
internal sealed class TrailEnd : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private ChainHead? _head;
    private long _checked;

    public async ValueTask AppendAsync(Installation installation, AuditDraft draft, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var now = installation.Clock.GetUtcNow().Ticks;
            var isFresh = now - _checked is >= 0 and < TimeSpan.TicksPerMinute;
            var log = await AuditLog.OpenAsync(installation, cancel).ConfigureAwait(false);
            _head = await log.AppendAsync(draft, isFresh ? _head : null, cancel).ConfigureAwait(false);
            _checked = isFresh ? _checked : now;
        }
        catch
        {
            _head = null;
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
