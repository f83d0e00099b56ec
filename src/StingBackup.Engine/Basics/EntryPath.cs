using System.Text;

namespace StingBackup.Engine.Basics;

/// <summary>
/// A path within a source: components of raw bytes (Unix as read, Windows WTF-8) separated by <c>/</c>, no leading or trailing one.
/// The empty path is the source's root. Order is component by component, bytewise, a directory right before what is in it.
/// </summary>
public sealed class EntryPath : IEquatable<EntryPath>, IComparable<EntryPath>
{
    /// <summary>The most bytes of a path, and the most components: no file system's own calls reach as far, and whoever writes a longer one into a repository wants memory.</summary>
    public const int MaxLength = 32_767, MaxDepth = 2048;

    private readonly byte[] _bytes;

    private EntryPath(byte[] bytes) => _bytes = bytes;

    /// <summary>The source's root.</summary>
    public static EntryPath Root { get; } = new([]);

    /// <summary>The bytes, components separated by <c>/</c>.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>True for the source's root.</summary>
    public bool IsRoot => _bytes.Length == 0;

    /// <summary>The last component.</summary>
    public ReadOnlySpan<byte> Name => _bytes.AsSpan(Bytes.LastIndexOf((byte)'/') + 1);

    /// <summary>The path one level up; the root's parent is the root.</summary>
    public EntryPath Parent
    {
        get
        {
            var slash = Bytes.LastIndexOf((byte)'/');
            return slash < 0 ? Root : new EntryPath(_bytes[..slash]);
        }
    }

    /// <summary>Adds a component.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c> when it is empty, <c>.</c>, <c>..</c>, or holds <c>/</c> or NUL.</exception>
    public EntryPath Append(ReadOnlySpan<byte> name)
    {
        if (!IsValidName(name))
        {
            throw NotAllowed(Display(name));
        }
        var start = _bytes.Length == 0 ? 0 : _bytes.Length + 1;
        if (start + name.Length > MaxLength || Bytes.Count((byte)'/') + 2 > MaxDepth)
        {
            throw TooLong(Bytes);
        }
        var bytes = new byte[start + name.Length];
        _bytes.CopyTo(bytes, 0);
        if (start > 0)
        {
            bytes[start - 1] = (byte)'/';
        }
        name.CopyTo(bytes.AsSpan(start));
        return new EntryPath(bytes);
    }

    /// <summary>Takes the bytes of a whole path and checks each component.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c></exception>
    public static EntryPath FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
        {
            return Root;
        }
        if (bytes.Length > MaxLength || bytes.Count((byte)'/') >= MaxDepth)
        {
            throw TooLong(bytes);
        }
        foreach (var range in bytes.Split((byte)'/'))
        {
            if (!IsValidName(bytes[range]))
            {
                throw NotAllowed(Display(bytes));
            }
        }
        return new EntryPath(bytes.ToArray());
    }

    /// <summary>Reads a path as people write it: UTF-8, <c>/</c> between components, <c>\xNN</c> for a raw byte, <c>\\</c> for a backslash.</summary>
    public static EntryPath Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = new List<byte>(text.Length);
        var utf8 = Encoding.UTF8.GetBytes(text.Trim('/'));
        for (var i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] == '\\' && i + 1 < utf8.Length && utf8[i + 1] == '\\')
            {
                bytes.Add((byte)'\\');
                i++;
            }
            else if (utf8[i] == '\\' && i + 3 < utf8.Length && utf8[i + 1] == 'x' && char.IsAsciiHexDigit((char)utf8[i + 2]) && char.IsAsciiHexDigit((char)utf8[i + 3]))
            {
                bytes.Add(Convert.FromHexString([(char)utf8[i + 2], (char)utf8[i + 3]])[0]);
                i += 3;
            }
            else
            {
                bytes.Add(utf8[i]);
            }
        }
        return FromBytes(bytes.ToArray());
    }

    /// <summary>True when this is <paramref name="ancestor"/> or lies below it.</summary>
    public bool IsWithin(EntryPath ancestor)
    {
        ArgumentNullException.ThrowIfNull(ancestor);
        return ancestor.IsRoot || (Bytes.StartsWith(ancestor.Bytes) && (_bytes.Length == ancestor._bytes.Length || _bytes[ancestor._bytes.Length] == '/'));
    }

    /// <summary>The path that this one has when its root stands at <paramref name="folder"/>.</summary>
    public EntryPath Under(EntryPath folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return folder.IsRoot ? this : IsRoot ? folder : new EntryPath([.. folder._bytes, (byte)'/', .. _bytes]);
    }

    /// <summary>The path seen from a folder that holds it; the root for the folder itself.</summary>
    public EntryPath RelativeTo(EntryPath folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return !IsWithin(folder) ? throw new ArgumentException($"'{this}' is not in '{folder}'.", nameof(folder))
            : folder.IsRoot ? this : _bytes.Length == folder._bytes.Length ? Root : new EntryPath(_bytes[(folder._bytes.Length + 1)..]);
    }

    /// <summary>Whether a name may be a component: not empty, <c>.</c>, <c>..</c>; no <c>/</c>, no NUL.</summary>
    public static bool IsValidName(ReadOnlySpan<byte> name) =>
        name.Length > 0 && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && name.IndexOfAny((byte)'/', (byte)0) < 0;

    /// <summary>Order of two paths: <c>/</c> sorts before every other byte, so what is in a directory follows it at once.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var common = a.CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }
        int x = a[common] == '/' ? 0 : a[common], y = b[common] == '/' ? 0 : b[common];
        return x.CompareTo(y);
    }

    /// <summary>For people: UTF-8 where it is valid, <c>\xNN</c> where not; control characters, and those that turn the direction of a line or end it, are escaped too.</summary>
    public override string ToString() => Display(_bytes);

    /// <summary>Bytes for people; <see cref="Parse"/> reads it back exactly.</summary>
    public static string Display(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var used);
            if (status == System.Buffers.OperationStatus.Done && !Rune.IsControl(rune) && !TurnsText(rune.Value))
            {
                text.Append(rune.Value == '\\' ? @"\\" : rune.ToString());
            }
            else
            {
                for (var i = 0; i < used; i++)
                {
                    text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{bytes[i]:x2}");
                }
            }
            bytes = bytes[used..];
        }
        return text.ToString();
    }

    /// <summary>Marks of direction, and separators of lines: what follows them would be shown in another order than it has, as "exe.txt" for "txt.exe".</summary>
    private static bool TurnsText(int rune) => rune is 0x61c or 0x200e or 0x200f or (>= 0x2028 and <= 0x202e) or (>= 0x2066 and <= 0x2069);

    private static StingException TooLong(ReadOnlySpan<byte> path) => new("NameNotAllowed", FailureKind.InvalidArgument,
        $"A path that begins with '{Display(path[..Math.Min(64, path.Length)])}' is longer than any may be: {MaxLength} bytes, {MaxDepth} components.", Display(path[..Math.Min(64, path.Length)]),
        "Move what lies so deep further up.");

    private static StingException NotAllowed(string name) =>
        new("NameNotAllowed", FailureKind.InvalidArgument, $"'{name}' is not a name that a file can have here.", name,
            "A component may not be empty, '.', '..', or hold '/' or NUL.");

    /// <inheritdoc/>
    public bool Equals(EntryPath? other) => other is not null && Bytes.SequenceEqual(other.Bytes);
    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EntryPath);
    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }
    /// <inheritdoc/>
    public int CompareTo(EntryPath? other) => other is null ? 1 : Compare(_bytes, other._bytes);
    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(EntryPath? a, EntryPath? b) => a is null ? b is null : a.Equals(b);
    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(EntryPath? a, EntryPath? b) => !(a == b);
    /// <summary>Order by components.</summary>
    public static bool operator <(EntryPath a, EntryPath b) => a.CompareTo(b) < 0;
    /// <summary>Order by components.</summary>
    public static bool operator >(EntryPath a, EntryPath b) => a.CompareTo(b) > 0;
    /// <summary>Order by components.</summary>
    public static bool operator <=(EntryPath a, EntryPath b) => a.CompareTo(b) <= 0;
    /// <summary>Order by components.</summary>
    public static bool operator >=(EntryPath a, EntryPath b) => a.CompareTo(b) >= 0;
}
