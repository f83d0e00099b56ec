using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>
/// A spool file, little endian. Header, 64 bytes: <c>STINGWAL</c> · version u16 · reserved u16 · segment size u32 · system id u64 · timeline u32 · reserved u32 · start LSN u64 ·
/// created i64 (ns since 1970) · reserved 12 · CRC-32 u32. Then records: length u32 (1 … 65,536) · CRC-32 u32 over all else · LSN u64 · the server's time i64 · the log's bytes. Records follow each
/// other without a gap; what follows the last whole one was being written when a process or host died, and was never confirmed.
/// </summary>
internal static class WalFormat
{
    public const int HeaderSize = 64;
    public const int RecordHeaderSize = 24;
    /// <summary>Most bytes of a record.</summary>
    public const int MaxRecord = 64 << 10;
    private const ushort Version = 1;

    /// <summary>Names sort by place: timeline and start, in hexadecimal.</summary>
    public static string FileName(uint timeline, Lsn start) => string.Create(CultureInfo.InvariantCulture, $"{timeline:x8}-{start.Value:x16}.wal");

    /// <summary>What a name tells; null when it is none.</summary>
    public static (uint Timeline, Lsn Start)? ParseFileName(string name) =>
        name.Length == 29 && name[8] == '-' && name.EndsWith(".wal", StringComparison.Ordinal)
        && uint.TryParse(name.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var timeline)
        && ulong.TryParse(name.AsSpan(9, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start) ? (timeline, new Lsn(start)) : null;

    public static byte[] Header(WalIdentity identity, Lsn start, long createdNs)
    {
        var bytes = new byte[HeaderSize];
        "STINGWAL"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), identity.SegmentSize);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), identity.SystemId);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), identity.Timeline);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), start.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), createdNs);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Crc32.HashToUInt32(bytes.AsSpan(0, 60)));
        return bytes;
    }

    /// <summary>Null when it is none, or one of a later version.</summary>
    public static (WalIdentity Identity, Lsn Start, long CreatedNs)? ParseHeader(ReadOnlySpan<byte> bytes) =>
        bytes.Length < HeaderSize || !bytes.StartsWith("STINGWAL"u8) || BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32.HashToUInt32(bytes[..60])
            ? null
            : (new WalIdentity(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..])),
                new Lsn(BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..])), BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]));

    /// <summary>Writes a record; gives its length.</summary>
    public static int WriteRecord(Span<byte> target, Lsn start, long timeNs, ReadOnlySpan<byte> log)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, log.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], start.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], timeNs);
        log.CopyTo(target[RecordHeaderSize..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Checksum(target[..(RecordHeaderSize + log.Length)]));
        return RecordHeaderSize + log.Length;
    }

    /// <summary>The record at the beginning of a span, if it is whole and begins at <paramref name="expected"/>; else false.</summary>
    public static bool TryReadRecord(ReadOnlySpan<byte> bytes, Lsn expected, out int length, out long timeNs)
    {
        (length, timeNs) = (0, 0);
        if (bytes.Length < RecordHeaderSize)
        {
            return false;
        }
        var log = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (log is < 1 or > MaxRecord || bytes.Length < RecordHeaderSize + log || BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) != expected.Value
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Checksum(bytes[..(RecordHeaderSize + log)]))
        {
            return false;
        }
        length = log;
        timeNs = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> record)
    {
        var crc = new Crc32();
        crc.Append(record[..4]);
        crc.Append(record[8..]);
        return crc.GetCurrentHashAsUInt32();
    }
}
