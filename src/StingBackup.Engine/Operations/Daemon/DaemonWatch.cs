using StingBackup.Engine.Jobs;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Daemon;

/// <summary>Looks every five minutes at how things stand: what no run tells, since none comes, is seen all the same, and what did not arrive is sent again.</summary>
internal sealed class DaemonWatch(StingConfiguration configuration, DaemonHost host, JobOutput output)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    public async Task RunAsync(CancellationTokenSource stop)
    {
        while (true)
        {
            var next = host.Clock.GetUtcNow() + Every;
            while (host.Clock.GetUtcNow() < next)
            {
                await host.UntilAsync(next, stop.Token).ConfigureAwait(false);
            }
            try
            {
                await AlertWatch.LookAsync(configuration, host.Clock, host.OpenAsync, output.Warn, stop.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
            {
                // Backups go on, whatever keeps us from looking.
                output.Warn($"How things stand could not be told: {e.Message}");
            }
        }
    }
}
