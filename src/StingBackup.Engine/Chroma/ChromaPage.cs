using System.Text.Json;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Chroma;

/// <summary>Records as the API gives and takes them: a list for each property, all of one length (GetResult and AddEmbedding of chromadb/server/fastapi/types.py).</summary>
internal static class ChromaPage
{
    /// <summary>Reads an answer; null where its lists do not fit together.</summary>
    public static IReadOnlyList<ChromaRecord>? Read(ChromaAnswer answer)
    {
        var ids = ChromaClient.IdsOf(answer);
        var vectors = answer.Field("embeddings", JsonValueKind.Array);
        var documents = answer.Field("documents", JsonValueKind.Array);
        var metadatas = answer.Field("metadatas", JsonValueKind.Array);
        if (vectors.GetArrayLength() != ids.Count || documents.GetArrayLength() != ids.Count || metadatas.GetArrayLength() != ids.Count)
        {
            return null;
        }
        // Servers that know no uris answer none.
        var uris = answer.Root.TryGetProperty("uris", out var u) && u.ValueKind == JsonValueKind.Array && u.GetArrayLength() == ids.Count ? u : default;
        var records = new ChromaRecord[ids.Count];
        for (var i = 0; i < records.Length; i++)
        {
            if (vectors[i].ValueKind != JsonValueKind.Array)
            {
                return null;
            }
            records[i] = new ChromaRecord(ids[i], VectorOf(answer, vectors[i]))
            {
                Document = TextOf(documents[i]), Uri = uris.ValueKind == JsonValueKind.Array ? TextOf(uris[i]) : null,
                Metadata = metadatas[i].ValueKind == JsonValueKind.Object ? CanonicalJson.ToBytes(metadatas[i]) : null,
            };
        }
        return records;
    }

    /// <summary>Writes records to be added or upserted.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ChromaRecord> page)
    {
        json.WriteStartObject();
        WriteList(json, "ids", page, r => json.WriteStringValue(r.Id));
        WriteList(json, "embeddings", page, r =>
        {
            json.WriteStartArray();
            foreach (var number in r.Vector)
            {
                json.WriteNumberValue((double)number);   // all digits, so that it is rounded to the same number again
            }
            json.WriteEndArray();
        });
        WriteList(json, "metadatas", page, r =>
        {
            if (r.Metadata is null)
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteRawValue(r.Metadata);
            }
        });
        if (page.All(r => r.Document is not null))
        {
            WriteList(json, "documents", page, r => json.WriteStringValue(r.Document));
        }
        if (page.All(r => r.Uri is not null))
        {
            WriteList(json, "uris", page, r => json.WriteStringValue(r.Uri));
        }
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<ChromaRecord> page, Action<ChromaRecord> write)
    {
        json.WriteStartArray(name);
        foreach (var record in page)
        {
            write(record);
        }
        json.WriteEndArray();
    }

    private static float[] VectorOf(ChromaAnswer answer, JsonElement json)
    {
        var vector = new float[json.GetArrayLength()];
        var i = 0;
        foreach (var number in json.EnumerateArray())
        {
            vector[i++] = number.ValueKind switch
            {
                JsonValueKind.Number => (float)number.GetDouble(),
                JsonValueKind.Null => float.NaN,   // what orjson writes for one
                _ => throw answer.Unknown("a vector holds something else than numbers"),
            };
        }
        return vector;
    }

    private static string? TextOf(JsonElement json) => json.ValueKind == JsonValueKind.String ? json.GetString() : null;
}
