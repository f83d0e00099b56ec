using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// One epoch's file in one replica: a checked head (reserve id, epoch), then records, each framed as "SREC" · length u32 · record · first 8 bytes of the
/// SHA-256 of all three. Only ever added to. A reader that meets damage looks for the next whole frame, so one bad byte costs one record at most;
/// the torn end of a crashed append is told from damage and cut off by the next append.
/// </summary>
internal sealed class RecordFile
{
    private const int HeadPayloadSize = Id16.Size + sizeof(uint) + sizeof(ushort);
    private const int HeadSize = KeyFrame.HeaderSize + HeadPayloadSize + KeyFrame.ChecksumSize;
    private const int FrameStart = 8;
    private const int CheckSize = 8;
    private const int MaxRecordSize = 64 * 1024;

    private RecordFile(IReadOnlyList<KeyRecord> records, IReadOnlyList<StingException> faults, long soundLength)
    {
        Records = records;
        Faults = faults;
        SoundLength = soundLength;
    }

    private static ReadOnlySpan<byte> Marker => "SREC"u8;

    /// <summary>Every record that can be read, in order.</summary>
    public IReadOnlyList<KeyRecord> Records { get; }
    /// <summary>What is wrong with it, by offset.</summary>
    public IReadOnlyList<StingException> Faults { get; }
    /// <summary>Length up to which the next append keeps it: all of it but a torn end.</summary>
    public long SoundLength { get; }

    /// <summary><c>epoch-0000000001.keys</c></summary>
    public static string NameOf(uint epoch) => string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch:d10}.keys");

    /// <summary>The bytes of a file without records.</summary>
    public static byte[] Head(Id16 reserveId, uint epoch)
    {
        Span<byte> payload = stackalloc byte[HeadPayloadSize];
        reserveId.CopyTo(payload);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[16..], epoch);
        BinaryPrimitives.WriteUInt16LittleEndian(payload[20..], Suite.P256);
        return KeyFrame.Write(KeyFileKind.Records, payload);
    }

    /// <summary>The reserve that a file belongs to, by its head.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c></exception>
    public static Id16 ReserveOf(byte[] bytes, string path) => new(KeyFrame.Read(bytes, KeyFileKind.Records, path).Span);

    /// <summary>The bytes to append for records.</summary>
    public static byte[] Frame(IReadOnlyList<KeyRecord> records)
    {
        var bytes = new byte[records.Sum(record => FrameSize(record.Size))];
        var rest = bytes.AsSpan();
        foreach (var record in records)
        {
            var frame = rest[..FrameSize(record.Size)];
            Marker.CopyTo(frame);
            BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], (uint)record.Size);
            record.Write(frame[FrameStart..]);
            Check(frame[..^CheckSize], frame[^CheckSize..]);
            rest = rest[frame.Length..];
        }
        return bytes;
    }

    /// <summary>Reads a file. Damage to its head or to records is told, and what is sound is given.</summary>
    /// <exception cref="StingException"><c>KeyStoreForeign</c> when a sound head names another reserve or epoch.</exception>
    public static RecordFile Read(byte[] bytes, Id16 reserveId, uint epoch, string path)
    {
        var faults = new List<StingException>();
        CheckHead(bytes, reserveId, epoch, path, faults);
        var records = new List<KeyRecord>(bytes.Length / FrameSize(KeyRecord.SizeOf(KemSuite.P256)));
        var at = Math.Min(HeadSize, bytes.Length);
        long sound = at;
        while (at < bytes.Length)
        {
            var length = FrameAt(bytes, at);
            if (length == 0)
            {
                var next = NextFrame(bytes, at + 1);
                if (next == bytes.Length && IsTorn(bytes.AsSpan(at)))
                {
                    break;
                }
                faults.Add(KeyRecord.Damaged(path, string.Create(CultureInfo.InvariantCulture, $"the bytes from {at} to {next} are no record")));
                at = next;
            }
            else
            {
                try
                {
                    records.Add(KeyRecord.Read(bytes.AsMemory(at + FrameStart, length - FrameStart - CheckSize), path));
                }
                catch (StingException fault)
                {
                    faults.Add(fault);
                }
                at += length;
            }
            sound = at;
        }
        return new RecordFile(records, faults, sound);
    }

    private static void CheckHead(byte[] bytes, Id16 reserveId, uint epoch, string path, List<StingException> faults)
    {
        try
        {
            var head = KeyFrame.Read(bytes, KeyFileKind.Records, path).Span;
            if (head.Length != HeadPayloadSize)
            {
                throw KeyFrame.Damaged(path, "its head has a wrong length");
            }
            if (new Id16(head) != reserveId || BinaryPrimitives.ReadUInt32LittleEndian(head[16..]) != epoch)
            {
                throw new StingException("KeyStoreForeign", FailureKind.Integrity,
                    $"'{path}' belongs to reserve {new Id16(head)}, epoch {BinaryPrimitives.ReadUInt32LittleEndian(head[16..])}, not to reserve {reserveId}, epoch {epoch}.",
                    path, "Point the configuration at this reserve's own key store.");
            }
        }
        catch (StingException damaged) when (damaged.ErrorId == "KeyFileDamaged")
        {
            faults.Add(damaged);
        }
    }

    /// <summary>Length of the whole and sound frame at an offset, or 0.</summary>
    private static int FrameAt(ReadOnlySpan<byte> bytes, int at)
    {
        var rest = bytes[at..];
        if (rest.Length < FrameStart + CheckSize || !rest.StartsWith(Marker))
        {
            return 0;
        }
        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        if (length > MaxRecordSize || rest.Length < FrameStart + (int)length + CheckSize)
        {
            return 0;
        }
        var end = FrameStart + (int)length;
        Span<byte> check = stackalloc byte[CheckSize];
        Check(rest[..end], check);
        return check.SequenceEqual(rest.Slice(end, CheckSize)) ? end + CheckSize : 0;
    }

    private static int NextFrame(ReadOnlySpan<byte> bytes, int from)
    {
        for (var at = from; at < bytes.Length; at++)
        {
            var skip = bytes[at..].IndexOf(Marker);
            if (skip < 0)
            {
                break;
            }
            at += skip;
            if (FrameAt(bytes, at) > 0)
            {
                return at;
            }
        }
        return bytes.Length;
    }

    /// <summary>
    /// Whether the unreadable end of a file is what a crash leaves: the start of a frame and nothing after it, or zeros where the file grew before its data came.
    /// A whole frame with a wrong byte is damage.
    /// </summary>
    private static bool IsTorn(ReadOnlySpan<byte> end)
    {
        const int improbableZeros = 16;   // what no ciphertext ends in
        var data = end.TrimEnd((byte)0);
        var promised = end.Length < FrameStart ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(end[4..]);
        var whole = FrameSize(KeyRecord.IsSize(promised) ? (int)promised : KeyRecord.SizeOf(KemSuite.P256));
        return data.Length == 0
            || (Marker.StartsWith(data[..Math.Min(Marker.Length, data.Length)]) && (end.Length < whole || data.Length <= whole - improbableZeros));
    }

    private static int FrameSize(int record) => FrameStart + record + CheckSize;

    private static void Check(ReadOnlySpan<byte> frame, Span<byte> check)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(frame, hash);
        hash[..CheckSize].CopyTo(check);
    }
}
