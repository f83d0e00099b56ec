namespace StingBackup.Engine.Sources.Sqlite;

/// <summary>How a database is copied.</summary>
internal sealed record SqliteSnapshotOptions
{
    /// <summary>Folder below which the copy lies; needs the room of the database.</summary>
    public string SpoolFolder { get; init; } = Path.GetTempPath();

    /// <summary>How long a lock is waited for.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes free to this user below a folder; a test may say otherwise.</summary>
    public Func<string, long> FreeRoom { get; init; } = folder => new Reserve.HostView().RoomOf(folder)?.Free ?? long.MaxValue;
}
