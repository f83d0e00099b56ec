namespace StingBackup.Engine.Tests.Support;

/// <summary>The real clock, on which a pause is over fifty times sooner: for what is tried again and again before it is given up.</summary>
internal sealed class HastyClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : dueTime / 50, period);
}
