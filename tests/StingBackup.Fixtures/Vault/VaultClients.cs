using System.Text;
using System.Text.Json;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Vault;

namespace StingBackup.Fixtures.Vault;

/// <summary>Clients of the stand-in, quick to repeat.</summary>
internal static class VaultClients
{
    public static VaultTokenLogin Token(string token) => new(SecretBytes.CopyOf(Encoding.UTF8.GetBytes(token)));

    public static VaultClient Client(this VaultStandIn server, VaultLogin? login = null, TimeProvider? clock = null, Func<VaultOptions, VaultOptions>? with = null)
    {
        var options = new VaultOptions { Address = server.Address, Login = login ?? Token(VaultStandIn.RootToken), Pause = TimeSpan.FromMilliseconds(5), Retries = 3, Silence = TimeSpan.FromSeconds(10) };
        return new VaultClient(with?.Invoke(options) ?? options, clock ?? TimeProvider.System);
    }

    public static VaultKv Kv(this VaultClient client, string mount = "sting", TimeProvider? clock = null) => new(client, mount, clock ?? TimeProvider.System);

    /// <summary>A token with policies of its own.</summary>
    public static string TokenWith(this VaultStandIn server, string policy, TimeSpan ttl = default, TimeSpan maxTtl = default)
    {
        var name = $"p{Guid.NewGuid():n}";
        server.SetPolicy(name, policy);
        return server.Tokens.Create([name, "default"], ttl, maxTtl).Id;
    }

    public static ReadOnlyMemory<byte> Json(string text) => Encoding.UTF8.GetBytes(text);

    public static JsonElement Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json).RootElement.Clone();

    /// <summary>A value as STING writes it for an upload.</summary>
    public static ReadOnlyMemory<byte> Upload(byte[] content, string name = "report.pdf") => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
    {
        ["data"] = Convert.ToBase64String(content), ["hash"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)), ["size"] = content.Length,
        ["metadata"] = new Dictionary<string, string> { ["filename"] = name, ["content_type"] = "application/pdf" },
    }, Plain);

    /// <summary>As Go and Python write: letters of base64 are not escaped.</summary>
    public static JsonSerializerOptions Plain { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
