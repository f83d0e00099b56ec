using System.Formats.Cbor;

namespace StingBackup.Engine.Cryptography;

/// <summary>
/// The fields of a deterministic CBOR map with integer keys, ascending. Keys below 100 must be understood by the reader; keys from 100 up may be passed over,
/// so that later programs can add what older ones need not know.
/// </summary>
internal sealed class CborFields
{
    private const int FirstOptionalKey = 100;

    private readonly SortedDictionary<int, ReadOnlyMemory<byte>> _fields = [];
    private readonly Func<string, Exception?, StingException> _damaged;
    private readonly string _name;

    /// <summary>Reads a map.</summary>
    /// <param name="payload">Its bytes, whole.</param>
    /// <param name="name">What holds it, for messages.</param>
    /// <param name="damaged">Makes the error for content that is wrong: why, and the cause.</param>
    public CborFields(ReadOnlyMemory<byte> payload, string name, Func<string, Exception?, StingException> damaged)
    {
        _name = name;
        _damaged = damaged;
        Try(() =>
        {
            var reader = new CborReader(payload, CborConformanceMode.Ctap2Canonical);
            var count = reader.ReadStartMap();
            for (var i = 0; i < count; i++)
            {
                _fields.Add(reader.ReadInt32(), reader.ReadEncodedValue());
            }
            reader.ReadEndMap();
            return reader.BytesRemaining == 0 ? true : throw new CborContentException("something follows the map");
        });
    }

    /// <summary>A byte string of a given length.</summary>
    public byte[] Bytes(int key, int length) => Read(key, reader =>
    {
        var bytes = reader.ReadByteString();
        return bytes.Length == length ? bytes : throw new CborContentException($"field {key} has {bytes.Length} bytes");
    });

    /// <summary>A byte string of any length.</summary>
    public byte[] Bytes(int key) => Read(key, reader => reader.ReadByteString());

    /// <summary>An unsigned number up to 2³²-1.</summary>
    public uint Number(int key) => Read(key, reader => reader.ReadUInt32());

    /// <summary>A signed number.</summary>
    public long Long(int key) => Read(key, reader => reader.ReadInt64());

    /// <summary>A signed number or null.</summary>
    public long? LongOrNull(int key) => Read(key, reader =>
    {
        if (reader.PeekState() != CborReaderState.Null)
        {
            return reader.ReadInt64();
        }
        reader.ReadNull();
        return (long?)null;
    });

    /// <summary>A text.</summary>
    public string Text(int key) => Read(key, reader => reader.ReadTextString());

    /// <summary>Whether an optional field is there.</summary>
    public bool Has(int key) => _fields.ContainsKey(key);

    /// <summary>A value that a function reads.</summary>
    public T Get<T>(int key, Func<CborReader, T> value) => Read(key, value);

    /// <summary>An array, each element read by a function.</summary>
    public IReadOnlyList<T> List<T>(int key, Func<CborReader, T> element) => Read(key, reader =>
    {
        var list = new List<T>();
        for (reader.ReadStartArray(); reader.PeekState() != CborReaderState.EndArray;)
        {
            list.Add(element(reader));
        }
        reader.ReadEndArray();
        return list;
    });

    /// <summary>A byte string of a given length, within a value: a longer one would be read as its beginning.</summary>
    public static byte[] Sized(CborReader reader, int size)
    {
        var bytes = reader.ReadByteString();
        return bytes.Length == size ? bytes : throw new CborContentException($"an id or signature has {bytes.Length} bytes");
    }

    /// <summary>Refuses fields that this program would have to understand and does not.</summary>
    /// <exception cref="StingException"><c>FormatTooNew</c></exception>
    public void CheckOthers(int known)
    {
        foreach (var key in _fields.Keys)
        {
            if (key > known && key < FirstOptionalKey)
            {
                throw new StingException("FormatTooNew", FailureKind.NotSupported, $"'{_name}' has field {key}, which this program does not know.", _name,
                    "Use the version of StingBackup that wrote it, or a later one.");
            }
        }
    }

    /// <summary>Starts a map of a known number of fields.</summary>
    public static CborWriter StartMap(int count)
    {
        var writer = new CborWriter(CborConformanceMode.Ctap2Canonical);
        writer.WriteStartMap(count);
        return writer;
    }

    /// <summary>Writes a byte string.</summary>
    public static void Write(CborWriter writer, int key, ReadOnlySpan<byte> value)
    {
        writer.WriteInt32(key);
        writer.WriteByteString(value);
    }

    /// <summary>Writes a number.</summary>
    public static void Write(CborWriter writer, int key, long value)
    {
        writer.WriteInt32(key);
        writer.WriteInt64(value);
    }

    /// <summary>Ends the map and gives its bytes.</summary>
    public static byte[] End(CborWriter writer)
    {
        writer.WriteEndMap();
        return writer.Encode();
    }

    private T Read<T>(int key, Func<CborReader, T> read) => Try(() =>
    {
        if (!_fields.TryGetValue(key, out var encoded))
        {
            throw new CborContentException($"field {key} is missing");
        }
        var reader = new CborReader(encoded, CborConformanceMode.Ctap2Canonical);
        var value = read(reader);
        return reader.BytesRemaining == 0 ? value : throw new CborContentException($"field {key} holds too much");
    });

    private T Try<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception wrong) when (wrong is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
        {
            throw _damaged("its content is not what it should hold", wrong);
        }
    }
}
