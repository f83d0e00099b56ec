using System.Runtime.ExceptionServices;

namespace StingBackup.Engine;

/// <summary>Threads of a job's stages: each blocks on files and queues, so each has a thread of its own. One that fails stops the others.</summary>
internal static class StageThreads
{
    /// <summary>Starts a stage.</summary>
    public static Task Start(Action stage, CancellationTokenSource stop) => Task.Factory.StartNew(() =>
    {
        try
        {
            stage();
        }
        catch
        {
            stop.Cancel();
            throw;
        }
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits for every stage; of several failures the first real one tells why, not the cancellations that it caused.</summary>
    public static async Task JoinAsync(IReadOnlyList<Task> stages)
    {
        await Task.WhenAll(stages).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stages.Where(t => t.IsFaulted).SelectMany(t => t.Exception!.InnerExceptions).FirstOrDefault(e => e is not OperationCanceledException) is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
        }
        foreach (var stage in stages)
        {
            await stage.ConfigureAwait(false);
        }
    }
}
