using StingBackup.Engine.Governance;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering.Locks;

/// <summary>
/// Deletions on a tier that may be locked: what is locked stays, is counted, and is tried again by the next run; what a bucket refuses is told and audited, and fails no job. On the local tier a refusal is the error that it
/// always was.
/// </summary>
/// <param name="home">The installation that keeps the audit, and what this host knows of locks.</param>
/// <param name="tier">The tier.</param>
/// <param name="store">Its store.</param>
/// <param name="output">Told at the end.</param>
internal sealed class LockedDeletes(Installation home, Tier tier, IObjectStore store, JobOutput output)
{
    private readonly LockMemory? _known = store.Locking is null ? null : LockMemory.Read(home, tier);
    private readonly List<StingException> _refused = [];

    /// <summary>What stays since it is locked.</summary>
    public PackSum Locked { get; private set; }
    /// <summary>When the first of these can go.</summary>
    public DateTimeOffset? Until { get; private set; }

    /// <summary>Deletes an object. False when it stays: it is locked, or the bucket refuses.</summary>
    public async ValueTask<bool> TryAsync(string name, long length, CancellationToken cancel)
    {
        if (await IsLockedAsync(name, length, cancel).ConfigureAwait(false))
        {
            return false;
        }
        try
        {
            WasThere = await store.DeleteAsync(name, cancel).ConfigureAwait(false);
            return true;
        }
        catch (StingException e) when (e.ErrorId == "ObjectLocked" || (e.ErrorId == "StoreAccessDenied" && tier != Tier.Local))
        {
            _refused.Add(e);
            return false;
        }
    }

    /// <summary>Whether the last object that was deleted had been there.</summary>
    public bool WasThere { get; private set; }

    /// <summary>Whether an object is locked, which is counted.</summary>
    public async ValueTask<bool> IsLockedAsync(string name, long length, CancellationToken cancel)
    {
        if (store.Locking is not { } locking || !LockedNames.Covers(name))
        {
            return false;
        }
        var end = _known!.EndOf(name);
        if (end is null || end <= home.Clock.GetUtcNow())
        {
            try
            {
                end = (await locking.GetLockAsync(name, cancel).ConfigureAwait(false))?.Until;
            }
            catch (StingException e) when (e.ErrorId == "ObjectNotFound")
            {
                return false;
            }
        }
        if (end is not { } until || until <= home.Clock.GetUtcNow())
        {
            return false;
        }
        Locked = new PackSum(Locked.Packs + 1, Locked.Length + length);
        Until = Until is null || until < Until ? until : Until;
        return true;
    }

    /// <summary>Tells and audits.</summary>
    /// <param name="verb">The command.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask FinishAsync(string verb, CancellationToken cancel)
    {
        if (Locked.Packs > 0)
        {
            output.Tell(FormattableString.Invariant($"{Locked.Packs} objects ({Display.Length(Locked.Length)}) of the {tier} tier that nothing needs any more are locked, the first until {Until!.Value.UtcDateTime:yyyy-MM-dd HH:mm} UTC: they go by a later run."));
        }
        if (_refused.Count > 0)
        {
            output.Warn(FormattableString.Invariant($"The {tier} tier refused to delete {_refused.Count} objects; they stay, and are tried again. {_refused[0].Message} {_refused[0].Remedy}"));
            await AuditLog.NoteAsync(home, verb, [], FormattableString.Invariant($"{tier}: refused to delete {_refused.Count} objects, the first '{_refused[0].Target}' ({_refused[0].ErrorId})"), cancel).ConfigureAwait(false);
        }
    }
}
