namespace StingBackup.Engine.Restore.Thawing;

/// <summary>At most so many requests a second, whoever asks. Amazon takes 1,000 retrievals a second of an account (archival-storage.html).</summary>
internal sealed class RequestPace(TimeProvider clock, int perSecond) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Queue<long> _last = new();

    /// <summary>Waits for a request's turn: no second has more than the limit.</summary>
    public async ValueTask WaitAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            while (_last.Count >= perSecond && clock.GetElapsedTime(_last.Peek()) is var since)
            {
                if (since < TimeSpan.FromSeconds(1))
                {
                    await Task.Delay(TimeSpan.FromSeconds(1) - since, clock, cancel).ConfigureAwait(false);
                    continue;
                }
                _last.Dequeue();
            }
            _last.Enqueue(clock.GetTimestamp());
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
