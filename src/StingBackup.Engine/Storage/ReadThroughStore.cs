using System.Collections.Concurrent;

namespace StingBackup.Engine.Storage;

/// <summary>A further tier as a reader meets it.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="OpenAsync">Opens it; may be asked often.</param>
internal sealed record FurtherPlace(Tier Tier, Func<CancellationToken, ValueTask<IObjectStore>> OpenAsync);

/// <summary>
/// A store whose packs are looked for by name on further tiers where it lacks them: a tier lets content go by its days, and its index goes on naming it. Everything else, and everything that
/// is written, is the first store's. A further tier is opened when a pack is missing, and never before. Owns no store.
/// </summary>
internal sealed class ReadThroughStore(IObjectStore first, IReadOnlyList<FurtherPlace> further, TimeProvider clock) : IObjectStore
{
    /// <summary>How long a tier that did not answer is not asked again, since each attempt may take minutes; nor any for a pack that none had: thousands of chunks may lie in it.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, IObjectStore> _elsewhere = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _nowhere = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Tier, (StingException Failure, long Since)> _away = new();
    private IReadOnlyList<ObjectInfo> _expected = [];
    private long _readThrough;

    /// <inheritdoc/>
    public string Location => first.Location;

    /// <summary>Packs that were read on a further tier.</summary>
    public long PacksElsewhere => _elsewhere.Count;

    /// <summary>Bytes that came from further tiers.</summary>
    public long BytesElsewhere => Interlocked.Read(ref _readThrough);

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        StingException missing;
        if (!_elsewhere.TryGetValue(name, out var holder))
        {
            try
            {
                return await first.ReadAsync(name, offset, buffer, cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (e.ErrorId == "ObjectNotFound" && ObjectName.IsPack(name))
            {
                missing = e;
            }
            holder = await FindAsync(name, cancel).ConfigureAwait(false) ?? throw missing;
        }
        var read = await holder.ReadAsync(name, offset, buffer, cancel).ConfigureAwait(false);
        Interlocked.Add(ref _readThrough, read);
        return read;
    }

    /// <inheritdoc/>
    public async ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) =>
        await first.GetLengthAsync(name, cancel).ConfigureAwait(false)
        ?? (ObjectName.IsPack(name) && await FindAsync(name, cancel).ConfigureAwait(false) is { } holder ? await holder.GetLengthAsync(name, cancel).ConfigureAwait(false) : null);

    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => first.PutAsync(name, content, cancel);

    /// <inheritdoc/>
    public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => first.StageAsync(name, content, cancel);

    /// <inheritdoc/>
    public ValueTask BarrierAsync(CancellationToken cancel) => first.BarrierAsync(cancel);

    /// <summary>Objects of the first store alone.</summary>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => first.ListAsync(prefix, cancel);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => first.DeleteAsync(name, cancel);

    /// <inheritdoc/>
    public void Expect(IReadOnlyList<ObjectInfo> objects, int ahead)
    {
        _expected = objects;
        first.Expect(objects, ahead);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The nearest further tier that has a pack; null when none has.</summary>
    /// <exception cref="StingException"><c>PackOutOfReach</c>: a tier that may have it cannot be asked.</exception>
    private async ValueTask<IObjectStore?> FindAsync(string name, CancellationToken cancel)
    {
        if (_elsewhere.TryGetValue(name, out var known))
        {
            return known;
        }
        if (_nowhere.TryGetValue(name, out var looked) && clock.GetElapsedTime(looked) < Pause)
        {
            return null;
        }
        (Tier Tier, StingException Failure)? unasked = null;
        foreach (var place in further)
        {
            if (_away.TryGetValue(place.Tier, out var away) && clock.GetElapsedTime(away.Since) < Pause)
            {
                unasked ??= (place.Tier, away.Failure);
                continue;
            }
            try
            {
                var store = await place.OpenAsync(cancel).ConfigureAwait(false);
                if (await store.GetLengthAsync(name, cancel).ConfigureAwait(false) is not null)
                {
                    if (Interlocked.Exchange(ref _expected, []) is { Count: > 0 } expected)
                    {
                        store.Expect(expected, ahead: 0);   // the one behind it may lie nearer
                    }
                    return _elsewhere[name] = store;
                }
            }
            catch (StingException e)
            {
                _away[place.Tier] = (e, clock.GetTimestamp());
                unasked ??= (place.Tier, e);
            }
        }
        if (unasked is not var (tier, failure))
        {
            _nowhere[name] = clock.GetTimestamp();
            return null;
        }
        throw new StingException("PackOutOfReach", FailureKind.NotFound,
            $"Pack '{name}' is not in {first.Location}, and the {tier} tier, which may have it, cannot be asked: {failure.Message}", name, $"{failure.Remedy} Then run the command again.", failure);
    }
}
