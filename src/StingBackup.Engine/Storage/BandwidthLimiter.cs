namespace StingBackup.Engine.Storage;

/// <summary>How much of the network all streams that share it may use: a bucket of tokens, one a byte. The limit can be changed while they run.</summary>
/// <param name="bytesPerSecond">The limit, or null for none.</param>
/// <param name="clock">The clock.</param>
/// <param name="look">Asked every few seconds, while something passes or waits, what the limit is now; null where nobody else changes it.</param>
public sealed class BandwidthLimiter(long? bytesPerSecond, TimeProvider clock, Func<long?>? look = null)
{
    /// <summary>How often the limit is asked for.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    /// <summary>What may be sent at once after a pause.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private long? _rate = bytesPerSecond;
    private double _tokens;
    private long _filled = clock.GetTimestamp();
    private long _looked = clock.GetTimestamp();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The limit, or null for none. Whoever waits goes on by the new one.</summary>
    public long? BytesPerSecond
    {
        get
        {
            lock (_gate)
            {
                return _rate;
            }
        }
        set
        {
            if (value is { } rate)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(rate, 1);
            }
            TaskCompletionSource waiting;
            lock (_gate)
            {
                Fill();
                _rate = value;
                waiting = _changed;
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            waiting.SetResult();
        }
    }

    /// <summary>Waits until so many bytes may pass. More than the bucket holds are let through on credit, and those after them wait.</summary>
    public async ValueTask WaitAsync(int bytes, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            Look();
            TimeSpan wait;
            Task changed;
            lock (_gate)
            {
                Fill();
                if (_rate is not { } rate || _tokens >= 0)
                {
                    _tokens -= _rate is null ? 0 : bytes;
                    return;
                }
                wait = TimeSpan.FromSeconds(-_tokens / rate) + TimeSpan.FromMilliseconds(1);
                changed = _changed.Task;
            }
            using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Task.WhenAny(Task.Delay(wait < MostWait ? wait : MostWait, clock, woken.Token), changed).ConfigureAwait(false);
            await woken.CancelAsync().ConfigureAwait(false);
        }
    }

    private TimeSpan MostWait => look is null ? TimeSpan.FromHours(1) : LookInterval;

    private void Look()
    {
        if (look is null)
        {
            return;
        }
        lock (_gate)
        {
            if (clock.GetElapsedTime(_looked) < LookInterval)
            {
                return;
            }
            _looked = clock.GetTimestamp();
        }
        if (look() is var now && now != BytesPerSecond)
        {
            BytesPerSecond = now;
        }
    }

    private void Fill()
    {
        var now = clock.GetTimestamp();
        if (_rate is { } rate)
        {
            _tokens = Math.Min(_tokens + (clock.GetElapsedTime(_filled, now).TotalSeconds * rate), Burst.TotalSeconds * rate);
        }
        else
        {
            _tokens = Math.Max(_tokens, 0);
        }
        _filled = now;
    }
}
