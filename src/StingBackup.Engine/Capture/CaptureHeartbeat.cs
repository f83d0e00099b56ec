namespace StingBackup.Engine.Capture;

/// <summary>What a running capture says of itself, once a second. Places in the log are PostgreSQL's text.</summary>
internal sealed record CaptureHeartbeat
{
    /// <summary>One that is older was left by a process that died.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);

    public required int ProcessId { get; init; }
    public required DateTimeOffset Updated { get; init; }
    /// <summary>Whether it ended in order.</summary>
    public bool IsEnded { get; init; }
    public required CaptureState State { get; init; }
    public required DateTimeOffset Since { get; init; }
    public CaptureAlarm Alarm { get; init; }
    public string Message { get; init; } = "";
    public long LagBytes { get; init; }
    public TimeSpan Lag { get; init; }
    public string? Confirmed { get; init; }
    public string? ServerEnd { get; init; }

    public bool IsAlive(DateTimeOffset now) => !IsEnded && now - Updated < Fresh;
}
