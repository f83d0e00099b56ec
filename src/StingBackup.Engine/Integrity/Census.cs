using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Integrity;

/// <summary>
/// What lies in the store. Points are listed first, then the index, then the rest: what a run commits meanwhile is seen whole or not at all, since a run writes
/// in the opposite order.
/// </summary>
internal sealed class Census
{
    private readonly SortedDictionary<string, long> _objects = new(StringComparer.Ordinal);

    private Census()
    {
    }

    /// <summary>Names of points.</summary>
    public IReadOnlyList<string> Points { get; private set; } = [];
    /// <summary>Names of index fragments.</summary>
    public IReadOnlyList<string> Fragments { get; private set; } = [];
    /// <summary>Packs, by id.</summary>
    public IReadOnlyDictionary<Id32, PackInfo> Packs { get; private set; } = new Dictionary<Id32, PackInfo>();
    /// <summary>Objects and their lengths.</summary>
    public IReadOnlyDictionary<string, long> Objects => _objects;

    /// <summary>Names that start so, in order.</summary>
    public IEnumerable<string> Under(string prefix) => _objects.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Lists the store; what has no name that this format gives is a fault.</summary>
    public static async ValueTask<Census> TakeAsync(IObjectStore store, FaultBook book, CancellationToken cancel)
    {
        var census = new Census { Points = await NamesAsync(store, "points/", cancel).ConfigureAwait(false), Fragments = await NamesAsync(store, "index/", cancel).ConfigureAwait(false) };
        await foreach (var item in store.ListAsync("", cancel).ConfigureAwait(false))
        {
            census._objects.Add(item.Name, item.Length);
        }
        var packs = new Dictionary<Id32, PackInfo>();
        foreach (var (name, length) in census._objects)
        {
            switch (ObjectKinds.Of(name))
            {
                case ObjectKind.MetaPack or ObjectKind.DataPack:
                    var pack = new PackInfo(ObjectKinds.IdIn(name), ObjectKinds.Of(name)!.Value, length);
                    if (!packs.TryAdd(pack.Id, pack))
                    {
                        book.Add(name, $"'{packs[pack.Id].Name}' has the same id");
                    }
                    break;
                case null:
                    book.Add(name, "no object of this format has such a name");
                    break;
            }
        }
        census.Packs = packs;
        return census;
    }

    private static async ValueTask<List<string>> NamesAsync(IObjectStore store, string prefix, CancellationToken cancel)
    {
        var names = new List<string>();
        await foreach (var item in store.ListAsync(prefix, cancel).ConfigureAwait(false))
        {
            if (ObjectKinds.Of(item.Name) is not null)
            {
                names.Add(item.Name);
            }
        }
        return names;
    }
}
