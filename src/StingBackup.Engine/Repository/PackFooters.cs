using StingBackup.Engine.Basics;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>The index as the packs themselves tell it: for when fragments are damaged or lost. Needs no key.</summary>
public static class PackFooters
{
    /// <summary>Packs in the store, by their names.</summary>
    public static async IAsyncEnumerable<PackInfo> ListAsync(IObjectStore store, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(store);
        foreach (var (prefix, kind) in ((string, ObjectKind)[])[("meta/", ObjectKind.MetaPack), ("data/", ObjectKind.DataPack)])
        {
            await foreach (var item in store.ListAsync(prefix, cancel).ConfigureAwait(false))
            {
                if (Id32.TryParse(item.Name[(item.Name.LastIndexOf('/') + 1)..], out var id))
                {
                    yield return new PackInfo(id, kind, item.Length);
                }
            }
        }
    }

    /// <summary>
    /// Unsigned fragments, in memory, of the packs that no valid fragment covers. A reader may use them; a writer must not deduplicate against them.
    /// </summary>
    internal static async ValueTask<IReadOnlyList<IndexFragment>> IndexOfUncoveredAsync(
        IObjectStore store, Id16 reserve, IReadOnlyCollection<IndexFragment> valid, List<StingException> damage, CancellationToken cancel)
    {
        var covered = valid.SelectMany(f => f.Packs).Select(p => p.Id).Concat(valid.SelectMany(f => f.Removes)).ToHashSet();
        var content = new IndexContent();
        await foreach (var pack in ListAsync(store, cancel).ConfigureAwait(false))
        {
            if (!covered.Contains(pack.Id))
            {
                await AddAsync(store, reserve, pack, content, damage, cancel).ConfigureAwait(false);
            }
        }
        if (content.Packs.Count == 0)
        {
            return [];
        }
        var bytes = IndexFragment.Write(content, reserve, default, 0, level: 0, signer: null);
        return [IndexFragment.Read("index/rebuilt", bytes, reserve, static _ => null)];
    }

    /// <summary>Reads one pack's tables into an index; a damaged pack goes to <paramref name="damage"/>.</summary>
    internal static async ValueTask AddAsync(
        IObjectStore store, Id16 reserve, PackInfo pack, IndexContent content, List<StingException> damage, CancellationToken cancel)
    {
        var bytes = await store.ReadAllAsync(pack.Name, cancel).ConfigureAwait(false);
        try
        {
            PackReader.CheckBytes(pack, bytes);
        }
        catch (StingException e)
        {
            damage.Add(e);
        }
        try
        {
            // Even a damaged pack's tables are worth reading: every chunk is proved by itself.
            content.Add(PackReader.ReadFooter(pack, bytes, reserve));
        }
        catch (StingException e)
        {
            damage.Add(e);
        }
    }
}
