using System.Runtime.CompilerServices;

namespace StingBackup.Portal.Own;

/// <summary>How a job stands, for the one who began it.</summary>
internal sealed record JobView
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }
    /// <summary>What it does.</summary>
    public required string Kind { get; init; }
    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }
    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? Ended { get; init; }
    /// <summary>How it ended; null while it runs.</summary>
    public JobState? State { get; init; }
    /// <summary>What is done at the moment.</summary>
    public string Activity { get; init; } = "";
    /// <summary>Items done.</summary>
    public long DoneItems { get; init; }
    /// <summary>Items in all; null while nobody knows.</summary>
    public long? TotalItems { get; init; }
    /// <summary>Bytes done.</summary>
    public long DoneBytes { get; init; }
    /// <summary>Bytes in all; null while nobody knows.</summary>
    public long? TotalBytes { get; init; }
    /// <summary>Seconds that it may still take.</summary>
    public double? Remaining { get; init; }
    /// <summary>What went wrong, the first of it.</summary>
    public IReadOnlyList<JobTrouble> Troubles { get; init; } = [];
    /// <summary>What went wrong in all.</summary>
    public int TroubleCount { get; init; }
    /// <summary>What was written; null while it runs.</summary>
    public JobOutcome? Outcome { get; init; }

    /// <summary>How much of it is done, of a hundred; null while nobody knows.</summary>
    public int? Percent => State is not null ? 100 : (TotalBytes, TotalItems) switch
    {
        ( > 0, _) => (int)Math.Min(100, DoneBytes * 100 / TotalBytes.Value),
        (_, > 0) => (int)Math.Min(100, DoneItems * 100 / TotalItems.Value),
        _ => null,
    };
}

/// <summary>Something that went wrong in a job.</summary>
/// <param name="Id">The error's id, or empty for a warning.</param>
/// <param name="Text">What.</param>
/// <param name="Remedy">What to do, or null.</param>
internal sealed record JobTrouble(string Id, string Text, string? Remedy);

/// <summary>What a restore wrote.</summary>
/// <param name="Written">Items written.</param>
/// <param name="Unchanged">Items that stood there with the same content.</param>
/// <param name="Skipped">Items left as they were.</param>
/// <param name="Failed">Items that could not be written.</param>
/// <param name="Length">Bytes written.</param>
internal sealed record JobOutcome(long Written, long Unchanged, long Skipped, long Failed, long Length);

/// <summary>A job that somebody began here. It goes on when its page is closed.</summary>
internal sealed class OwnJob : IDisposable
{
    private const int MostTroubles = 100;

    private readonly CancellationTokenSource _stop;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private JobView _view;
    private TaskCompletionSource _changed = New();

    public OwnJob(string id, string owner, string kind, TimeProvider clock, CancellationToken shutdown)
    {
        (Owner, _clock, _stop) = (owner, clock, CancellationTokenSource.CreateLinkedTokenSource(shutdown));
        _view = new JobView { Id = id, Kind = kind, Started = clock.GetUtcNow() };
    }

    public string Owner { get; }
    public JobView View => Volatile.Read(ref _view);

    public void Stop() => _stop.Cancel();

    /// <summary>Runs to the end. Never throws: how it ended is what the view says.</summary>
    public async Task RunAsync(Func<CancellationToken, IAsyncEnumerable<JobEvent>> begin)
    {
        try
        {
            await foreach (var told in begin(_stop.Token).WithCancellation(_stop.Token).ConfigureAwait(false))
            {
                Take(told);
            }
            Set(v => v with { State = v.State ?? JobState.Completed });
        }
        catch (OperationCanceledException)
        {
            Set(v => v with { State = JobState.Cancelled });
        }
        catch (StingException e)
        {
            Set(v => Add(v, Trouble(e)) with { State = JobState.Failed });
        }
#pragma warning disable CA1031 // A job of a person ends as failed, and takes nobody else's process with it.
        catch (Exception)
        {
            Set(v => Add(v, new JobTrouble("UnexpectedFailure", "Something failed here that nobody expected.", "Ask your administrator.")) with { State = JobState.Failed });
        }
#pragma warning restore CA1031
        finally
        {
            Set(v => v with { Ended = _clock.GetUtcNow() });
        }
    }

    /// <summary>How it stands, now and at each change, until it has ended.</summary>
    public async IAsyncEnumerable<JobView> FollowAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            Task changed;
            JobView view;
            lock (_gate)
            {
                (view, changed) = (_view, _changed.Task);
            }
            yield return view;
            if (view.Ended is not null)
            {
                yield break;
            }
            await changed.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    public void Dispose() => _stop.Dispose();

    private void Take(JobEvent told)
    {
        switch (told)
        {
            case ProgressEvent p:
                Set(v => v with { Activity = p.Activity, DoneItems = p.DoneItems, TotalItems = p.TotalItems, DoneBytes = p.DoneBytes, TotalBytes = p.TotalBytes, Remaining = p.Remaining?.TotalSeconds });
                break;
            case WarningEvent warning:
                Set(v => Add(v, new JobTrouble("", warning.Message, null)));
                break;
            case ItemFailedEvent failed:
                Set(v => Add(v, Trouble(failed.Error)));
                break;
            case CompletedEvent { Result: RestoreResult result }:
                Set(v => v with { State = result.State, Outcome = new JobOutcome(result.ItemsRestored, result.ItemsUnchanged, result.ItemsSkipped, result.Errors, result.BytesRestored) });
                break;
        }
    }

    private static JobTrouble Trouble(StingException e) => new(e.ErrorId, e.Message, e.Remedy);

    private static JobView Add(JobView view, JobTrouble trouble) =>
        view with { TroubleCount = view.TroubleCount + 1, Troubles = view.Troubles.Count < MostTroubles ? [.. view.Troubles, trouble] : view.Troubles };

    private void Set(Func<JobView, JobView> change)
    {
        TaskCompletionSource before;
        lock (_gate)
        {
            _view = change(_view);
            (before, _changed) = (_changed, New());
        }
        before.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
