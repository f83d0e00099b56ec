using System.Globalization;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>Makes the server's own segment files out of a spool, for recovery to read.</summary>
public static class WalSegments
{
    /// <summary>Writes every segment that the spool covers from its beginning on; the last one ends in zeros, which recovery takes for the log's end.</summary>
    /// <param name="stretches">The spooled log, in order, without a gap.</param>
    /// <param name="identity">Whose it is.</param>
    /// <param name="folder">Where segments go; existing ones are replaced.</param>
    /// <param name="from">The first place that is needed.</param>
    /// <returns>The end of the log; <paramref name="from"/> when there is none.</returns>
    /// <exception cref="StingException"><c>WalGap</c> when the spool begins behind <paramref name="from"/></exception>
    public static Lsn Write(IEnumerable<WalStretch> stretches, WalIdentity identity, string folder, Lsn from)
    {
        ArgumentNullException.ThrowIfNull(stretches);
        Directory.CreateDirectory(folder);
        FileStream? file = null;
        var current = ulong.MaxValue;
        var end = from;
        var any = false;
        try
        {
            foreach (var stretch in stretches)
            {
                if (!any && stretch.Start > from.SegmentStart(identity.SegmentSize))
                {
                    throw new StingException("WalGap", FailureKind.NotFound, $"The spooled log begins at {stretch.Start}; the restore needs it from {from} on.", folder, "Choose a later base backup, or bring back the packs that hold the older log.");
                }
                any = true;
                var bytes = stretch.Bytes;
                for (var at = stretch.Start.Value; bytes.Length > 0;)
                {
                    if (at / identity.SegmentSize != current)
                    {
                        current = at / identity.SegmentSize;
                        file?.Dispose();
                        file = new FileStream(Path.Combine(folder, FileName(identity, current)), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
                        file.SetLength(identity.SegmentSize);
                    }
                    var within = (long)(at % identity.SegmentSize);
                    var part = (int)Math.Min(bytes.Length, identity.SegmentSize - within);
                    file!.Position = within;
                    file.Write(bytes.Span[..part]);
                    bytes = bytes[part..];
                    at += (ulong)part;
                }
                end = stretch.End > end ? stretch.End : end;
            }
            return end;
        }
        catch (IOException e)
        {
            throw PostgresErrors.SpoolFailed(folder, e);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>A segment's name: timeline, then its number in two parts.</summary>
    internal static string FileName(WalIdentity identity, ulong segment)
    {
        var perId = 0x1_0000_0000UL / identity.SegmentSize;
        return string.Create(CultureInfo.InvariantCulture, $"{identity.Timeline:X8}{segment / perId:X8}{segment % perId:X8}");
    }
}
