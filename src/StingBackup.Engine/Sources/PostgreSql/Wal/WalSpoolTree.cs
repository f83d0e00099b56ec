using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>A file of a spool that is complete.</summary>
/// <param name="File">The file.</param>
/// <param name="End">Place behind its last byte.</param>
internal sealed record ClosedWalFile(WalSpoolFile File, Lsn End);

/// <summary>The complete files of a spool as a source. What the receiver is writing is asked for first, so that a run holds the log up to now; it does not change any more when it is read.</summary>
internal sealed class WalSpoolTree : ISourceTree
{
    private readonly ISourceTree? _folder;
    private readonly Dictionary<string, ClosedWalFile> _closed;
    private readonly List<ClosedWalFile> _given = [];

    private WalSpoolTree(string location, ISourceTree? folder, IReadOnlyList<ClosedWalFile> closed)
    {
        Location = location;
        _folder = folder;
        _closed = closed.ToDictionary(f => Path.GetFileName(f.File.Path), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Location { get; }

    /// <summary>The files that a scan gave, in the log's order.</summary>
    public IReadOnlyList<ClosedWalFile> Given => _given;

    /// <summary>Opens a spool.</summary>
    /// <param name="folder">Its folder; one that is not there yet holds nothing.</param>
    /// <param name="needed">How far the log should reach; null: as far as it does.</param>
    /// <param name="patience">How long the receiver may take to hand on what it is writing.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="warn">Told when it does not.</param>
    /// <param name="cancel">Cancels.</param>
    /// <exception cref="StingException"><c>WalSpoolDamaged</c>, <c>SourceUnavailable</c></exception>
    public static async ValueTask<WalSpoolTree> OpenAsync(string folder, Lsn? needed, TimeSpan patience, TimeProvider clock, Action<string> warn, CancellationToken cancel)
    {
        if (!Directory.Exists(folder))
        {
            warn($"No write-ahead log was received yet: there is no spool {folder}. Start-StingMetadataCapture (sting-backup capture) begins one.");
            return new WalSpoolTree(folder, null, []);
        }
        var started = clock.GetTimestamp();
        bool answered;
        List<ClosedWalFile> closed;
        do
        {
            answered = await AskAsync(folder, patience, clock, cancel).ConfigureAwait(false);
            var files = WalSpool.Files(folder);
            closed = [.. files.Take(Math.Max(0, files.Count - 1)).Select((f, i) => new ClosedWalFile(f, files[i + 1].Start))];
        }
        // The receiver may be a moment behind the server.
        while (answered && needed is { } end && !(closed is [.., var last] && last.End >= end) && clock.GetElapsedTime(started) < patience);
        if (!answered)
        {
            warn($"The newest write-ahead log is not in this run: no capture runs that could hand it on from {folder}. Get-StingMetadataCapture (sting-backup capture-status) shows how it stands.");
        }
        return new WalSpoolTree(folder, DirectorySource.Open(folder), closed);
    }

    /// <inheritdoc/>
    public IEnumerable<SourceEntry> Scan(Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel)
    {
        _given.Clear();
        foreach (var entry in _folder?.Scan((path, kind) => _closed.ContainsKey(NameOf(path)) ? choose(path, kind) : ScanChoice.Exclude, failed, cancel) ?? [])
        {
            _given.Add(_closed[NameOf(entry.Path)]);
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _folder!.ReadMetadata(entry);
    /// <inheritdoc/>
    public int ReadSmall(SourceEntry entry, Span<byte> buffer, out FileStamp stamp) => _folder!.ReadSmall(entry, buffer, out stamp);
    /// <inheritdoc/>
    public ISourceFile Open(SourceEntry entry) => _folder!.Open(entry);
    /// <inheritdoc/>
    public void Dispose() => _folder?.Dispose();

    private static string NameOf(EntryPath path) => Encoding.UTF8.GetString(path.Bytes);

    /// <summary>Asks the receiver to hand on what it is writing; false when nobody answers.</summary>
    private static async ValueTask<bool> AskAsync(string folder, TimeSpan patience, TimeProvider clock, CancellationToken cancel)
    {
        var request = Path.Combine(folder, WalSpool.SealRequest);
        try
        {
            await File.WriteAllBytesAsync(request, [], cancel).ConfigureAwait(false);
            for (var started = clock.GetTimestamp(); File.Exists(request); await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancel).ConfigureAwait(false))
            {
                if (clock.GetElapsedTime(started) >= patience)
                {
                    return false;
                }
            }
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw WalErrors.Spool(folder, "ask for what is written to", e);
        }
        finally
        {
            File.Delete(request);
        }
    }
}
