using System.Text.Json;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Capture;

/// <summary>What a running capture says of itself, once a second. Places in the log are PostgreSQL's text.</summary>
internal sealed record CaptureHeartbeat
{
    /// <summary>One that is older was left by a process that died.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);

    public required int ProcessId { get; init; }
    public required DateTimeOffset Updated { get; init; }
    /// <summary>Whether it ended in order.</summary>
    public bool IsEnded { get; init; }
    public required CaptureState State { get; init; }
    public required DateTimeOffset Since { get; init; }
    public CaptureAlarm Alarm { get; init; }
    public string Message { get; init; } = "";
    public long LagBytes { get; init; }
    public TimeSpan Lag { get; init; }
    public string? Confirmed { get; init; }
    public string? ServerEnd { get; init; }

    public bool IsAlive(DateTimeOffset now) => !IsEnded && now - Updated < Fresh;
}

/// <summary>How far the log is in the repository.</summary>
/// <param name="SystemId">The cluster.</param>
/// <param name="Timeline">Its timeline.</param>
/// <param name="End">End of the stored log.</param>
/// <param name="BackupId">The run that stored it.</param>
internal sealed record SealedLog(ulong SystemId, uint Timeline, ulong End, string BackupId);

/// <summary>Small files by which the capture, runs and those who ask tell each other how things stand. None is authority: each can be lost.</summary>
internal static class CaptureFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads one; null when it is not there, or is no such file.</summary>
    public static T? Read<T>(string path) where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllBytes(path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Puts one in the place of the last, in one step; after a power cut an older one may stand there.</summary>
    public static void Write<T>(string path, T value)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(value));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(temporary, Private);
        }
        Durable.Replace(temporary, path);
    }

    public static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, Private | UnixFileMode.UserExecute);
        }
    }
}
