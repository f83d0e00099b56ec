using System.Buffers.Binary;

namespace StingBackup.Engine.Basics;

/// <summary>A 16-byte random identity: of a reserve, a writer, or a subject's pseudonym.</summary>
public readonly struct Id16 : IEquatable<Id16>, IComparable<Id16>
{
    /// <summary>Its length in bytes.</summary>
    public const int Size = 16;

    private readonly ulong _a, _b;   // big endian, so that comparing numbers compares bytes

    /// <summary>Reads 16 bytes.</summary>
    public Id16(ReadOnlySpan<byte> bytes)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
    }

    /// <summary>True for sixteen zero bytes: the clear segments' pseudonym.</summary>
    public bool IsZero => (_a | _b) == 0;

    /// <summary>Writes 16 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, _a);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], _b);
    }

    /// <summary>The bytes, as a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>A random id.</summary>
    public static Id16 New(System.Security.Cryptography.RandomNumberGenerator random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> bytes = stackalloc byte[Size];
        random.GetBytes(bytes);
        return new Id16(bytes);
    }

    /// <summary>Reads 32 hexadecimal digits.</summary>
    public static bool TryParse(string? text, out Id16 id)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (text is { Length: 2 * Size } && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done)
        {
            id = new Id16(bytes);
            return true;
        }
        id = default;
        return false;
    }

    /// <inheritdoc/>
    public bool Equals(Id16 other) => _a == other._a && _b == other._b;
    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Id16 other && Equals(other);
    /// <inheritdoc/>
    public override int GetHashCode() => _a.GetHashCode();
    /// <inheritdoc/>
    public int CompareTo(Id16 other) => _a != other._a ? _a.CompareTo(other._a) : _b.CompareTo(other._b);
    /// <summary>Lower-case hexadecimal.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(Id16 a, Id16 b) => a.Equals(b);
    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(Id16 a, Id16 b) => !a.Equals(b);
    /// <summary>Order by bytes.</summary>
    public static bool operator <(Id16 a, Id16 b) => a.CompareTo(b) < 0;
    /// <summary>Order by bytes.</summary>
    public static bool operator >(Id16 a, Id16 b) => a.CompareTo(b) > 0;
    /// <summary>Order by bytes.</summary>
    public static bool operator <=(Id16 a, Id16 b) => a.CompareTo(b) <= 0;
    /// <summary>Order by bytes.</summary>
    public static bool operator >=(Id16 a, Id16 b) => a.CompareTo(b) >= 0;
}

/// <summary>A 32-byte id: of a chunk or tree page (HMAC under the subject's id key), or of an object (SHA-256 of its bytes).</summary>
public readonly struct Id32 : IEquatable<Id32>, IComparable<Id32>
{
    /// <summary>Its length in bytes.</summary>
    public const int Size = 32;

    private readonly ulong _a, _b, _c, _d;

    /// <summary>Reads 32 bytes.</summary>
    public Id32(ReadOnlySpan<byte> bytes)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>The first eight bytes as a big-endian number: uniform, so it serves searches by interpolation.</summary>
    public ulong Prefix => _a;

    /// <summary>True for 32 zero bytes.</summary>
    public bool IsZero => (_a | _b | _c | _d) == 0;

    /// <summary>Writes 32 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, _a);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], _d);
    }

    /// <summary>The bytes, as a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Reads 64 hexadecimal digits.</summary>
    public static bool TryParse(string? text, out Id32 id)
    {
        Span<byte> bytes = stackalloc byte[Size];
        if (text is { Length: 2 * Size } && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done)
        {
            id = new Id32(bytes);
            return true;
        }
        id = default;
        return false;
    }

    /// <inheritdoc/>
    public bool Equals(Id32 other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;
    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Id32 other && Equals(other);
    /// <inheritdoc/>
    public override int GetHashCode() => _a.GetHashCode();
    /// <inheritdoc/>
    public int CompareTo(Id32 other) =>
        _a != other._a ? _a.CompareTo(other._a) : _b != other._b ? _b.CompareTo(other._b)
        : _c != other._c ? _c.CompareTo(other._c) : _d.CompareTo(other._d);
    /// <summary>Lower-case hexadecimal.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(Id32 a, Id32 b) => a.Equals(b);
    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(Id32 a, Id32 b) => !a.Equals(b);
    /// <summary>Order by bytes.</summary>
    public static bool operator <(Id32 a, Id32 b) => a.CompareTo(b) < 0;
    /// <summary>Order by bytes.</summary>
    public static bool operator >(Id32 a, Id32 b) => a.CompareTo(b) > 0;
    /// <summary>Order by bytes.</summary>
    public static bool operator <=(Id32 a, Id32 b) => a.CompareTo(b) <= 0;
    /// <summary>Order by bytes.</summary>
    public static bool operator >=(Id32 a, Id32 b) => a.CompareTo(b) >= 0;
}
