using System.Text.Json.Nodes;

namespace StingBackup.Engine.Tests.Chroma.StandIn;

/// <summary>A collection of the stand-in (chromadb/types.py Collection).</summary>
internal sealed class StandInCollection(string name)
{
    public string Id { get; init; } = Guid.NewGuid().ToString("D");
    public string Name => name;
    public int? Dimension { get; set; }
    public JsonObject? Metadata { get; set; }
    /// <summary>chromadb/api/configuration.py CollectionConfigurationInternal.to_json, its defaults.</summary>
    public JsonObject Configuration { get; set; } = new()
    {
        ["hnsw_configuration"] = new JsonObject
        {
            ["space"] = "l2", ["ef_construction"] = 100, ["ef_search"] = 10, ["num_threads"] = 4, ["M"] = 16, ["resize_factor"] = 1.2, ["batch_size"] = 100, ["sync_threshold"] = 1000, ["_type"] = "HNSWConfigurationInternal",
        },
        ["_type"] = "CollectionConfigurationInternal",
    };
    /// <summary>In the order in which they came (the primary key of the table embeddings).</summary>
    public List<StandInRecord> Records { get; } = [];
    /// <summary>Ids that the vector index has.</summary>
    public HashSet<string> Vectors { get; } = [];

    public JsonObject ToJson() => new()
    {
        ["id"] = Id, ["name"] = Name, ["configuration_json"] = Configuration.DeepClone(), ["metadata"] = Metadata?.DeepClone(), ["dimension"] = Dimension, ["tenant"] = "default_tenant",
        ["database"] = "default_database", ["version"] = 0, ["log_position"] = 0,   // "in single-node chroma, this field is always 0"
    };

    /// <summary>Adds a record past the API.</summary>
    public void Seed(string id, float[] vector, string? document = null, JsonObject? metadata = null, string? uri = null)
    {
        Dimension ??= vector.Length;
        Records.Add(new StandInRecord(id) { Vector = vector, Document = document, Metadata = metadata, Uri = uri });
        Vectors.Add(id);
    }

    /// <summary>All records as text, to compare.</summary>
    public IEnumerable<string> Show() => Records.Select(r => $"{r.Id} [{string.Join(' ', r.Vector.Select(v => v.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}] {r.Document} {r.Uri} {Sorted(r.Metadata)}");

    private static string Sorted(JsonObject? metadata) => string.Join(',', (metadata ?? []).OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={m.Value!.ToJsonString()}"));
}

/// <summary>A record of the stand-in.</summary>
internal sealed class StandInRecord(string id)
{
    public string Id => id;
    public float[] Vector { get; set; } = [];
    public string? Document { get; set; }
    public string? Uri { get; set; }
    public JsonObject? Metadata { get; set; }
}
