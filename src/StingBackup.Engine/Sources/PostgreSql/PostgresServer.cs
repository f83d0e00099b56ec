using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>A PostgreSQL cluster that answered: its version, its databases, and connections to them.</summary>
public sealed class PostgresServer
{
    private const string Application = "sting-backup";

    private PostgresServer(PostgresSettings settings, string version, int versionNumber, ulong systemId)
    {
        Settings = settings;
        Version = version;
        VersionNumber = versionNumber;
        SystemId = systemId;
    }

    /// <summary>How it is reached.</summary>
    public PostgresSettings Settings { get; }
    /// <summary>Its version as it says it, <c>16.4 (Debian 16.4-1)</c>.</summary>
    public string Version { get; }
    /// <summary>Its version as a number, <c>160004</c>.</summary>
    public int VersionNumber { get; }
    /// <summary>What its client tools must match.</summary>
    public int Major => VersionNumber / 10000;
    /// <summary>What tells this cluster from every other; made when it was initialised.</summary>
    public ulong SystemId { get; }

    /// <summary>Asks a cluster who it is.</summary>
    /// <exception cref="StingException"><c>PostgresUnreachable</c>, <c>PostgresDenied</c>, <c>PostgresTooOld</c></exception>
    public static async Task<PostgresServer> ConnectAsync(PostgresSettings settings, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(settings);
        await using var connection = await OpenAsync(settings, settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        try
        {
            await using var command = new NpgsqlCommand(
                "SELECT current_setting('server_version'), current_setting('server_version_num')::int, (SELECT system_identifier FROM pg_catalog.pg_control_system())", connection);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            await reader.ReadAsync(cancel).ConfigureAwait(false);
            var server = new PostgresServer(settings, reader.GetString(0), reader.GetInt32(1), unchecked((ulong)reader.GetInt64(2)));
            return server.Major >= 12 ? server : throw new StingException("PostgresTooOld", FailureKind.NotSupported,
                $"The server at {settings.Location} is PostgreSQL {server.Version}; 12 is the oldest that is supported.", settings.Location, "Upgrade the server.");
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, "ask the version of the server", settings);
        }
    }

    /// <summary>The databases to capture, sorted: those of the settings, else all that allow connections, templates left out.</summary>
    public async Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancel)
    {
        if (Settings.Databases.Count > 0)
        {
            return [.. Settings.Databases.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        }
        await using var connection = await OpenAsync(Settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        try
        {
            await using var command = new NpgsqlCommand("SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate", connection);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            var names = new SortedSet<string>(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                names.Add(reader.GetString(0));
            }
            return [.. names];
        }
        catch (Exception e) when (PostgresErrors.IsPostgres(e))
        {
            throw PostgresErrors.Wrap(e, "list the databases", Settings);
        }
    }

    /// <summary>Opens a connection of its own, never pooled: a capture leaves nothing behind at the server.</summary>
    internal Task<NpgsqlConnection> OpenAsync(string database, CancellationToken cancel) => OpenAsync(Settings, database, cancel);

    /// <summary>The connection string of a database; holds the password, so it goes nowhere but to Npgsql.</summary>
    internal static string ConnectionString(PostgresSettings settings, string database, string application = Application) => new NpgsqlConnectionStringBuilder
    {
        Host = settings.Host, Port = settings.Port, Username = settings.User, Password = settings.Password, Passfile = settings.PassFile, Database = database,
        SslMode = settings.RequireTls ? SslMode.VerifyFull : SslMode.Prefer, RootCertificate = settings.RootCertificate, ApplicationName = application,
        Pooling = false, Timeout = (int)Math.Ceiling(settings.ConnectTimeout.TotalSeconds), CommandTimeout = 0, KeepAlive = 30, IncludeErrorDetail = false,
        GssEncryptionMode = GssEncryptionMode.Disable, Options = settings.CommitsLocally ? PostgresSettings.LocalCommits : null,
    }.ConnectionString;

    /// <summary>Runs a statement that gives one value.</summary>
    internal static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) ?? throw new InvalidOperationException($"'{sql}' gave nothing."));
    }

    /// <summary>Runs statements that give nothing.</summary>
    internal static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    private static async Task<NpgsqlConnection> OpenAsync(PostgresSettings settings, string database, CancellationToken cancel)
    {
        var connection = new NpgsqlConnection(ConnectionString(settings, database));
        try
        {
            await connection.OpenAsync(cancel).ConfigureAwait(false);
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (PostgresErrors.IsPostgres(e) || e is IOException or SocketException)
            {
                throw PostgresErrors.Wrap(e, $"connect to the database '{database}'", settings, string.Create(CultureInfo.InvariantCulture, $"{settings.Location}/{database}"));
            }
            throw;
        }
    }
}
