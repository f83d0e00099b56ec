namespace StingBackup.Engine.Tests.Support;

/// <summary>The real clock, moved ahead by days: what waits for another process by it waits as long as it does for people, which a clock that stands still never ends.</summary>
internal sealed class MovedClock : TimeProvider
{
    private long _ahead;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));
}
