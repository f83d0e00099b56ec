using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Jobs;

/// <summary>
/// Notes each job of this host while it runs, so that other processes see it and can ask it to stop, and how it ended. That nothing can be noted is told with -Verbose and keeps no job from its work.
/// </summary>
internal static class JobRegister
{
    /// <summary>Does the work. Asked to stop, it cancels the work as Ctrl+C does, and fails with <c>JobStopped</c>.</summary>
    public static async Task<object> AroundAsync(JobPlace? place, string kind, JobOutput output, Func<CancellationToken, Task<object>> work, CancellationToken cancel)
    {
        using var entry = place is null ? null : Begin(place, kind, output);
        if (entry is null)
        {
            return await work(cancel).ConfigureAwait(false);
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var telling = entry.TellAsync(stop);
        try
        {
            var result = await work(stop.Token).ConfigureAwait(false);
            entry.End(StateOf(result, output), result);
            return result;
        }
        catch (OperationCanceledException) when (entry.StoppedBy is { } who && !cancel.IsCancellationRequested)
        {
            entry.End(HostJobState.Stopped, null, "JobStopped");
            throw new StingException("JobStopped", FailureKind.Busy, $"The job was stopped by {who}.", entry.Id, "Run it again when it may go on; what it had stored is used.");
        }
        catch (Exception e)
        {
            entry.End(e is OperationCanceledException ? HostJobState.Stopped : HostJobState.Failed, null, e is OperationCanceledException ? "" : Failures.OutcomeOf(e));
            throw;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await telling.ConfigureAwait(false);
        }
    }

    private static HostJobState StateOf(object result, JobOutput output) => result switch
    {
        BackupResult backup => Of(backup.State),
        RestoreResult restore => Of(restore.State),
        IntegrityResult { Passed: false } => HostJobState.CompletedWithErrors,
        _ => output.Errors > 0 ? HostJobState.CompletedWithErrors : HostJobState.Completed,
    };

    private static HostJobState Of(JobState state) => state switch
    {
        JobState.Completed => HostJobState.Completed,
        JobState.CompletedWithErrors => HostJobState.CompletedWithErrors,
        JobState.Cancelled => HostJobState.Stopped,
        _ => HostJobState.Failed,
    };

    private static Entry? Begin(JobPlace place, string kind, JobOutput output)
    {
        try
        {
            StateFile.CreateFolder(place.Folder);
            JobFolder.SweepDead(place);
            var started = place.Clock.GetUtcNow();
            for (var n = 1; ; n++)
            {
                // A session may run many jobs in a second, and the past knows them all by their ids.
                var id = string.Create(CultureInfo.InvariantCulture, $"{started:yyyyMMdd'T'HHmmss}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
                if (!File.Exists(place.LockOf(id)) && FileLock.TryAcquire(place.LockOf(id), out _) is { } held)
                {
                    var entry = new Entry(place, held, new JobNote { Id = id, Kind = kind, Process = Environment.ProcessId, User = Environment.UserName, Started = started, Updated = started }, output);
                    entry.Write();
                    return entry;
                }
                if (n > 100)
                {
                    output.TryExplain($"This job is not noted in '{place.Folder}', whose file system has no locks: other processes do not see it.");
                    return null;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            output.TryExplain($"This job could not be noted in '{place.Folder}', so that other processes do not see it: {e.Message}");
            return null;
        }
    }

    private sealed class Entry(JobPlace place, FileLock held, JobNote note, JobOutput output) : IDisposable
    {
        private JobNote _note = note;
        private bool _ended;

        public string Id => _note.Id;

        /// <summary>Who asked it to stop, or null.</summary>
        public string? StoppedBy { get; private set; }

        public void Write() => StateFile.Write(place.NoteOf(Id), _note);

        /// <summary>Tells how the job stands until it ends, and cancels it when it is asked to stop.</summary>
        public async Task TellAsync(CancellationTokenSource stop)
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(place.Every, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (stop.IsCancellationRequested)
                {
                    return;
                }
                StoppedBy = Asked();
                try
                {
                    Note(StoppedBy is null ? HostJobState.Running : HostJobState.Stopping);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // A full disk is told by whoever needs it more. The next look may do well.
                }
                if (StoppedBy is not null)
                {
                    output.TryWarn($"{StoppedBy} asked this job to stop.");
                    await stop.CancelAsync().ConfigureAwait(false);
                }
            }
        }

        private void Note(HostJobState state)
        {
            var progress = output.Progress;
            _note = _note with
            {
                State = state, Updated = place.Clock.GetUtcNow(), Stage = progress.Stage.Length > 0 ? progress.Stage : _note.Kind == "thaw" ? "" : progress.Activity,   // a retrieval's activity names whom it is for
                Items = progress.Items, TotalItems = progress.TotalItems, Bytes = progress.Bytes, TotalBytes = progress.TotalBytes, StoppedBy = StoppedBy ?? "",
            };
            Write();
        }

        /// <summary>Puts it among the jobs of the past. First there, then away from here: nobody sees it nowhere.</summary>
        public void End(HostJobState state, object? result, string errorId = "")
        {
            _ended = true;
            var (progress, now) = (output.Progress, place.Clock.GetUtcNow());
            try
            {
                JobHistory.Add(place, _note with
                {
                    State = state, Updated = now, Ended = now, Stage = "", Items = progress.Items, TotalItems = progress.TotalItems, Bytes = progress.Bytes, TotalBytes = progress.TotalBytes,
                    BackupId = (result as BackupResult)?.BackupId, ErrorId = errorId, StoppedBy = StoppedBy ?? "",
                });
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                output.TryExplain($"How this job ended could not be noted in '{place.History}': {e.Message}");
            }
        }

        public void Dispose()
        {
            if (_ended)
            {
                JobFolder.Remove(place, Id);
            }
            held.Dispose();
        }

        /// <summary>Who asks it to stop; null for nobody. A request that this account may not read counts no less.</summary>
        private string? Asked()
        {
            try
            {
                return !File.Exists(place.StopOf(Id)) ? null : File.ReadAllText(place.StopOf(Id)).Trim() is { Length: > 0 } words ? words[..Math.Min(words.Length, 200)] : "somebody";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "somebody";
            }
        }
    }
}
