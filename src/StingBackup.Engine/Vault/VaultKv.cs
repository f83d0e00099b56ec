using System.Buffers;
using System.Globalization;
using System.Text.Json;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Vault;

/// <summary>
/// A KV version 2 mount: secrets with versions. Paths are within the mount, components separated by <c>/</c>, unescaped; a component may not be empty, <c>.</c> or <c>..</c>.
/// All failures are <see cref="StingException"/>s of <see cref="VaultClient"/>; 403 is <c>VaultDenied</c> and names the missing line of a policy.
/// </summary>
/// <remarks>Source: developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2.</remarks>
public sealed class VaultKv
{
    private static readonly HttpMethod List = new("LIST");

    private readonly VaultClient _client;
    private readonly TimeProvider _clock;
    private readonly string _mount;

    /// <summary>Names a mount; nothing is sent.</summary>
    /// <param name="client">The server. Not disposed by this.</param>
    /// <param name="mount">Where the engine is mounted, <c>sting</c> for example.</param>
    /// <param name="clock">Tells whether a deletion time has come.</param>
    public VaultKv(VaultClient client, string mount, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(mount);
        ArgumentNullException.ThrowIfNull(clock);
        _client = client;
        _clock = clock;
        Mount = mount.Trim('/');
        _mount = VaultJson.EscapePath(Mount);
    }

    /// <summary>Where the engine is mounted.</summary>
    public string Mount { get; }

    /// <summary>For messages: server and mount.</summary>
    public string Location => $"{VaultErrors.Show(_client.Address)}/{Mount}";

    /// <summary>The server.</summary>
    public VaultClient Client => _client;

    /// <summary>Checks that the mount is there and keeps versions. A token that may not ask is believed.</summary>
    /// <exception cref="StingException"><c>VaultMountMissing</c></exception>
    public async Task CheckMountAsync(CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Get, $"sys/internal/ui/mounts/{_mount}");
        VaultAnswer answer;
        try
        {
            answer = await _client.SendAsync(request, cancel).ConfigureAwait(false);
        }
        catch (StingException e) when (e.ErrorId == "VaultDenied")
        {
            return;   // Vault says 403 for a mount that is missing and for one that the token may not see; the first real request tells
        }
        if (answer.Status != 200)
        {
            return;
        }
        using var json = _client.Parse(request, answer);
        var data = VaultJson.Property(json.RootElement, "data");
        var type = VaultJson.Text(data, "type");
        var version = VaultJson.Text(VaultJson.Property(data, "options"), "version");
        if (type is not ("kv" or "generic" or "") || (type.Length > 0 && version != "2"))
        {
            throw VaultErrors.MountMissing(_client.Address, Mount, type is "kv" or "generic" ? $"its version is {(version.Length == 0 ? "1" : version)}" : $"it is of type {type}");
        }
    }

    /// <summary>The mount's settings. Needs <c>read</c> on <c>&lt;mount&gt;/config</c>.</summary>
    public async Task<KvSettings> ReadConfigAsync(CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Get, $"{_mount}/config");
        var answer = await _client.SendOrNullAsync(request, cancel).ConfigureAwait(false) ?? throw VaultErrors.MountMissing(_client.Address, Mount, "nothing answers at its config");
        using var json = _client.Parse(request, answer);
        return ReadSettings(VaultJson.Property(json.RootElement, "data"));
    }

    /// <summary>Names in a folder, as the server orders them; a folder's name ends with <c>/</c>. Needs <c>list</c> on <c>&lt;mount&gt;/metadata/…</c>.</summary>
    /// <param name="folder">The folder; empty for the mount itself.</param>
    /// <param name="cancel">Cancels.</param>
    /// <returns>The names, or null when there is no such folder.</returns>
    /// <exception cref="StingException"><c>VaultMountMissing</c> when the server says that nothing is mounted there.</exception>
    public async Task<IReadOnlyList<string>?> ListAsync(string folder, CancellationToken cancel)
    {
        var request = new VaultRequest(List, folder.Length == 0 ? $"{_mount}/metadata/" : $"{_mount}/metadata/{Escape(folder)}/") { Capability = "list" };
        var answer = await _client.SendAsync(request, cancel).ConfigureAwait(false);
        if (answer.Status == 404)
        {
            return answer.Said.Contains("no handler for route", StringComparison.Ordinal) ? throw VaultErrors.MountMissing(_client.Address, Mount, "nothing is mounted there") : null;
        }
        if (answer.Status != 200)
        {
            throw _client.Refused(request, answer);
        }
        using var json = _client.Parse(request, answer);
        var keys = VaultJson.Property(VaultJson.Property(json.RootElement, "data"), "keys");
        return keys.ValueKind == JsonValueKind.Array && keys.EnumerateArray().All(k => k.ValueKind == JsonValueKind.String)
            ? Understand<IReadOnlyList<string>>(request, () => [.. keys.EnumerateArray().Select(k => k.GetString()!)])
            : throw _client.NotUnderstood(request, "it holds no list of keys");
    }

    /// <summary>A secret without its value; null when there is none. Needs <c>read</c> on <c>&lt;mount&gt;/metadata/…</c>.</summary>
    public async Task<KvMetadata?> ReadMetadataAsync(string path, CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Get, $"{_mount}/metadata/{Escape(path)}");
        if (await _client.SendOrNullAsync(request, cancel).ConfigureAwait(false) is not { } answer)
        {
            return null;
        }
        using var json = _client.Parse(request, answer);
        var data = VaultJson.Property(json.RootElement, "data");
        if (data.ValueKind != JsonValueKind.Object || VaultJson.Time(data, "created_time") is not { } created)
        {
            throw _client.NotUnderstood(request, "it holds no metadata of a secret");
        }
        var current = VaultJson.Long(data, "current_version");
        var newest = VaultJson.Property(VaultJson.Property(data, "versions"), current.ToString(CultureInfo.InvariantCulture));
        var custom = VaultJson.Property(data, "custom_metadata");
        return new KvMetadata
        {
            CurrentVersion = current, CreatedNs = created, UpdatedNs = VaultJson.Time(data, "updated_time") ?? created, Settings = ReadSettings(data),
            CustomMetadata = custom.ValueKind != JsonValueKind.Object ? []
                : Understand<IReadOnlyList<KeyValuePair<string, string>>>(request, () => [.. custom.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : p.Value.GetRawText())).OrderBy(p => p.Key, StringComparer.Ordinal)]),
            Current = newest.ValueKind == JsonValueKind.Object ? ReadVersion(newest, current) : new KvVersion(current, 0, KvState.Absent),
        };
    }

    /// <summary>A version with its value. Needs <c>read</c> on <c>&lt;mount&gt;/data/…</c>.</summary>
    /// <param name="path">The secret.</param>
    /// <param name="version">Which; null for the newest.</param>
    /// <param name="cancel">Cancels.</param>
    /// <returns>Null when there is no such secret or version; one without value when it is deleted or destroyed.</returns>
    public async Task<KvSecret?> ReadAsync(string path, long? version, CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Get, $"{_mount}/data/{Escape(path)}{(version is { } v ? FormattableString.Invariant($"?version={v}") : "")}");
        var answer = await _client.SendAsync(request, cancel).ConfigureAwait(false);
        if (answer.Status is not (200 or 404))
        {
            throw _client.Refused(request, answer);
        }
        var json = _client.Parse(request, answer);
        try
        {
            var outer = VaultJson.Property(json.RootElement, "data");
            var metadata = VaultJson.Property(outer, "metadata");
            if (metadata.ValueKind != JsonValueKind.Object)
            {
                json.Dispose();
                return answer.Status == 404 ? null : throw _client.NotUnderstood(request, "it holds no version of a secret");
            }
            var read = ReadVersion(metadata, VaultJson.Long(metadata, "version"));
            var data = VaultJson.Property(outer, "data");
            if (answer.Status == 404)
            {
                // The server's clock decides: what it no longer gives is deleted, whatever the time is here.
                return new KvSecret(json, default, read.State == KvState.Live ? read with { State = KvState.Deleted } : read, request.ToString(), _client.Address);
            }
            return data.ValueKind == JsonValueKind.Object ? new KvSecret(json, data, read with { State = KvState.Live }, request.ToString(), _client.Address)
                : throw _client.NotUnderstood(request, "the value is no JSON object");
        }
        catch
        {
            json.Dispose();
            throw;
        }
    }

    /// <summary>Writes a new version. Needs <c>create</c> and <c>update</c> on <c>&lt;mount&gt;/data/…</c>.</summary>
    /// <param name="path">The secret.</param>
    /// <param name="data">The value, a JSON object in UTF-8; it is sent as it is.</param>
    /// <param name="cas">The number that the newest version must have for the write to be taken, 0 for none; null takes it whatever is there.</param>
    /// <param name="cancel">Cancels.</param>
    /// <returns>The version that was made, or null when <paramref name="cas"/> did not match.</returns>
    /// <exception cref="StingException"><c>VaultRequestRefused</c>, also for a value that is longer than the server takes.</exception>
    public async Task<KvVersion?> WriteAsync(string path, ReadOnlyMemory<byte> data, long? cas, CancellationToken cancel)
    {
        var options = cas is { } c ? string.Create(CultureInfo.InvariantCulture, $",\"options\":{{\"cas\":{c}}}}}") : "}";
        var body = new ArrayBufferWriter<byte>(data.Length + 64);
        body.Write("{\"data\":"u8);
        body.Write(data.Span);
        body.Write(System.Text.Encoding.ASCII.GetBytes(options));
        var request = new VaultRequest(HttpMethod.Post, $"{_mount}/data/{Escape(path)}") { Body = body.WrittenMemory, Capability = "update" };
        var answer = await _client.SendAsync(request, cancel).ConfigureAwait(false);
        if (answer.Status == 400 && cas is not null && answer.Said.Contains("did not match the current version", StringComparison.Ordinal))
        {
            return null;
        }
        if (answer.Status != 200)
        {
            throw _client.Refused(request, answer);
        }
        using var json = _client.Parse(request, answer);
        var made = VaultJson.Property(json.RootElement, "data");
        return ReadVersion(made, VaultJson.Long(made, "version"));
    }

    /// <summary>Changes a secret's metadata, and makes it where there is none. Needs <c>create</c> and <c>update</c> on <c>&lt;mount&gt;/metadata/…</c>.</summary>
    public async Task WriteMetadataAsync(string path, KvMetadataChange change, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(change);
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            if (change.CustomMetadata is { } custom)
            {
                json.WriteStartObject("custom_metadata"u8);
                foreach (var (key, value) in custom)
                {
                    json.WriteString(key, value);
                }
                json.WriteEndObject();
            }
            if (change.Settings is { } settings)
            {
                json.WriteNumber("max_versions"u8, settings.MaxVersions);
                json.WriteBoolean("cas_required"u8, settings.CasRequired);
                json.WriteString("delete_version_after"u8, settings.DeleteVersionAfter.Length == 0 ? "0s" : settings.DeleteVersionAfter);
            }
            json.WriteEndObject();
        }
        await DoAsync(HttpMethod.Post, $"metadata/{Escape(path)}", body.WrittenMemory, "update", cancel).ConfigureAwait(false);
    }

    /// <summary>Deletes the newest version; it can be undeleted. Needs <c>delete</c> on <c>&lt;mount&gt;/data/…</c>.</summary>
    public Task DeleteAsync(string path, CancellationToken cancel) => DoAsync(HttpMethod.Delete, $"data/{Escape(path)}", default, "delete", cancel);

    /// <summary>Deletes versions; they can be undeleted. Needs <c>update</c> on <c>&lt;mount&gt;/delete/…</c>.</summary>
    public Task DeleteAsync(string path, IReadOnlyList<long> versions, CancellationToken cancel) => DoAsync(HttpMethod.Post, $"delete/{Escape(path)}", Versions(versions), "update", cancel);

    /// <summary>Brings deleted versions back. Needs <c>update</c> on <c>&lt;mount&gt;/undelete/…</c>.</summary>
    public Task UndeleteAsync(string path, IReadOnlyList<long> versions, CancellationToken cancel) => DoAsync(HttpMethod.Post, $"undelete/{Escape(path)}", Versions(versions), "update", cancel);

    /// <summary>Destroys versions for good. Needs <c>update</c> on <c>&lt;mount&gt;/destroy/…</c>.</summary>
    public Task DestroyAsync(string path, IReadOnlyList<long> versions, CancellationToken cancel) => DoAsync(HttpMethod.Put, $"destroy/{Escape(path)}", Versions(versions), "update", cancel);

    /// <summary>Removes a secret with all its versions and metadata, for good. Needs <c>delete</c> on <c>&lt;mount&gt;/metadata/…</c>.</summary>
    public Task RemoveAsync(string path, CancellationToken cancel) => DoAsync(HttpMethod.Delete, $"metadata/{Escape(path)}", default, "delete", cancel);

    /// <summary>JSON may escape halves of characters, which are no text.</summary>
    private T Understand<T>(VaultRequest request, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw _client.NotUnderstood(request, "it holds text that is no Unicode");
        }
    }

    private async Task DoAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, string capability, CancellationToken cancel)
    {
        var request = new VaultRequest(method, $"{_mount}/{path}") { Body = body, Capability = capability };
        var answer = await _client.SendAsync(request, cancel).ConfigureAwait(false);
        if (answer.Status is not (200 or 204))
        {
            throw _client.Refused(request, answer);
        }
    }

    private KvVersion ReadVersion(JsonElement version, long number)
    {
        // A deletion time may lie ahead (delete_version_after): until then the version is live.
        var deleted = VaultJson.Time(version, "deletion_time") is { } time && time <= NanosecondTime.ToNs(_clock.GetUtcNow());
        return new KvVersion(number, VaultJson.Time(version, "created_time") ?? 0,
            VaultJson.Flag(version, "destroyed") ? KvState.Destroyed : deleted ? KvState.Deleted : KvState.Live);
    }

    private static KvSettings ReadSettings(JsonElement data) => new()
    {
        MaxVersions = VaultJson.Long(data, "max_versions"), CasRequired = VaultJson.Flag(data, "cas_required"), DeleteVersionAfter = VaultJson.Text(data, "delete_version_after"),
    };

    private static byte[] Versions(IReadOnlyList<long> versions) =>
        System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"versions\":[{string.Join(',', versions.Select(v => v.ToString(CultureInfo.InvariantCulture)))}]}}"));

    private static string Escape(string path)
    {
        foreach (var part in path.Split('/'))
        {
            // URLs are resolved: such a component would name another secret.
            if (part is "" or "." or "..")
            {
                throw new StingException("NameNotAllowed", FailureKind.InvalidArgument, $"'{path}' is not a path that a secret can have here.", path, "A component may not be empty, '.' or '..'.");
            }
        }
        return VaultJson.EscapePath(path);
    }
}
