using System.Buffers;
using System.Collections.Concurrent;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tiering;

/// <summary>
/// Copies packs as they are. A pack goes only when its bytes give its name, so that damage of one tier never reaches another, and counts only when the other side has shown its length after the
/// barrier. Memory: two packs, and what the target's queue holds.
/// </summary>
internal sealed class PackTransfer(TierRoute route, JobOutput output)
{
    /// <summary>Bytes between two barriers: what a kill costs at most.</summary>
    public long BatchLength { get; init; } = 512L << 20;

    /// <summary>Packs that are read at once: a disk reads ahead by itself, a server is asked for several.</summary>
    private int Readers => route.Source == Tier.Local ? 2 : 4;

    /// <summary>Packs that could not be read, or are not what they are called.</summary>
    public ConcurrentDictionary<Id32, StingException> Failed { get; } = new();

    /// <summary>Packs that were copied.</summary>
    public PackSum Copied { get; private set; }

    /// <summary>Copies packs, batch by batch.</summary>
    /// <param name="packs">The packs, in the order in which they go.</param>
    /// <param name="admit">Asked before each batch with its bytes; throws where they have no room.</param>
    /// <param name="confirmed">Told of each batch.</param>
    /// <param name="cancel">Cancels; what was confirmed stays.</param>
    public async ValueTask RunAsync(IReadOnlyList<PackInfo> packs, Action<long> admit, Action<IReadOnlyList<PackInfo>> confirmed, CancellationToken cancel)
    {
        for (var at = 0; at < packs.Count;)
        {
            var batch = new List<PackInfo>();
            for (var length = 0L; at < packs.Count && (batch.Count == 0 || length + packs[at].Length <= BatchLength); at++)
            {
                batch.Add(packs[at]);
                length += packs[at].Length;
            }
            admit(batch.Sum(p => p.Length));
            var sent = new ConcurrentBag<PackInfo>();
            await Parallel.ForEachAsync(batch, new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = cancel }, async (pack, stop) =>
            {
                output.Progress.Status = pack.Name;
                if (await SendAsync(pack, stop).ConfigureAwait(false))
                {
                    sent.Add(pack);
                }
                output.Progress.Add(1, pack.Length);
            }).ConfigureAwait(false);
            await KeepAsync(sent, confirmed, cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask KeepAsync(ConcurrentBag<PackInfo> sent, Action<IReadOnlyList<PackInfo>> confirmed, CancellationToken cancel)
    {
        if (sent.IsEmpty)
        {
            return;
        }
        await route.To.BarrierAsync(cancel).ConfigureAwait(false);
        foreach (var pack in sent)
        {
            await ConfirmAsync(route.To, pack.Name, pack.Length, cancel).ConfigureAwait(false);
        }
        Copied = new PackSum(Copied.Packs + sent.Count, Copied.Length + sent.Sum(p => p.Length));
        confirmed([.. sent]);
    }

    /// <summary>Refuses to count what the other side does not show.</summary>
    /// <exception cref="StingException"><c>StoreUnconfirmed</c></exception>
    public static async ValueTask ConfirmAsync(IObjectStore store, string name, long length, CancellationToken cancel)
    {
        if (await store.GetLengthAsync(name, cancel).ConfigureAwait(false) is var there && there != length)
        {
            throw new StingException("StoreUnconfirmed", FailureKind.Integrity,
                $"'{name}' was stored in {store.Location} without an error, and {(there is null ? "is not there" : FormattableString.Invariant($"has {there} of {length} bytes"))}. It does not count as stored.", name,
                "Run the command again. If it comes back, something between this host and the store changes or loses bytes: reach it directly, or use another.");
        }
    }

    /// <summary>False when the pack cannot be read or is damaged here.</summary>
    private async ValueTask<bool> SendAsync(PackInfo pack, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(pack.Length, PackFormat.MaxPackLength));
        try
        {
            try
            {
                await ReadAsync(pack, buffer, cancel).ConfigureAwait(false);
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e))
            {
                Failed[pack.Id] = e;
                return false;
            }
            await route.To.StageAsync(pack.Name, buffer.AsMemory(0, (int)pack.Length), cancel).ConfigureAwait(false);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask ReadAsync(PackInfo pack, byte[] buffer, CancellationToken cancel)
    {
        if (pack.Length > PackFormat.MaxPackLength)
        {
            throw Failures.Damaged(pack.Name, $"it has {pack.Length} bytes, more than a pack may");
        }
        var content = buffer.AsMemory(0, (int)pack.Length);
        var read = await route.From.ReadAsync(pack.Name, 0, content, cancel).ConfigureAwait(false);
        PackReader.CheckBytes(pack, content.Span[..read]);
    }
}
