using System.Text.Json;
using System.Text.Json.Serialization;

namespace StingBackup.Engine.Storage.S3;

/// <summary>Whether a server does something.</summary>
public enum Ability
{
    /// <summary>It could not be found out, mostly for want of a right.</summary>
    Unknown,
    /// <summary>It does.</summary>
    Yes,
    /// <summary>It does not, or takes the request and ignores it.</summary>
    No,
}

/// <summary>What a server really does, found out by trying. Noted on this host only: what a bucket says of itself, whoever can write it could change.</summary>
public sealed record S3Abilities
{
    /// <summary>When it was tried.</summary>
    public DateTimeOffset Probed { get; init; }
    /// <summary>PUT with <c>If-None-Match: *</c> leaves what is there: the commit of a point rests on it.</summary>
    public Ability ConditionalPut { get; init; }
    /// <summary>So does CompleteMultipartUpload.</summary>
    public Ability ConditionalComplete { get; init; }
    /// <summary>DELETE with <c>If-Match</c> leaves what is another object by now.</summary>
    public Ability ConditionalDelete { get; init; }
    /// <summary>A SHA-256 that is sent along is checked and kept.</summary>
    public Ability Checksums { get; init; }
    /// <summary>A wrong Content-MD5 is refused.</summary>
    public Ability Md5Checked { get; init; }
    /// <summary>Bytes that are not those of the SHA-256 in the signature are refused.</summary>
    public Ability PayloadHash { get; init; }
    /// <summary>The ETag of a single PUT is the MD5 of its bytes.</summary>
    public Ability EtagIsMd5 { get; init; }
    /// <summary>A listing shows at once what was stored.</summary>
    public Ability ListsAtOnce { get; init; }
    /// <summary>The bucket keeps versions.</summary>
    public Ability Versioning { get; init; }
    /// <summary>The bucket can lock objects.</summary>
    public Ability ObjectLock { get; init; }
    /// <summary>RestoreObject is there.</summary>
    public Ability Restore { get; init; }
    /// <summary>This host may delete.</summary>
    public Ability MayDelete { get; init; }
}

/// <summary>Where abilities are noted between runs.</summary>
internal sealed class S3AbilityFile(S3Options options)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private string? FilePath => options.AbilityFolder is not { } folder ? null
        : Path.Combine(folder, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{options.ShowEndpoint()}\n{options.Address}\n{options.Login.Description}")))[..32] + ".json");

    /// <summary>What was noted, unless it is too old, lies in the future, or cannot be read: then it is found out anew.</summary>
    public S3Abilities? Load(DateTimeOffset now)
    {
        try
        {
            return FilePath is { } path && File.Exists(path) && JsonSerializer.Deserialize<S3Abilities>(File.ReadAllBytes(path), Json) is { } noted && noted.Probed <= now && now - noted.Probed <= options.AbilityAge ? noted : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Notes them. Without a place to write they are found out anew next time.</summary>
    public void Save(S3Abilities abilities)
    {
        if (FilePath is not { } path)
        {
            return;
        }
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var fresh = $"{path}.{Environment.ProcessId}";
            File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(abilities, Json));
            File.Move(fresh, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
