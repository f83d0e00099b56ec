namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>How a PostgreSQL cluster is reached, and with which tools. Its text never holds the password.</summary>
public sealed record PostgresSettings
{
    /// <summary>Host name or address; an absolute path is the folder of its Unix socket.</summary>
    public required string Host { get; init; }
    /// <summary>TCP port; with a socket, the number in the socket's name.</summary>
    public int Port { get; init; } = 5432;
    /// <summary>Role to log in as.</summary>
    public required string User { get; init; }
    /// <summary>Role that writes what is restored; null: <see cref="User"/>.</summary>
    public string? RestoreUser { get; init; }
    /// <summary>Its password, or null where none is needed or <see cref="PassFile"/> holds it. Goes to child processes by environment only.</summary>
    public string? Password { get; init; }
    /// <summary>A file in libpq's format (<c>host:port:database:user:password</c>), or null.</summary>
    public string? PassFile { get; init; }
    /// <summary>Whether the connection must be TLS, with a certificate that proves the host's name.</summary>
    public bool RequireTls { get; init; }
    /// <summary>Certificates (PEM) that vouch for the server's, or null for the system's.</summary>
    public string? RootCertificate { get; init; }
    /// <summary>The database that is asked for what concerns the whole cluster.</summary>
    public string MaintenanceDatabase { get; init; } = "postgres";
    /// <summary>Databases to capture; empty: every one that allows connections, templates left out.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];
    /// <summary>Folder of the client tools; null: searched for.</summary>
    public string? ToolFolder { get; init; }
    /// <summary>Name or id of the database's container, in which tools are run when the host has none of the server's version; null: there is none.</summary>
    public string? Container { get; init; }
    /// <summary>The program that enters containers.</summary>
    public string ContainerCommand { get; init; } = "docker";
    /// <summary>How the server is reached from within its container.</summary>
    public string ContainerHost { get; init; } = "localhost";
    /// <summary>The server's port within its container.</summary>
    public int ContainerPort { get; init; } = 5432;
    /// <summary>How long a connection may take to stand.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The option of a session whose commits wait for no standby.</summary>
    internal const string LocalCommits = "-c synchronous_commit=local";

    /// <summary>Whether commits of these sessions wait for no standby.</summary>
    internal bool CommitsLocally { get; init; }

    /// <summary>
    /// The same, logged in as the role that restores. What is restored is in the repository: its commits do not wait for a receiver of the log, which after a disaster may not run yet.
    /// </summary>
    public PostgresSettings ForRestore => this with { User = RestoreUser ?? User, CommitsLocally = true };

    /// <summary>For messages: without password.</summary>
    public string Location => Host.StartsWith('/') ? $"postgresql://{User}@[{Host}]:{Port}" : $"postgresql://{User}@{Host}:{Port}";

    /// <summary>The location, for a record's own text would tell the password.</summary>
    public override string ToString() => Location;
}
