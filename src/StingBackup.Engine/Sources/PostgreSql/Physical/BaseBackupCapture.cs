using System.Formats.Tar;
using System.IO.Pipelines;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Physical;

/// <summary>
/// A base backup as a tree of the cluster's own files, ready to be started over: pg_basebackup's tar, taken apart while it arrives, so that each file begins at a page and one that has
/// not changed since the last backup is recognised. Each file is compared with the server's manifest. The write-ahead log is not in it: the receiver has that.
/// </summary>
public sealed class BaseBackupCapture : ISourceTree
{
    private readonly CaptureTree _tree;

    private BaseBackupCapture(CaptureTree tree, BackupManifest manifest, string serverVersion, ulong systemId)
    {
        _tree = tree;
        Manifest = manifest;
        ServerVersion = serverVersion;
        SystemId = systemId;
    }

    /// <summary>The files' hashes, and the log that a restore needs.</summary>
    public BackupManifest Manifest { get; }
    /// <summary>The server's version; a restore needs the same major one.</summary>
    public string ServerVersion { get; }
    /// <summary>The cluster.</summary>
    public ulong SystemId { get; }

    /// <summary>Takes one.</summary>
    /// <param name="settings">The cluster; the role needs REPLICATION.</param>
    /// <param name="spoolFolder">Folder below which it is spooled, in one private file without a name; needs the room of the cluster.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>PostgresTablespaces</c>, <c>PostgresBackupDamaged</c>, <c>PostgresSpoolFull</c>, and what a server or tool can say</exception>
    public static async Task<BaseBackupCapture> TakeAsync(PostgresSettings settings, string spoolFolder, CancellationToken cancel)
    {
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        var tools = await PostgresTools.FindAsync(server, null, cancel).ConfigureAwait(false);
        await RefuseTablespacesAsync(server, cancel).ConfigureAwait(false);
        var spool = CaptureSpool.Create(spoolFolder);
        try
        {
            var tree = new CaptureTree(settings.Location, spool);
            var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
            var manifest = await StreamAsync(server, tools, spool, tree, hashes, cancel).ConfigureAwait(false);
            Compare(settings.Location, manifest, hashes);
            var facts = await BaseBackupFacts.ReadAsync(server, manifest, cancel).ConfigureAwait(false);
            spool.Write(facts.ToBytes());
            var (range, hash) = spool.EndRange();
            tree.Add(EntryPath.Parse(BaseBackupFacts.FileName), new CapturedFile([range], [hash], new ItemMetadata { Mode = 0b110_000_000 }));
            spool.Complete();
            return new BaseBackupCapture(tree, manifest, server.Version, server.SystemId);
        }
        catch
        {
            spool.Dispose();
            throw;
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

    private static async Task<BackupManifest> StreamAsync(PostgresServer server, PostgresTools tools, CaptureSpool spool, CaptureTree tree, Dictionary<string, string> hashes, CancellationToken cancel)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20));
        var unpacking = UnpackAsync(server, pipe.Reader, spool, tree, hashes, cancel);
        try
        {
            await ToolProcess.RunAsync(server.Settings, "pg_basebackup",
                tools.Start("pg_basebackup", null, "-D", "-", "-F", "t", "-X", "none", "-c", "fast", "-w", "--manifest-checksums=SHA256", "--label=sting-backup"), null,
                async (bytes, c) =>
                {
                    if ((await pipe.Writer.WriteAsync(bytes, c).ConfigureAwait(false)).IsCompleted)
                    {
                        throw new OperationCanceledException("The base backup is not taken any more.");   // what stopped the other side is told below
                    }
                }, cancel).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await pipe.Writer.CompleteAsync(e).ConfigureAwait(false);
            if (e is OperationCanceledException && !cancel.IsCancellationRequested)
            {
                await unpacking.ConfigureAwait(false);
            }
            await ((Task)unpacking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        return await unpacking.ConfigureAwait(false);
    }

    private static async Task<BackupManifest> UnpackAsync(PostgresServer server, PipeReader pipe, CaptureSpool spool, CaptureTree tree, Dictionary<string, string> hashes, CancellationToken cancel)
    {
        var location = server.Settings.Location;
        try
        {
            BackupManifest? manifest = null;
            var stream = pipe.AsStream(leaveOpen: true);
            await using var tar = new TarReader(stream, leaveOpen: true);
            var buffer = new byte[256 << 10];
            while (await tar.GetNextEntryAsync(copyData: false, cancel).ConfigureAwait(false) is { } entry)
            {
                var name = entry.Name.TrimEnd('/');
                name = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
                if (name is "" or ".")
                {
                    continue;
                }
                var path = EntryPath.FromBytes(Encoding.UTF8.GetBytes(name));
                var metadata = new ItemMetadata
                {
                    Mode = (uint)entry.Mode, UserId = (uint)entry.Uid, GroupId = (uint)entry.Gid, ModifiedNs = (entry.ModificationTime - DateTimeOffset.UnixEpoch).Ticks * 100,
                };
                if (entry.EntryType == TarEntryType.Directory)
                {
                    tree.AddFolder(path, metadata);
                    continue;
                }
                using var text = name == BackupManifest.FileName ? new MemoryStream() : null;
                for (int read; entry.DataStream is { } data && (read = await data.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0;)
                {
                    spool.Write(buffer.AsSpan(0, read));
                    text?.Write(buffer.AsSpan(0, read));
                }
                var (range, hash) = spool.EndRange();
                if (name != BaseBackupFacts.FileName)   // one that an earlier restore left there
                {
                    tree.Add(path, new CapturedFile([range], [hash], metadata));
                }
                hashes[name] = Convert.ToHexStringLower(hash);
                manifest = text is null ? manifest : BackupManifest.Parse(text.ToArray(), location);
            }
            // Zeros follow the last entry; a tool whose output is not taken ends with an error.
            while (await stream.ReadAsync(buffer, cancel).ConfigureAwait(false) > 0)
            {
            }
            return manifest ?? throw new StingException("PostgresBackupDamaged", FailureKind.Integrity, $"The base backup of {location} holds no manifest.", location, "Take another; the server must be PostgreSQL 13 or later.");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new StingException("PostgresBackupDamaged", FailureKind.Integrity, $"The base backup of {location} broke off: {e.Message}", location, "Take another.", e);
        }
        finally
        {
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static void Compare(string location, BackupManifest manifest, Dictionary<string, string> hashes)
    {
        foreach (var (path, hash) in manifest.Files)
        {
            if (!hashes.TryGetValue(path, out var found) || (hash.Length > 0 && found != hash))
            {
                throw new StingException("PostgresBackupDamaged", FailureKind.Integrity,
                    $"The file '{path}' of the base backup of {location} {(found is null ? "did not arrive" : "is not what the server's manifest says")}.", path, "Take another base backup; look into the system's log for errors of disk or memory.");
            }
        }
    }

    private static async Task RefuseTablespacesAsync(PostgresServer server, CancellationToken cancel)
    {
        await using var connection = await server.OpenAsync(server.Settings.MaintenanceDatabase, cancel).ConfigureAwait(false);
        if (await PostgresServer.ScalarAsync<string[]>(connection, "SELECT ARRAY(SELECT spcname::text FROM pg_catalog.pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global'))", cancel).ConfigureAwait(false) is [var first, ..])
        {
            throw new StingException("PostgresTablespaces", FailureKind.NotSupported, $"The cluster at {server.Settings.Location} has a tablespace of its own ('{first}'), which a base backup through a pipe cannot hold.", first,
                "Move its tables to pg_default and drop it; the logical capture takes its rows all the same.");
        }
    }
}
