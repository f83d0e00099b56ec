using StingBackup.Engine.Basics;
namespace StingBackup.Engine.Governance;

/// <summary>
/// The audit chains of a repository as a process that is asked often remembers them: a record is read and its signature checked once, and what was added since costs a look at the end of each chain. What was taken away or
/// put in place of another shows within a minute or not at all, so this serves lists that people look at, and nothing that decides whether something may be done. Safe to use from many threads.
/// </summary>
internal sealed class AuditMemory : IDisposable
{
    private static readonly TimeSpan ListEvery = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<Id16, long> _ends = [];
    private AuditChains? _chains;
    private long _listedAt;

    /// <summary>The chains as they are now.</summary>
    public async ValueTask<AuditChains> ReadAsync(Installation installation, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var now = installation.Clock.GetUtcNow().Ticks;
            if (_chains is null || now - _listedAt < 0 || now - _listedAt >= ListEvery.Ticks)
            {
                _chains = await AuditChains.AgainAsync(installation, _chains, cancel).ConfigureAwait(false);
                _ends.Clear();
                foreach (var (writer, last) in _chains.Ends)
                {
                    _ends[writer] = last;
                }
                if (installation.Host is { } host)
                {
                    _ends.TryAdd(host.Writer, 0);
                }
                _listedAt = now;
                return _chains;
            }
            foreach (var (writer, last) in _ends.ToList())
            {
                var end = last;
                while (await installation.Store.GetLengthAsync(AuditRecord.NameOf(writer, end + 1), cancel).ConfigureAwait(false) is not null)
                {
                    end++;
                }
                if (end > last)
                {
                    _chains = await _chains.GoOnAsync(installation, writer, (last + 1, end), cancel).ConfigureAwait(false);
                    _ends[writer] = end;
                }
            }
            return _chains;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
