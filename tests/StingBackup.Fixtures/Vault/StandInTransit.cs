using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace StingBackup.Fixtures.Vault;

/// <summary>
/// A transit mount in memory. Handlers follow OpenBao internal/builtin/logical/transit (path_encrypt.go, path_decrypt.go, path_rewrap.go, path_keys.go, path_keys_config.go, path_rotate.go)
/// and sdk/helper/keysutil/policy.go, with their words. Differences: aes256-gcm96 alone; a derived key comes by HKDF with the context as info; no upsert in encrypt.
/// </summary>
internal sealed class StandInTransit
{
    private const string TooOld = "ciphertext or signature version is disallowed by policy (too old)";   // policy.go ErrTooOld

    private readonly ConcurrentDictionary<string, Key> _keys = new(StringComparer.Ordinal);

    /// <summary>Before Vault 1.12 a batch of which some failed is 200; now 400 (path_encrypt.go batchRequestResponse).</summary>
    public int PartialFailureStatus { get; set; } = 400;

    public bool Exists(string name) => _keys.ContainsKey(name);

    /// <summary>Makes a key without a request.</summary>
    public void Seed(string name, bool derived = false) => _keys[name] = new Key(derived);

    public void Remove(string name) => _keys.TryRemove(name, out _);

    public StandInAnswer? Handle(StandInRequest request, string path)
    {
        var parts = path.Split('/');
        return (parts, request.Method) switch
        {
            (["keys", var name], "GET") => _keys.TryGetValue(name, out var key) ? Describe(name, key) : StandInAnswer.Error(404),
            (["keys", var name], "POST" or "PUT") => Create(name, request.Json),
            (["keys", var name], "DELETE") => Delete(name),
            (["keys", var name, "rotate"], "POST" or "PUT") => Rotate(name),
            (["keys", var name, "config"], "POST" or "PUT") => Configure(name, request.Json),
            (["encrypt", var name], "POST" or "PUT") => Work(name, request.Json, Encrypt, mayFail: true),
            (["decrypt", var name], "POST" or "PUT") => Work(name, request.Json, Decrypt, mayFail: true),
            (["rewrap", var name], "POST" or "PUT") => Work(name, request.Json, Rewrap, mayFail: false),
            _ => null,
        };
    }

    /// <summary>path_keys.go pathPolicyWrite: a key that is there stays.</summary>
    private StandInAnswer Create(string name, JsonObject json)
    {
        if ((string?)json["type"] is not (null or "aes256-gcm96"))
        {
            return StandInAnswer.Error(400, $"unknown key type {json["type"]}");
        }
        return Describe(name, _keys.GetOrAdd(name, _ => new Key((bool?)json["derived"] ?? false)));
    }

    /// <summary>path_keys.go pathPolicyDelete, lock_manager.go DeletePolicy.</summary>
    private StandInAnswer Delete(string name)
    {
        if (!_keys.TryGetValue(name, out var key) || !key.DeletionAllowed)
        {
            return StandInAnswer.Error(400, $"error deleting policy {name}: {(key is null ? "could not delete key; not found" : "deletion is not allowed for this key")}");
        }
        Remove(name);
        return StandInAnswer.NoContent;
    }

    private StandInAnswer Rotate(string name)
    {
        if (!_keys.TryGetValue(name, out var key))
        {
            return StandInAnswer.Error(400, "key not found");
        }
        lock (key)
        {
            key.Versions.Add(RandomNumberGenerator.GetBytes(32));
            return Describe(name, key);
        }
    }

    /// <summary>path_keys_config.go pathKeysConfigWrite.</summary>
    private StandInAnswer Configure(string name, JsonObject json)
    {
        if (!_keys.TryGetValue(name, out var key))
        {
            return StandInAnswer.Error(400, $"no existing key named {name} could be found");
        }
        lock (key)
        {
            var decryption = (int?)json["min_decryption_version"] is { } d ? Math.Max(1, d) : key.MinDecryption;
            var encryption = (int?)json["min_encryption_version"] ?? key.MinEncryption;
            if (decryption > key.Versions.Count)
            {
                return StandInAnswer.Error(400, $"cannot set min decryption version of {decryption}, latest key version is {key.Versions.Count}");
            }
            if (encryption > 0 && encryption < decryption)
            {
                return StandInAnswer.Error(400, $"cannot set min encryption/decryption values; min encryption version of {encryption} must be greater than or equal to min decryption version of {decryption}");
            }
            (key.MinDecryption, key.MinEncryption) = (decryption, encryption);
            key.DeletionAllowed = (bool?)json["deletion_allowed"] ?? key.DeletionAllowed;
            key.Exportable |= (bool?)json["exportable"] ?? false;
            return Describe(name, key);
        }
    }

    /// <summary>path_keys.go formatKeyPolicy.</summary>
    private static StandInAnswer Describe(string name, Key key) => StandInAnswer.Data(new JsonObject
    {
        ["name"] = name, ["type"] = "aes256-gcm96", ["derived"] = key.Derived, ["deletion_allowed"] = key.DeletionAllowed, ["min_available_version"] = 0, ["min_decryption_version"] = key.MinDecryption,
        ["min_encryption_version"] = key.MinEncryption, ["latest_version"] = key.Versions.Count, ["exportable"] = key.Exportable, ["allow_plaintext_backup"] = false, ["supports_encryption"] = true,
        ["supports_decryption"] = true, ["supports_signing"] = false, ["supports_derivation"] = true, ["auto_rotate_period"] = 0, ["imported_key"] = false,
        ["keys"] = new JsonObject(Enumerable.Range(key.MinDecryption, key.Versions.Count - key.MinDecryption + 1).Select(v => KeyValuePair.Create(v.ToString(CultureInfo.InvariantCulture), (JsonNode?)JsonValue.Create(1_700_000_000L + v)))),
    });

    private StandInAnswer Work(string name, JsonObject json, Func<Key, JsonObject, JsonObject> one, bool mayFail)
    {
        if (!_keys.TryGetValue(name, out var key))
        {
            return StandInAnswer.Error(400, "encryption key not found");
        }
        lock (key)
        {
            if (json["batch_input"] is not JsonArray batch)
            {
                var made = one(key, json);
                return (string?)made["error"] is { } error ? StandInAnswer.Error(400, error) : StandInAnswer.Data(made);
            }
            if (batch.Count == 0)
            {
                return StandInAnswer.Error(400, "missing batch input to process");
            }
            var results = batch.Select(item => one(key, item!.AsObject())).ToArray();
            foreach (var result in results)
            {
                result["reference"] = "";
            }
            var failed = mayFail && results.Any(r => r["error"] is not null);
            return StandInAnswer.Data(new JsonObject { ["batch_results"] = new JsonArray([.. results]) }, failed ? PartialFailureStatus : 200);
        }
    }

    private static JsonObject Encrypt(Key key, JsonObject item) =>
        Bytes(item, "plaintext") is { } plaintext ? Seal(key, plaintext, Bytes(item, "context"), Bytes(item, "associated_data")) : new JsonObject { ["error"] = "illegal base64 data at input byte 0" };

    private static JsonObject Decrypt(Key key, JsonObject item)
    {
        var (plaintext, error) = Unseal(key, item, Bytes(item, "associated_data"));
        return error is null ? new JsonObject { ["plaintext"] = Convert.ToBase64String(plaintext!) } : new JsonObject { ["error"] = error };
    }

    /// <summary>path_rewrap.go: decrypt and encrypt with the context alone; associated data is not looked at.</summary>
    private static JsonObject Rewrap(Key key, JsonObject item)
    {
        var (plaintext, error) = Unseal(key, item, null);
        return error is null ? Seal(key, plaintext!, Bytes(item, "context"), null) : new JsonObject { ["error"] = error };
    }

    private static JsonObject Seal(Key key, byte[] plaintext, byte[]? context, byte[]? associated)
    {
        if (key.Derived && context is null)
        {
            return new JsonObject { ["error"] = "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key" };
        }
        var sealed_ = new byte[12 + plaintext.Length + 16];
        RandomNumberGenerator.Fill(sealed_.AsSpan(0, 12));
        using var cipher = new AesGcm(key.Of(key.Versions.Count, context), 16);
        cipher.Encrypt(sealed_.AsSpan(0, 12), plaintext, sealed_.AsSpan(12, plaintext.Length), sealed_.AsSpan(12 + plaintext.Length), associated);
        return new JsonObject { ["ciphertext"] = $"vault:v{key.Versions.Count}:{Convert.ToBase64String(sealed_)}", ["key_version"] = key.Versions.Count };
    }

    /// <summary>policy.go DecryptWithFactory, step by step.</summary>
    private static (byte[]? Plaintext, string? Error) Unseal(Key key, JsonObject item, byte[]? associated)
    {
        var text = (string?)item["ciphertext"] ?? "";
        if (text.Length == 0)
        {
            return (null, "missing ciphertext to decrypt");
        }
        if (!text.StartsWith("vault:v", StringComparison.Ordinal))
        {
            return (null, "invalid ciphertext: no prefix");
        }
        var parts = text["vault:v".Length..].Split(':', 2);
        if (parts.Length != 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var version))
        {
            return (null, parts.Length != 2 ? "invalid ciphertext: wrong number of fields" : "invalid ciphertext: version number could not be decoded");
        }
        if (version > key.Versions.Count || version < key.MinDecryption)
        {
            return (null, version > key.Versions.Count ? "invalid ciphertext: version is too new" : TooOld);
        }
        var bytes = new byte[parts[1].Length];
        if (!Convert.TryFromBase64String(parts[1], bytes, out var length) || length < 28)
        {
            return (null, length < 28 ? "invalid ciphertext length" : "invalid ciphertext: could not decode base64");
        }
        var plaintext = new byte[length - 28];
        using var cipher = new AesGcm(key.Of(version, Bytes(item, "context")), 16);
        try
        {
            cipher.Decrypt(bytes.AsSpan(0, 12), bytes.AsSpan(12, plaintext.Length), bytes.AsSpan(length - 16, 16), plaintext, associated);
            return (plaintext, null);
        }
        catch (AuthenticationTagMismatchException)
        {
            return (null, "cipher: message authentication failed");   // crypto/cipher, as policy.go SymmetricDecryptRaw passes it on
        }
    }

    private static byte[]? Bytes(JsonObject json, string name)
    {
        var text = (string?)json[name];
        var bytes = new byte[text?.Length ?? 0];
        return text is not null && Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    private sealed class Key(bool derived)
    {
        public bool Derived => derived;
        public List<byte[]> Versions { get; } = [RandomNumberGenerator.GetBytes(32)];
        public int MinDecryption { get; set; } = 1;
        public int MinEncryption { get; set; }
        public bool DeletionAllowed { get; set; }
        public bool Exportable { get; set; }

        public byte[] Of(int version, byte[]? context) => derived ? HKDF.DeriveKey(HashAlgorithmName.SHA256, Versions[version - 1], 32, info: context ?? Encoding.UTF8.GetBytes("none")) : Versions[version - 1];
    }
}
