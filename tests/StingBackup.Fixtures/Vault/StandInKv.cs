using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StingBackup.Fixtures.Vault;

/// <summary>
/// A KV version 2 mount in memory. Each handler follows one of OpenBao's internal/builtin/logical/kv (the same code as HashiCorp's vault-plugin-secrets-kv) and
/// developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2. Differences: a value is kept as its JSON text, where Vault parses it (numbers become 64-bit floats, properties are sorted).
/// </summary>
internal sealed class StandInKv(TimeProvider clock)
{
    private const int DefaultVersions = 10;   // path_config.go: "The number of versions to keep for each key. Defaults to 10"

    private readonly ConcurrentDictionary<string, Key> _keys = new(StringComparer.Ordinal);
    private int _maxVersions;
    private bool _casRequired;
    private DateTimeOffset _last;

    /// <summary>A folder that holds the values, where they are too much for memory; null keeps them there.</summary>
    public string? ValueFolder { get; set; }

    /// <summary>Vault 1.9 and later know custom metadata; the exchanges were recorded with one that does not.</summary>
    public bool HasCustomMetadata { get; set; } = true;

    /// <summary>HashiCorp's does not move the time of update when metadata alone is written; OpenBao's does.</summary>
    public bool UpdatesTimeWithMetadata { get; set; }

    /// <summary>Paths of all secrets.</summary>
    public IEnumerable<string> Paths => _keys.Keys;

    public bool Exists(string path) => _keys.ContainsKey(path);

    /// <summary>Puts a version there without a request.</summary>
    public void Seed(string path, ReadOnlyMemory<byte> data, params (string Key, string Value)[] custom)
    {
        var key = _keys.GetOrAdd(path, _ => new Key(Now()));
        lock (key)
        {
            Add(key, data);
            foreach (var (name, value) in custom)
            {
                (key.Custom ??= [])[name] = value;
            }
        }
    }

    public void Remove(string path) => _keys.TryRemove(path, out _);

    /// <summary>Answers a request whose path begins at the mount; null for a path that no handler has.</summary>
    public StandInAnswer? Handle(StandInRequest request, string path)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var (operation, key) = slash < 0 ? (path, "") : (path[..slash], path[(slash + 1)..]);
        return (operation, request.Method) switch
        {
            ("config", "GET") => StandInAnswer.Data(new JsonObject { ["max_versions"] = _maxVersions, ["cas_required"] = _casRequired, ["delete_version_after"] = "0s" }),
            ("config", "POST" or "PUT") => Configure(request.Json),
            ("metadata", _) when request.IsList => List(key.TrimEnd('/')),
            ("data", "GET") => Read(key, request),
            ("data", "POST" or "PUT") => Write(key, request),
            ("data", "DELETE") => Change(key, k => DeleteVersions(k, [k.Current])),
            ("metadata", "GET") => ReadMetadata(key),
            ("metadata", "POST" or "PUT") => WriteMetadata(key, request.Json),
            ("metadata", "DELETE") => RemoveAll(key),
            ("delete", "POST" or "PUT") => ChangeVersions(key, request, DeleteVersions),
            ("undelete", "POST" or "PUT") => ChangeVersions(key, request, Undelete),
            ("destroy", "POST" or "PUT") => ChangeVersions(key, request, Destroy),
            // backend.go: what is no path of version 2 gets 404 with this warning (recorded)
            (_, "GET") => StandInAnswer.Data((JsonNode?)null, 404, ["Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation."]),
            _ => null,
        };
    }

    private StandInAnswer Configure(JsonObject json)
    {
        _maxVersions = (int?)json["max_versions"] ?? _maxVersions;
        _casRequired = (bool?)json["cas_required"] ?? _casRequired;
        return StandInAnswer.NoContent;
    }

    /// <summary>path_metadata.go pathMetadataList; response_util.go: no keys are 404.</summary>
    private StandInAnswer List(string folder)
    {
        var prefix = folder.Length == 0 ? "" : folder + "/";
        var names = _keys.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Select(k => k[prefix.Length..])
            .Select(k => k.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? k[..(slash + 1)] : k).Distinct().Order(StringComparer.Ordinal).ToArray();
        return names.Length == 0 ? StandInAnswer.Error(404) : StandInAnswer.Data(new JsonObject { ["keys"] = new JsonArray([.. names.Select(n => (JsonNode)n)]) });
    }

    /// <summary>path_data.go pathDataRead: a deleted or destroyed version is 404 with its metadata, one that is not there 404 without.</summary>
    private StandInAnswer Read(string path, StandInRequest request)
    {
        if (!_keys.TryGetValue(path, out var key))
        {
            return StandInAnswer.Error(404);
        }
        lock (key)
        {
            var number = request.Query.TryGetValue("version", out var asked) && int.Parse(asked, CultureInfo.InvariantCulture) is > 0 and var n ? n : key.Current;
            if (!key.Versions.TryGetValue(number, out var version))
            {
                return StandInAnswer.Error(404);
            }
            var isGone = version.Destroyed || IsDeleted(version);
            var metadata = Describe(number, version, key);
            return StandInAnswer.Data(StandInAnswer.Join("{\"data\":"u8.ToArray(), isGone ? "null"u8.ToArray() : version.Read(), Encoding.UTF8.GetBytes($",\"metadata\":{metadata.ToJsonString()}}}")), isGone ? 404 : 200);
        }
    }

    /// <summary>path_data.go pathDataWrite and validateCheckAndSetOption.</summary>
    private StandInAnswer Write(string path, StandInRequest request)
    {
        using var json = JsonDocument.Parse(request.Body, new JsonDocumentOptions { MaxDepth = 1000 });
        if (path.Length == 0 || !json.RootElement.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
        {
            return StandInAnswer.Error(400, path.Length == 0 ? "missing path" : "no data provided");
        }
        var cas = json.RootElement.TryGetProperty("options", out var options) && options.TryGetProperty("cas", out var value) ? value.GetInt64() : (long?)null;
        if (!Exists(path) && cas is not (null or 0))
        {
            return StandInAnswer.Error(400, "check-and-set parameter did not match the current version");
        }
        var key = _keys.GetOrAdd(path, _ => new Key(Now()));
        lock (key)
        {
            if (cas is not null && cas != key.Current)
            {
                return StandInAnswer.Error(400, "check-and-set parameter did not match the current version");
            }
            if (cas is null && (_casRequired || key.CasRequired))
            {
                return StandInAnswer.Error(400, "check-and-set parameter required for this call");
            }
            Add(key, JsonMarshal.GetRawUtf8Value(data).ToArray());
            return StandInAnswer.Data(Describe(key.Current, key.Versions[key.Current], key));
        }
    }

    /// <summary>backend.go AddVersion, path_data.go cleanupOldVersions: the oldest go when there are more than are kept.</summary>
    private void Add(Key key, ReadOnlyMemory<byte> data)
    {
        var now = Now();
        key.Versions[++key.Current] = new Version(data, ValueFolder, now) { Deletion = key.DeleteAfter > TimeSpan.Zero ? now + key.DeleteAfter : null };
        key.Updated = now;
        var kept = Math.Max(key.MaxVersions, _maxVersions) is > 0 and var most ? most : DefaultVersions;
        while (key.Versions.Count > kept)
        {
            key.Versions.Remove(key.Versions.Keys.Min());
            key.Oldest = key.Versions.Keys.Min();
        }
    }

    /// <summary>path_metadata.go metadataResponseData.</summary>
    private StandInAnswer ReadMetadata(string path)
    {
        if (!_keys.TryGetValue(path, out var key))
        {
            return StandInAnswer.Error(404);
        }
        lock (key)
        {
            var data = new JsonObject
            {
                ["cas_required"] = key.CasRequired, ["created_time"] = StandInTokens.Time(key.Created), ["current_version"] = key.Current,
                ["delete_version_after"] = key.DeleteAfterText, ["max_versions"] = key.MaxVersions, ["oldest_version"] = key.Oldest, ["updated_time"] = StandInTokens.Time(key.Updated),
                ["versions"] = new JsonObject(key.Versions.Select(v => KeyValuePair.Create(v.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)Describe(null, v.Value, null)))),
            };
            if (HasCustomMetadata)
            {
                data["custom_metadata"] = key.Custom?.DeepClone();
            }
            return StandInAnswer.Data(data);
        }
    }

    /// <summary>path_metadata.go pathMetadataWrite and validateCustomMetadata.</summary>
    private StandInAnswer WriteMetadata(string path, JsonObject json)
    {
        if (path.Length == 0)
        {
            return StandInAnswer.Error(400, "missing path");
        }
        if (json["custom_metadata"] is JsonObject custom && custom.Any(p => p.Key.Length is 0 or > 128 || ((string?)p.Value)?.Length is null or 0 or > 512))
        {
            return StandInAnswer.Error(400, "1 error occurred:\n\t* custom_metadata validation failed: length of key or value\n\n");
        }
        var key = _keys.GetOrAdd(path, _ => new Key(Now()));
        lock (key)
        {
            key.MaxVersions = (int?)json["max_versions"] ?? key.MaxVersions;
            key.CasRequired = (bool?)json["cas_required"] ?? key.CasRequired;
            if (json["delete_version_after"] is { } after)
            {
                // The API takes a duration and gives it back in Go's long form.
                var text = (string)after!;
                key.DeleteAfter = text.EndsWith("h0m0s", StringComparison.Ordinal) ? TimeSpan.FromHours(int.Parse(text[..^5], CultureInfo.InvariantCulture)) : StandInTokens.Seconds(after);
            }
            if (json["custom_metadata"] is JsonObject given)
            {
                key.Custom = (JsonObject)given.DeepClone();
            }
            key.Updated = UpdatesTimeWithMetadata ? Now() : key.Updated;
            return StandInAnswer.NoContent;
        }
    }

    private StandInAnswer RemoveAll(string path)
    {
        Remove(path);   // path_metadata.go pathMetadataDelete
        return StandInAnswer.NoContent;
    }

    private StandInAnswer ChangeVersions(string path, StandInRequest request, Action<Key, int[]> change) =>
        request.Json["versions"] is JsonArray { Count: > 0 } versions ? Change(path, key => change(key, [.. versions.Select(v => (int)v!)]))
            : StandInAnswer.Error(400, "No version number provided");

    /// <summary>path_delete.go, path_destroy.go: what is not there is passed over, and the answer is the same.</summary>
    private StandInAnswer Change(string path, Action<Key> change)
    {
        if (_keys.TryGetValue(path, out var key))
        {
            lock (key)
            {
                change(key);
            }
        }
        return StandInAnswer.NoContent;
    }

    private void DeleteVersions(Key key, int[] versions)
    {
        foreach (var version in versions.Select(v => key.Versions.GetValueOrDefault(v)).OfType<Version>().Where(v => !v.Destroyed && !IsDeleted(v)))
        {
            version.Deletion = Now();
        }
    }

    private static void Undelete(Key key, int[] versions)
    {
        foreach (var version in versions.Select(v => key.Versions.GetValueOrDefault(v)).OfType<Version>().Where(v => !v.Destroyed))
        {
            version.Deletion = null;
        }
    }

    private static void Destroy(Key key, int[] versions)
    {
        foreach (var version in versions.Select(v => key.Versions.GetValueOrDefault(v)).OfType<Version>())
        {
            version.Destroyed = true;
        }
    }

    private JsonObject Describe(int? number, Version version, Key? key)
    {
        var described = new JsonObject
        {
            ["created_time"] = StandInTokens.Time(version.Created), ["deletion_time"] = version.Deletion is { } deleted ? StandInTokens.Time(deleted) : "", ["destroyed"] = version.Destroyed,
        };
        if (number is { } n)
        {
            described["version"] = n;
        }
        if (key is not null && HasCustomMetadata)
        {
            described["custom_metadata"] = key.Custom?.DeepClone();
        }
        return described;
    }

    /// <summary>A clock that tests stop may lag behind the times that were given out.</summary>
    private bool IsDeleted(Version version) => version.Deletion is { } time && (time <= clock.GetUtcNow() || time <= _last);

    /// <summary>No two writes have one time, however coarse the clock is.</summary>
    private DateTimeOffset Now()
    {
        lock (_keys)
        {
            var now = clock.GetUtcNow();
            return _last = now > _last ? now : _last.AddTicks(1);
        }
    }

    private sealed class Version
    {
        private readonly ReadOnlyMemory<byte> _data;
        private readonly string? _file;

        public Version(ReadOnlyMemory<byte> data, string? folder, DateTimeOffset created)
        {
            Created = created;
            if (folder is null)
            {
                _data = data;
                return;
            }
            _file = Path.Combine(folder, Guid.NewGuid().ToString("N"));
            File.WriteAllBytes(_file, data.Span);
        }

        public ReadOnlyMemory<byte> Read() => _file is null ? _data : File.ReadAllBytes(_file);

        public DateTimeOffset Created { get; }
        public DateTimeOffset? Deletion { get; set; }
        public bool Destroyed { get; set; }
    }

    private sealed class Key(DateTimeOffset created)
    {
        public DateTimeOffset Created { get; } = created;
        public DateTimeOffset Updated { get; set; } = created;
        public SortedDictionary<int, Version> Versions { get; } = [];
        public int Current { get; set; }
        public int Oldest { get; set; }
        public int MaxVersions { get; set; }
        public bool CasRequired { get; set; }
        public TimeSpan DeleteAfter { get; set; }
        public JsonObject? Custom { get; set; }

        /// <summary>Go's time.Duration String.</summary>
        public string DeleteAfterText => DeleteAfter == TimeSpan.Zero ? "0s" : DeleteAfter < TimeSpan.FromMinutes(1) ? $"{DeleteAfter.TotalSeconds}s"
            : DeleteAfter < TimeSpan.FromHours(1) ? $"{DeleteAfter.Minutes}m{DeleteAfter.Seconds}s" : $"{(int)DeleteAfter.TotalHours}h{DeleteAfter.Minutes}m{DeleteAfter.Seconds}s";
    }
}
