using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Lifecycle.Certificates;

/// <summary>
/// The file that every certificate is: <c>{"certificate": {…}, "key_role": public key, …, "signature": …}</c>, keys and signature in base64. Signed is the canonical JSON
/// (docs/vault-secrets.md §4) of <c>certificate</c>.
/// </summary>
internal static class CertificateFile
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Signs a certificate; <paramref name="beside"/> stands in the file unsigned, since it proves itself.</summary>
    public static byte[] Make(JsonObject certificate, ISigner signer, params (string Name, ReadOnlyMemory<byte> Bytes)[] beside)
    {
        var document = new JsonObject { ["certificate"] = certificate };
        foreach (var (name, bytes) in beside)
        {
            document[name] = Convert.ToBase64String(bytes.Span);
        }
        document["signature"] = Convert.ToBase64String(signer.Sign(Canonical(certificate)));
        return JsonSerializer.SerializeToUtf8Bytes(document, Readable);
    }

    /// <summary>What is signed.</summary>
    public static byte[] Canonical(JsonObject certificate)
    {
        using var document = JsonDocument.Parse(certificate.ToJsonString());
        return CanonicalJson.ToBytes(document.RootElement);
    }

    /// <summary>Bytes that stand beside the certificate.</summary>
    public static byte[] Beside(JsonObject document, string name) => Convert.FromBase64String(document[name]?.GetValue<string>() ?? "");

    public static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode> make) => new([.. items.Select(make)]);

    public static string Time(long ns) => Time(NanosecondTime.FromNs(ns, 0));

    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
