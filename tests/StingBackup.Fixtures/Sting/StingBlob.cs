using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Fixtures.Sting;

/// <summary>
/// Writes an upload as STING-CE 1.0.0 does: app/services/honey_reserve_encryption.py encrypts it and gives JSON in Python's spelling, app/utils/vault_file_client.py puts that, or the bytes
/// themselves, into the value of a secret. Keys and nonces follow from a seed, where STING draws them.
/// </summary>
internal static class StingBlob
{
    private const int NonceSize = 12, TagSize = 16, KeySize = 32;
    private static readonly byte[] Info = "STING-CE-Honey-Reserve-v1"u8.ToArray();

    /// <summary>encrypt_file and serialize_encrypted_file, then json.dumps.</summary>
    /// <param name="content">The upload.</param>
    /// <param name="owner">Whom the key is derived for: the Kratos UUID, or what STING has in its place.</param>
    /// <param name="masterKey"><c>HONEY_RESERVE_MASTER_KEY</c>, 32 bytes.</param>
    /// <param name="random">Draws keys and nonces.</param>
    /// <param name="created">Time of the encryption.</param>
    public static byte[] Encrypt(byte[] content, string owner, byte[] masterKey, SampleRandom random, DateTime created)
    {
        var fileKey = Draw(random, KeySize);
        var data = Seal(fileKey, Draw(random, NonceSize), content);
        var userKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, masterKey, KeySize, SHA256.HashData(Encoding.UTF8.GetBytes(owner)), Info);
        var sealedKey = Seal(userKey, Draw(random, NonceSize), fileKey);
        var metadata = string.Create(CultureInfo.InvariantCulture,
            $$"""{\"algorithm\": \"AES-256-GCM\", \"key_derivation\": \"HKDF-SHA256\", \"version\": \"1.0\", \"user_id\": \"{{owner}}\", \"file_size\": {{content.Length}}, \"encrypted_size\": {{data.Length}}}""");
        var text = new ArrayBufferWriter<byte>(Base64.GetMaxEncodedToUtf8Length(data.Length) + 1024);
        text.Write("{\"encrypted_data\": \""u8);
        Base64.EncodeToUtf8(data, text.GetSpan(Base64.GetMaxEncodedToUtf8Length(data.Length)), out _, out var written);
        text.Advance(written);
        text.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"\", \"encrypted_file_key\": \"{Convert.ToBase64String(sealedKey)}\", \"file_hash\": \"{Convert.ToHexStringLower(SHA256.HashData(content))}\", \"encryption_metadata\": \"{metadata}\", \"created_at\": \"{created:yyyy-MM-dd'T'HH:mm:ss.ffffff}\"}}")));
        return text.WrittenSpan.ToArray();
    }

    /// <summary>store_file's secret, as Vault gives it back: properties sorted, no white space.</summary>
    /// <param name="stored">The upload's bytes, or what <see cref="Encrypt"/> gives.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">STING's type of file.</param>
    /// <param name="owner">Its owner.</param>
    /// <param name="uploaded">Unix time.</param>
    public static ReadOnlyMemory<byte> Value(byte[] stored, string name, string type, string owner, long uploaded)
    {
        var value = new ArrayBufferWriter<byte>(Base64.GetMaxEncodedToUtf8Length(stored.Length) + 1024);
        using var json = new Utf8JsonWriter(value, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteBase64String("data", stored);
        json.WriteString("hash", Convert.ToHexStringLower(SHA256.HashData(stored)));
        json.WriteStartObject("metadata");
        json.WriteString("file_type", type);
        json.WriteString("original_filename", name);
        json.WriteNumber("upload_timestamp", uploaded);
        json.WriteString("user_id", owner);
        json.WriteEndObject();
        json.WriteNumber("size", stored.Length);
        json.WriteEndObject();
        json.Flush();
        return value.WrittenMemory;
    }

    private static byte[] Seal(byte[] key, byte[] nonce, byte[] text)
    {
        var whole = new byte[NonceSize + text.Length + TagSize];
        nonce.CopyTo(whole, 0);
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(nonce, text, whole.AsSpan(NonceSize, text.Length), whole.AsSpan(NonceSize + text.Length));
        return whole;
    }

    private static byte[] Draw(SampleRandom random, int length)
    {
        var bytes = new byte[length];
        random.Fill(bytes);
        return bytes;
    }
}
