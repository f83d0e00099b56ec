using System.Collections.Concurrent;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.People;

/// <summary>
/// What people leave in the audit log: that somebody looked into a subject once an hour, each opening of a file's content, and what was asked for or restored. Pseudonyms and ids, never a name of a file.
/// A record that cannot be written stops nobody from having the own files back; where another than the owner looks, nothing is shown that is not recorded.
/// </summary>
internal sealed class OwnTrail(bool isOwner)
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
            await AuditLog.NoteAsync(reading.Installation, verb, subjects, "Completed", cancel).ConfigureAwait(false);
        }
        catch (StingException) when (isOwner)
        {
            // What an audit log that cannot be written means is told by the status; a person's own files come first.
        }
    }
}
