using StingBackup.Engine.Reserve.Configuration;
namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>
/// Watches a receiver beside it: judges its health, tells each change, and under <see cref="StallPolicy.Degrade"/> lets commits go on without it, and wait again once it has caught up. It cannot help when
/// its own process dies: keep the capture under a service manager that starts it again.
/// </summary>
/// <param name="receiver">The receiver.</param>
/// <param name="admin">The cluster, as a superuser; may connect while commits hang.</param>
/// <param name="setup">What the server is told.</param>
/// <param name="slot">The slot.</param>
/// <param name="spoolFolder">The spool.</param>
/// <param name="policy">What to do when it stalls.</param>
/// <param name="thresholds">From when on.</param>
/// <param name="clock">The clock.</param>
/// <param name="changed">Takes each change of the alarm; called by the guard's own flow.</param>
public sealed class WalGuard(WalReceiver receiver, PostgresSettings admin, WalServerSetup setup, string slot, string spoolFolder, StallPolicy policy, WalThresholds thresholds, TimeProvider clock, Action<WalHealth> changed)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private WalHealth _health = new(WalAlarm.None, "", 0, TimeSpan.Zero);
    private bool _suspended;
    private (Lsn End, DateTimeOffset Time)? _oldest;

    /// <summary>The last judgement; safe to ask from any thread.</summary>
    public WalHealth Health => Volatile.Read(ref _health);

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            await CheckAsync(cancel).ConfigureAwait(false);
            await Task.Delay(Every, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Looks once.</summary>
    public async Task CheckAsync(CancellationToken cancel)
    {
        WalServerView? view = null;
        StingException? unseen = null;
        try
        {
            view = await WalServerView.ReadAsync(admin, slot, cancel).ConfigureAwait(false);
            if (policy == StallPolicy.Degrade)
            {
                view = await SteerAsync(view, cancel).ConfigureAwait(false);
            }
        }
        catch (StingException e)
        {
            unseen = e;
        }
        var health = WalHealth.Judge(receiver.State, view, unseen, new DriveInfo(Path.GetFullPath(spoolFolder)).AvailableFreeSpace, Waiting(view), thresholds, clock.GetUtcNow());
        var before = Health;
        Volatile.Write(ref _health, health);
        if (health.Alarm != before.Alarm)
        {
            changed(health);
        }
    }

    /// <summary>How long the log has been waiting that was there when this guard first saw it unconfirmed.</summary>
    private TimeSpan Waiting(WalServerView? view)
    {
        var confirmed = receiver.State.Confirmed ?? default;
        if (_oldest is { } oldest && confirmed >= oldest.End)
        {
            _oldest = null;
        }
        if (_oldest is null && view is not null && view.Written > confirmed)
        {
            _oldest = (view.Written, clock.GetUtcNow());
        }
        return _oldest is { } waiting ? clock.GetUtcNow() - waiting.Time : TimeSpan.Zero;
    }

    private async Task<WalServerView> SteerAsync(WalServerView view, CancellationToken cancel)
    {
        var state = receiver.State;
        var stalled = state.Phase != WalReceiverPhase.Streaming && clock.GetUtcNow() - state.Since >= thresholds.StallTime;
        if (view.Waits && stalled)
        {
            _suspended = await setup.SetWaitingAsync(false, cancel).ConfigureAwait(false);
            return view with { Waits = !_suspended };
        }
        // Only what this guard suspended does it bring back: an administrator may have had his reasons. Its own memory ends with its process, which applies the plan when it starts.
        if (_suspended && !view.Waits && state.Phase == WalReceiverPhase.Streaming && state.Confirmed is { } confirmed && Lsn.Distance(confirmed, view.Written) <= 1 << 20)
        {
            _suspended = !await setup.SetWaitingAsync(true, cancel).ConfigureAwait(false);
            return view with { Waits = !_suspended };
        }
        return view;
    }
}
