using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Vault;

/// <summary>Bodies of the transit engine's requests and answers, in memory that is zeroed.</summary>
internal static class TransitBody
{
    private const int Room = 1 << 10;
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };   // base64's '+' stays as it is

    /// <summary>A JSON object. Room for the plaintext is made at once, so that no copy of it is left in a buffer that was outgrown.</summary>
    public static SecretBytes Of(Action<Utf8JsonWriter> write, int plaintext = 0)
    {
        var buffer = new ArrayBufferWriter<byte>(Room + Base64.GetMaxEncodedToUtf8Length(plaintext));
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        var body = SecretBytes.CopyOf(buffer.WrittenSpan);
        buffer.Clear();
        return body;
    }

    /// <summary>A batch.</summary>
    public static SecretBytes Batch<T>(IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write, int plaintext = 0) => Of(json =>
    {
        json.WriteStartArray("batch_input"u8);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }, plaintext + (items.Count * Room));

    public static void Encrypt(Utf8JsonWriter json, SecretBytes plaintext, TransitBinding binding)
    {
        json.WriteBase64String("plaintext"u8, plaintext.Span);
        Bind(json, binding);
    }

    public static void Decrypt(Utf8JsonWriter json, string ciphertext, TransitBinding binding)
    {
        json.WriteString("ciphertext"u8, ciphertext);
        Bind(json, binding);
    }

    private static void Bind(Utf8JsonWriter json, TransitBinding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        if (binding.Context.Length > 0)
        {
            json.WriteBase64String("context"u8, binding.Context.Span);
        }
        if (binding.AssociatedData.Length > 0)
        {
            json.WriteBase64String("associated_data"u8, binding.AssociatedData.Span);
        }
    }

    /// <summary>Base64 of an answer as bytes, without a string between; null for what is none.</summary>
    public static SecretBytes? Plaintext(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }
        var text = JsonMarshal.GetRawUtf8Value(element)[1..^1];
        var decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        try
        {
            // A server may write base64's '/' and '+' escaped; then the parser undoes that.
            if (text.Contains((byte)'\\'))
            {
                if (!element.TryGetBytesFromBase64(out var bytes))
                {
                    return null;
                }
                var copy = SecretBytes.CopyOf(bytes);
                CryptographicOperations.ZeroMemory(bytes);
                return copy;
            }
            return Base64.DecodeFromUtf8(text, decoded, out _, out var written) == OperationStatus.Done ? SecretBytes.CopyOf(decoded.AsSpan(0, written)) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(decoded);
        }
    }

    /// <summary>Zeroes an answer that may hold a plaintext.</summary>
    public static void Zero(VaultAnswer answer) => CryptographicOperations.ZeroMemory(answer.Bytes);
}
