using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql.Restore;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>
/// A PostgreSQL cluster's databases as a tree of files (see <see cref="CapturePath"/>): schema, and rows by subject, each database under one snapshot. The rows are out of the database when
/// this exists; the tree is then read at leisure. What has not changed since the last run has the same stamp and is not read again.
/// </summary>
public sealed class LogicalCapture : ISourceTree, INamingSource
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly CaptureTree _tree;

    private LogicalCapture(CaptureTree tree, IReadOnlyList<DatabaseMoment> moments, IReadOnlyList<StingException> notices, string serverVersion)
    {
        _tree = tree;
        Moments = moments;
        Notices = notices;
        ServerVersion = serverVersion;
    }

    /// <summary>When each database was captured: the database moment.</summary>
    public IReadOnlyList<DatabaseMoment> Moments { get; }
    /// <summary>What was captured, but not as the rules expect: tables whose owner nobody knows, known ones that are gone. A warning each.</summary>
    public IReadOnlyList<StingException> Notices { get; }
    /// <summary>What could not be captured; a scan tells it too.</summary>
    public IReadOnlyList<StingException> Failures => _tree.Failures;
    /// <summary>The server's version.</summary>
    public string ServerVersion { get; }
    /// <summary>Paths of all files.</summary>
    public IEnumerable<EntryPath> Files => _tree.Files;

    /// <summary>Captures; the database is not touched any more when this returns.</summary>
    /// <exception cref="StingException"><c>PostgresUnreachable</c>, <c>PostgresDenied</c>, <c>PostgresToolMismatch</c>, <c>PostgresSpoolFull</c> and others that leave nothing to capture</exception>
    public static async Task<LogicalCapture> TakeAsync(PostgresSettings settings, LogicalCaptureOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(options);
        return await TakeAsync(await LookAsync(settings, cancel).ConfigureAwait(false), options, cancel).ConfigureAwait(false);
    }

    /// <summary>What a capture must know first: the server, its tools and databases. Takes no snapshot.</summary>
    /// <exception cref="StingException"><c>PostgresUnreachable</c>, <c>PostgresDenied</c>, <c>PostgresToolMismatch</c> and others that leave nothing to capture</exception>
    internal static async Task<CaptureGround> LookAsync(PostgresSettings settings, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        var tools = PostgresTools.FindAsync(server, null, cancel);
        var databases = await server.ListDatabasesAsync(cancel).ConfigureAwait(false);
        return new CaptureGround(server, await tools.ConfigureAwait(false), databases);
    }

    /// <summary>Captures; the database is not touched any more when this returns.</summary>
    internal static async Task<LogicalCapture> TakeAsync(CaptureGround ground, LogicalCaptureOptions options, CancellationToken cancel)
    {
        var (server, tools, databases) = ground;
        var settings = server.Settings;
        var spool = CaptureSpool.Create(options.SpoolFolder);
        var sessions = new List<SnapshotSession>();
        try
        {
            // All snapshots first, one right behind the other: the databases' moments lie milliseconds apart, however long their rows take.
            foreach (var database in databases)
            {
                sessions.Add(await SnapshotSession.BeginAsync(server, database, options.LockTimeout, cancel).ConfigureAwait(false));
            }
            var tree = new CaptureTree(settings.Location, spool);
            var notices = new List<StingException>();
            using var dump = new SchemaDump(server, tools, spool, tree);
            await new DatabaseCapture(server, options, spool, tree, notices).RunAsync(sessions, dump, cancel).ConfigureAwait(false);
            AddMoment(tree, spool, server, sessions.ConvertAll(s => s.Moment));
            spool.Complete();
            return new LogicalCapture(tree, sessions.ConvertAll(s => s.Moment), notices, server.Version);
        }
        catch (Exception e)
        {
            spool.Dispose();
            throw PostgresErrors.IsPostgres(e) ? PostgresErrors.Wrap(e, "capture the databases", settings) : e;
        }
        finally
        {
            foreach (var session in sessions)
            {
                await session.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<EntryPath> NamedFiles()
    {
        var files = new SourceCaptureFiles(this, CancellationToken.None);
        foreach (var rows in files.Paths.Select(CapturePath.ParseRows).OfType<CapturedRows>().Where(r => FileReferences.AreIn(r.Table)))
        {
            using var stream = files.Open(rows.Path);
            foreach (var named in FileReferences.Read(rows, stream, _ => { }))
            {
                if (named.Path is { } path)
                {
                    yield return path;
                }
            }
        }
    }

    /// <inheritdoc/>
    public string Location => _tree.Location;
    /// <inheritdoc/>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel) => _tree.Scan(choose, failed, cancel);
    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _tree.ReadMetadata(entry);
    /// <inheritdoc/>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp) => _tree.ReadSmall(entry, buffer, out stamp);
    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry) => _tree.Open(entry);
    /// <summary>Deletes the spool.</summary>
    public void Dispose() => _tree.Dispose();

    private static void AddMoment(CaptureTree tree, CaptureSpool spool, PostgresServer server, List<DatabaseMoment> moments)
    {
        spool.Write(JsonSerializer.SerializeToUtf8Bytes(new
        {
            server = server.Version, version = server.VersionNumber, systemId = server.SystemId,
            databases = moments.ConvertAll(m => new { name = m.Database, lsn = m.Lsn.ToString(), time = m.Time }),
        }, Indented));
        var (range, hash) = spool.EndRange();
        tree.Add(EntryPath.Parse(CapturePath.Moment), new CapturedFile([range], [hash], new ItemMetadata { Mode = 0b110_000_000 }));
    }
}

/// <summary>What a capture must know before its snapshots.</summary>
/// <param name="Server">The server.</param>
/// <param name="Tools">Its programs.</param>
/// <param name="Databases">What is captured.</param>
internal sealed record CaptureGround(PostgresServer Server, PostgresTools Tools, IReadOnlyList<string> Databases);
