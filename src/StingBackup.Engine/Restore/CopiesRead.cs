using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>What a reading took from other tiers, or from parity, because it was damaged here: reading goes on, and the damage is an alarm. Safe to use from many threads.</summary>
internal sealed class CopiesRead
{
    private readonly ConcurrentDictionary<string, (Tier From, string Problem)> _read = new(StringComparer.Ordinal);
    private readonly Installation _installation;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal);
    private (string Name, Task<byte[]?> Content) _recovered = ("", Task.FromResult<byte[]?>(null));

    public CopiesRead(Installation installation)
    {
        _installation = installation;
        Others = new OtherTiers(installation, installation.AtTier);
        Reader = Others.Any ? new CopyReader(Others.OpenAsync, Note) : null;
    }

    /// <summary>The other tiers.</summary>
    public OtherTiers Others { get; }

    /// <summary>Reads objects from them; null where there are none.</summary>
    public CopyReader? Reader { get; }

    /// <summary>Takes what came from another tier. What is only missing here may have been let go, and is no alarm: a verification tells.</summary>
    public void Note(string name, Tier from, StingException why)
    {
        if (why.ErrorId != "ObjectNotFound")
        {
            _read.TryAdd(name, (from, Failures.Words(why)));
        }
    }

    /// <summary>A damaged pack as its own parity gives it; null where that has none, or not enough. The last one is remembered, for its chunks are asked for one after another; a store that could not be asked is asked again.</summary>
    public async ValueTask<byte[]?> RecoverAsync(string pack, StingException why, CancellationToken cancel)
    {
        Task<byte[]?> content;
        lock (_lock)
        {
            if (_lost.Contains(pack))
            {
                return null;
            }
            if (_recovered.Name != pack || _recovered.Content is { IsCompleted: true, IsCompletedSuccessfully: false })
            {
                _recovered = (pack, TryRecoverAsync(pack));
            }
            content = _recovered.Content;
        }
        if (await content.WaitAsync(cancel).ConfigureAwait(false) is not { } bytes)
        {
            return null;
        }
        Note(pack, _installation.AtTier, why);
        return bytes;
    }

    /// <summary>Tells what was read from elsewhere, and notes it for the status.</summary>
    public void Tell(Action<string> warn)
    {
        foreach (var (name, (from, problem)) in _read.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            var what = $"'{name}' on the {_installation.AtTier} tier cannot be used ({problem})";
            warn(from == _installation.AtTier ? $"ReadByParity: {what}; what its own parity gives was. Run Repair-StingRepository: it puts it right."
                : $"ReadFromOtherTier: {what}; the {from} tier's copy was. Run Repair-StingRepository: it puts the copy in its place.");
        }
        HealJournal.Add(_installation, _installation.AtTier, [.. _read.Select(r => new HealJournal.Entry(_installation.Clock.GetUtcNow(), r.Key, r.Value.From, false))], warn);
    }

    /// <summary>Goes on when whoever asked first gives up: others may wait for it.</summary>
    private async Task<byte[]?> TryRecoverAsync(string pack)
    {
        try
        {
            if (await _installation.Store.Parity!.RecoverAsync(pack, default).ConfigureAwait(false) is { } bytes)
            {
                return bytes;
            }
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            // Too much of it is lost, or the parity is damaged too: what was wrong first is told.
        }
        lock (_lock)
        {
            _lost.Add(pack);
        }
        return null;
    }
}
