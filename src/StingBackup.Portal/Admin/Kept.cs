using System.Globalization;

namespace StingBackup.Portal.Admin;

/// <summary>What was read, and when.</summary>
/// <param name="Value">What was read.</param>
/// <param name="Time">When.</param>
internal sealed record Known<T>(T Value, DateTimeOffset Time)
{
    /// <summary>How old it is, as people say it.</summary>
    public string Age(TimeProvider clock) => (clock.GetUtcNow() - Time).TotalSeconds is >= 2 and var seconds ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s ago") : "just now";
}

/// <summary>Something that is slow to read and the same for all who may see it: read once for all who ask at the same time, and kept for a minute.</summary>
internal sealed class Kept<T>(TimeProvider clock)
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private Known<T>? _known;
    private Task<Known<T>>? _reading;

    /// <summary>What is known, read anew where it is older than a minute. Whoever goes away does not end it for the others.</summary>
    public Task<Known<T>> GetAsync(Func<Task<T>> read, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (_known is { } known && clock.GetUtcNow() - known.Time < Lasts)
            {
                return Task.FromResult(known);
            }
            _reading ??= ReadAsync(read);
            return _reading.WaitAsync(cancel);
        }
    }

    /// <summary>The same; null where it is not read within a moment, and is being read on.</summary>
    public async Task<Known<T>?> TryGetAsync(Func<Task<T>> read, TimeSpan patience, CancellationToken cancel)
    {
        var reading = GetAsync(read, cancel);
        return await Task.WhenAny(reading, Task.Delay(patience, cancel)).ConfigureAwait(false) == reading ? await reading.ConfigureAwait(false) : null;
    }

    /// <summary>Forgets it: something was changed that it shows.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _known = null;
        }
    }

    private async Task<Known<T>> ReadAsync(Func<Task<T>> read)
    {
        await Task.Yield();   // not behind the lock
        try
        {
            var began = clock.GetUtcNow();
            var known = new Known<T>(await read().ConfigureAwait(false), began);
            lock (_gate)
            {
                _known = known;
            }
            return known;
        }
        finally
        {
            lock (_gate)
            {
                _reading = null;
            }
        }
    }
}
