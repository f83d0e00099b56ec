using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace StingBackup.Engine.Platform;

/// <summary>The names in a directory, in bytewise order, with what the file system says each is. Its memory is rented: dispose of it.</summary>
[SupportedOSPlatform("linux")]
internal sealed class DirectoryReader : IDisposable
{
    private const int RecordLength = 16, RecordType = 18, RecordName = 19;   // fields of struct linux_dirent64

    private byte[] _names = [];
    private Entry[] _entries = [];
    private int _namesLength;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>A name; the byte after it is NUL.</summary>
    public ReadOnlySpan<byte> Name(int index) => _names.AsSpan(_entries[index].Offset, _entries[index].Length);

    /// <summary>What the directory says the item is (d_type); 0 where it does not say.</summary>
    public byte Type(int index) => _entries[index].Type;

    /// <summary>Reads an open directory.</summary>
    /// <param name="directory">The directory, open for reading.</param>
    /// <param name="buffer">Room for what one call returns, 64 KiB or so.</param>
    /// <returns>0, or the error negated; what was read before an error is there, and sorted.</returns>
    public int Read(int directory, Span<byte> buffer)
    {
        int read;
        while ((read = Libc.GetDirectoryEntries(directory, buffer)) > 0)
        {
            for (var record = buffer[..read]; record.Length > 0;)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(record[RecordLength..]);
                var name = record[RecordName..length];
                name = name[..name.IndexOf((byte)0)];
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    Add(name, record[RecordType]);
                }
                record = record[length..];
            }
        }
        _entries.AsSpan(0, Count).Sort(new ByName(_names));
        return read;
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_names);
        ArrayPool<Entry>.Shared.Return(_entries);
        (_names, _entries, Count) = ([], [], 0);
    }

    private void Add(ReadOnlySpan<byte> name, byte type)
    {
        if (_namesLength + name.Length + 1 > _names.Length)
        {
            Grow(ref _names, _namesLength, _namesLength + LinuxAbi.NameMax + 1);
        }
        if (Count == _entries.Length)
        {
            Grow(ref _entries, Count, Count + 1);
        }
        name.CopyTo(_names.AsSpan(_namesLength));
        _names[_namesLength + name.Length] = 0;
        _entries[Count++] = new Entry(FirstBytes(name), _namesLength, (ushort)name.Length, type);
        _namesLength += name.Length + 1;
    }

    private static void Grow<T>(ref T[] array, int used, int needed)
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, Math.Max(array.Length * 2, 64)));
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }

    // Eight bytes as a number that compares as they do; shorter names are filled with NUL, which no name holds.
    private static ulong FirstBytes(ReadOnlySpan<byte> name)
    {
        if (name.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(name);
        }
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        name.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(ulong FirstBytes, int Offset, ushort Length, byte Type);

    private readonly struct ByName(byte[] names) : IComparer<Entry>
    {
        public int Compare(Entry x, Entry y) => x.FirstBytes != y.FirstBytes
            ? x.FirstBytes.CompareTo(y.FirstBytes)
            : names.AsSpan(x.Offset, x.Length).SequenceCompareTo(names.AsSpan(y.Offset, y.Length));
    }
}
