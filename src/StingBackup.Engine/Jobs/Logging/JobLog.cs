using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Jobs.Logging;

/// <summary>Writes what a job tells into a log of its own, and passes it on.</summary>
public static class JobLog
{
    /// <summary>
    /// Follows a job. A log that cannot be written is a warning, never a reason not to back up; an installation without configuration has none.
    /// </summary>
    /// <param name="settings">Where logs go; null for none.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="command">The command: letters, digits and <c>-</c>.</param>
    /// <param name="job">The job's events.</param>
    /// <param name="cancel">Cancels.</param>
    public static async IAsyncEnumerable<JobEvent> FollowAsync(
        LogSettings? settings, TimeProvider clock, string command, IAsyncEnumerable<JobEvent> job, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        using var log = TryBegin(settings, clock, command, out var warning);
        if (warning is not null)
        {
            yield return warning;
        }
        using var factory = log?.CreateFactory();
        var logger = factory?.CreateLogger(command);
        await using var events = job.GetAsyncEnumerator(cancel);
        while (await NextAsync(events, logger).ConfigureAwait(false))
        {
            if (log is not null)
            {
                Write(log, logger!, events.Current);
            }
            yield return events.Current;
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<JobEvent> events, ILogger? logger)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            logger?.LogWarning("The job was stopped.");
            throw;
        }
        catch (StingException e)
        {
            logger?.LogError("{ErrorId}: {Message} {Remedy}", e.ErrorId, e.Message, e.Remedy);
            throw;
        }
        catch (Exception e)
        {
            logger?.LogError(e, "The job failed.");
            throw;
        }
    }

    private static RunLog? TryBegin(LogSettings? settings, TimeProvider clock, string command, out WarningEvent? warning)
    {
        warning = null;
        if (settings is null)
        {
            return null;
        }
        try
        {
            return RunLog.Begin(settings, command, clock);
        }
        catch (StingException e) when (e.ErrorId == "LogNotWritable")
        {
            warning = new WarningEvent($"{e.Message} {e.Remedy}");
            return null;
        }
    }

    private static void Write(RunLog log, ILogger logger, JobEvent jobEvent)
    {
        switch (jobEvent)
        {
            case InformationEvent information:
                logger.LogInformation("{Message}", information.Message);
                break;
            case VerboseEvent verbose:
                logger.LogDebug("{Message}", verbose.Message);
                break;
            case WarningEvent warning:
                logger.LogWarning("{Message}", warning.Message);
                break;
            case ItemFailedEvent failed:
                logger.LogError("{ErrorId}: {Message} {Remedy}", failed.Error.ErrorId, failed.Error.Message, failed.Error.Remedy);
                break;
            case OutputEvent { Value: IntegrityFault fault }:
                logger.LogError("{Object}: {Problem} {Remedy}", fault.Object, fault.Problem, fault.Remedy);
                break;
            case CompletedEvent completed:
                if (completed.Result is BackupResult { BackupId: { } id })
                {
                    log.SetBackupId(id);
                }
                ResultLine.Write(logger, completed.Result);
                break;
        }
    }
}
