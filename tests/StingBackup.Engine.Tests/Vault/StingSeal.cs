using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>Seals uploads as STING does (app/services/honey_reserve_encryption.py), with keys and nonces drawn anew each time. <c>sting_seal.py</c> is the independent one.</summary>
internal static class StingSeal
{
    public static string Person(int n) => $"0f5e8a11-0000-4000-8000-{n:x12}";

    /// <summary>The JSON that STING puts in an upload's place.</summary>
    public static byte[] Blob(byte[] master, string user, byte[] plaintext, string title = "x")
    {
        var userKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, master, 32, SHA256.HashData(Encoding.UTF8.GetBytes(user)), "STING-CE-Honey-Reserve-v1"u8.ToArray());
        var fileKey = RandomNumberGenerator.GetBytes(32);
        var facts = JsonSerializer.Serialize(new { algorithm = "AES-256-GCM", version = "1.0", user_id = user, file_size = plaintext.Length, user_metadata = new { title } });
        return Encoding.UTF8.GetBytes($$"""{"encrypted_data": "{{Encrypt(fileKey, plaintext)}}", "encrypted_file_key": "{{Encrypt(userKey, fileKey)}}","""
            + $$""" "file_hash": "{{Convert.ToHexStringLower(SHA256.HashData(plaintext))}}", "encryption_metadata": {{JsonSerializer.Serialize(facts)}}, "created_at": "2026-11-25T10:11:12.131415"}""");
    }

    /// <summary>The value that STING writes to Vault.</summary>
    public static ReadOnlyMemory<byte> Value(byte[] master, string user, byte[] plaintext, string title = "x") => VaultClients.Upload(Blob(master, user, plaintext, title), title);

    /// <summary>A file of keys, as STING's env/app.env.</summary>
    public static string KeyFile(string folder, params byte[][] keys)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"{Guid.NewGuid():n}.env");
        File.WriteAllLines(file, ["APP_ENV=production", .. keys.Select(k => $"HONEY_RESERVE_MASTER_KEY=\"{Convert.ToBase64String(k)}\""), "SECRET_KEY=eA=="]);
        return file;
    }

    /// <summary>The value with another blob in it.</summary>
    public static ReadOnlyMemory<byte> With(ReadOnlyMemory<byte> value, Func<string, string> change)
    {
        var json = JsonNode.Parse(value.Span)!;
        json["data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(Convert.FromBase64String(json["data"]!.GetValue<string>())))));
        return JsonSerializer.SerializeToUtf8Bytes(json, VaultClients.Plain);
    }

    private static string Encrypt(byte[] key, byte[] plaintext)
    {
        var result = new byte[12 + plaintext.Length + 16];
        RandomNumberGenerator.Fill(result.AsSpan(0, 12));
        using var cipher = new AesGcm(key, 16);
        cipher.Encrypt(result.AsSpan(0, 12), plaintext, result.AsSpan(12, plaintext.Length), result.AsSpan(12 + plaintext.Length));
        return Convert.ToBase64String(result);
    }
}
