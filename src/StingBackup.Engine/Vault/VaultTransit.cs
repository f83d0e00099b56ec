using System.Globalization;
using System.Text.Json;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Vault;

/// <summary>
/// A transit mount: keys that stay in Vault and encrypt what is sent to them. Plaintexts go in and come out as bytes that are zeroed; base64 is an affair of this class alone.
/// All failures are <see cref="StingException"/>s of <see cref="VaultClient"/>, and <c>VaultKeyMissing</c>, <c>VaultKeyVersionTooOld</c>, <c>VaultCiphertextInvalid</c>.
/// </summary>
/// <remarks>Sources: developer.hashicorp.com/vault/api-docs/secret/transit; OpenBao internal/builtin/logical/transit (path_encrypt.go, path_decrypt.go, path_rewrap.go, path_rotate.go, path_keys.go, path_keys_config.go).</remarks>
public sealed class VaultTransit
{
    /// <summary>The type of keys that this program makes and asks for.</summary>
    public const string AesGcm = "aes256-gcm96";

    private readonly string _mount;

    /// <summary>Names a mount; nothing is sent.</summary>
    /// <param name="client">The server. Not disposed by this.</param>
    /// <param name="mount">Where the engine is mounted.</param>
    public VaultTransit(VaultClient client, string mount = "transit")
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(mount);
        Client = client;
        Mount = mount.Trim('/');
        _mount = VaultJson.EscapePath(Mount);
    }

    /// <summary>The server.</summary>
    public VaultClient Client { get; }

    /// <summary>Where the engine is mounted.</summary>
    public string Mount { get; }

    /// <summary>For messages: server and mount.</summary>
    public string Location => $"{VaultErrors.Show(Client.Address)}/{Mount}";

    /// <summary>The version of the key that made a ciphertext, or null for what is none.</summary>
    public static long? VersionOf(string? ciphertext)
    {
        // keysutil/policy.go DefaultVersionTemplate: vault:v{{version}}:
        var parts = ciphertext?.Split(':', 3);
        return parts is [_, ['v', .. var digits], { Length: > 0 }] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0 ? version : null;
    }

    /// <summary>A key without its material; null when there is none. Needs <c>read</c> on <c>&lt;mount&gt;/keys/&lt;key&gt;</c>.</summary>
    public async Task<TransitKey?> ReadKeyAsync(string key, CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Get, KeyPath("keys", key));
        var answer = await SendAsync(request, cancel).ConfigureAwait(false);
        if (answer.Status == 404)
        {
            return null;
        }
        return answer.Status == 200 ? ReadKey(request, answer) : throw TransitErrors.Of(this, request, answer.Status, answer.Said, (key, null));
    }

    /// <summary>Makes a key of 256-bit AES-GCM that cannot be exported or deleted; one that is there stays as it is. Needs <c>update</c> on <c>&lt;mount&gt;/keys/&lt;key&gt;</c>.</summary>
    public async Task CreateKeyAsync(string key, bool derived, CancellationToken cancel)
    {
        using var body = TransitBody.Of(json =>
        {
            json.WriteString("type"u8, AesGcm);
            json.WriteBoolean("derived"u8, derived);
        });
        await WriteAsync(KeyPath("keys", key), body, key, cancel).ConfigureAwait(false);
    }

    /// <summary>Makes a new version of a key, which encrypts from now on; older ones still decrypt. Needs <c>update</c> on <c>&lt;mount&gt;/keys/&lt;key&gt;/rotate</c>.</summary>
    public async Task RotateAsync(string key, CancellationToken cancel)
    {
        using var body = TransitBody.Of(_ => { });
        await WriteAsync($"{KeyPath("keys", key)}/rotate", body, key, cancel).ConfigureAwait(false);
    }

    /// <summary>Changes a key's settings. Needs <c>update</c> on <c>&lt;mount&gt;/keys/&lt;key&gt;/config</c>.</summary>
    public async Task ConfigureAsync(string key, TransitKeyChange change, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(change);
        using var body = TransitBody.Of(json =>
        {
            if (change.MinDecryptionVersion is { } decryption)
            {
                json.WriteNumber("min_decryption_version"u8, decryption);
            }
            if (change.MinEncryptionVersion is { } encryption)
            {
                json.WriteNumber("min_encryption_version"u8, encryption);
            }
            if (change.IsDeletionAllowed is { } deletion)
            {
                json.WriteBoolean("deletion_allowed"u8, deletion);
            }
        });
        await WriteAsync($"{KeyPath("keys", key)}/config", body, key, cancel).ConfigureAwait(false);
    }

    /// <summary>Deletes a key that allows it, and with it the only way to all that it encrypted. Needs <c>delete</c> on <c>&lt;mount&gt;/keys/&lt;key&gt;</c>.</summary>
    public async Task DeleteKeyAsync(string key, CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Delete, KeyPath("keys", key)) { Capability = "delete" };
        var answer = await SendAsync(request, cancel).ConfigureAwait(false);
        if (answer.Status is not (200 or 204))
        {
            throw TransitErrors.Of(this, request, answer.Status, answer.Said, (key, null));
        }
    }

    /// <summary>Encrypts with the newest version. Needs <c>update</c> on <c>&lt;mount&gt;/encrypt/&lt;key&gt;</c>; without <c>create</c> a key that is missing is refused, not made.</summary>
    public async Task<TransitCiphertext> EncryptAsync(string key, SecretBytes plaintext, TransitBinding binding, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plaintext);
        using var body = TransitBody.Of(json => TransitBody.Encrypt(json, plaintext, binding), plaintext.Length);
        return await OneAsync(Operation("encrypt", key, body), (key, null), ReadCiphertext, cancel).ConfigureAwait(false);
    }

    /// <summary>Decrypts; the caller disposes what comes. Needs <c>update</c> on <c>&lt;mount&gt;/decrypt/&lt;key&gt;</c>.</summary>
    public async Task<SecretBytes> DecryptAsync(string key, string ciphertext, TransitBinding binding, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(ciphertext);
        using var body = TransitBody.Of(json => TransitBody.Decrypt(json, ciphertext, binding));
        return await OneAsync(Operation("decrypt", key, body), (key, ciphertext), ReadPlaintext, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Encrypts anew with the newest version, without the plaintext leaving Vault. Needs <c>update</c> on <c>&lt;mount&gt;/rewrap/&lt;key&gt;</c>.
    /// Not for what has associated data: the engine takes none here.
    /// </summary>
    public async Task<TransitCiphertext> RewrapAsync(string key, string ciphertext, ReadOnlyMemory<byte> context, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(ciphertext);
        using var body = TransitBody.Of(json => TransitBody.Decrypt(json, ciphertext, new TransitBinding { Context = context }));
        return await OneAsync(Operation("rewrap", key, body), (key, ciphertext), ReadCiphertext, cancel).ConfigureAwait(false);
    }

    /// <summary>Encrypts many in one request; the answers stand in the order of what was asked.</summary>
    public async Task<IReadOnlyList<TransitEncrypted>> EncryptAsync(string key, IReadOnlyList<(SecretBytes Plaintext, TransitBinding Binding)> items, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(items);
        using var body = TransitBody.Batch(items, (json, item) => TransitBody.Encrypt(json, item.Plaintext, item.Binding), items.Sum(i => i.Plaintext.Length));
        return await ManyAsync(Operation("encrypt", key, body), key, [.. items.Select(_ => (string?)null)],
            (request, item) => new TransitEncrypted(ReadCiphertext(request, item), null), failure => new TransitEncrypted(null, failure), cancel).ConfigureAwait(false);
    }

    /// <summary>Decrypts many in one request; the answers stand in the order of what was asked, and the caller disposes them.</summary>
    public async Task<IReadOnlyList<TransitDecrypted>> DecryptAsync(string key, IReadOnlyList<(string Ciphertext, TransitBinding Binding)> items, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(items);
        using var body = TransitBody.Batch(items, (json, item) => TransitBody.Decrypt(json, item.Ciphertext, item.Binding));
        return await ManyAsync(Operation("decrypt", key, body), key, [.. items.Select(i => i.Ciphertext)],
            (request, item) => new TransitDecrypted(ReadPlaintext(request, item), null), failure => new TransitDecrypted(null, failure), cancel).ConfigureAwait(false);
    }

    /// <summary>Rewraps many in one request; the answers stand in the order of what was asked.</summary>
    public async Task<IReadOnlyList<TransitEncrypted>> RewrapAsync(string key, IReadOnlyList<(string Ciphertext, ReadOnlyMemory<byte> Context)> items, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(items);
        using var body = TransitBody.Batch(items, (json, item) => TransitBody.Decrypt(json, item.Ciphertext, new TransitBinding { Context = item.Context }));
        return await ManyAsync(Operation("rewrap", key, body), key, [.. items.Select(i => i.Ciphertext)],
            (request, item) => new TransitEncrypted(ReadCiphertext(request, item), null), failure => new TransitEncrypted(null, failure), cancel).ConfigureAwait(false);
    }

    private async Task WriteAsync(string path, SecretBytes body, string key, CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Post, path) { Body = body.Array, Capability = "update" };
        var answer = await SendAsync(request, cancel).ConfigureAwait(false);
        if (answer.Status is not (200 or 204))
        {
            throw TransitErrors.Of(this, request, answer.Status, answer.Said, (key, null));
        }
    }

    private async Task<T> OneAsync<T>(VaultRequest request, (string Key, string? Ciphertext) about, Func<VaultRequest, JsonElement, T> read, CancellationToken cancel)
    {
        var answer = await SendAsync(request, cancel).ConfigureAwait(false);
        try
        {
            if (answer.Status != 200)
            {
                throw TransitErrors.Of(this, request, answer.Status, answer.Said, about);
            }
            using var json = Client.Parse(request, answer);
            return read(request, VaultJson.Property(json.RootElement, "data"));
        }
        finally
        {
            TransitBody.Zero(answer);
        }
    }

    /// <summary>A batch answers 200, or 400 where an item failed (path_encrypt.go batchRequestResponse; before Vault 1.12 always 200), with an error beside each that did.</summary>
    private async Task<IReadOnlyList<T>> ManyAsync<T>(
        VaultRequest request, string key, string?[] ciphertexts, Func<VaultRequest, JsonElement, T> read, Func<StingException, T> failed, CancellationToken cancel)
    {
        if (ciphertexts.Length == 0)
        {
            return [];
        }
        var answer = await SendAsync(request, cancel).ConfigureAwait(false);
        var results = new List<T>(ciphertexts.Length);
        try
        {
            if (answer.Status is not (200 or 400))
            {
                throw TransitErrors.Of(this, request, answer.Status, answer.Said, (key, null));
            }
            using var json = Client.Parse(request, answer);
            var items = VaultJson.Property(VaultJson.Property(json.RootElement, "data"), "batch_results");
            if (items.ValueKind != JsonValueKind.Array)
            {
                throw answer.Status == 400 ? TransitErrors.Of(this, request, 400, answer.Said, (key, null)) : Client.NotUnderstood(request, "it holds no results of the batch");
            }
            if (items.GetArrayLength() != ciphertexts.Length)
            {
                throw Client.NotUnderstood(request, FormattableString.Invariant($"it holds {items.GetArrayLength()} results for {ciphertexts.Length} items"));
            }
            foreach (var item in items.EnumerateArray())
            {
                var error = VaultJson.Text(item, "error");
                results.Add(error.Length > 0 ? failed(TransitErrors.Of(this, request, 400, error, (key, ciphertexts[results.Count]))) : read(request, item));
            }
            return results;
        }
        catch
        {
            results.ForEach(result => (result as IDisposable)?.Dispose());
            throw;
        }
        finally
        {
            TransitBody.Zero(answer);
        }
    }

    private async Task<VaultAnswer> SendAsync(VaultRequest request, CancellationToken cancel)
    {
        var answer = await Client.SendAsync(request, cancel).ConfigureAwait(false);
        return answer.Status == 404 && answer.Said.Contains("no handler for route", StringComparison.Ordinal)
            ? throw VaultErrors.TransitMissing(Client.Address, Mount) : answer;
    }

    private VaultRequest Operation(string operation, string key, SecretBytes body) => new(HttpMethod.Post, KeyPath(operation, key)) { Body = body.Array, Capability = "update" };

    private string KeyPath(string operation, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return key.Contains('/', StringComparison.Ordinal) || key is "." or ".."
            ? throw new ArgumentException($"'{key}' is no name of a key.", nameof(key)) : $"{_mount}/{operation}/{Uri.EscapeDataString(key)}";
    }

    private TransitKey ReadKey(VaultRequest request, VaultAnswer answer)
    {
        using var json = Client.Parse(request, answer);
        var data = VaultJson.Property(json.RootElement, "data");
        var versions = VaultJson.Property(data, "keys");
        if (VaultJson.Long(data, "latest_version") < 1 || versions.ValueKind != JsonValueKind.Object)
        {
            throw Client.NotUnderstood(request, "it describes no key");
        }
        return new TransitKey
        {
            Name = VaultJson.Text(data, "name"), Type = VaultJson.Text(data, "type"), LatestVersion = VaultJson.Long(data, "latest_version"),
            MinDecryptionVersion = VaultJson.Long(data, "min_decryption_version"), MinEncryptionVersion = VaultJson.Long(data, "min_encryption_version"),
            Versions = versions.EnumerateObject().Select(v => long.TryParse(v.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0).Order().ToArray(),
            IsExportable = VaultJson.Flag(data, "exportable"), IsDeletionAllowed = VaultJson.Flag(data, "deletion_allowed"), IsDerived = VaultJson.Flag(data, "derived"),
            AllowsPlaintextBackup = VaultJson.Flag(data, "allow_plaintext_backup"),
        };
    }

    private TransitCiphertext ReadCiphertext(VaultRequest request, JsonElement data) =>
        VaultJson.Text(data, "ciphertext") is { Length: > 0 } text && VersionOf(text) is { } version ? new TransitCiphertext(text, version) : throw Client.NotUnderstood(request, "it holds no ciphertext");

    private SecretBytes ReadPlaintext(VaultRequest request, JsonElement data) =>
        TransitBody.Plaintext(VaultJson.Property(data, "plaintext")) ?? throw Client.NotUnderstood(request, "it holds no plaintext");
}
