using Microsoft.Extensions.Time.Testing;

namespace StingBackup.Engine.Tests.Support;

/// <summary>A clock that stands until it is turned, and knows whether a job waits for it: so a test turns it when there is something to wait for, however long the work before that takes.</summary>
internal sealed class WaitedClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>Shorter waits are of jobs that do something meanwhile, and longer ones no waits, but what a job may take.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(1), Most = TimeSpan.FromMinutes(10);

    private int _waits;

    public bool IsWaitedFor => Volatile.Read(ref _waits) > 0;

    /// <summary>Turns it by so much whenever a job waits, until it has ended.</summary>
    public async Task RunAsync(Task job, TimeSpan step)
    {
        while (!job.IsCompleted)
        {
            await Task.WhenAny(job, Task.Delay(5));
            if (IsWaitedFor)
            {
                Advance(step);
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < Least || dueTime > Most)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }
        Interlocked.Increment(ref _waits);
        return new Wait(base.CreateTimer(callback, state, dueTime, period), this);
    }

    private sealed class Wait(ITimer timer, WaitedClock clock) : ITimer
    {
        private int _ended;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            End();
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            End();
            return timer.DisposeAsync();
        }

        private void End()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                Interlocked.Decrement(ref clock._waits);
            }
        }
    }
}
