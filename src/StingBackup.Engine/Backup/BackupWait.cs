using StingBackup.Engine.Integrity;

namespace StingBackup.Engine.Backup;

/// <summary>Waits for the run that this host makes now.</summary>
public static class BackupWait
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Returns when no run goes on, or when so much time has passed: what comes next then says that one does.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="most">How long: 30m, 12h.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException">As <c>-MaxDuration</c> of a verification.</exception>
    public static async ValueTask UntilFreeAsync(Installation installation, string most, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(installation);
        var limit = CheckLimits.ParseSpan(most);
        for (var started = installation.Clock.GetTimestamp(); installation.IsBackupRunning() && installation.Clock.GetElapsedTime(started) < limit;)
        {
            await Task.Delay(Every, installation.Clock, cancel).ConfigureAwait(false);
        }
    }
}
