using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>What an attempt to open a value showed.</summary>
internal enum SealedKind
{
    /// <summary>It is nothing that STING sealed for this owner.</summary>
    No,
    /// <summary>STING sealed it, and no configured master key opens it.</summary>
    KeyMissing,
    /// <summary>It is open.</summary>
    Opened,
}

/// <summary>
/// An upload that STING sealed: JSON whose <c>encrypted_data</c> is nonce, ciphertext and tag of AES-256-GCM under a random key, and whose <c>encrypted_file_key</c> is that key, wrapped
/// (<see cref="MasterKeys"/>). Opened, it is the upload's bytes and what is needed to seal them again to the same JSON, byte for byte; no key in the clear is part of it.
/// </summary>
internal sealed class SealedUpload
{
    /// <summary>Text around the ciphertext that is longer is not STING's.</summary>
    private const int MaximumText = 1 << 20;

    /// <summary>The JSON before the ciphertext's base64, and behind it.</summary>
    public required string Before { get; init; }
    public required string After { get; init; }
    /// <summary>The ciphertext's nonce.</summary>
    public required byte[] Nonce { get; init; }
    /// <summary>The upload's key as STING wrapped it.</summary>
    public required byte[] WrappedKey { get; init; }
    /// <summary>Whose key wraps it.</summary>
    public required string User { get; init; }
    /// <summary>Which master key opened it.</summary>
    public required string Master { get; init; }
    /// <summary>SHA-256 of the JSON.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>Opens the bytes of a value, where STING sealed them for this owner and sealing again gives exactly the same bytes.</summary>
    public static SealedKind TryOpen(ReadOnlyMemory<byte> json, MasterKeys keys, string owner, out SealedUpload? upload, out byte[] plaintext)
    {
        (upload, plaintext) = (null, []);
        if (!json.Span.StartsWith("{"u8) || Fields.TryRead(json, owner) is not { } fields)
        {
            return SealedKind.No;
        }
        var sealedBytes = fields.Sealed;
        if (keys.TryUnwrap(fields.WrappedKey, owner) is not var (fileKey, master))
        {
            return SealedKind.KeyMissing;
        }
        using (fileKey)
        {
            using var cipher = new AesGcm(fileKey.Span, MasterKeys.TagLength);
            var nonce = sealedBytes.AsSpan(0, MasterKeys.NonceLength);
            var text = sealedBytes.AsSpan(MasterKeys.NonceLength..^MasterKeys.TagLength);
            var opened = GC.AllocateUninitializedArray<byte>(text.Length);
            try
            {
                cipher.Decrypt(nonce, text, sealedBytes.AsSpan(^MasterKeys.TagLength..), opened);
            }
            catch (AuthenticationTagMismatchException)
            {
                return SealedKind.No;   // damaged: kept as it is, damage and all
            }
            if (!SealsTo(cipher, nonce, opened, sealedBytes))
            {
                return SealedKind.No;
            }
            upload = new SealedUpload
            {
                Before = fields.Before, After = fields.After, Nonce = nonce.ToArray(), WrappedKey = fields.WrappedKey, User = owner, Master = master, Hash = SHA256.HashData(json.Span),
            };
            plaintext = opened;
            return SealedKind.Opened;
        }
    }

    /// <summary>The JSON as it was, byte for byte.</summary>
    /// <param name="plaintext">The upload's bytes.</param>
    /// <param name="keys">The configured keys, or null.</param>
    /// <param name="name">For messages: which secret.</param>
    /// <exception cref="StingException"><c>MasterKeyMissing</c> when no configured key fits, <c>VaultSecretInvalid</c> when what was sealed is not what was backed up</exception>
    public ReadOnlyMemory<byte> Seal(ReadOnlySpan<byte> plaintext, MasterKeys? keys, string name)
    {
        if (keys?.TryUnwrap(WrappedKey, User) is not var (fileKey, _))
        {
            throw keys?.Has(Master) == true ? SecretContent.Invalid(name, "its wrapped key is damaged") : KeyMissing(keys, name);
        }
        using (fileKey)
        {
            using var cipher = new AesGcm(fileKey.Span, MasterKeys.TagLength);
            var sealedBytes = Encrypt(cipher, Nonce, plaintext);
            var json = new ArrayBufferWriter<byte>((sealedBytes.Length * 4 / 3) + Before.Length + After.Length + 16);
            json.Write(Encoding.UTF8.GetBytes(Before));
            Base64Text.Encode(sealedBytes, json);
            json.Write(Encoding.UTF8.GetBytes(After));
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(json.WrittenSpan, hash);
            return hash.SequenceEqual(Hash) ? json.WrittenMemory : throw SecretContent.Invalid(name, "sealed again, it is not what was backed up");
        }
    }

    /// <summary>As an object of the description.</summary>
    public void Write(IBufferWriter<byte> target)
    {
        Property("{\"after\":"u8, After, target);
        Property(",\"before\":"u8, Before, target);
        Property(",\"key\":"u8, Convert.ToBase64String(WrappedKey), target);
        Property(",\"master\":"u8, Master, target);
        Property(",\"nonce\":"u8, Convert.ToBase64String(Nonce), target);
        Property(",\"scheme\":"u8, MasterKeys.Scheme, target);
        Property(",\"sha256\":"u8, Convert.ToHexStringLower(Hash), target);
        Property(",\"user\":"u8, User, target);
        target.Write("}"u8);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static SealedUpload Read(JsonElement json, string name) =>
        Text(json, "scheme") is var scheme && scheme != MasterKeys.Scheme ? throw SecretContent.Invalid(name, $"'{scheme}' is no sealing that this version knows") : new SealedUpload
        {
            After = Text(json, "after"), Before = Text(json, "before"), User = Text(json, "user"), Master = Text(json, "master"), Hash = Convert.FromHexString(Text(json, "sha256")),
            WrappedKey = Bytes(json, "key", MasterKeys.WrappedLength), Nonce = Bytes(json, "nonce", MasterKeys.NonceLength),
        };

    private static string Text(JsonElement json, string property) => json.GetProperty(property).GetString() ?? throw new FormatException();

    private static byte[] Bytes(JsonElement json, string property, int length) => json.GetProperty(property).GetBytesFromBase64() is { } bytes && bytes.Length == length ? bytes : throw new FormatException();

    private static void Property(ReadOnlySpan<byte> name, string value, IBufferWriter<byte> target)
    {
        target.Write(name);
        CanonicalJson.WriteString(Encoding.UTF8.GetBytes(value), target);
    }

    /// <summary>Only what gives back the same bytes may stand in their place, so it is tried.</summary>
    private static bool SealsTo(AesGcm cipher, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> expected) => Encrypt(cipher, nonce, plaintext).AsSpan().SequenceEqual(expected);

    private static byte[] Encrypt(AesGcm cipher, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext)
    {
        var result = GC.AllocateUninitializedArray<byte>(MasterKeys.NonceLength + plaintext.Length + MasterKeys.TagLength);
        nonce.CopyTo(result);
        cipher.Encrypt(nonce, plaintext, result.AsSpan(MasterKeys.NonceLength..^MasterKeys.TagLength), result.AsSpan(^MasterKeys.TagLength..));
        return result;
    }

    private StingException KeyMissing(MasterKeys? keys, string name) => new("MasterKeyMissing", FailureKind.NotFound,
        $"'{name}' was sealed by STING and is kept open; the master key {Master} that seals it again is not configured ({(keys is null ? "vault.master_key_files names no file" : $"configured: {keys.Describe()}")}). It was not restored.", name,
        "Name a file that holds that key in vault.master_key_files (STING's env/app.env of that time is in the backups, class Secrets), then run the restore again.");

    /// <summary>What the JSON says, when it is STING's.</summary>
    private sealed record Fields(string Before, string After, byte[] Sealed, byte[] WrappedKey)
    {
        public static Fields? TryRead(ReadOnlyMemory<byte> json, string owner)
        {
            try
            {
                using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
                var root = document.RootElement;
                if (TextOf(root, "encryption_metadata") is not { } metadata || !IsOf(metadata, owner) || TextOf(root, "encrypted_file_key") is not { } wrapped || !root.TryGetProperty("encrypted_data", out var data)
                    || data.ValueKind != JsonValueKind.String || Base64Text.TryDecode(Encoding.UTF8.GetBytes(wrapped)) is not { Length: MasterKeys.WrappedLength } key)
                {
                    return null;
                }
                var base64 = System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(data)[1..^1];
                if (!json.Span.Overlaps(base64, out var at) || Base64Text.TryDecode(base64) is not { Length: >= MasterKeys.NonceLength + MasterKeys.TagLength } sealedBytes)
                {
                    return null;
                }
                var before = json.Span[..at];
                var after = json.Span[(at + base64.Length)..];
                return before.Length + after.Length > MaximumText || !System.Text.Unicode.Utf8.IsValid(before) || !System.Text.Unicode.Utf8.IsValid(after) ? null
                    : new Fields(Encoding.UTF8.GetString(before), Encoding.UTF8.GetString(after), sealedBytes, key);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return null;
            }
        }

        private static bool IsOf(string metadata, string owner)
        {
            using var document = JsonDocument.Parse(metadata);
            return TextOf(document.RootElement, "user_id") == owner;
        }

        private static string? TextOf(JsonElement json, string property) =>
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
