using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Wal;

namespace StingBackup.Engine.Capture;

/// <summary>One run of the capture: the receiver, the guard beside it, and what others are told of them.</summary>
internal sealed class CaptureRun
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    /// <summary>How close the receiver must be before commits are made to wait for it.</summary>
    private const ulong Close = 1 << 20;

    private readonly CapturePlaces _places;
    private readonly WalServerSetup _setup;
    private readonly TimeProvider _clock;
    private readonly JobOutput _output;
    private readonly DateTimeOffset _started;
    private WalAlarm _told = WalAlarm.None;
    private bool _waits, _mute;
    private string? _hinders;

    public CaptureRun(CapturePlaces places, WalServerSetup setup, TimeProvider clock, JobOutput output)
    {
        _places = places;
        _setup = setup;
        _clock = clock;
        _output = output;
        _started = clock.GetUtcNow();
    }

    /// <summary>Runs until it is cancelled, asked to stop, or must not go on.</summary>
    public async Task RunAsync(WalServerPlan plan, CancellationToken cancel)
    {
        StateFile.CreateFolder(_places.Folder);
        using var alone = Lock();
        StateFile.CreateFolder(_places.Capture.Spool.Folder);
        File.Delete(_places.StopRequest);
        await PrepareAsync(plan, cancel).ConfigureAwait(false);
        using var receiver = new WalReceiver(_places.Receiver, _places.Capture.Slot, identity => FileWalSink.Open(_places.Capture.Spool, identity, _clock, Rotated), _clock);
        var guard = new WalGuard(receiver, _places.Admin, _setup, _places.Capture.Slot, _places.Capture.Spool.Folder, _places.Capture.WhenStalled, _places.Capture.Thresholds, _clock, _ => { });
        Say(receiver, guard.Health, isEnded: false);   // before commits can wait: nobody may take it for one that does not run
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var receiving = receiver.RunAsync(stop.Token);
        var isOver = false;
        try
        {
            await WatchAsync(receiver, guard, receiving, cancel).ConfigureAwait(false);
            isOver = true;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LetGoAsync(isOver).ConfigureAwait(false);
            Say(receiver, guard.Health, isEnded: true);
        }
    }

    /// <summary>One capture a host and configuration; the lock ends with its process.</summary>
    private FileLock? Lock()
    {
        var path = Path.Combine(_places.Folder, "lock");
        return FileLock.Take(path, () => new StingException("CaptureRunning", FailureKind.Busy, "The capture of this server runs already on this host.", path,
            "Get-StingMetadataCapture (sting-backup capture-status) shows how it stands. To run it here, end its service or process first."));
    }

    private async Task PrepareAsync(WalServerPlan plan, CancellationToken cancel)
    {
        foreach (var notice in plan.Notices)
        {
            _output.Warn(notice);
        }
        foreach (var step in plan.ByHand)
        {
            _output.Warn($"{step.What}: {step.Shown}");
        }
        await _setup.ApplyAsync(plan, WalStepTime.First, cancel).ConfigureAwait(false);
        foreach (var step in plan.Steps.Where(s => s.NeedsRestart))
        {
            _output.Warn($"{step.What} ({step.Shown.TrimEnd(';')}): this takes effect when the server is started again; until then nothing is received.");
        }
    }

    private async Task WatchAsync(WalReceiver receiver, WalGuard guard, Task receiving, CancellationToken cancel)
    {
        while (true)
        {
            if (receiving.IsCompleted)
            {
                await receiving.ConfigureAwait(false);   // it ends by an error only
            }
            await guard.CheckAsync(cancel).ConfigureAwait(false);
            if (!_waits)
            {
                await TryWaitAsync(receiver, guard, cancel).ConfigureAwait(false);
            }
            Tell(guard.Health);
            Say(receiver, guard.Health, isEnded: false);
            if (File.Exists(_places.StopRequest))
            {
                _output.Tell("The capture was asked to stop.");
                return;
            }
            await Task.WhenAny(receiving, Task.Delay(Every, _clock, cancel)).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Makes commits wait as soon as the receiver has caught up: before that each would wait for all that it has to catch up with.</summary>
    private async Task TryWaitAsync(WalReceiver receiver, WalGuard guard, CancellationToken cancel)
    {
        if (receiver.State.Phase != WalReceiverPhase.Streaming)
        {
            return;
        }
        try
        {
            var view = await WalServerView.ReadAsync(_places.Admin, _places.Capture.Slot, cancel).ConfigureAwait(false);
            if (!view.Waits && (receiver.State.Confirmed is not { } confirmed || Lag(confirmed, view) > Close))
            {
                return;
            }
            await _setup.ApplyAsync(await _setup.PlanAsync(cancel).ConfigureAwait(false), WalStepTime.WhenStreaming, cancel).ConfigureAwait(false);
            _waits = true;
            view = await WalServerView.ReadAsync(_places.Admin, _places.Capture.Slot, cancel).ConfigureAwait(false);
            _output.Tell(view.Waits ? $"The log streams from {_places.Receiver.Location}, and commits wait until it is durable here."
                : $"The log streams from {_places.Receiver.Location}; commits do not wait for it (synchronous_standby_names = '{view.Standbys}').");
            await guard.CheckAsync(cancel).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            // Tried again each second, told once: until it works an acknowledged commit can be lost.
            if (_hinders != e.Message)
            {
                _hinders = e.Message;
                _output.Warn($"Commits cannot be made to wait yet, so that zero loss is not promised: {e.Message} {e.Remedy}");
            }
        }
    }

    private static ulong Lag(Sources.PostgreSql.Lsn confirmed, WalServerView view) => Sources.PostgreSql.Lsn.Distance(confirmed, view.Written);

    /// <summary>Under degrade a database never waits for a capture that does not run. Under block it does, unless the capture is over: that is what was asked for.</summary>
    private async Task LetGoAsync(bool isOver)
    {
        if (!isOver && _places.Capture.WhenStalled != StallPolicy.Degrade)
        {
            return;
        }
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await (isOver ? _setup.TakeBackAsync(patience.Token) : _setup.SetWaitingAsync(false, patience.Token)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StingException or OperationCanceledException)
        {
            // The server is gone too; whoever asked for the end takes back the rest, and the status tells what is left.
        }
    }

    private void Tell(WalHealth health)
    {
        // While it begins, commits do not wait yet and nothing has come: that is no alarm.
        if (health.Alarm == _told || (!_waits && _clock.GetUtcNow() - _started < _places.Capture.Thresholds.StallTime))
        {
            return;
        }
        _told = health.Alarm;
        if (health.Alarm == WalAlarm.None)
        {
            _output.Tell("The capture is well again.");
        }
        else
        {
            _output.Warn($"{health.Alarm}: {health.Says}");
        }
    }

    private void Rotated(WalSpoolFile file) => _output.Explain($"The spool file {Path.GetFileName(file.Path)} is complete.");

    private void Say(WalReceiver receiver, WalHealth health, bool isEnded)
    {
        var state = receiver.State;
        try
        {
            StateFile.Write(_places.HeartbeatFile, new CaptureHeartbeat
            {
                ProcessId = Environment.ProcessId, Updated = _clock.GetUtcNow(), IsEnded = isEnded, Since = state.Since, Alarm = (CaptureAlarm)health.Alarm,
                State = state.Phase switch { WalReceiverPhase.Streaming => CaptureState.Streaming, WalReceiverPhase.SpoolFailed => CaptureState.SpoolFailed, _ => CaptureState.Disconnected },
                Message = health.Says.Length > 0 || state.Error is null ? health.Says : $"{state.Error.Message} {state.Error.Remedy}",
                LagBytes = (long)health.LagBytes, Lag = health.LagTime, Confirmed = state.Confirmed?.ToString(), ServerEnd = state.ServerEnd?.ToString(),
            });
            _mute = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_mute)
            {
                _output.Warn($"How the capture stands cannot be written to '{_places.HeartbeatFile}': {e.Message} It goes on.");
                _mute = true;
            }
        }
    }
}
