namespace StingBackup.Engine.Jobs;

/// <summary>Where the jobs of a host are noted, and by whose clock.</summary>
/// <param name="Folder"><c>state/jobs</c>.</param>
/// <param name="Clock">The clock.</param>
internal sealed record JobPlace(string Folder, TimeProvider Clock)
{
    /// <summary>How often a job tells how it stands, and looks whether it is to stop. Real time: whoever asks it to stop waits in real time.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Ended jobs, a line each, the oldest first.</summary>
    public string History => Path.Combine(Folder, "history.jsonl");

    /// <summary>A configuration's.</summary>
    public static JobPlace Of(Reserve.Configuration.StingConfiguration configuration, TimeProvider clock) => new(Path.Combine(configuration.StateDirectory, "jobs"), clock);

    /// <summary>How a job that runs stands.</summary>
    public string NoteOf(string id) => Path.Combine(Folder, id + NoteEnding);

    /// <summary>Held by the job's process for as long as the job runs: the system lets it go with the process, however that ends.</summary>
    public string LockOf(string id) => Path.Combine(Folder, id + ".lock");

    /// <summary>Put there by whoever wants the job to stop; holds who that is.</summary>
    public string StopOf(string id) => Path.Combine(Folder, id + ".stop");

    /// <summary>What names of notes end with.</summary>
    public const string NoteEnding = ".json";
}

/// <summary>A job as it stands on disk. No name and no path of what it works on: an erasure could not reach them here.</summary>
internal sealed record JobNote
{
    public required string Id { get; init; }
    public required string Kind { get; init; }
    public required int Process { get; init; }
    public required string User { get; init; }
    public required DateTimeOffset Started { get; init; }
    public required DateTimeOffset Updated { get; init; }
    public DateTimeOffset? Ended { get; init; }
    public HostJobState State { get; init; }
    public string Stage { get; init; } = "";
    public long Items { get; init; }
    public long? TotalItems { get; init; }
    public long Bytes { get; init; }
    public long? TotalBytes { get; init; }
    public string? BackupId { get; init; }
    public string ErrorId { get; init; } = "";
    public string StoppedBy { get; init; } = "";

    public HostJob ToJob(TimeZoneInfo zone) => new()
    {
        Id = Id, Kind = Kind, State = State, ProcessId = Process, User = User, StartedTime = TimeZoneInfo.ConvertTime(Started, zone), CompletedTime = Ended is { } ended ? TimeZoneInfo.ConvertTime(ended, zone) : null,
        Stage = Ended is null ? Stage : "", Items = Items, TotalItems = TotalItems, Bytes = Bytes, TotalBytes = TotalBytes, UpdatedTime = TimeZoneInfo.ConvertTime(Updated, zone), BackupId = BackupId, ErrorId = ErrorId,
        StoppedBy = StoppedBy,
    };
}
