using System.Text.Json;
using System.Text.Json.Serialization;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The settings that the last backup run on this host used. No setting is a secret, and none of them is in it.</summary>
/// <param name="BackupId">The run.</param>
/// <param name="Time">When it began.</param>
/// <param name="Values">Key and text of every setting; empty text where it was not set.</param>
public sealed record ConfigurationSnapshot(string BackupId, DateTimeOffset Time, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>The file's name in the state folder.</summary>
    public const string FileName = "last-run-configuration.json";

    /// <summary>Takes the settings of a run.</summary>
    public static ConfigurationSnapshot Of(ExaminedConfiguration configuration, string backupId, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new ConfigurationSnapshot(backupId, time, configuration.Texts().ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>The text of a setting then; null when this snapshot does not know the key.</summary>
    public string? Find(string key) => Values.GetValueOrDefault(key);

    /// <summary>Writes it into the state folder, in place of the one before, whole or not at all.</summary>
    /// <exception cref="StingException"><c>StateNotWritable</c></exception>
    public void Save(string stateDirectory)
    {
        var path = Path.Join(stateDirectory, FileName);
        try
        {
            Directory.CreateDirectory(stateDirectory);
            Durable.WriteFile(path, JsonSerializer.SerializeToUtf8Bytes(this, SnapshotJson.Default.ConfigurationSnapshot), replace: true, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("StateNotWritable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
                $"{path} cannot be written: {e.Message}", path, "Give this user the right to write the state folder, or set state_directory.", e);
        }
    }

    /// <summary>The last run's, or null when there is none, or when it cannot be read: it only serves comparison.</summary>
    public static ConfigurationSnapshot? TryLoad(string stateDirectory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Join(stateDirectory, FileName)), SnapshotJson.Default.ConfigurationSnapshot) is { BackupId: not null, Values: not null } snapshot ? snapshot : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>Made at build time: a serializer that looks at the type anew would cost each run a twentieth of its start.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ConfigurationSnapshot))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
