namespace StingBackup;

/// <summary>The kinds of data in a Honey Reserve. The unit of schedule, retention and priority.</summary>
/// <remarks>The numbers are stored in restore points: never renumber.</remarks>
public enum DataClass
{
    /// <summary>What people uploaded.</summary>
    UserFiles = 1,
    /// <summary>Documents of honey jars.</summary>
    HoneyJars = 2,
    /// <summary>Databases and access control lists.</summary>
    Metadata = 3,
    /// <summary>Document chunks and their vectors.</summary>
    Embeddings = 4,
    /// <summary>Audit logs of the installation.</summary>
    AuditLogs = 5,
    /// <summary>Generated reports.</summary>
    Reports = 6,
    /// <summary>Preferences and settings; also whatever no rule names.</summary>
    Settings = 7,
    /// <summary>Temporary files within their retention.</summary>
    TempFiles = 8,
    /// <summary>Keys and tokens of the installation itself.</summary>
    Secrets = 9,
    /// <summary>Captures of what holds many subjects mixed, taken whole: base backups and the write-ahead log of database servers, Chroma's folder. Kept for a short time only, and never archived.</summary>
    Physical = 10,
}

/// <summary>How much of the reserve a run reads.</summary>
public enum BackupType
{
    /// <summary>Reads only what size, times or inode say has changed.</summary>
    Incremental = 1,
    /// <summary>Reads and hashes everything again; depends on no cache.</summary>
    Full = 2,
    /// <summary>A full run marked for the archive tier.</summary>
    Archive = 3,
}

/// <summary>Where a repository of the one format lies.</summary>
public enum Tier
{
    /// <summary>A directory on this host.</summary>
    Local = 1,
    /// <summary>An S3 service.</summary>
    Remote = 2,
    /// <summary>Cold storage.</summary>
    Archive = 3,
}

/// <summary>What an entry of a directory is. The numbers are stored in trees: never renumber.</summary>
public enum ItemKind
{
    /// <summary>A regular file.</summary>
    File = 1,
    /// <summary>A directory.</summary>
    Directory = 2,
    /// <summary>A symbolic link.</summary>
    SymbolicLink = 3,
    /// <summary>A second name of a file that the same tree already holds.</summary>
    HardLink = 4,
    /// <summary>A named pipe.</summary>
    Fifo = 5,
    /// <summary>A character device.</summary>
    CharacterDevice = 6,
    /// <summary>A block device.</summary>
    BlockDevice = 7,
    /// <summary>A Unix socket.</summary>
    Socket = 8,
}

/// <summary>What a restore does where a file already stands.</summary>
public enum ConflictAction
{
    /// <summary>Leaves what stands there.</summary>
    Skip,
    /// <summary>Writes beside it, under a name that carries the backup id.</summary>
    Rename,
    /// <summary>Replaces it.</summary>
    Overwrite,
    /// <summary>Replaces it when the backed-up file is newer.</summary>
    Newer,
}

/// <summary>What a restore brings back.</summary>
public enum RestoreScope
{
    /// <summary>Single files and folders, by name, path or glob.</summary>
    File,
    /// <summary>Everything of one person.</summary>
    User,
    /// <summary>Everything of one honey jar, contributors included.</summary>
    HoneyJar,
    /// <summary>The whole reserve, or whole data classes of it.</summary>
    Reserve,
}

/// <summary>How deep a verification goes; Packs includes Structure, and Data includes both.</summary>
public enum IntegrityLevel
{
    /// <summary>Signatures, chains, and that every object which a point needs is there with its size.</summary>
    Structure = 1,
    /// <summary>Every pack read whole and compared with its name, a SHA-256. Needs no key.</summary>
    Packs = 2,
    /// <summary>Every chunk that a point reaches decrypted, decompressed and its id recomputed. Needs the restore role.</summary>
    Data = 3,
    /// <summary>Of one state of the reserve: every file that rows of its databases name is in it. Looks at that alone. Needs the restore role.</summary>
    References = 4,
}

/// <summary>How a job ended.</summary>
public enum JobState
{
    /// <summary>All of it done.</summary>
    Completed,
    /// <summary>Done, but single items failed; each is named.</summary>
    CompletedWithErrors,
    /// <summary>Not done.</summary>
    Failed,
    /// <summary>Stopped by a person.</summary>
    Cancelled,
}
