using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace StingBackup.Engine.Tests.Chroma.StandIn;

/// <summary>
/// A stand-in for Chroma 0.5.20's server, in this process, on 127.0.0.1 and a free port: no package that the tests can have holds that version. Each answer names the public source of it that it follows,
/// github.com/chroma-core/chroma at tag 0.5.20; the contract suite runs against a real, newer server too. What nothing confirms is listed in docs/operations.md.
/// </summary>
internal sealed class ChromaStandIn : IAsyncDisposable
{
    private const string Tenant = "default_tenant", Database = "default_database";   // chromadb/config.py DEFAULT_TENANT, DEFAULT_DATABASE

    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private int _requests;

    private ChromaStandIn(WebApplication app)
    {
        _app = app;
        app.Run(ServeAsync);
    }

    public Uri Address { get; private set; } = new("http://127.0.0.1");
    /// <summary>Asked for by a header where set.</summary>
    public string? Token { get; set; }
    /// <summary>Its folder, where a test wants one that keeps up.</summary>
    public ChromaFolder? Folder { get; set; }
    /// <summary>Asked before each request, with its number from 1 on: a status to answer instead, or 0.</summary>
    public Func<string, int, int> Disturb { get; set; } = (_, _) => 0;
    /// <summary>Called when a page has been read from the metadata and not yet from the index.</summary>
    public Action<StandInCollection> BetweenReads { get; set; } = _ => { };
    /// <summary>Method and path of all that was asked.</summary>
    public ConcurrentQueue<string> Log { get; } = new();
    public List<StandInCollection> Collections { get; } = [];

    /// <summary>Reads of records, not of ids alone.</summary>
    public int RecordReads { get; private set; }

    public static async Task<ChromaStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var standIn = new ChromaStandIn(builder.Build());
        await standIn._app.StartAsync();
        standIn.Address = new Uri(standIn._app.Urls.Single());
        return standIn;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Log.Enqueue($"{context.Request.Method} {path}");
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var disturbed = Disturb(path, Interlocked.Increment(ref _requests));
        int status;
        JsonNode? answer;
        if (disturbed > 0)
        {
            (status, answer) = (disturbed, new JsonObject { ["error"] = "InternalError", ["message"] = "disturbed" });
        }
        else if (Token is not null && context.Request.Headers.Authorization != $"Bearer {Token}" && context.Request.Headers["X-Chroma-Token"] != Token)
        {
            // chromadb/auth/token_authn/__init__.py authenticate_or_raise ends in ChromaAuthError: chromadb/errors.py, 403 AuthError "Forbidden".
            (status, answer) = Error(403, "AuthError", "Forbidden");
        }
        else
        {
            lock (_lock)
            {
                (status, answer) = Answer(context.Request.Method, path, body.Length == 0 ? null : JsonNode.Parse(body.ToArray()));
            }
        }
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer?.ToJsonString() ?? "null");
    }

    /// <summary>The routes of chromadb/server/fastapi/__init__.py setup_v2_routes that a backup uses.</summary>
    private (int Status, JsonNode? Answer) Answer(string method, string path, JsonNode? body)
    {
        var parts = path.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        return (method, parts) switch
        {
            ("GET", ["api", "v2", "version"]) => (200, "0.5.20"),   // chromadb/__init__.py __version__, chromadb/server/fastapi/__init__.py version
            ("GET", ["api", "v2", "tenants", var t, "databases", var d]) => t == Tenant && d == Database
                ? (200, new JsonObject { ["id"] = Guid.Empty.ToString("D"), ["name"] = d, ["tenant"] = t })
                : Error(404, "NotFoundError", $"Database {d} not found for tenant {t}. Are you sure it exists?"),   // chromadb/db/mixins/sysdb.py get_database
            ("GET", ["api", "v2", "tenants", Tenant, "databases", Database, "collections"]) => (200, new JsonArray([.. Collections.OrderBy(c => c.Id, StringComparer.Ordinal).Select(c => c.ToJson())])),   // sysdb.py get_collections, ORDER BY id
            ("POST", ["api", "v2", "tenants", Tenant, "databases", Database, "collections"]) => Create(body!),
            ("GET", ["api", "v2", "tenants", Tenant, "databases", Database, "collections", var name]) => Collections.Find(c => c.Name == name) is { } c ? (200, c.ToJson())
                : Error(400, "InvalidCollection", $"Collection {name} does not exist."),   // chromadb/api/segment.py get_collection; chromadb/errors.py InvalidCollectionException, code 400
            ("DELETE", ["api", "v2", "tenants", Tenant, "databases", Database, "collections", var name]) => Collections.RemoveAll(c => c.Name == name) > 0 ? (200, null)
                : Error(400, "InvalidCollection", $"Collection {name} does not exist."),   // chromadb/api/segment.py delete_collection, by name; ValueError there is InvalidArgumentError
            (_, ["api", "v2", "tenants", Tenant, "databases", Database, "collections", var id, var action]) => Guid.TryParse(id, out _) ? OnCollection(method, id, action, body)
                : Error(400, "InvalidUUID", $"Could not parse {id} as a UUID"),   // chromadb/utils/fastapi.py string_to_uuid
            _ => (404, new JsonObject { ["detail"] = "Not Found" }),   // Starlette's own
        };
    }

    private (int Status, JsonNode? Answer) OnCollection(string method, string id, string action, JsonNode? body)
    {
        if (Collections.Find(c => c.Id == id) is not { } collection)
        {
            return Error(400, "InvalidCollection", $"Collection {id} does not exist.");   // chromadb/api/segment.py _get_collection
        }
        switch (method, action)
        {
            case ("GET", "count"):
                return (200, collection.Records.Count);
            case ("POST", "get"):
                return Get(collection, body!);
            case ("POST", "add" or "upsert"):
                return Write(collection, body!, action == "upsert");
            case ("POST", "delete"):
                var gone = Strings(body!["ids"]);
                collection.Records.RemoveAll(r => gone.Contains(r.Id));
                collection.Vectors.RemoveWhere(gone.Contains);
                Wrote(collection);
                return (200, null);   // server/fastapi delete returns nothing
            default:
                return (404, new JsonObject { ["detail"] = "Not Found" });
        }
    }

    /// <summary>chromadb/api/segment.py create_collection, chromadb/db/mixins/sysdb.py create_collection.</summary>
    private (int Status, JsonNode? Answer) Create(JsonNode body)
    {
        var name = (string)body["name"]!;
        if (name.Length is < 3 or > 63)
        {
            return Error(400, "InvalidArgumentError", $"Expected collection name that (1) contains 3-63 characters, […] got {name}");   // check_index_name; catch_exceptions_middleware answers ValueError so
        }
        if (Collections.Find(c => c.Name == name) is { } standing)
        {
            return (bool?)body["get_or_create"] == true ? (200, standing.ToJson()) : Error(409, "UniqueConstraintError", $"Collection {name} already exists");
        }
        var collection = new StandInCollection(name) { Metadata = body["metadata"] as JsonObject is { Count: > 0 } m ? (JsonObject)m.DeepClone() : null };
        if (body["configuration"] is JsonObject configuration)
        {
            // chromadb/api/configuration.py from_json: its _type must be the class's name.
            if ((string?)configuration["_type"] != "CollectionConfigurationInternal")
            {
                return Error(400, "InvalidArgumentError", "Trying to instantiate configuration of type CollectionConfigurationInternal from JSON with another type");
            }
            collection.Configuration = (JsonObject)configuration.DeepClone();
        }
        Collections.Add(collection);
        Folder?.AddCollection(collection.Id, collection.Name);
        return (200, collection.ToJson());
    }

    /// <summary>chromadb/server/fastapi/__init__.py get, chromadb/execution/executor/local.py get.</summary>
    private (int Status, JsonNode? Answer) Get(StandInCollection collection, JsonNode body)
    {
        var include = Strings(body["include"] ?? new JsonArray("metadatas", "documents"));   // chromadb/server/fastapi/types.py GetEmbedding
        // chromadb/segment/impl/metadata/sqlite.py get_metadata: in the order of the rows, whatever the order of the ids.
        var ids = body["ids"] is JsonArray some ? Strings(some) : null;
        var records = collection.Records.Where(r => ids is null || ids.Contains(r.Id)).ToList();
        JsonArray? embeddings = null;
        if (include.Contains("embeddings"))
        {
            RecordReads++;
            BetweenReads(collection);
            // local_persistent_hnsw.py get_vectors: ids that the index has not are left out, so that the lists no longer fit.
            embeddings = new JsonArray([.. records.Where(r => collection.Vectors.Contains(r.Id)).Select(r => (JsonNode)new JsonArray([.. r.Vector.Select(Number)]))]);
        }
        return (200, new JsonObject
        {
            ["ids"] = new JsonArray([.. records.Select(r => (JsonNode)r.Id)]), ["embeddings"] = embeddings,
            ["documents"] = include.Contains("documents") ? new JsonArray([.. records.Select(r => (JsonNode?)r.Document)]) : null,
            ["uris"] = include.Contains("uris") ? new JsonArray([.. records.Select(r => (JsonNode?)r.Uri)]) : null, ["data"] = null,
            ["metadatas"] = include.Contains("metadatas") ? new JsonArray([.. records.Select(r => r.Metadata?.DeepClone())]) : null, ["included"] = new JsonArray([.. include.Select(i => (JsonNode)i)]),
        });
    }

    /// <summary>chromadb/api/segment.py _add, _upsert, _records; chromadb/segment/impl/metadata/sqlite.py _insert_record, _update_metadata.</summary>
    private (int Status, JsonNode? Answer) Write(StandInCollection collection, JsonNode body, bool upsert)
    {
        var ids = Strings(body["ids"]);
        var vectors = body["embeddings"]!.AsArray();
        for (var i = 0; i < ids.Count; i++)
        {
            var vector = vectors[i]!.AsArray().Select(n => n!.GetValue<JsonElement>().GetDouble()).ToArray();
            collection.Dimension ??= vector.Length;
            if (vector.Length != collection.Dimension)
            {
                // chromadb/api/segment.py _validate_dimension raises InvalidDimensionException; add answers it as 500, upsert as 400.
                return upsert ? Error(400, "InvalidDimension", $"Embedding dimension {vector.Length} does not match collection dimensionality {collection.Dimension}") : (500, new JsonObject { ["detail"] = "dimension" });
            }
            // encode_vector and hnswlib keep 32 bits.
            var numbers = vector.Select(v => (float)v).ToArray();
            var (metadata, document, uri) = (body["metadatas"]?[i] as JsonObject, (string?)body["documents"]?[i], (string?)body["uris"]?[i]);
            if (collection.Records.Find(r => r.Id == ids[i]) is { } standing)
            {
                if (upsert)
                {
                    standing.Vector = numbers;
                    standing.Document = document ?? standing.Document;
                    standing.Uri = uri ?? standing.Uri;
                    standing.Metadata = Merge(standing.Metadata, metadata);
                }
                continue;   // add: "Insert of existing embedding ID", logged and passed over
            }
            collection.Records.Add(new StandInRecord(ids[i]) { Vector = numbers, Document = document, Uri = uri, Metadata = Merge(null, metadata) });
            collection.Vectors.Add(ids[i]);
        }
        Wrote(collection);
        return upsert ? (200, null) : (201, true);
    }

    private void Wrote(StandInCollection collection) => Folder?.Advance(collection.Id);

    private static JsonObject? Merge(JsonObject? standing, JsonObject? update)
    {
        var merged = standing is null ? [] : (JsonObject)standing.DeepClone();
        foreach (var (key, value) in update ?? [])
        {
            merged.Remove(key);
            if (value is not null)
            {
                merged[key] = value.DeepClone();
            }
        }
        return merged.Count == 0 ? null : merged;
    }

    private static JsonNode? Number(float number) => float.IsFinite(number) ? (JsonNode)(double)number : null;   // orjson writes null for NaN

    private static List<string> Strings(JsonNode? list) => [.. list!.AsArray().Select(i => (string)i!)];

    /// <summary>chromadb/utils/fastapi.py fastapi_json_response.</summary>
    private static (int Status, JsonNode? Answer) Error(int status, string name, string message) => (status, new JsonObject { ["error"] = name, ["message"] = message });
}
