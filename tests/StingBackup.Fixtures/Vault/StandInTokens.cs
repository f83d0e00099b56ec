using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

namespace StingBackup.Fixtures.Vault;

/// <summary>A token as the stand-in keeps it. A lifetime of zero never ends.</summary>
internal sealed class StandInToken
{
    public required string Id { get; init; }
    public string Accessor { get; } = Guid.NewGuid().ToString("N");
    public required string[] Policies { get; init; }
    public required DateTimeOffset Created { get; init; }
    public required DateTimeOffset Expires { get; set; }
    public TimeSpan Ttl { get; init; }
    public TimeSpan MaxTtl { get; init; }
    public string DisplayName { get; init; } = "token";
    public string Path { get; init; } = "auth/token/create";
    public JsonObject? Meta { get; init; }
    public string Namespace { get; init; } = "";
    public string EntityId { get; init; } = "";
    public bool Orphan { get; init; }

    public bool IsRoot => Policies.Contains("root");
    public bool IsRenewable => Ttl > TimeSpan.Zero;
}

/// <summary>Tokens, the AppRole method and wrapping.</summary>
internal sealed class StandInTokens(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, StandInToken> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Role> _roles = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _wrapped = new(StringComparer.Ordinal);

    /// <summary>A token that is there and has not ended.</summary>
    public StandInToken? Find(string id) => _tokens.TryGetValue(id, out var token) && token.Expires > clock.GetUtcNow() ? token : null;

    public StandInToken Create(string[] policies, TimeSpan ttl = default, TimeSpan maxTtl = default, string space = "", string? id = null, string path = "auth/token/create",
        string name = "token", JsonObject? meta = null, bool orphan = false)
    {
        var now = clock.GetUtcNow();
        var token = new StandInToken
        {
            Id = id ?? "s." + Guid.NewGuid().ToString("N")[..24], Policies = policies, Created = now, Expires = ttl == TimeSpan.Zero ? DateTimeOffset.MaxValue : now + ttl, Ttl = ttl,
            MaxTtl = maxTtl, Namespace = space, Path = path, DisplayName = name, Meta = meta, Orphan = orphan, EntityId = meta is null ? "" : Guid.NewGuid().ToString(),
        };
        _tokens[token.Id] = token;
        return token;
    }

    /// <summary>Revokes all that a method gave out.</summary>
    public void RevokeAll(string name)
    {
        foreach (var token in _tokens.Values.Where(t => t.DisplayName == name))
        {
            Revoke(token.Id);
        }
    }

    public void Revoke(string id) => _tokens.TryRemove(id, out _);

    /// <summary>OpenBao internal/vault/token_store.go paths: create, lookup-self, lookup, renew-self, renew, revoke-self; null for what is not there.</summary>
    public StandInAnswer? Handle(StandInRequest request, StandInToken token) => (request.Path, request.Method) switch
    {
        ("auth/token/create", "POST" or "PUT") => CreateChild(request, token),
        ("auth/token/lookup-self", "GET") => StandInAnswer.Data(Describe(token)),
        ("auth/token/lookup", "POST" or "PUT") => Find(Text(request.Json, "token")) is { } other ? StandInAnswer.Data(Describe(other)) : StandInAnswer.Error(403, "bad token"),
        ("auth/token/renew-self", "POST" or "PUT") => Renew(token),
        ("auth/token/renew", "POST" or "PUT") => Find(Text(request.Json, "token")) is { } other ? Renew(other) : StandInAnswer.Error(400, "token not found"),
        ("auth/token/revoke-self", "POST" or "PUT") => Revoked(token),
        _ => null,
    };

    /// <summary>OpenBao internal/builtin/credential/approle: path_role.go (role, role-id, secret-id).</summary>
    public StandInAnswer? HandleRole(StandInRequest request)
    {
        var parts = request.Path.Split('/');   // auth/approle/role/<name>[/role-id|/secret-id]
        if (parts.Length is not (4 or 5) || parts[2] != "role")
        {
            return null;
        }
        if (parts.Length == 4 && request.IsWrite)
        {
            _roles[parts[3]] = new Role(parts[3], Guid.NewGuid().ToString(), Policies(request.Json["token_policies"]), Seconds(request.Json["token_ttl"]),
                Seconds(request.Json["token_max_ttl"]), (int?)request.Json["secret_id_num_uses"] ?? 0, request.Namespace);
            return StandInAnswer.NoContent;
        }
        if (!_roles.TryGetValue(parts[3], out var role))
        {
            return StandInAnswer.Error(404);
        }
        return (parts.Length == 4 ? "" : parts[4], request.Method) switch
        {
            ("", "GET") => StandInAnswer.Data(new JsonObject { ["token_policies"] = new JsonArray([.. role.Policies.Select(p => (JsonNode)p)]), ["secret_id_num_uses"] = role.Uses }),
            ("role-id", "GET") => StandInAnswer.Data(new JsonObject { ["role_id"] = role.Id }),
            ("secret-id", "POST" or "PUT") => StandInAnswer.Data(role.NewSecretId()),
            _ => null,
        };
    }

    /// <summary>
    /// Login by AppRole. Status and words as recorded with Vault 1.8 ("invalid role ID", "invalid secret id", 400); OpenBao's path_login.go pathLoginUpdate answers 400 with one text for
    /// both. A secret id is gone after as many uses as its role allows.
    /// </summary>
    public StandInAnswer LogIn(StandInRequest request)
    {
        var role = _roles.Values.FirstOrDefault(r => r.Id == Text(request.Json, "role_id"));
        if (role is null)
        {
            return StandInAnswer.Error(400, "invalid role ID");
        }
        if (!role.Use(Text(request.Json, "secret_id")))
        {
            return StandInAnswer.Error(400, "invalid secret id");
        }
        var token = Create([.. role.Policies.Append("default").Distinct().Order(StringComparer.Ordinal)], role.Ttl, role.MaxTtl, role.Namespace, path: "auth/approle/login", name: "approle",
            meta: new JsonObject { ["role_name"] = role.Name }, orphan: true);
        return StandInAnswer.Auth(AuthOf(token));
    }

    /// <summary>Roles of the Kubernetes method: which token of a service account gets which policies.</summary>
    public ConcurrentDictionary<string, (string Jwt, string[] Policies, TimeSpan Ttl)> KubernetesRoles { get; } = new(StringComparer.Ordinal);

    /// <summary>OpenBao internal/builtin/credential/kubernetes/path_login.go pathLogin. Difference: a service account's token is compared, not reviewed by a cluster.</summary>
    public StandInAnswer LogInByKubernetes(StandInRequest request)
    {
        string name = Text(request.Json, "role"), jwt = Text(request.Json, "jwt");
        if (name.Length == 0 || jwt.Length == 0)
        {
            return StandInAnswer.Error(400, $"missing {(name.Length == 0 ? "role" : "jwt")}");
        }
        if (!KubernetesRoles.TryGetValue(name, out var role))
        {
            return StandInAnswer.Error(400, $"invalid role name \"{name}\"");
        }
        return role.Jwt != jwt ? StandInAnswer.BadToken : StandInAnswer.Auth(AuthOf(Create([.. role.Policies.Append("default").Distinct().Order(StringComparer.Ordinal)], role.Ttl, path: "auth/kubernetes/login",
            name: "kubernetes", meta: new JsonObject { ["role"] = name, ["service_account_name"] = "sting" }, orphan: true)));
    }

    /// <summary>OpenBao internal/vault/wrapping.go wrapInCubbyhole: the answer waits behind a token that is used once.</summary>
    public StandInAnswer Wrap(StandInAnswer answer, TimeSpan ttl, string path)
    {
        var token = Create(["response-wrapping"], ttl);
        _wrapped[token.Id] = answer.Body;
        return StandInAnswer.Wrapped(new JsonObject
        {
            ["token"] = token.Id, ["accessor"] = token.Accessor, ["ttl"] = (int)ttl.TotalSeconds, ["creation_time"] = Time(token.Created), ["creation_path"] = path,
        });
    }

    /// <summary>OpenBao internal/vault/logical_system.go handleWrappingUnwrap; recorded: the second time it is 400.</summary>
    public StandInAnswer Unwrap(StandInRequest request)
    {
        var id = Text(request.Json, "token") is { Length: > 0 } given ? given : request.Token ?? "";
        if (Find(id) is null || !_wrapped.TryRemove(id, out var body))
        {
            return StandInAnswer.Error(400, "wrapping token is not valid or does not exist");
        }
        Revoke(id);
        return new StandInAnswer(200, body);
    }

    private StandInAnswer CreateChild(StandInRequest request, StandInToken parent)
    {
        var json = request.Json;
        var policies = json["policies"] is JsonArray list ? list.Select(p => (string)p!).ToArray() : parent.Policies;
        if (!policies.Contains("root") && (bool?)json["no_default_policy"] is not true)
        {
            policies = [.. policies.Append("default").Distinct().Order(StringComparer.Ordinal)];
        }
        if (!parent.IsRoot && policies.Except(parent.Policies).Any())
        {
            return StandInAnswer.Error(400, "child policies must be subset of parent");
        }
        return StandInAnswer.Auth(AuthOf(Create(policies, Seconds(json["ttl"]), Seconds(json["explicit_max_ttl"]), parent.Namespace)));
    }

    /// <summary>expiration.go RenewToken: the lease begins anew, never beyond the maximal age.</summary>
    private StandInAnswer Renew(StandInToken token)
    {
        if (!token.IsRenewable)
        {
            return StandInAnswer.Error(400, "lease is not renewable");
        }
        var expires = clock.GetUtcNow() + token.Ttl;
        token.Expires = token.MaxTtl > TimeSpan.Zero && expires > token.Created + token.MaxTtl ? token.Created + token.MaxTtl : expires;
        return StandInAnswer.Auth(AuthOf(token));
    }

    private StandInAnswer Revoked(StandInToken token)
    {
        Revoke(token.Id);
        return StandInAnswer.NoContent;
    }

    /// <summary>token_store.go handleLookup.</summary>
    private JsonObject Describe(StandInToken token)
    {
        var ends = token.Expires != DateTimeOffset.MaxValue;
        return new JsonObject
        {
            ["accessor"] = token.Accessor, ["creation_time"] = token.Created.ToUnixTimeSeconds(), ["creation_ttl"] = (long)token.Ttl.TotalSeconds, ["display_name"] = token.DisplayName,
            ["entity_id"] = token.EntityId, ["expire_time"] = ends ? Time(token.Expires) : null, ["explicit_max_ttl"] = 0, ["id"] = token.Id, ["issue_time"] = Time(token.Created),
            ["meta"] = token.Meta?.DeepClone(), ["num_uses"] = 0, ["orphan"] = token.Orphan, ["path"] = token.Path, ["policies"] = new JsonArray([.. token.Policies.Select(p => (JsonNode)p)]),
            ["renewable"] = token.IsRenewable, ["ttl"] = ends ? (long)(token.Expires - clock.GetUtcNow()).TotalSeconds : 0, ["type"] = "service",
        };
    }

    private JsonObject AuthOf(StandInToken token) => new()
    {
        ["client_token"] = token.Id, ["accessor"] = token.Accessor, ["policies"] = new JsonArray([.. token.Policies.Select(p => (JsonNode)p)]),
        ["token_policies"] = new JsonArray([.. token.Policies.Select(p => (JsonNode)p)]), ["metadata"] = token.Meta?.DeepClone(),
        ["lease_duration"] = token.Ttl == TimeSpan.Zero ? 0 : (long)Math.Round((token.Expires - clock.GetUtcNow()).TotalSeconds), ["renewable"] = token.IsRenewable,
        ["entity_id"] = token.EntityId, ["token_type"] = "service", ["orphan"] = token.Orphan,
    };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Seconds as a number, or a duration such as <c>2s</c>, <c>5m</c>, <c>1h</c>.</summary>
    public static TimeSpan Seconds(JsonNode? node) => node switch
    {
        null => TimeSpan.Zero,
        JsonValue value when value.TryGetValue<long>(out var seconds) => TimeSpan.FromSeconds(seconds),
        _ => (string)node! is { Length: > 0 } text ? TimeSpan.FromSeconds(long.Parse(text.TrimEnd('s', 'm', 'h'), CultureInfo.InvariantCulture) * (text[^1] switch { 'm' => 60, 'h' => 3600, _ => 1 })) : TimeSpan.Zero,
    };

    private static string[] Policies(JsonNode? node) => node switch
    {
        JsonArray list => [.. list.Select(p => (string)p!)],
        null => [],
        _ => ((string)node!).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
    };

    private static string Text(JsonObject json, string name) => (string?)json[name] ?? "";

    private sealed class Role(string name, string id, string[] policies, TimeSpan ttl, TimeSpan maxTtl, int uses, string space)
    {
        private readonly ConcurrentDictionary<string, int> _secretIds = new(StringComparer.Ordinal);

        public string Name => name;
        public string Id => id;
        public string[] Policies => policies;
        public TimeSpan Ttl => ttl;
        public TimeSpan MaxTtl => maxTtl;
        public int Uses => uses;
        public string Namespace => space;

        public JsonObject NewSecretId()
        {
            var secret = Guid.NewGuid().ToString();
            _secretIds[secret] = uses == 0 ? int.MaxValue : uses;
            return new JsonObject { ["secret_id"] = secret, ["secret_id_accessor"] = Guid.NewGuid().ToString(), ["secret_id_ttl"] = 0 };
        }

        public bool Use(string secret)
        {
            lock (_secretIds)
            {
                if (!_secretIds.TryGetValue(secret, out var left))
                {
                    return false;
                }
                if (left == 1)
                {
                    _secretIds.TryRemove(secret, out _);
                }
                else
                {
                    _secretIds[secret] = left - 1;
                }
                return true;
            }
        }
    }
}
