using Cronos;

namespace StingBackup.Engine.Operations.Daemon;

/// <summary>When one task is due: at its times, again soon where it failed, and once for all that was missed.</summary>
internal sealed class TaskClock
{
    /// <summary>How long a failed task waits, at most, before it is tried again; it never waits past its next time.</summary>
    private static readonly TimeSpan MostBackoff = TimeSpan.FromMinutes(15);

    private readonly CronExpression _cron;
    private readonly TimeZoneInfo _zone;
    private int _failures;

    /// <summary>Starts it.</summary>
    /// <param name="task">The task.</param>
    /// <param name="at">Its times.</param>
    /// <param name="zone">The zone that these are of.</param>
    /// <param name="last">When it last began by its times; null for never, so that nothing was missed.</param>
    /// <param name="now">Now.</param>
    public TaskClock(ScheduledTask task, string at, TimeZoneInfo zone, DateTimeOffset? last, DateTimeOffset now)
    {
        (Task, At, _zone, _cron) = (task, at, zone, CronExpression.Parse(at));
        Due = NextAfter(last is { } then && then < now ? then : now);
    }

    public ScheduledTask Task { get; }
    public string At { get; }
    public string Zone => _zone.Id;

    /// <summary>When it is due next; a moment that has passed means now.</summary>
    public DateTimeOffset Due { get; private set; }

    /// <summary>It did well, or there was nothing to do: whatever became due before it began is done with.</summary>
    public void Succeeded(DateTimeOffset started)
    {
        _failures = 0;
        Due = NextAfter(started);
    }

    /// <summary>It failed: it is tried again after a minute, then two, four, …, and at its next time at the latest.</summary>
    public void Failed(DateTimeOffset now)
    {
        var wait = TimeSpan.FromMinutes(Math.Min(MostBackoff.TotalMinutes, Math.Pow(2, Math.Min(_failures++, 10))));
        var next = NextAfter(now);
        Due = now + wait < next ? now + wait : next;
    }

    /// <summary>A time that the clocks leave out comes right after them; one that they have twice comes once.</summary>
    private DateTimeOffset NextAfter(DateTimeOffset time) => _cron.GetNextOccurrence(time, _zone) ?? DateTimeOffset.MaxValue;
}
