namespace StingBackup.Engine.Limits;

/// <summary>
/// The duty cycle: holds this process's time on the processors to a share by letting those who work rest between two pieces. A bucket of processor time that fills with the clock; whoever has finished a
/// piece waits until nothing is owed. Real time, since processor time is real.
/// </summary>
internal sealed class CpuPacer
{
    /// <summary>A rest is taken in pieces, so that a limit that is lifted is felt at once.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(200);
    /// <summary>What is asked for more often is answered from memory: the call costs more than a small file.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);
    /// <summary>Below this, resting costs more than it gives.</summary>
    private static readonly TimeSpan Tolerated = TimeSpan.FromMilliseconds(20);

    private readonly Func<TimeSpan> _used;
    private readonly TimeProvider _clock;
    private readonly Action<TimeSpan, CancellationToken> _rest;
    private readonly Lock _gate = new();
    private double _rate;
    private double _credit;
    private long _looked;
    private TimeSpan _lastUsed;

    /// <summary>Makes one.</summary>
    /// <param name="used">The process's time on the processors.</param>
    /// <param name="clock">The clock that it is held against.</param>
    /// <param name="rest">Waits, or until it is cancelled.</param>
    public CpuPacer(Func<TimeSpan> used, TimeProvider clock, Action<TimeSpan, CancellationToken> rest) => (_used, _clock, _rest) = (used, clock, rest);

    /// <summary>The one of this process.</summary>
    public static CpuPacer OfProcess() => new(() => OperatingSystem.IsBrowser() ? TimeSpan.Zero : Environment.CpuUsage.TotalTime, TimeProvider.System, (time, cancel) => cancel.WaitHandle.WaitOne(time));

    /// <summary>Processors, counted in parts, that may be used; 0 for no limit. What was used before does not count.</summary>
    public double Processors
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
            lock (_gate)
            {
                if (_rate == value)
                {
                    return;
                }
                (_rate, _credit, _looked, _lastUsed) = (value, 0, _clock.GetTimestamp(), _used());
            }
        }
    }

    /// <summary>Rests for as long as more was used than may be.</summary>
    public void Rest(CancellationToken cancel)
    {
        while (Owed() is { } owed && owed > Tolerated && !cancel.IsCancellationRequested)
        {
            _rest(owed < LongestRest ? owed : LongestRest, cancel);
        }
    }

    /// <summary>How long it takes until nothing is owed; null without a limit.</summary>
    private TimeSpan? Owed()
    {
        if (Volatile.Read(ref _rate) <= 0)
        {
            return null;
        }
        lock (_gate)
        {
            if (_rate <= 0)
            {
                return null;
            }
            var now = _clock.GetTimestamp();
            var passed = _clock.GetElapsedTime(_looked, now);
            if (passed >= LookEvery)
            {
                var used = _used();
                // Half a second's worth may be saved up, so that waiting for a disk is no loss.
                _credit = Math.Min(_credit + (passed.TotalSeconds * _rate) - (used - _lastUsed).TotalSeconds, _rate / 2);
                (_looked, _lastUsed) = (now, used);
            }
            return _credit >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_credit / _rate);
        }
    }
}
