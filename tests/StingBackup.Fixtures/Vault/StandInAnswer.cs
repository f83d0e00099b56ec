using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Encodings.Web;

namespace StingBackup.Fixtures.Vault;

/// <summary>An answer of the stand-in: status and body.</summary>
internal sealed record StandInAnswer(int Status, byte[] Body, string? Location = null)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static StandInAnswer NoContent { get; } = new(204, []);

    /// <summary>OpenBao sdk/logical/response_util.go RespondError: <c>{"errors":[…]}</c>, an empty list where there is no message.</summary>
    public static StandInAnswer Error(int status, params string[] errors) => new(status, Bytes(new JsonObject { ["errors"] = new JsonArray([.. errors.Select(e => (JsonNode)e)]) }));

    /// <summary>Recorded: what a policy does not allow comes in the form that go-multierror prints.</summary>
    public static StandInAnswer Denied { get; } = Error(403, "1 error occurred:\n\t* permission denied\n\n");

    /// <summary>Recorded: a token that is wrong or expired.</summary>
    public static StandInAnswer BadToken { get; } = Error(403, "permission denied");

    /// <summary>The envelope of sdk/logical/translate_response.go HTTPResponse, around <c>data</c>.</summary>
    public static StandInAnswer Data(JsonNode? data, int status = 200, string[]? warnings = null) => Envelope(status, Bytes(data), "null", warnings);

    /// <summary>The same around bytes that are JSON already.</summary>
    public static StandInAnswer Data(byte[] data, int status = 200) => Envelope(status, data, "null", null);

    /// <summary>The envelope around <c>auth</c>.</summary>
    public static StandInAnswer Auth(JsonNode auth) => Envelope(200, "null"u8.ToArray(), auth.ToJsonString(Plain), null);

    /// <summary>A body of its own, as the endpoints below <c>sys/</c> have that answer without login.</summary>
    public static StandInAnswer Bare(JsonNode body, int status = 200) => new(status, Bytes(body));

    /// <summary>The envelope around <c>wrap_info</c>: internal/http/logical.go respondLogical leaves the request's id out of it.</summary>
    public static StandInAnswer Wrapped(JsonNode info) => new(200, Encoding.UTF8.GetBytes(
        $$"""{"request_id":"","lease_id":"","renewable":false,"lease_duration":0,"data":null,"wrap_info":{{info.ToJsonString(Plain)}},"warnings":null,"auth":null}"""));

    private static StandInAnswer Envelope(int status, byte[] data, string auth, string[]? warnings)
    {
        var said = warnings is null ? "null" : JsonSerializer.Serialize(warnings, Plain);
        var head = Encoding.UTF8.GetBytes($$"""{"request_id":"{{Guid.NewGuid()}}","lease_id":"","renewable":false,"lease_duration":0,"data":""");
        var tail = Encoding.UTF8.GetBytes($$""","wrap_info":null,"warnings":{{said}},"auth":{{auth}}}""");
        return new StandInAnswer(status, Join(head, data, tail));
    }

    /// <summary>One behind the other; values may be long.</summary>
    public static byte[] Join(params ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        var length = 0;
        foreach (var piece in pieces)
        {
            length += piece.Length;
        }
        var joined = new byte[length];
        length = 0;
        foreach (var piece in pieces)
        {
            piece.CopyTo(joined.AsMemory(length));
            length += piece.Length;
        }
        return joined;
    }

    private static byte[] Bytes(JsonNode? node) => node is null ? "null"u8.ToArray() : Encoding.UTF8.GetBytes(node.ToJsonString(Plain));
}

/// <summary>A request as the stand-in's handlers see it.</summary>
internal sealed record StandInRequest(string Method, string Path, IReadOnlyDictionary<string, string> Query, byte[] Body, string? Token, string Namespace, TimeSpan? WrapTtl)
{
    private JsonObject? _json;

    /// <summary>The body as an object; empty where there is none. Not for what may be long.</summary>
    public JsonObject Json => _json ??= Body.Length == 0 ? [] : JsonNode.Parse(Body) as JsonObject ?? [];

    /// <summary>OpenBao internal/http/logical.go buildLogicalRequestNoAuth: LIST, or GET with <c>list=true</c>.</summary>
    public bool IsList => Method == "LIST" || (Method == "GET" && Query.TryGetValue("list", out var list) && list == "true");

    public bool IsWrite => Method is "POST" or "PUT";
}
