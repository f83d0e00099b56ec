using System.Globalization;

namespace StingBackup;

/// <summary>How much an alert matters.</summary>
public enum AlertSeverity
{
    /// <summary>Somebody should look at it.</summary>
    Warning,
    /// <summary>Somebody must look at it today.</summary>
    Critical,
    /// <summary>Whoever is on call is to be called.</summary>
    Page,
}

/// <summary>Where an alert stands.</summary>
public enum AlertState
{
    /// <summary>It goes on, and nobody has said that he knows.</summary>
    Firing,
    /// <summary>It goes on, and somebody knows.</summary>
    Acknowledged,
    /// <summary>It is over.</summary>
    Resolved,
}

/// <summary>An alert.</summary>
public sealed record StingAlert
{
    /// <summary>Its id, 32 hexadecimal digits.</summary>
    public required string Id { get; init; }
    /// <summary>The rule, such as <c>BackupFailed</c>.</summary>
    public required string Rule { get; init; }
    /// <summary>What it is about, where a rule has several: a data class, a tier, a place; else empty.</summary>
    public required string Subject { get; init; }
    /// <summary>How much it matters; it rises while nobody says that he knows.</summary>
    public required AlertSeverity Severity { get; init; }
    /// <summary>Where it stands.</summary>
    public required AlertState State { get; init; }
    /// <summary>What is wrong.</summary>
    public required string Summary { get; init; }
    /// <summary>What to do.</summary>
    public required string Action { get; init; }
    /// <summary>When it was first seen.</summary>
    public required DateTimeOffset FirstTime { get; init; }
    /// <summary>When it was last seen.</summary>
    public required DateTimeOffset LastTime { get; init; }
    /// <summary>When it was over; null while it goes on.</summary>
    public DateTimeOffset? ResolvedTime { get; init; }
    /// <summary>Who said that he knows; empty when nobody did.</summary>
    public string AcknowledgedBy { get; init; } = "";
    /// <summary>What he said.</summary>
    public string Comment { get; init; } = "";
    /// <summary>How often it was sent again since nobody said that he knows.</summary>
    public int Escalations { get; init; }
    /// <summary>Channels that it has not reached yet, and why.</summary>
    public IReadOnlyList<AlertDelivery> Waiting { get; init => field = Indexable.Of(value); } = [];

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Severity} {Rule}{(Subject.Length > 0 ? $" ({Subject})" : "")}: {Summary}");
}

/// <summary>A message that waits for its channel.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="NextTime">When it is tried again.</param>
/// <param name="Problem">Why it did not arrive.</param>
public sealed record AlertDelivery(string Channel, int Attempts, DateTimeOffset NextTime, string Problem)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Channel} after {Attempts} attempts: {Problem}");
}

/// <summary>Whether a channel takes messages.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="IsDelivered">Whether the message was taken.</param>
/// <param name="Problem">Why not; empty when it was.</param>
public sealed record AlertChannelTest(string Channel, bool IsDelivered, string Problem);
