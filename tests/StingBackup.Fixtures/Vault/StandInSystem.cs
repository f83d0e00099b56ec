using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

namespace StingBackup.Fixtures.Vault;

/// <summary>The endpoints below <c>sys/</c>.</summary>
internal static class StandInSystem
{
    private const string Version = "1.13.3";   // what STING runs
    private const string Cluster = "vault-cluster-stand-in";

    /// <summary>What is answered without a token, sealed or not.</summary>
    public static StandInAnswer? AnswerOpen(VaultStandIn server, StandInRequest request, TimeProvider clock) => (request.Path, request.Method) switch
    {
        ("sys/health", "GET" or "HEAD") => Health(server, request, clock),
        ("sys/init", "GET") => StandInAnswer.Bare(new JsonObject { ["initialized"] = true }),   // internal/http/sys_init.go handleSysInitGet
        ("sys/seal-status", "GET") => StandInAnswer.Bare(SealStatus(server)),
        ("sys/unseal", "POST" or "PUT") => Unseal(server),
        _ => null,
    };

    /// <summary>What needs a token that may.</summary>
    public static StandInAnswer? Answer(VaultStandIn server, StandInRequest request, ConcurrentDictionary<(string Namespace, string Name), string> policies)
    {
        if (request.Path == "sys/seal" && request.IsWrite)
        {
            server.Sealed = true;   // internal/http/sys_seal.go handleSysSeal
            return StandInAnswer.NoContent;
        }
        foreach (var prefix in (string[])["sys/policies/acl/", "sys/policy/"])
        {
            if (request.Path.StartsWith(prefix, StringComparison.Ordinal))
            {
                return Policy(request, request.Path[prefix.Length..], policies);
            }
        }
        if (request.Path.StartsWith("sys/mounts/", StringComparison.Ordinal) && request.IsWrite)
        {
            server.Mount(request.Path["sys/mounts/".Length..], request.Namespace);   // logical_system.go handleMount; only version 2 of kv is here
            return StandInAnswer.NoContent;
        }
        return request.Path.StartsWith("sys/auth/", StringComparison.Ordinal) && request.IsWrite ? StandInAnswer.NoContent : null;   // the AppRole method is always there
    }

    /// <summary>logical_system.go handlePoliciesSet, handlePoliciesRead, handlePoliciesDelete.</summary>
    private static StandInAnswer? Policy(StandInRequest request, string name, ConcurrentDictionary<(string Namespace, string Name), string> policies)
    {
        switch (request.Method)
        {
            case "POST" or "PUT":
                policies[(request.Namespace, name)] = (string?)request.Json["policy"] ?? "";
                return StandInAnswer.NoContent;
            case "GET":
                return policies.TryGetValue((request.Namespace, name), out var text) ? StandInAnswer.Data(new JsonObject { ["name"] = name, ["policy"] = text }) : StandInAnswer.Error(404);
            case "DELETE":
                policies.TryRemove((request.Namespace, name), out _);
                return StandInAnswer.NoContent;
            default:
                return null;
        }
    }

    /// <summary>internal/http/sys_health.go getSysHealth; the body is as recorded, performance_standby included, which OpenBao leaves out.</summary>
    private static StandInAnswer Health(VaultStandIn server, StandInRequest request, TimeProvider clock)
    {
        int Code(string name, int standard) => request.Query.TryGetValue(name, out var asked) ? int.Parse(asked, CultureInfo.InvariantCulture) : standard;
        var status = server.Sealed ? Code("sealedcode", 503) : server.Standby ? (request.Query.ContainsKey("standbyok") ? 200 : Code("standbycode", 429)) : Code("activecode", 200);
        var replication = server.Sealed ? "unknown" : "disabled";
        var body = new JsonObject
        {
            ["initialized"] = true, ["sealed"] = server.Sealed, ["standby"] = server.Sealed || server.Standby, ["performance_standby"] = false, ["replication_performance_mode"] = replication,
            ["replication_dr_mode"] = replication, ["server_time_utc"] = clock.GetUtcNow().ToUnixTimeSeconds(), ["version"] = Version,
        };
        if (!server.Sealed)
        {
            body["cluster_name"] = Cluster;
            body["cluster_id"] = Guid.NewGuid().ToString();
        }
        return StandInAnswer.Bare(body, status);
    }

    /// <summary>internal/http/sys_seal.go handleSysSealStatus, as recorded.</summary>
    private static JsonObject SealStatus(VaultStandIn server)
    {
        var status = new JsonObject
        {
            ["type"] = "shamir", ["initialized"] = true, ["sealed"] = server.Sealed, ["t"] = 1, ["n"] = 1, ["progress"] = 0, ["nonce"] = "", ["version"] = Version, ["migration"] = false,
        };
        if (!server.Sealed)
        {
            status["cluster_name"] = Cluster;
            status["cluster_id"] = Guid.NewGuid().ToString();
        }
        status["recovery_seal"] = false;
        status["storage_type"] = "inmem";
        return status;
    }

    /// <summary>internal/http/sys_seal.go handleSysUnseal: one share of one opens it, whatever it is.</summary>
    private static StandInAnswer Unseal(VaultStandIn server)
    {
        server.Sealed = false;
        return StandInAnswer.Bare(SealStatus(server));
    }
}
