using StingBackup.Engine.Operations.Metrics;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Alerts;

/// <summary>Looks at how things stand from outside of any job: opens the installation, or tells that it cannot be opened.</summary>
public static class AlertWatch
{
    /// <summary>Looks, and tells the channels what is new.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="warn">Told of what did not arrive.</param>
    /// <param name="cancel">Cancels.</param>
    public static Task LookAsync(StingConfiguration configuration, TimeProvider clock, Action<string> warn, CancellationToken cancel) =>
        LookAsync(configuration, clock, stop => Installation.OpenAsync(configuration, new InstallationOptions { Clock = clock }, stop), warn, cancel);

    /// <summary>The same, with an installation that somebody else opens.</summary>
    internal static async Task LookAsync(StingConfiguration configuration, TimeProvider clock, Func<CancellationToken, ValueTask<Installation>> open, Action<string> warn, CancellationToken cancel)
    {
        var center = new AlertCenter(configuration, clock);
        BackupMetrics metrics;
        try
        {
            var installation = await open(cancel).ConfigureAwait(false);
            await using var opened = installation.ConfigureAwait(false);
            metrics = await MetricsReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            await center.UpdateAsync(e, warn, cancel).ConfigureAwait(false);
            return;
        }
        await center.UpdateAsync(metrics, warn, cancel).ConfigureAwait(false);
        if (configuration.MetricsFile is { } file)
        {
            MetricsFile.Write(file, metrics);
        }
        if (configuration.Otlp is { } collector)
        {
            try
            {
                await OtlpPush.SendAsync(collector, metrics, cancel).ConfigureAwait(false);
            }
            catch (StingException e)
            {
                warn($"{e.Message} {e.Remedy}");   // whoever is to be alerted was
            }
        }
    }
}
