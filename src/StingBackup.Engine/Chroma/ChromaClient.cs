using System.Buffers;
using System.Text.Json;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Chroma;

/// <summary>
/// What of Chroma's HTTP API, version 2, a backup needs: one database of one tenant, its collections and their records. Written from Chroma 0.5.20's own source
/// (chromadb/server/fastapi/__init__.py, chromadb/server/fastapi/types.py); newer servers that keep this API serve too.
/// </summary>
internal sealed class ChromaClient : IDisposable
{
    private static readonly byte[] OnlyIds = """{"include":[]}"""u8.ToArray();

    private readonly ChromaOptions _options;
    private readonly ChromaTransport _transport;
    private readonly string _database;

    /// <summary>Makes one; nothing is sent yet.</summary>
    public ChromaClient(ChromaOptions options, TimeProvider clock)
    {
        _options = options;
        _transport = new ChromaTransport(options, clock);
        _database = $"/api/v2/tenants/{Uri.EscapeDataString(options.Tenant)}/databases/{Uri.EscapeDataString(options.Database)}";
    }

    /// <summary>For people.</summary>
    public string Location => $"{ChromaErrors.Show(_options.Address)}/{_options.Tenant}/{_options.Database}";

    /// <summary>Records that are read or written at once.</summary>
    public int PageRecords => _options.PageRecords;

    /// <summary>The server's version.</summary>
    public async Task<string> ReadVersionAsync(CancellationToken cancel)
    {
        using var answer = await _transport.GetAsync("/api/v2/version", cancel).ConfigureAwait(false);
        return answer.Read(() => answer.Require("a version", r => r.ValueKind == JsonValueKind.String).GetString()!);
    }

    /// <summary>Checks that there is the database: a list of its collections would be empty, and no error, where there is none.</summary>
    /// <exception cref="StingException"><c>ChromaDatabaseMissing</c></exception>
    public async Task CheckDatabaseAsync(CancellationToken cancel)
    {
        using var answer = await _transport.GetAsync(_database, cancel, orNull: static a => a.Status == 404).ConfigureAwait(false);
        if (answer.IsNull)
        {
            throw ChromaErrors.DatabaseMissing(_options);
        }
    }

    /// <summary>All collections, by name.</summary>
    public async Task<IReadOnlyList<ChromaCollection>> ListAsync(CancellationToken cancel)
    {
        using var answer = await _transport.GetAsync($"{_database}/collections", cancel).ConfigureAwait(false);
        return answer.Read<IReadOnlyList<ChromaCollection>>(() => [.. answer.Require("a list of collections", r => r.ValueKind == JsonValueKind.Array).EnumerateArray().Select(e => CollectionOf(answer, e)).OrderBy(c => c.Name, StringComparer.Ordinal)]);
    }

    /// <summary>A collection by name, or null.</summary>
    public async Task<ChromaCollection?> FindAsync(string name, CancellationToken cancel)
    {
        // 0.5.20 answers 400 InvalidCollection (chromadb/api/segment.py get_collection, chromadb/errors.py), later versions 404.
        using var answer = await _transport.GetAsync($"{_database}/collections/{Uri.EscapeDataString(name)}", cancel, orNull: static a => a.Status == 404 || a.Error == "InvalidCollection").ConfigureAwait(false);
        return answer.IsNull ? null : answer.Read(() => CollectionOf(answer, answer.Root));
    }

    /// <summary>Makes a collection; one of the same name that stands there is given as it is.</summary>
    public async Task<ChromaCollection> CreateAsync(string name, byte[]? metadata, byte[]? configuration, CancellationToken cancel)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            WriteRaw(json, "metadata"u8, metadata);
            WriteRaw(json, "configuration"u8, configuration);
            json.WriteBoolean("get_or_create"u8, true);
            json.WriteEndObject();
        }
        using var answer = await _transport.PostAsync($"{_database}/collections", body.WrittenMemory, cancel).ConfigureAwait(false);
        return answer.Read(() => CollectionOf(answer, answer.Root));
    }

    /// <summary>How many records a collection has.</summary>
    public async Task<long> CountAsync(string collection, CancellationToken cancel)
    {
        using var answer = await _transport.GetAsync($"{_database}/collections/{collection}/count", cancel).ConfigureAwait(false);
        return answer.Read(() => answer.Require("a number", r => r.ValueKind == JsonValueKind.Number).GetInt64());
    }

    /// <summary>The ids of all records, in the server's own order: that in which they came.</summary>
    public async Task<IReadOnlyList<string>> ReadIdsAsync(string collection, CancellationToken cancel)
    {
        using var answer = await _transport.PostAsync($"{_database}/collections/{collection}/get", OnlyIds, cancel).ConfigureAwait(false);
        return answer.Read(() => IdsOf(answer));
    }

    /// <summary>
    /// The records of these ids that there are, in the server's order; null where the answer does not fit together, because somebody deleted a record while it was put together
    /// (its metadata are read before its vector; chromadb/execution/executor/local.py get). Asked again it will.
    /// </summary>
    public async Task<IReadOnlyList<ChromaRecord>?> ReadAsync(string collection, IEnumerable<string> ids, CancellationToken cancel)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            WriteList(json, "ids"u8, ids);
            WriteList(json, "include"u8, ["embeddings", "documents", "metadatas", "uris"]);
            json.WriteEndObject();
        }
        using var answer = await _transport.PostAsync($"{_database}/collections/{collection}/get", body.WrittenMemory, cancel).ConfigureAwait(false);
        return answer.Read(() => ChromaPage.Read(answer));
    }

    /// <summary>Adds records, or puts them in the place of those of the same ids.</summary>
    /// <param name="collection">The server's id of it.</param>
    /// <param name="page">Records that all have a document or all have none, and the same of uris: the server takes a missing one in a list for one to be cleared.</param>
    /// <param name="replace">Whether those that stand there are replaced; else they are left as they are.</param>
    /// <param name="cancel">Cancels.</param>
    public async Task WriteAsync(string collection, IReadOnlyList<ChromaRecord> page, bool replace, CancellationToken cancel)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            ChromaPage.Write(json, page);
        }
        (await _transport.PostAsync($"{_database}/collections/{collection}/{(replace ? "upsert" : "add")}", body.WrittenMemory, cancel).ConfigureAwait(false)).Dispose();
    }

    /// <summary>The metadata of the records of these ids that there are; null for a record without.</summary>
    public async Task<IReadOnlyList<(string Id, byte[]? Metadata)>> ReadMetadataAsync(string collection, IEnumerable<string> ids, CancellationToken cancel)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            WriteList(json, "ids"u8, ids);
            WriteList(json, "include"u8, ["metadatas"]);
            json.WriteEndObject();
        }
        using var answer = await _transport.PostAsync($"{_database}/collections/{collection}/get", body.WrittenMemory, cancel).ConfigureAwait(false);
        return answer.Read<IReadOnlyList<(string, byte[]?)>>(() =>
        {
            var found = IdsOf(answer);
            var metadatas = answer.Field("metadatas", JsonValueKind.Array);
            return metadatas.GetArrayLength() != found.Count ? throw answer.Unknown("ids and metadata are not of one number")
                : [.. found.Select((id, i) => (id, metadatas[i].ValueKind == JsonValueKind.Object ? CanonicalJson.ToBytes(metadatas[i]) : null))];
        });
    }

    /// <summary>Deletes a collection with all its records.</summary>
    public async Task DeleteCollectionAsync(string name, CancellationToken cancel) =>
        (await _transport.DeleteAsync($"{_database}/collections/{Uri.EscapeDataString(name)}", cancel).ConfigureAwait(false)).Dispose();

    /// <summary>Deletes records.</summary>
    public async Task DeleteAsync(string collection, IEnumerable<string> ids, CancellationToken cancel)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            WriteList(json, "ids"u8, ids);
            json.WriteEndObject();
        }
        (await _transport.PostAsync($"{_database}/collections/{collection}/delete", body.WrittenMemory, cancel).ConfigureAwait(false)).Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    internal static IReadOnlyList<string> IdsOf(ChromaAnswer answer) =>
        [.. answer.Field("ids", JsonValueKind.Array).EnumerateArray().Select(i => i.ValueKind == JsonValueKind.String ? i.GetString()! : throw answer.Unknown("an id is no text"))];

    private static ChromaCollection CollectionOf(ChromaAnswer answer, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || Text(json, "id") is not { } id || Text(json, "name") is not { } name || !Guid.TryParse(id, out _))
        {
            throw answer.Unknown("it is no collection");
        }
        var dimension = json.TryGetProperty("dimension", out var d) && d.ValueKind == JsonValueKind.Number ? d.GetInt32() : (int?)null;
        return new ChromaCollection(id, name, dimension, Canonical(json, "metadata"), Canonical(json, "configuration_json"));
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? Canonical(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? CanonicalJson.ToBytes(value) : null;

    private static void WriteList(Utf8JsonWriter json, ReadOnlySpan<byte> name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
    }

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlySpan<byte> name, byte[]? value)
    {
        json.WritePropertyName(name);
        if (value is null)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(value);
        }
    }
}
