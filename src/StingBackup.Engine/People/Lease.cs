namespace StingBackup.Engine.People;

/// <summary>Something that several use at once and that is disposed when its owner and all of them have let go.</summary>
internal sealed class Leased<T>(T value, Func<T, ValueTask> dispose) where T : class
{
    private int _holders = 1;

    public T Value => value;

    /// <summary>Whether it is there still; then whoever asked holds it.</summary>
    public bool TryHold()
    {
        for (var seen = Volatile.Read(ref _holders); seen > 0; seen = Volatile.Read(ref _holders))
        {
            if (Interlocked.CompareExchange(ref _holders, seen + 1, seen) == seen)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Lets go, once for each hold.</summary>
    public ValueTask ReleaseAsync() => Interlocked.Decrement(ref _holders) == 0 ? dispose(value) : ValueTask.CompletedTask;
}
