using StingBackup.Engine.Jobs;

namespace StingBackup.Engine.Tests.Jobs;

/// <summary>A job in a process of its own, that waits until it is stopped or killed.</summary>
internal static class WaitingJob
{
    public static async Task<int> RunAsync(string folder, TextWriter output)
    {
        var place = new JobPlace(folder, TimeProvider.System) { Every = TimeSpan.FromMilliseconds(20) };
        try
        {
            await foreach (var told in JobStream.RunAsync(TimeProvider.System, (job, token) => JobRegister.AroundAsync(place, "backup-full", job, async stop =>
            {
                job.Progress.Stage = "files and secrets";
                job.Progress.Add(3, 4096);
                await output.WriteLineAsync("began");
                await output.FlushAsync(stop);
                await Task.Delay(Timeout.Infinite, stop);
                return new object();
            }, token), default))
            {
                // Nobody listens here.
            }
            return 1;
        }
        catch (StingException e) when (e.ErrorId == "JobStopped")
        {
            await output.WriteLineAsync(e.Message);
            return 0;
        }
    }
}
