using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Legacy;

/// <summary>How much an archive may unpack to; shared by all layers of one archive.</summary>
/// <param name="archive">The archive, for messages.</param>
/// <param name="length">Its bytes.</param>
internal sealed class LegacyLimits(string archive, long length)
{
    /// <summary>Below this nothing is a bomb.</summary>
    private const long Harmless = 1L << 30;
    /// <summary>Scripts of SQL and logs reach 20; gzip itself ends at 1,032.</summary>
    private const long Ratio = 100;
    /// <summary>What may stand between the content of two entries: their headers and long names.</summary>
    public const long MostHeader = 4 << 20;
    private const int MostEntries = 2_000_000;

    private readonly long _most = Math.Max(Harmless, length * Ratio);
    private long _bytes;
    private int _entries;

    public void Add(int bytes)
    {
        if ((_bytes += bytes) > _most)
        {
            throw LegacyErrors.TooLarge(archive, $"more than {Display.Length(_most)} ({Ratio} times its size)");
        }
    }

    public void AddEntry()
    {
        if (++_entries > MostEntries)
        {
            throw LegacyErrors.TooLarge(archive, FormattableString.Invariant($"more than {MostEntries:N0} entries"));
        }
    }
}

/// <summary>
/// A gzip stream that is proved to its end: .NET's own ends in silence where one was cut off. Its last eight bytes must be the checksum and the length of all that came out of it.
/// </summary>
internal sealed class LegacyGzip : ReadOnlyStream
{
    private readonly string _archive;
    private readonly HashedStream _packed;
    private readonly GZipStream _gzip;
    private readonly LegacyLimits _limits;
    private readonly Crc32 _crc = new();
    private long _length, _headerLeft = long.MaxValue;

    public LegacyGzip(Stream packed, string archive, LegacyLimits limits)
    {
        _archive = archive;
        _limits = limits;
        _packed = new HashedStream(packed);
        _gzip = new GZipStream(_packed, CompressionMode.Decompress, leaveOpen: true);
    }

    /// <summary>Whether a file's first bytes are those of a gzip stream.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> start) => start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b, 0x08]);

    /// <summary>From here to <see cref="EnterContent"/> only an entry's headers may come, which nobody makes megabytes long.</summary>
    public void EnterHeader() => _headerLeft = LegacyLimits.MostHeader;

    /// <summary>What comes now is an entry's content.</summary>
    public void EnterContent() => _headerLeft = long.MaxValue;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var read = _gzip.Read(buffer);
        _limits.Add(read);
        if (_headerLeft != long.MaxValue && (_headerLeft -= read) < 0)
        {
            throw LegacyErrors.TooLarge(_archive, "an entry whose header alone has megabytes");
        }
        _crc.Append(buffer[..read]);
        _length += read;
        return read;
    }

    /// <summary>Reads what is left, and proves that nothing is missing. Gives the SHA-256 of the packed bytes.</summary>
    /// <exception cref="StingException"><c>LegacyArchiveDamaged</c></exception>
    public byte[] Finish(byte[] buffer, EntryPath? entry)
    {
        EnterContent();
        while (Read(buffer) > 0)
        {
        }
        while (_packed.Read(buffer) > 0)
        {
        }
        var trailer = _packed.LastEight;
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != _crc.GetCurrentHashAsUInt32() || BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != unchecked((uint)_length))
        {
            throw LegacyErrors.Damaged(_archive, entry, "it is cut off, or something follows it: its checksum is not that of its content");
        }
        return _packed.Hash();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _gzip.Dispose();
            _packed.Dispose();
        }
        base.Dispose(disposing);
    }
}

/// <summary>Passes bytes on; knows their SHA-256, and the last eight.</summary>
internal sealed class HashedStream(Stream inner) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _last = new byte[8];

    /// <summary>The last eight bytes that went through.</summary>
    public ReadOnlySpan<byte> LastEight => _last;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        var bytes = buffer[..read];
        _hash.AppendData(bytes);
        var kept = Math.Max(0, _last.Length - read);
        _last.AsSpan(_last.Length - kept).CopyTo(_last);
        bytes[Math.Max(0, read - _last.Length)..].CopyTo(_last.AsSpan(kept));
        return read;
    }

    /// <summary>The SHA-256 of all that went through.</summary>
    public byte[] Hash() => _hash.GetHashAndReset();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }
}
