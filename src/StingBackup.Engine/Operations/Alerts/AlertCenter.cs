using System.Security.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Operations.Alerts.Channels;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Alerts;

/// <summary>Keeps a host's alerts in <c>state/alerts</c>, and sees that each reaches its channels: what does not arrive is kept and tried again.</summary>
public sealed class AlertCenter
{
    private static readonly TimeSpan MostBackoff = TimeSpan.FromHours(1);

    private readonly StingConfiguration _configuration;
    private readonly TimeProvider _clock;
    private readonly IReadOnlyList<IAlertChannel> _channels;
    private readonly string _file;

    /// <summary>The alerts of a configuration's host.</summary>
    public AlertCenter(StingConfiguration configuration, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        (_configuration, _clock) = (configuration, clock);
        _channels = ConfiguredChannels.Of(configuration.Alerts);
        _file = Path.Combine(configuration.StateDirectory, "alerts", "alerts.json");
    }

    /// <summary>Whether anybody is told at all.</summary>
    public static bool HasChannels(StingConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return ConfiguredChannels.Of(configuration.Alerts).Count > 0;
    }

    /// <summary>The channels' names.</summary>
    public IReadOnlyList<string> Channels => [.. _channels.Select(c => c.Name)];

    private DateTimeOffset Now => TimeZoneInfo.ConvertTime(_clock.GetUtcNow(), _configuration.TimeZone);

    private AlertCircumstances Circumstances => new(Now, Environment.MachineName, Channels, _configuration.Alerts.Escalate, static () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));

    /// <summary>The alerts that there are, those that matter most first.</summary>
    public IReadOnlyList<StingAlert> Read()
    {
        var book = Load();
        return [.. book.Alerts.Select(a => ToPublic(a, book.Queue)).OrderBy(a => a.State == AlertState.Resolved).ThenByDescending(a => a.Severity).ThenBy(a => a.FirstTime)];
    }

    /// <summary>Takes in how things stand, and tells the channels what is new.</summary>
    /// <param name="metrics">How they stand.</param>
    /// <param name="warn">Told of what did not arrive.</param>
    /// <param name="cancel">Cancels.</param>
    public Task UpdateAsync(BackupMetrics metrics, Action<string> warn, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        return UpdateAsync(AlertRules.Of(metrics), warn, cancel);
    }

    /// <summary>The same where not even the installation could be opened.</summary>
    public Task UpdateAsync(StingException failure, Action<string> warn, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(failure);
        // What else was wrong is still so, as far as anybody knows.
        var open = Load().Alerts.Where(a => a.ResolvedTime is null && a.Finding.Rule != "BackupsUnreadable").Select(a => a.Finding);
        return UpdateAsync([AlertRules.Unreadable(failure), .. open], warn, cancel);
    }

    /// <summary>Somebody knows of an alert.</summary>
    /// <exception cref="StingException"><c>AlertNotFound</c>, <c>AlertsBusy</c></exception>
    public Task<StingAlert> AcknowledgeAsync(string id, string by, string comment, CancellationToken cancel)
    {
        Access.Require(_configuration, "Confirm-StingAlert");
        return KnowAsync(id, by, comment, cancel);
    }

    /// <summary>The same by whoever acts on an installation.</summary>
    /// <exception cref="StingException"><c>AlertNotFound</c>, <c>AlertsBusy</c></exception>
    public Task<StingAlert> AcknowledgeAsync(Installation installation, string id, string comment, CancellationToken cancel)
    {
        Access.Require(installation, "Confirm-StingAlert");
        return KnowAsync(id, installation.Caller.Actor, comment, cancel);
    }

    private async Task<StingAlert> KnowAsync(string id, string by, string comment, CancellationToken cancel)
    {
        using var one = Lock(out var held);
        if (held)
        {
            throw new StingException("AlertsBusy", FailureKind.Busy, "Another process of this host works on its alerts now.", _file, "Run it again in a moment.");
        }
        Find(id);
        Save(Load().Acknowledge(id, by, comment, Circumstances));
        await DeliverAsync(static _ => { }, cancel).ConfigureAwait(false);
        return Find(id);
    }

    /// <summary>The alert of an id.</summary>
    /// <exception cref="StingException"><c>AlertNotFound</c></exception>
    public StingAlert Find(string id) => Read().FirstOrDefault(a => a.Id == id)
        ?? throw new StingException("AlertNotFound", FailureKind.NotFound, $"There is no alert '{id}'.", id, "Get-StingAlert -All shows those that there are.");

    /// <summary>Sends a test to a channel.</summary>
    /// <exception cref="StingException"><c>AlertChannelUnknown</c></exception>
    public async Task<AlertChannelTest> TestAsync(string name, CancellationToken cancel)
    {
        Access.Require(_configuration, "Test-StingAlertChannel");
        var channel = _channels.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new StingException("AlertChannelUnknown", FailureKind.InvalidArgument, $"There is no channel '{name}'.", name, _channels.Count == 0 ? "Set one in the section 'alerts' of the configuration." : $"Name one of {string.Join(", ", Channels)}.");
        var message = new AlertMessage
        {
            Event = AlertEvent.Test, Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), Rule = "Test", Subject = "", Severity = AlertSeverity.Warning, Summary = "This is a test: alerts of the backups arrive here.",
            Action = "Nothing is to be done.", Host = Environment.MachineName, Time = Now,
        };
        var problem = await TryAsync(channel, message, cancel).ConfigureAwait(false);
        return new AlertChannelTest(channel.Name, problem is null, problem ?? "");
    }

    internal async Task UpdateAsync(IReadOnlyList<AlertFinding> findings, Action<string> warn, CancellationToken cancel)
    {
        using var one = Lock(out var held);
        if (held)
        {
            return;   // another process of this host looks at the same things
        }
        Save(Load().Update(findings, Circumstances));
        await DeliverAsync(warn, cancel).ConfigureAwait(false);
    }

    /// <summary>Sends what waits, in order; a channel that fails gets nothing more in this round.</summary>
    private async Task DeliverAsync(Action<string> warn, CancellationToken cancel)
    {
        var book = Load();
        var queue = new List<QueuedMessage>();
        var failed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in book.Queue)
        {
            var channel = _channels.FirstOrDefault(c => c.Name == item.Channel);
            if (channel is null)
            {
                continue;   // it is configured no more
            }
            if (failed.Contains(item.Channel) || item.NextTime > Now)
            {
                failed.Add(item.Channel);
                queue.Add(item);
                continue;
            }
            if (await TryAsync(channel, item.Message, cancel).ConfigureAwait(false) is { } problem)
            {
                failed.Add(item.Channel);
                var wait = TimeSpan.FromMinutes(Math.Min(MostBackoff.TotalMinutes, Math.Pow(2, Math.Min(item.Attempts, 10))));
                queue.Add(item with { Attempts = item.Attempts + 1, NextTime = Now + wait, Problem = problem });
                warn($"An alert did not reach {item.Channel}, and is kept: {problem}");
            }
        }
        Save(book with { Queue = [.. queue] });
    }

    /// <summary>Null when it arrived; else why not.</summary>
    private static async Task<string?> TryAsync(IAlertChannel channel, AlertMessage message, CancellationToken cancel)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(channel.Patience);
            await channel.SendAsync(message, limit.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"no answer within {Display.Duration(channel.Patience)}";
        }
        catch (StingException e)
        {
            return $"{e.Message} {e.Remedy}";
        }
    }

    private static StingAlert ToPublic(KeptAlert alert, QueuedMessage[] queue) => new()
    {
        Id = alert.Id, Rule = alert.Finding.Rule, Subject = alert.Finding.Subject, Severity = alert.Severity, State = alert.ResolvedTime is not null ? AlertState.Resolved : alert.AcknowledgedBy.Length > 0 ? AlertState.Acknowledged : AlertState.Firing,
        Summary = alert.Finding.Summary, Action = alert.Finding.Action, FirstTime = alert.FirstTime, LastTime = alert.LastTime, ResolvedTime = alert.ResolvedTime, AcknowledgedBy = alert.AcknowledgedBy, Comment = alert.Comment, Escalations = alert.Escalations,
        Waiting = [.. queue.Where(q => q.Message.Id == alert.Id).Select(q => new AlertDelivery(q.Channel, q.Attempts, q.NextTime, q.Problem))],
    };

    private AlertBook Load() => StateFile.Read<AlertBook>(_file) ?? new AlertBook();

    private void Save(AlertBook book) => StateFile.Write(_file, book);

    /// <summary>Null when another process holds it, or where there are no locks.</summary>
    private FileLock? Lock(out bool held)
    {
        StateFile.CreateFolder(Path.GetDirectoryName(_file)!);
        return FileLock.TryAcquire(Path.Combine(Path.GetDirectoryName(_file)!, "lock"), out held);
    }
}
