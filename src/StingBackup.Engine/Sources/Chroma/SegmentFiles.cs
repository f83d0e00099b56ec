using StingBackup.Engine.Platform;
namespace StingBackup.Engine.Sources.Chroma;

/// <summary>The files of Chroma's segments at one look: folders that are named by a UUID, and the stamp of each file in them.</summary>
internal sealed class SegmentFiles
{
    /// <summary>The file that a save writes last (PersistentLocalHnswSegment.METADATA_FILE).</summary>
    private const string Pickle = "index_metadata.pickle";

    private readonly Dictionary<string, Dictionary<string, FileStamp>> _segments = new(StringComparer.Ordinal);

    /// <summary>Looks; reads no content.</summary>
    public static SegmentFiles Look(ISourceTree folder, CancellationToken cancel)
    {
        var files = new SegmentFiles();
        foreach (var entry in folder.Scan(static (_, _) => ScanChoice.Include, static _ => { }, cancel))
        {
            var parts = entry.Path.ToString().Split('/');
            if (!Guid.TryParseExact(parts[0], "D", out _))
            {
                continue;
            }
            if (!files._segments.TryGetValue(parts[0], out var segment))
            {
                files._segments.Add(parts[0], segment = new(StringComparer.Ordinal));
            }
            if (entry.Kind == ItemKind.File && parts.Length > 1)
            {
                segment[string.Join('/', parts[1..])] = entry.Stamp;
            }
        }
        return files;
    }

    /// <summary>Why what was copied between two looks may not belong together; none where it does.</summary>
    /// <param name="after">The second look.</param>
    /// <param name="segments">What the database that was copied between them says.</param>
    public IReadOnlyList<string> Doubts(SegmentFiles after, IReadOnlyList<ChromaSegment> segments)
    {
        var doubts = new List<string>();
        foreach (var name in _segments.Keys.Union(after._segments.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (!_segments.TryGetValue(name, out var one) || !after._segments.TryGetValue(name, out var other) || !Same(one, other))
            {
                doubts.Add($"segment {name} changed while it was copied");
            }
            else if (one.TryGetValue(Pickle, out var pickle) && one.Any(f => f.Value.ModifiedNs > pickle.ModifiedNs))
            {
                doubts.Add($"a save of segment {name} is under way, or broke off");
            }
        }
        doubts.AddRange(segments.Where(s => s is { Scope: "VECTOR", Sequence: not null } && after._segments.GetValueOrDefault(s.Id)?.ContainsKey(Pickle) != true)
            .Select(s => $"segment {s.Id}, which the database says is saved, has no files"));
        return doubts;
    }

    private static bool Same(Dictionary<string, FileStamp> a, Dictionary<string, FileStamp> b) => a.Count == b.Count && a.All(f => b.TryGetValue(f.Key, out var stamp) && stamp == f.Value);
}
