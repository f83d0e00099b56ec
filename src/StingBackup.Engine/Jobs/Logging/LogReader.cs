using System.Globalization;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Jobs.Logging;

/// <summary>Reads logs back, oldest entry first, one line at a time.</summary>
public static class LogReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 8 };

    /// <summary>Entries of one run, or of all runs that are still kept.</summary>
    /// <param name="directory">The folder of the logs.</param>
    /// <param name="backupId">The run, or null for all.</param>
    /// <param name="least">The least weight.</param>
    /// <param name="cancel">Stops between lines.</param>
    /// <exception cref="StingException"><c>LogNotFound</c> when a run is named that no log knows; <c>LogNotReadable</c></exception>
    public static IEnumerable<LogEntry> Read(string directory, string? backupId = null, LogEntryLevel least = LogEntryLevel.Debug, CancellationToken cancel = default)
    {
        var any = false;
        foreach (var (file, name) in Guard(directory, () => LogRotation.Files(directory).ToArray()))
        {
            if (backupId is not null && name.Label != backupId && (BackupId.TryParse(name.Label, out _) || !Mentions(file.FullName, backupId, cancel)))
            {
                continue;
            }
            any = true;
            foreach (var entry in ReadFile(file.FullName, name, cancel))
            {
                if (entry.Level >= least)
                {
                    yield return entry;
                }
            }
        }
        if (!any && backupId is not null)
        {
            throw new StingException("LogNotFound", FailureKind.NotFound, $"No log of {backupId} is in {directory}.", backupId,
                "Run this on the host that made the backup; log.keep_days and its neighbours say how long logs are kept.");
        }
    }

    /// <summary>Ids of the runs that this host has logs of, oldest first.</summary>
    /// <param name="directory">The folder of the logs.</param>
    /// <exception cref="StingException"><c>LogNotReadable</c></exception>
    public static IReadOnlyList<string> Runs(string directory) =>
        [.. Guard(directory, () => LogRotation.Files(directory).ToArray()).Select(f => f.Name.Label).Where(l => BackupId.TryParse(l, out _)).Distinct(StringComparer.Ordinal)];

    /// <summary>A run's file keeps the command's name where it could not be renamed.</summary>
    private static bool Mentions(string path, string backupId, CancellationToken cancel)
    {
        var sought = $"\"backup_id\":\"{backupId}\"";
        return Lines(path, cancel).Any(line => line.Contains(sought, StringComparison.Ordinal));
    }

    private static IEnumerable<LogEntry> ReadFile(string path, LogFileName name, CancellationToken cancel)
    {
        var number = 0;
        foreach (var line in Lines(path, cancel))
        {
            number++;
            if (line.Length > 0)
            {
                yield return Parse(line, path, number) ?? new LogEntry
                {
                    // A run that was killed leaves its last line torn.
                    Time = name.Started, Level = LogEntryLevel.Warning, Command = name.Label, Category = typeof(LogReader).FullName!,
                    Message = string.Create(CultureInfo.InvariantCulture, $"Line {number} of this log is damaged: {Redaction.Text(line)}"), File = path, Line = number,
                };
            }
        }
    }

    private static IEnumerable<string> Lines(string path, CancellationToken cancel)
    {
        using var file = Guard(path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        using var reader = new StreamReader(file, Encoding.UTF8);
        while (Guard(path, reader.ReadLine) is { } line)
        {
            cancel.ThrowIfCancellationRequested();
            yield return line;
        }
    }

    private static LogEntry? Parse(string line, string path, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line, Options);
            var root = document.RootElement;
            var error = root.TryGetProperty("error", out var e) ? e : default;
            return new LogEntry
            {
                Time = DateTimeOffset.ParseExact(root.GetProperty("time").GetString()!, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                Level = Enum.Parse<LogEntryLevel>(root.GetProperty("level").GetString()!),
                Command = root.GetProperty("command").GetString()!,
                BackupId = Text(root, "backup_id"),
                Category = root.GetProperty("category").GetString()!,
                Message = root.GetProperty("message").GetString()!,
                Properties = root.TryGetProperty("properties", out var properties)
                    ? properties.EnumerateObject().DistinctBy(p => p.Name, StringComparer.Ordinal).ToDictionary(p => p.Name, p => p.Value.GetString() ?? "", StringComparer.Ordinal)
                    : new Dictionary<string, string>(),
                ErrorId = Text(error, "id"),
                Target = Text(error, "target"),
                Remedy = Text(error, "remedy"),
                Detail = Text(error, "detail"),
                File = path,
                Line = number,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("LogNotReadable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
                $"The log {path} cannot be read: {e.Message}", path, "Logs may be read by their owner and group: run as one of them.", e);
        }
    }
}
