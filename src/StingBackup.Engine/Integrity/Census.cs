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

/// <summary>What an object is by its name.</summary>
internal static class ObjectKinds
{
    /// <summary>The kind that a name says, or null for one that this format does not give.</summary>
    public static ObjectKind? Of(string name)
    {
        var parts = name.Split('/');
        return parts switch
        {
            ["format", var n] when IsNumber(n, 1, 9) => ObjectKind.Format,
            ["writers", var w] when IsWriter(w) => ObjectKind.Writer,
            ["subjects", { Length: 32 } tag] when Id16.TryParse(tag, out _) => ObjectKind.Claim,
            ["points", var w, { Length: 12 } n] when Id16.TryParse(w, out _) && IsNumber(n, 12, 12) => ObjectKind.Point,
            ["sessions", var w, { Length: 12 } n] when Id16.TryParse(w, out _) && IsNumber(n, 12, 12) => ObjectKind.Session,
            ["index", var level, var id] when IsNumber(level, 1, 2) && Id32.TryParse(id, out _) => ObjectKind.Index,
            ["meta", { Length: 2 } xx, var id] when Id32.TryParse(id, out _) && id.StartsWith(xx, StringComparison.Ordinal) => ObjectKind.MetaPack,
            ["data", { Length: 2 } xx, var id] when Id32.TryParse(id, out _) && id.StartsWith(xx, StringComparison.Ordinal) => ObjectKind.DataPack,
            // Reserved: later versions give them a meaning, this one leaves them alone.
            ["drops", ..] => ObjectKind.Drop,
            ["gc", ..] => ObjectKind.Mark,
            ["ledger", ..] => ObjectKind.Ledger,
            ["audit", ..] => ObjectKind.Audit,
            _ => null,
        };
    }

    /// <summary>The id at the end of a name.</summary>
    public static Id32 IdIn(string name) => Id32.TryParse(name[(name.LastIndexOf('/') + 1)..], out var id) ? id : default;

    /// <summary>Tag in the name of a claim, writer in that of an enrolment.</summary>
    public static Id16 TagIn(string name) => Id16.TryParse(name.Substring(name.IndexOf('/', StringComparison.Ordinal) + 1, 2 * Id16.Size), out var id) ? id : default;

    /// <summary>Writer and number in the name of a point or session.</summary>
    public static (Id16 Writer, long Sequence) RunIn(string name)
    {
        var parts = name.Split('/');
        return Id16.TryParse(parts[1], out var writer) ? (writer, long.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture)) : default;
    }

    private static bool IsWriter(string part) =>
        part.Length >= 32 && Id16.TryParse(part[..32], out _) && (part.Length == 32 || (part[32] == '.' && IsNumber(part[33..], 1, 9)));

    private static bool IsNumber(string part, int shortest, int longest) => part.Length >= shortest && part.Length <= longest && part.All(char.IsAsciiDigit);
}
