namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>A file of a spool.</summary>
/// <param name="Path">The file.</param>
/// <param name="Identity">Whose log it is.</param>
/// <param name="Start">Place of its first byte.</param>
/// <param name="CreatedNs">When it was begun.</param>
public sealed record WalSpoolFile(string Path, WalIdentity Identity, Lsn Start, long CreatedNs);

/// <summary>A stretch of log.</summary>
/// <param name="Start">Place of its first byte.</param>
/// <param name="TimeNs">The server's clock when it was sent, nanoseconds since 1970 UTC.</param>
/// <param name="Bytes">The log; good until the next one is asked for.</param>
public readonly record struct WalStretch(Lsn Start, long TimeNs, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Place behind its last byte.</summary>
    public Lsn End => new(Start.Value + (ulong)Bytes.Length);
}

/// <summary>Reads a folder of spooled log, whether a receiver writes there or not.</summary>
public static class WalSpool
{
    /// <summary>Files that are read but not of a spool's own.</summary>
    internal const string Pattern = "*.wal";

    /// <summary>A file of this name in the spool asks the receiver to hand on what it is writing; it goes when that is done.</summary>
    internal const string SealRequest = "seal";

    /// <summary>The files, in the log's order.</summary>
    /// <exception cref="StingException"><c>WalSpoolDamaged</c></exception>
    public static IReadOnlyList<WalSpoolFile> Files(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal).Select(ReadHeader)];

    /// <summary>The log from a place on, or from the spool's beginning, up to its last whole record.</summary>
    /// <exception cref="StingException"><c>WalSpoolDamaged</c> where something lacks between two files or within one that others follow</exception>
    public static IEnumerable<WalStretch> Read(string folder, Lsn? from)
    {
        var files = Files(folder);
        for (var i = 0; i < files.Count; i++)
        {
            if (from is { } begin && i + 1 < files.Count && files[i + 1].Start <= begin)
            {
                continue;
            }
            var end = files[i].Start;
            foreach (var stretch in ReadFile(files[i]))
            {
                end = stretch.End;
                if (from is null || stretch.End > from)
                {
                    yield return stretch;
                }
            }
            if (i + 1 < files.Count && files[i + 1].Start != end)
            {
                throw WalErrors.Damaged(files[i].Path, $"ends at {end}, and the next file begins at {files[i + 1].Start}");
            }
        }
    }

    /// <summary>The whole records of one file.</summary>
    public static IEnumerable<WalStretch> ReadFile(WalSpoolFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 17, FileOptions.SequentialScan);
        stream.Position = WalFormat.HeaderSize;
        var buffer = new byte[WalFormat.RecordHeaderSize + WalFormat.MaxRecord];
        var at = file.Start;
        var filled = 0;
        while (true)
        {
            filled += stream.ReadAtLeast(buffer.AsSpan(filled), buffer.Length - filled, throwOnEndOfStream: false);
            if (!WalFormat.TryReadRecord(buffer.AsSpan(0, filled), at, out var length, out var time))
            {
                yield break;
            }
            yield return new WalStretch(at, time, buffer.AsMemory(WalFormat.RecordHeaderSize, length));
            at = new Lsn(at.Value + (ulong)length);
            var used = WalFormat.RecordHeaderSize + length;
            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
        }
    }

    private static WalSpoolFile ReadHeader(string path)
    {
        var header = new byte[WalFormat.HeaderSize];
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var read = RandomAccess.Read(file, header, 0);
        return WalFormat.ParseHeader(header.AsSpan(0, read)) is { } parsed ? new WalSpoolFile(path, parsed.Identity, parsed.Start, parsed.CreatedNs) : throw WalErrors.Damaged(path, "has no header");
    }
}
