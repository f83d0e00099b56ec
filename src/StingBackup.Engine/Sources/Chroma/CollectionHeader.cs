using System.Buffers;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;

namespace StingBackup.Engine.Sources.Chroma;

/// <summary>
/// A collection as one file: a line of JSON that says what it is; a line of JSON a record with its id, text, metadata and uri; then the records' vectors in the same order,
/// 32-bit numbers, little endian, without anything between. Text stands apart from vectors, since only the one can be compressed; records stand in the server's order, that in which they came, so
/// that new ones come last and all before them deduplicates.
/// </summary>
/// <param name="Collection">The collection; <see cref="ChromaCollection.Dimension"/> is null only where there is no record.</param>
/// <param name="Records">How many records follow.</param>
internal sealed record CollectionHeader(ChromaCollection Collection, long Records)
{
    public const string Format = "sting-chroma-1";

    /// <summary>Bytes of all vectors.</summary>
    public long VectorBytes => Records * (Collection.Dimension ?? 0) * sizeof(float);

    /// <summary>The line, its end included.</summary>
    public byte[] ToBytes()
    {
        var target = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(target))
        {
            json.WriteStartObject();
            json.WriteString("format"u8, Format);
            json.WriteString("id"u8, Collection.Id);
            json.WriteString("name"u8, Collection.Name);
            json.WriteNumber("records"u8, Records);
            if (Collection.Dimension is { } dimension)
            {
                json.WriteNumber("dimension"u8, dimension);
            }
            WriteRaw(json, "metadata", Collection.Metadata);
            WriteRaw(json, "configuration", Collection.Configuration);
            json.WriteEndObject();
        }
        target.Write("\n"u8);
        return target.WrittenSpan.ToArray();
    }

    /// <summary>Reads the line.</summary>
    /// <exception cref="StingException"><c>ChromaCaptureDamaged</c></exception>
    public static CollectionHeader Parse(ReadOnlyMemory<byte> line, string path)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format) || format.ValueKind != JsonValueKind.String || format.GetString() != Format)
            {
                throw ChromaErrors.CaptureDamaged(path, $"its first line is no header of {Format}");
            }
            var dimension = root.TryGetProperty("dimension", out var d) ? d.GetInt32() : (int?)null;
            var header = new CollectionHeader(new ChromaCollection(root.GetProperty("id").GetString()!, root.GetProperty("name").GetString()!, dimension, Raw(root, "metadata"), Raw(root, "configuration")),
                root.GetProperty("records").GetInt64());
            // The vectors are counted before anything is made for them: their sum must be one.
            return header.Collection is { Id: not null, Name: not null } && header.Records >= 0 && dimension is null or > 0 && (header.Records == 0 || dimension is not null)
                && header.Records <= long.MaxValue / sizeof(float) / (dimension ?? 1) ? header : throw ChromaErrors.CaptureDamaged(path, "its header contradicts itself");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw ChromaErrors.CaptureDamaged(path, "its header cannot be read");
        }
    }

    /// <summary>The line of a record, its end included.</summary>
    public static void WriteRecord(ChromaRecord record, IBufferWriter<byte> target)
    {
        target.Write("{\"id\":"u8);
        WriteText(record.Id, target);
        if (record.Document is { } document)
        {
            target.Write(",\"document\":"u8);
            WriteText(document, target);
        }
        if (record.Metadata is { } metadata)
        {
            target.Write(",\"metadata\":"u8);
            target.Write(metadata);
        }
        if (record.Uri is { } uri)
        {
            target.Write(",\"uri\":"u8);
            WriteText(uri, target);
        }
        target.Write("}\n"u8);
    }

    private static void WriteText(string text, IBufferWriter<byte> target) => CanonicalJson.WriteString(System.Text.Encoding.UTF8.GetBytes(text), target);

    private static void WriteRaw(Utf8JsonWriter json, string name, byte[]? value)
    {
        if (value is not null)
        {
            json.WritePropertyName(name);
            json.WriteRawValue(value);
        }
    }

    private static byte[]? Raw(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? CanonicalJson.ToBytes(value) : null;
}
