namespace StingBackup.Engine.Operations.Metrics;

/// <summary>After each job whose end changes how things stand: the metrics are written where the configuration says so, whether it did well or not.</summary>
internal static class RunWatch
{
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
        if (installation.Configuration?.MetricsFile is not { } file)
        {
            return;
        }
        try
        {
            MetricsFile.Write(file, await MetricsReader.ReadAsync(installation, cancel).ConfigureAwait(false));
        }
        catch (StingException e)
        {
            output.Warn($"{e.Message} {e.Remedy}");
        }
    }
}
