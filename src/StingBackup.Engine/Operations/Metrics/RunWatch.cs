using StingBackup.Engine.Jobs;
using StingBackup.Engine.Operations.Alerts;

namespace StingBackup.Engine.Operations.Metrics;

/// <summary>After each job whose end changes how things stand: metrics are written and alerts told where the configuration says so, whether it did well or not.</summary>
internal static class RunWatch
{
    private static readonly string[] Followed = ["backup-", "sync-", "verify", "repair", "drill"];

    /// <summary>Whether a command, by the name of its log, is such a job.</summary>
    public static bool Follows(string command) => Followed.Any(name => command.StartsWith(name, StringComparison.Ordinal));

    /// <summary>Does the work, then looks at how things stand.</summary>
    public static async Task<T> AroundAsync<T>(Installation installation, JobOutput output, Func<Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            if (!cancel.IsCancellationRequested)
            {
                await LookAsync(installation, output, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What goes wrong here is a warning: the job is done, or has failed for a better reason.</summary>
    private static async ValueTask LookAsync(Installation installation, JobOutput output, CancellationToken cancel)
    {
        if (installation.Configuration is not { } configuration || (configuration is { MetricsFile: null, Otlp: null } && !AlertCenter.HasChannels(configuration)))
        {
            return;
        }
        try
        {
            var metrics = await MetricsReader.ReadAsync(installation, cancel).ConfigureAwait(false);
            await new AlertCenter(configuration, installation.Clock).UpdateAsync(metrics, output.Warn, cancel).ConfigureAwait(false);
            if (configuration.MetricsFile is { } file)
            {
                MetricsFile.Write(file, metrics);
            }
            if (configuration.Otlp is { } collector)
            {
                await OtlpPush.SendAsync(collector, metrics, cancel).ConfigureAwait(false);
            }
        }
        catch (StingException e)
        {
            output.Warn($"{e.Message} {e.Remedy}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            output.Warn($"What is to be told of this host could not be noted: {e.Message}");
        }
    }
}
