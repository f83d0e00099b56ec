namespace StingBackup;

/// <summary>What the capture of a database's write-ahead log is doing.</summary>
public enum CaptureState
{
    /// <summary>It does not run, and the server was told nothing.</summary>
    Off,
    /// <summary>It does not run, but the server keeps log for it, and commits may wait for it.</summary>
    NotRunning,
    /// <summary>It runs, and tries to reach the server.</summary>
    Disconnected,
    /// <summary>It receives.</summary>
    Streaming,
    /// <summary>It runs, but its spool refuses what arrives.</summary>
    SpoolFailed,
}

/// <summary>How bad it is, worst last.</summary>
public enum CaptureAlarm
{
    /// <summary>All is well.</summary>
    None,
    /// <summary>It lags more than it should, or nobody knows how much.</summary>
    Behind,
    /// <summary>The spool's disk will be full soon, or the server keeps so much log that its own will be.</summary>
    RoomLow,
    /// <summary>Nothing is received, and commits wait: the database stands, or will with the next commit.</summary>
    Stalled,
    /// <summary>Commits do not wait: what is committed now is not protected at once.</summary>
    Degraded,
    /// <summary>The server threw away log that was not received: a new base backup is needed.</summary>
    Lost,
}

/// <summary>Something that the server must be told.</summary>
/// <param name="What">For people.</param>
/// <param name="Statement">The statement or line; secrets starred out.</param>
/// <param name="When">When it is done: at once, or when the log streams.</param>
/// <param name="ByHand">Whether an administrator must do it.</param>
/// <param name="NeedsRestart">Whether it takes effect when the server is started again.</param>
public sealed record CaptureStep(string What, string Statement, string When, bool ByHand, bool NeedsRestart);

/// <summary>What the server would be told, and what would be received to where: printed by <c>-WhatIf</c>, executed by the capture.</summary>
public sealed record CapturePlan
{
    /// <summary>The server.</summary>
    public required string Server { get; init; }
    /// <summary>The role that receives.</summary>
    public required string Role { get; init; }
    /// <summary>The replication slot, which is the standby's name too.</summary>
    public required string Slot { get; init; }
    /// <summary>Where the log is spooled.</summary>
    public required string SpoolDirectory { get; init; }
    /// <summary>What happens when nothing is received: <c>block</c> or <c>degrade</c>.</summary>
    public required string WhenStalled { get; init; }
    /// <summary>What the server is not told yet, in order.</summary>
    public required IReadOnlyList<CaptureStep> Steps { get; init => field = Indexable.Of(value); }
    /// <summary>What weakens the promise.</summary>
    public required IReadOnlyList<string> Notices { get; init => field = Indexable.Of(value); }

    /// <summary>The engine's own plan; null in one that came from another process.</summary>
    internal object? Exact { get; init; }
}

/// <summary>What would be taken back: printed by <c>-WhatIf</c>, executed by the stop.</summary>
public sealed record CaptureStopPlan
{
    /// <summary>The server.</summary>
    public required string Server { get; init; }
    /// <summary>Whether a capture runs on this host, which is ended first.</summary>
    public required bool IsRunning { get; init; }
    /// <summary>What the server is told, in order.</summary>
    public required IReadOnlyList<string> Statements { get; init => field = Indexable.Of(value); }
    /// <summary>The spool; it stays, and is backed up by the next run.</summary>
    public required string SpoolDirectory { get; init; }
}

/// <summary>How the capture of the write-ahead log stands.</summary>
public sealed record CaptureStatus
{
    /// <summary>What it does.</summary>
    public required CaptureState State { get; init; }
    /// <summary>How bad it is.</summary>
    public required CaptureAlarm Alarm { get; init; }
    /// <summary>Why, and what to do; empty when all is well.</summary>
    public required string Message { get; init; }
    /// <summary>When it was looked at.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>Since when it does what it does; null when it does not run.</summary>
    public required DateTimeOffset? Since { get; init; }
    /// <summary>The server.</summary>
    public required string Server { get; init; }
    /// <summary>The replication slot.</summary>
    public required string Slot { get; init; }
    /// <summary>What happens when nothing is received: <c>block</c> or <c>degrade</c>.</summary>
    public required string WhenStalled { get; init; }
    /// <summary>The server's synchronous_standby_names; null when it did not answer.</summary>
    public required string? SynchronousStandbyNames { get; init; }
    /// <summary>Whether commits wait for this capture; null when the server did not answer.</summary>
    public required bool? CommitsWait { get; init; }
    /// <summary>Bytes of log that the server has and this capture has not confirmed; null when nobody knows.</summary>
    public required long? LagBytes { get; init; }
    /// <summary>How long the oldest of them has been waiting; null when nobody knows.</summary>
    public required TimeSpan? Lag { get; init; }
    /// <summary>End of the log that is durable here and confirmed, as PostgreSQL writes places.</summary>
    public required string? Confirmed { get; init; }
    /// <summary>End of the server's log.</summary>
    public required string? ServerEnd { get; init; }
    /// <summary>Bytes of log that the server keeps for this capture; null when it did not answer or has no slot.</summary>
    public required long? ServerKeeps { get; init; }
    /// <summary>The server's time at the oldest spooled record that no committed run holds; null when there is none.</summary>
    public required DateTimeOffset? OldestUnsealed { get; init; }
    /// <summary>The newest run that took log out of the spool; null when none did.</summary>
    public required string? LastSealedBackupId { get; init; }
    /// <summary>The spool.</summary>
    public required string SpoolDirectory { get; init; }
    /// <summary>Files in it.</summary>
    public required int SpoolFiles { get; init; }
    /// <summary>Their bytes.</summary>
    public required long SpoolLength { get; init; }
    /// <summary>Bytes free on its disk; null where that cannot be told.</summary>
    public required long? SpoolRoom { get; init; }
    /// <summary>The process that captures; null when none does.</summary>
    public required int? ProcessId { get; init; }
}

/// <summary>What a restore of the whole database server would do: printed by <c>-WhatIf</c>, executed by the restore.</summary>
public sealed record DatabaseRestorePlan
{
    /// <summary>The moment that was asked for; null for the last commit.</summary>
    public required DateTimeOffset? Target { get; init; }
    /// <summary>The folder that gets <c>data</c> and <c>wal</c>.</summary>
    public required string Destination { get; init; }
    /// <summary>The run that holds the base backup.</summary>
    public required string BaseBackupId { get; init; }
    /// <summary>When the base backup was whole.</summary>
    public required DateTimeOffset BaseTime { get; init; }
    /// <summary>The server's version then; a server of the same major version must be started over the result.</summary>
    public required string ServerVersion { get; init; }
    /// <summary>The runs that the log since then is read from.</summary>
    public required IReadOnlyList<string> LogBackupIds { get; init => field = Indexable.Of(value); }
    /// <summary>The spool of this host whose newest log is used too; null where none is.</summary>
    public required string? Spool { get; init; }
    /// <summary>Files to write.</summary>
    public required long Files { get; init; }
    /// <summary>Their bytes.</summary>
    public required long Length { get; init; }
    /// <summary>Packs that must be read.</summary>
    public required long Packs { get; init; }
    /// <summary>Bytes that must be read from them.</summary>
    public required long PackBytes { get; init; }

    /// <summary>Whose rows alone come back, into the running databases at <see cref="Destination"/>; null for the whole server.</summary>
    public string? Subject { get; init; }
    /// <summary>What happens to rows of the subject that stand there with other values.</summary>
    public ConflictAction Conflict { get; init; } = ConflictAction.Skip;

    /// <summary>The engine's own plans; null in one that came from another process.</summary>
    internal object? Exact { get; init; }
}

/// <summary>Whose rows are to come back as of which moment.</summary>
public sealed record DatabaseRowsRequest
{
    /// <summary>A person or a honey jar.</summary>
    public required RestoreScope Scope { get; init; }
    /// <summary>Whose: a person by e-mail address or id, a honey jar by id.</summary>
    public required string Subject { get; init; }
    /// <summary>A day, a moment (to the microsecond), or <c>latest</c>, which null means too: the last commit.</summary>
    public string? Date { get; init; }
    /// <summary>What happens to rows of the subject that stand there with other values: <c>Overwrite</c> replaces them, all else leaves and tells them.</summary>
    public ConflictAction Conflict { get; init; } = ConflictAction.Skip;
}

/// <summary>What became of rows of a table.</summary>
/// <param name="Database">Its database.</param>
/// <param name="Table">Schema and table.</param>
/// <param name="Outcome">Restored, Equal, Kept, Overwritten, Taken, ParentMissing, TableMissing.</param>
/// <param name="Rows">How many.</param>
public sealed record RestoredRows(string Database, string Table, string Outcome, long Rows)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Database}.{Table}: {Rows} {Outcome}";
}

/// <summary>What a restore of the whole database server did.</summary>
public sealed record DatabaseRestoreResult
{
    /// <summary>How it ended.</summary>
    public required JobState State { get; init; }
    /// <summary>The runs whose points were used.</summary>
    public required IReadOnlyList<string> BackupIds { get; init => field = Indexable.Of(value); }
    /// <summary>The folder to start a server over; empty where rows of one subject came back.</summary>
    public required string DataDirectory { get; init; }
    /// <summary>The moment that the server recovers to; null: to the end of the log.</summary>
    public required DateTimeOffset? Target { get; init; }
    /// <summary>The last transaction in it; null when the log holds none since the base backup.</summary>
    public required DateTimeOffset? LastCommit { get; init; }
    /// <summary>End of the log that was restored, as PostgreSQL writes places.</summary>
    public required string LogEnd { get; init; }
    /// <summary>What version of PostgreSQL to start.</summary>
    public required string ServerVersion { get; init; }
    /// <summary>Whose rows came back; null for the whole server.</summary>
    public string? Subject { get; init; }
    /// <summary>What became of them, by table.</summary>
    public IReadOnlyList<RestoredRows> Rows { get; init => field = Indexable.Of(value); } = [];
    /// <summary>How to start it, a command a line.</summary>
    public required IReadOnlyList<string> HowToStart { get; init => field = Indexable.Of(value); }
    /// <summary>Files written.</summary>
    public required long Files { get; init; }
    /// <summary>Their bytes.</summary>
    public required long Length { get; init; }
    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
