namespace StingBackup.Engine.Chroma;

/// <summary>How a Chroma server is reached.</summary>
internal sealed record ChromaOptions
{
    /// <summary>The server, <c>http://host:8000</c>, without <c>/api</c>.</summary>
    public required Uri Address { get; init; }
    /// <summary>Tenant.</summary>
    public string Tenant { get; init; } = "default_tenant";
    /// <summary>Database of the tenant.</summary>
    public string Database { get; init; } = "default_database";
    /// <summary>A file that holds a token, or null where the server asks for none.</summary>
    public string? TokenFile { get; init; }
    /// <summary>How long the server may be silent before its answer begins.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(100);
    /// <summary>How often a request is repeated after 429, 5xx or a broken connection.</summary>
    public int Retries { get; init; } = 4;
    /// <summary>Pause before the first repetition; it doubles each time.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(250);
    /// <summary>Longest answer that is read, bytes: the ids of some five million records.</summary>
    public int LongestAnswer { get; init; } = 256 << 20;
    /// <summary>Records that are read or written at once: their ids stand in one statement of the server's, and the oldest SQLite takes 999 values there.</summary>
    public int PageRecords { get; init; } = 256;
}
