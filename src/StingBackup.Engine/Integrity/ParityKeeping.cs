using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Repository.Parity;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Integrity;

/// <summary>Parity of packs as verification, repair and sweep see it: what is missing, what is damaged, what has no pack any more.</summary>
internal sealed class ParityKeeping(IObjectStore store, IParityStore parity, int threads)
{
    private long _missing, _damaged;

    /// <summary>Packs that should have parity and have none.</summary>
    public long Missing => Interlocked.Read(ref _missing);

    /// <summary>Packs whose parity is not whole.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <summary>Looks at the parity of packs.</summary>
    /// <param name="packs">The packs.</param>
    /// <param name="census">What lies in the store.</param>
    /// <param name="probe">Reads it whole and takes what is damaged; null to look at names alone.</param>
    /// <param name="book">Where the probe tells it.</param>
    /// <param name="isOver">Tells that the time is over.</param>
    /// <param name="cancel">Cancels.</param>
    public async ValueTask LookAsync(IReadOnlyList<PackInfo> packs, Census census, ObjectProbe? probe, FaultBook book, Func<bool> isOver, CancellationToken cancel) =>
        await Parallel.ForEachAsync(packs, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel }, async (pack, token) =>
        {
            var name = PackParity.NameOf(pack.Name);
            if (!census.Objects.ContainsKey(name))
            {
                // A run or a sweep beside may have come between: what counts is what stands there now.
                var isMissing = parity.Percent > 0 && await store.GetLengthAsync(name, token).ConfigureAwait(false) is null && await store.GetLengthAsync(pack.Name, token).ConfigureAwait(false) is not null;
                Interlocked.Add(ref _missing, isMissing ? 1 : 0);
            }
            else if (probe is not null && !isOver() && !await probe.CheckAsync(name, bytes => PackParity.Check(name, bytes), mayVanish: true, token).ConfigureAwait(false) && book.Holds(name))
            {
                Interlocked.Increment(ref _damaged);
            }
        }).ConfigureAwait(false);

    /// <summary>Makes the parity anew that packs lack or that is not whole, of packs that are; returns how many these were. With no parity wanted, what is not whole goes.</summary>
    public async ValueTask<long> MakeAsync(IReadOnlyList<PackInfo> packs, Action<string, StingException> failed, CancellationToken cancel)
    {
        var made = 0L;
        await Parallel.ForEachAsync(packs, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel }, async (pack, token) =>
        {
            var name = PackParity.NameOf(pack.Name);
            try
            {
                if (await store.GetLengthAsync(name, token).ConfigureAwait(false) is null ? parity.Percent == 0 : await IsWholeAsync(name, token).ConfigureAwait(false))
                {
                    return;
                }
                ReadOnlyMemory<byte>? content = null;
                if (parity.Percent > 0)
                {
                    content = await store.ReadAllAsync(pack.Name, token).ConfigureAwait(false);
                    PackReader.CheckBytes(pack, content.Value.Span);
                }
                await store.DeleteAsync(name, token).ConfigureAwait(false);
                if (content is { } bytes)
                {
                    await store.PutAsync(name, PackParity.Make(pack.Name, bytes.Span, parity.Percent), token).ConfigureAwait(false);
                    Interlocked.Increment(ref made);
                }
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                failed(e.Target == pack.Name ? pack.Name : name, e);
            }
        }).ConfigureAwait(false);
        return made;
    }

    /// <summary>Deletes parity whose pack is gone: a process or the power failed between the two. Parity is listed first, since a pack always comes before its own.</summary>
    public static async ValueTask<long> SweepAsync(IObjectStore store, CancellationToken cancel)
    {
        var all = new List<string>();
        await foreach (var item in store.ListAsync(PackParity.Prefix, cancel).ConfigureAwait(false))
        {
            if (ObjectKinds.Of(item.Name) == ObjectKind.Parity)
            {
                all.Add(item.Name);
            }
        }
        var gone = 0L;
        if (all.Count > 0)
        {
            var packs = new HashSet<Id32>();
            await foreach (var pack in PackFooters.ListAsync(store, cancel).ConfigureAwait(false))
            {
                packs.Add(pack.Id);
            }
            foreach (var name in all.Where(name => !packs.Contains(ObjectKinds.IdIn(name))))
            {
                gone += await store.DeleteAsync(name, cancel).ConfigureAwait(false) ? 1 : 0;
            }
        }
        return gone;
    }

    private async ValueTask<bool> IsWholeAsync(string name, CancellationToken cancel)
    {
        try
        {
            PackParity.Check(name, await store.ReadAllAsync(name, cancel).ConfigureAwait(false));
            return true;
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            return false;
        }
    }
}
