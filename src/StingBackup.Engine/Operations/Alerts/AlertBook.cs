namespace StingBackup.Engine.Operations.Alerts;

/// <summary>What happened to an alert.</summary>
internal enum AlertEvent
{
    Fired,
    Escalated,
    Acknowledged,
    Resolved,
    Test,
}

/// <summary>What a channel is told.</summary>
internal sealed record AlertMessage
{
    public required AlertEvent Event { get; init; }
    public required string Id { get; init; }
    public required string Rule { get; init; }
    public required string Subject { get; init; }
    public required AlertSeverity Severity { get; init; }
    public required string Summary { get; init; }
    public required string Action { get; init; }
    public required string Host { get; init; }
    public required DateTimeOffset Time { get; init; }

    /// <summary>One line, for people.</summary>
    public string Title => $"[{(Event is AlertEvent.Fired or AlertEvent.Escalated ? Severity.ToString().ToUpperInvariant() : Event.ToString().ToUpperInvariant())}] StingBackup on {Host}: {Summary}";
}

/// <summary>A message on its way to one channel.</summary>
internal sealed record QueuedMessage(AlertMessage Message, string Channel, int Attempts, DateTimeOffset NextTime, string Problem);

/// <summary>An alert as it is kept.</summary>
internal sealed record KeptAlert(string Id, AlertFinding Finding, AlertSeverity Severity, DateTimeOffset FirstTime, DateTimeOffset LastTime)
{
    public DateTimeOffset SentTime { get; init; }
    public int Escalations { get; init; }
    public DateTimeOffset? ResolvedTime { get; init; }
    public string AcknowledgedBy { get; init; } = "";
    public string Comment { get; init; } = "";
}

/// <summary>Alerts of a host and what of them is still to be told. A function of what was and what is: it asks no clock and no store.</summary>
internal sealed record AlertBook
{
    private const int MostResolved = 200, MostQueued = 1000;
    private static readonly TimeSpan KeepQueued = TimeSpan.FromDays(7);

    public KeptAlert[] Alerts { get; init; } = [];
    public QueuedMessage[] Queue { get; init; } = [];

    /// <summary>Takes in what is wrong now: new alerts fire, once; those that go on escalate; those that are over are resolved.</summary>
    public AlertBook Update(IReadOnlyList<AlertFinding> findings, AlertCircumstances now)
    {
        var alerts = new List<KeptAlert>();
        var queue = new List<QueuedMessage>(Queue.Where(q => now.Channels.Contains(q.Channel) && q.Message.Time > now.Time - KeepQueued));
        var left = findings.ToList();
        foreach (var alert in Alerts)
        {
            var found = alert.ResolvedTime is null ? left.Find(f => f.Rule == alert.Finding.Rule && f.Subject == alert.Finding.Subject) : null;
            if (alert.ResolvedTime is not null || found is null)
            {
                var over = alert.ResolvedTime is null ? alert with { ResolvedTime = now.Time } : alert;
                alerts.Add(over);
                if (alert.ResolvedTime is null)
                {
                    Tell(over, AlertEvent.Resolved);
                }
                continue;
            }
            left.Remove(found);
            var going = GoOn(alert, found, now);
            alerts.Add(going);
            if (going.SentTime != alert.SentTime)
            {
                Tell(going, AlertEvent.Escalated);
            }
        }
        foreach (var finding in left)
        {
            var alert = new KeptAlert(now.NewId(), finding, finding.Severity, now.Time, now.Time) { SentTime = now.Time };
            alerts.Add(alert);
            Tell(alert, AlertEvent.Fired);
        }
        var resolved = alerts.Where(a => a.ResolvedTime is not null).OrderByDescending(a => a.ResolvedTime).Skip(MostResolved).ToHashSet();
        return new AlertBook { Alerts = [.. alerts.Where(a => !resolved.Contains(a))], Queue = [.. queue.TakeLast(MostQueued)] };

        void Tell(KeptAlert alert, AlertEvent what) => queue.AddRange(now.Channels.Select(channel => new QueuedMessage(now.MessageOf(alert, what), channel, 0, now.Time, "")));
    }

    /// <summary>Somebody knows: it escalates no more.</summary>
    public AlertBook Acknowledge(string id, string by, string comment, AlertCircumstances now)
    {
        var alert = Alerts.Single(a => a.Id == id) with { AcknowledgedBy = by, Comment = comment };
        return this with
        {
            Alerts = [.. Alerts.Select(a => a.Id == id ? alert : a)],
            Queue = [.. Queue, .. now.Channels.Select(channel => new QueuedMessage(now.MessageOf(alert, AlertEvent.Acknowledged), channel, 0, now.Time, ""))],
        };
    }

    /// <summary>One that got worse is sent again, acknowledged or not; one that nobody acknowledges is, one step more severe.</summary>
    private static KeptAlert GoOn(KeptAlert alert, AlertFinding found, AlertCircumstances now)
    {
        var going = alert with { Finding = found, LastTime = now.Time };
        if (found.Severity > alert.Severity)
        {
            return going with { Severity = found.Severity, SentTime = now.Time, AcknowledgedBy = "", Comment = "" };
        }
        var wait = now.Escalate * Math.Pow(2, Math.Min(alert.Escalations, 16));
        return now.Escalate == TimeSpan.Zero || alert.AcknowledgedBy.Length > 0 || now.Time - alert.SentTime < wait ? going
            : going with { SentTime = now.Time, Escalations = alert.Escalations + 1, Severity = alert.Severity == AlertSeverity.Page ? AlertSeverity.Page : alert.Severity + 1 };
    }
}

/// <summary>What an update needs of its surroundings.</summary>
/// <param name="Time">Now.</param>
/// <param name="Host">This host's name.</param>
/// <param name="Channels">The channels that there are.</param>
/// <param name="Escalate">After how long an alert is sent again.</param>
/// <param name="NewId">Makes an id.</param>
internal sealed record AlertCircumstances(DateTimeOffset Time, string Host, IReadOnlyList<string> Channels, TimeSpan Escalate, Func<string> NewId)
{
    public AlertMessage MessageOf(KeptAlert alert, AlertEvent what) => new()
    {
        Event = what, Id = alert.Id, Rule = alert.Finding.Rule, Subject = alert.Finding.Subject, Severity = alert.Severity, Summary = alert.Finding.Summary, Action = alert.Finding.Action, Host = Host, Time = Time,
    };
}
