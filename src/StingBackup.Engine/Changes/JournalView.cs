using System.Globalization;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Changes;

/// <summary>How a journal of changes stands, for people.</summary>
/// <param name="Text">In a line.</param>
/// <param name="Warning">What is weaker than it should be; null where all is well.</param>
/// <param name="Missed">Items that a full scan found and the journal had not told; 0 while it is trusted.</param>
internal sealed record JournalView(string Text, string? Warning, int Missed)
{
    /// <summary>Looks; asks nobody.</summary>
    public static JournalView Of(string stateFolder)
    {
        var places = new ChangePlaces(stateFolder);
        if (!places.IsWatched() || StateFile.Read<WatcherStatus>(places.StatusFile) is not { } status)
        {
            return Lacking("no watcher runs; each run scans everything", "The journal of changes is enabled, and nobody watches: run the daemon (sting-backup daemon). Until then each run scans everything.");
        }
        if (status.Generation is null)
        {
            return Lacking($"there is none: {status.Message}", $"The journal of changes is enabled, and there is none: {status.Message}. Each run scans everything.");
        }
        if (StateFile.Read<JournalDistrust>(places.DistrustFile) is { } distrust && distrust.Generation == status.Generation)
        {
            return Lacking("not trusted", $"A full scan found {distrust.Missed:N0} items that changed and that the journal of changes had not told: each run scans everything until the daemon is started anew.") with { Missed = distrust.Missed };
        }
        return new JournalView(string.Create(CultureInfo.InvariantCulture, $"{status.Method} since {Display.Time(status.Since)} UTC, {status.Events:N0} events, {Display.Length(status.Length)} ({status.Message})"), null, 0);
    }

    private static JournalView Lacking(string text, string warning) => new(text, warning, 0);
}
