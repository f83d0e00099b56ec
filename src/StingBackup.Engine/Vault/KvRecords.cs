using System.Text.Json;

namespace StingBackup.Engine.Vault;

/// <summary>What a KV v2 mount or a secret is set to.</summary>
public sealed record KvSettings
{
    /// <summary>Versions kept of a secret; 0 leaves it to the mount, and there to the server (10).</summary>
    public long MaxVersions { get; init; }
    /// <summary>True when no write is taken without a check-and-set value.</summary>
    public bool CasRequired { get; init; }
    /// <summary>After how long a version is deleted, as the server writes it (<c>3h0m0s</c>); empty or <c>0s</c> for never.</summary>
    public string DeleteVersionAfter { get; init; } = "";

    /// <summary>True when nothing is set.</summary>
    public bool IsDefault => MaxVersions == 0 && !CasRequired && DeleteVersionAfter is "" or "0s";
}

/// <summary>Whether a version of a secret can be read.</summary>
public enum KvState
{
    /// <summary>Its value is there.</summary>
    Live,
    /// <summary>Deleted, and can be undeleted.</summary>
    Deleted,
    /// <summary>Its value is gone for good.</summary>
    Destroyed,
    /// <summary>There is no such version (a secret that has metadata and was never written, or a version that the mount no longer keeps).</summary>
    Absent,
}

/// <summary>A version of a secret. Times are nanoseconds since 1970 UTC.</summary>
/// <param name="Number">1, 2, …</param>
/// <param name="CreatedNs">When it was written.</param>
/// <param name="State">Whether its value is there; a deletion time in the future leaves it live.</param>
public sealed record KvVersion(long Number, long CreatedNs, KvState State);

/// <summary>A secret without its value.</summary>
public sealed record KvMetadata
{
    /// <summary>The newest version's number; 0 when none was ever written.</summary>
    public long CurrentVersion { get; init; }
    /// <summary>When the secret was first written, nanoseconds since 1970 UTC.</summary>
    public long CreatedNs { get; init; }
    /// <summary>When it was last written; on some servers also when its metadata was.</summary>
    public long UpdatedNs { get; init; }
    /// <summary>What people noted of it, ascending by key (ordinal).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> CustomMetadata { get; init; } = [];
    /// <summary>Its own settings.</summary>
    public KvSettings Settings { get; init; } = new();
    /// <summary>The newest version.</summary>
    public KvVersion Current { get; init; } = new(0, 0, KvState.Absent);
}

/// <summary>A version of a secret with its value. Holds the answer's buffer; dispose it.</summary>
public sealed class KvSecret : IDisposable
{
    private readonly JsonDocument _json;

    private readonly string _request;
    private readonly Uri _address;

    internal KvSecret(JsonDocument json, JsonElement data, KvVersion version, string request, Uri address)
    {
        _json = json;
        _request = request;
        _address = address;
        Data = data;
        Version = version;
    }

    /// <summary>Which version it is, and whether the value is there.</summary>
    public KvVersion Version { get; }

    /// <summary>The value, a JSON object; undefined unless the version is live. Valid until this is disposed.</summary>
    public JsonElement Data { get; }

    /// <summary>For the one who finds that the value makes no sense.</summary>
    internal StingException NotUnderstood(string what, Exception cause) => VaultErrors.AnswerUnknown(_address, _request, what, cause);

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();
}

/// <summary>What to change of a secret's metadata; null leaves a thing as it is.</summary>
public sealed record KvMetadataChange
{
    /// <summary>All of the custom metadata: what is not named here is removed.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? CustomMetadata { get; init; }
    /// <summary>All of the settings.</summary>
    public KvSettings? Settings { get; init; }
}
