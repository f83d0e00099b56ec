using System.Collections.Concurrent;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>Reads packs whole, several at a time, each once. Memory: one buffer a thread, as long as the longest pack.</summary>
internal sealed class WholePacks(ObjectProbe probe, FaultBook book, int threads, JobOutput output)
{
    private readonly ConcurrentBag<byte[]> _buffers = [];
    private long _count, _left, _frozen;

    /// <summary>Packs read.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Tells that the time is over: no further pack is begun.</summary>
    public Func<bool> IsOver { get; init; } = static () => false;

    /// <summary>Packs that were not begun because the time was over.</summary>
    public long Left => Interlocked.Read(ref _left);

    /// <summary>Packs in cold storage that cannot be read before they are thawed.</summary>
    public long Frozen => Interlocked.Read(ref _frozen);

    /// <summary>Whether a store says that an object lies in cold storage and is not thawed.</summary>
    public static bool IsFrozen(StingException e) => e.ErrorId == "PackArchived";

    /// <summary>Gives each pack's bytes to <paramref name="look"/>, fewer than its length when it ends early; those that cannot be read at all to <paramref name="unreadable"/>.</summary>
    public async ValueTask ReadAsync(IReadOnlyList<PackInfo> packs, Action<PackInfo, ReadOnlyMemory<byte>> look, Action<PackInfo> unreadable, CancellationToken cancel)
    {
        output.Progress.TotalBytes = output.Progress.Bytes + packs.Sum(p => p.Length);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel };
        await Parallel.ForEachAsync(packs, options, async (pack, token) =>
        {
            if (IsOver())
            {
                Interlocked.Increment(ref _left);
                return;
            }
            output.Progress.Status = pack.Name;
            await ReadOneAsync(pack, look, unreadable, token).ConfigureAwait(false);
            output.Progress.Add(1, pack.Length);
            Interlocked.Increment(ref _count);
        }).ConfigureAwait(false);
    }

    private async ValueTask ReadOneAsync(PackInfo pack, Action<PackInfo, ReadOnlyMemory<byte>> look, Action<PackInfo> unreadable, CancellationToken cancel)
    {
        if (pack.Length > PackFormat.MaxPackLength)
        {
            book.Add(pack.Name, $"it has {pack.Length} bytes, more than a pack may");
            unreadable(pack);
            return;
        }
        var buffer = Rent((int)pack.Length);
        try
        {
            var read = await probe.Store.ReadAsync(pack.Name, 0, buffer.AsMemory(0, (int)pack.Length), cancel).ConfigureAwait(false);
            probe.AddRead(read);
            if (read < pack.Length)
            {
                book.Add(pack.Name, $"only {read} of its {pack.Length} bytes could be read");
            }
            look(pack, buffer.AsMemory(0, read));
        }
        catch (StingException e) when (IsFrozen(e))
        {
            Interlocked.Increment(ref _frozen);
        }
        catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
        {
            book.Add(pack.Name, e);
            unreadable(pack);
        }
        finally
        {
            _buffers.Add(buffer);
        }
    }

    private byte[] Rent(int length) => _buffers.TryTake(out var buffer) && buffer.Length >= length
        ? buffer : GC.AllocateUninitializedArray<byte>(Math.Max(length, PackFormat.DataSize + (1 << 20)), pinned: true);
}
