using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Sources.Chroma;

namespace StingBackup.Engine.Targets.Chroma;

/// <summary>Reads a file that a collection was backed up as (<see cref="CollectionHeader"/>), record by record.</summary>
internal sealed class CollectionFileReader : IDisposable
{
    private const int Block = 256 << 10;
    private const int LongestLine = 64 << 20;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly long _vectors;
    private byte[] _buffer = new byte[Block];
    private int _from, _filled;
    private long _at;

    /// <exception cref="StingException"><c>ChromaCaptureDamaged</c></exception>
    public CollectionFileReader(string path, string shown)
    {
        _path = shown;
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        try
        {
            _vectors = RandomAccess.GetLength(_file);
            Header = CollectionHeader.Parse(ReadLine().ToArray(), shown);
            _vectors -= Header.VectorBytes;
            if (_vectors < 0)
            {
                throw ChromaErrors.CaptureDamaged(_path, "it is cut short");
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>What the file holds.</summary>
    public CollectionHeader Header { get; }

    /// <summary>All records in order.</summary>
    /// <exception cref="StingException"><c>ChromaCaptureDamaged</c></exception>
    public IEnumerable<ChromaRecord> Records()
    {
        var dimension = Header.Collection.Dimension ?? 0;
        for (var i = 0L; i < Header.Records; i++)
        {
            var vector = new float[dimension];
            var bytes = MemoryMarshal.AsBytes(vector.AsSpan());
            for (int done = 0, read; done < bytes.Length; done += read)
            {
                read = RandomAccess.Read(_file, bytes[done..], _vectors + (i * dimension * sizeof(float)) + done);
                if (read == 0)
                {
                    throw ChromaErrors.CaptureDamaged(_path, "it is cut short");
                }
            }
            yield return RecordOf(ReadLine(), vector);
        }
        if (_at - (_filled - _from) != _vectors)
        {
            throw ChromaErrors.CaptureDamaged(_path, "between its records and its vectors stands something else");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private ChromaRecord RecordOf(ReadOnlyMemory<byte> line, float[] vector)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new ChromaRecord(root.GetProperty("id").GetString() ?? throw ChromaErrors.CaptureDamaged(_path, "a record has no id"), vector)
            {
                Document = root.TryGetProperty("document", out var document) ? document.GetString() : null, Uri = root.TryGetProperty("uri", out var uri) ? uri.GetString() : null,
                Metadata = root.TryGetProperty("metadata", out var metadata) ? CanonicalJson.ToBytes(metadata.ValueKind == JsonValueKind.Object ? metadata : throw ChromaErrors.CaptureDamaged(_path, "a record's metadata are none")) : null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw ChromaErrors.CaptureDamaged(_path, "a record cannot be read");
        }
    }

    /// <summary>The next line without its end.</summary>
    private ReadOnlyMemory<byte> ReadLine()
    {
        var searched = 0;
        while (true)
        {
            var end = _buffer.AsSpan(_from + searched, _filled - _from - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _buffer.AsMemory(_from, searched + end);
                _from += searched + end + 1;
                return line;
            }
            searched = _filled - _from;
            Fill();
        }
    }

    private void Fill()
    {
        _buffer.AsSpan(_from, _filled - _from).CopyTo(_buffer);
        (_from, _filled) = (0, _filled - _from);
        if (_filled == _buffer.Length)
        {
            if (_filled >= LongestLine)
            {
                throw ChromaErrors.CaptureDamaged(_path, "a line is too long");
            }
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
        var read = RandomAccess.Read(_file, _buffer.AsSpan(_filled), _at);
        if (read == 0)
        {
            throw ChromaErrors.CaptureDamaged(_path, "it is cut short");
        }
        _filled += read;
        _at += read;
    }
}
