namespace StingBackup.Engine.People;

/// <summary>Whose keys are opened for whom.</summary>
/// <param name="Caller">Who acts, as the audit log has it.</param>
/// <param name="Subjects">Canonical names.</param>
internal sealed record OwnKey(Caller Caller, IReadOnlyList<string> Subjects)
{
    /// <summary>What tells one from another.</summary>
    public string Name => $"{(Caller.Own is null ? "looks" : "owns")} {(Caller.IsAccount ? "as an account" : "")} {Caller.Identities[0]}\n{string.Join('\n', Subjects)}";
}

/// <summary>Readings of those who were here lately. Of many people few are open at once: whoever was longest away is closed first, and everybody after a quarter of an hour.</summary>
internal sealed class OwnReadings(SharedReserve reserve, OwnMemory memory) : IAsyncDisposable
{
    /// <summary>How many are open at most besides those that are in use at the moment.</summary>
    internal const int Most = 64;
    private const int MostTrails = 10_000;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(15);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _open = new(StringComparer.Ordinal);
    private readonly TrailEnd _end = new();
    private readonly RecentCache<string, OwnTrail> _trails = new(MostTrails, static _ => 1);

    /// <summary>How many are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>What somebody leaves in the audit log: one memory for all that the same person opens, as long as the person is remembered.</summary>
    public OwnTrail TrailOf(OwnKey key, bool isOwner) => _trails.GetOrAdd($"{isOwner} {key.Name}", () => new OwnTrail(isOwner, _end));

    /// <summary>A reading of the newest state, held for the caller.</summary>
    public async ValueTask<Leased<OwnReading>> HoldAsync(OwnKey key, CancellationToken cancel)
    {
        while (true)
        {
            var view = await reserve.HoldViewAsync(cancel).ConfigureAwait(false);
            var gone = new List<Entry>();
            Entry entry;
            lock (_gate)
            {
                if (_open.TryGetValue(key.Name, out var known) && ReferenceEquals(known.View, view.Value))
                {
                    entry = known;
                }
                else
                {
                    if (known is not null)
                    {
                        gone.Add(known);
                    }
                    // Opened for all who wait for it: the one who asked first may leave.
                    entry = _open[key.Name] = new Entry(view.Value, view.TryHold() ? Open(view, key) : throw new ObjectDisposedException(nameof(SharedReserve)));
                }
                entry.UsedAt = reserve.Now;
                Thin(key.Name, gone);
            }
            await view.ReleaseAsync().ConfigureAwait(false);
            foreach (var old in gone)
            {
                await old.CloseAsync().ConfigureAwait(false);
            }
            try
            {
                var reading = await entry.Opening.WaitAsync(cancel).ConfigureAwait(false);
                if (reading.TryHold())
                {
                    return reading;
                }
            }
            catch when (entry.Opening.IsFaulted)
            {
                lock (_gate)
                {
                    if (_open.GetValueOrDefault(key.Name) == entry)
                    {
                        _open.Remove(key.Name);
                    }
                }
                throw;
            }
        }
    }

    /// <summary>Closes those who were away for long, and those of a state that is over.</summary>
    public async ValueTask ThinAsync()
    {
        var view = await reserve.HoldViewAsync(CancellationToken.None).ConfigureAwait(false);
        var gone = new List<Entry>();
        lock (_gate)
        {
            foreach (var (name, entry) in _open.Where(e => !ReferenceEquals(e.Value.View, view.Value)).ToList())
            {
                _open.Remove(name);
                gone.Add(entry);
            }
            Thin("", gone);
        }
        await view.ReleaseAsync().ConfigureAwait(false);
        foreach (var entry in gone)
        {
            await entry.CloseAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<Entry> all;
        lock (_gate)
        {
            all = [.. _open.Values];
            _open.Clear();
        }
        foreach (var entry in all)
        {
            await entry.CloseAsync().ConfigureAwait(false);
        }
        _end.Dispose();
    }

    private Task<Leased<OwnReading>> Open(Leased<ReserveView> view, OwnKey key) => Task.Run(async () =>
        new Leased<OwnReading>(await OwnReading.OpenAsync(view, key.Caller, key.Subjects, memory, CancellationToken.None).ConfigureAwait(false), static reading => reading.DisposeAsync()));

    private void Thin(string kept, List<Entry> gone)
    {
        foreach (var (name, entry) in _open.Where(e => e.Key != kept).OrderBy(e => e.Value.UsedAt).ToList())
        {
            if (_open.Count <= Most && reserve.Since(entry.UsedAt) < Idle)
            {
                break;
            }
            _open.Remove(name);
            gone.Add(entry);
        }
    }

    private sealed class Entry(ReserveView view, Task<Leased<OwnReading>> opening)
    {
        public ReserveView View => view;
        public Task<Leased<OwnReading>> Opening => opening;
        public long UsedAt { get; set; }

        public async ValueTask CloseAsync()
        {
            try
            {
                await (await opening.ConfigureAwait(false)).ReleaseAsync().ConfigureAwait(false);
            }
            catch when (opening.IsFaulted)
            {
                // What did not open need not be closed.
            }
        }
    }
}
