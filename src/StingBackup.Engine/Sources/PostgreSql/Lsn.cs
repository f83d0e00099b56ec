using System.Globalization;

namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>A place in the write-ahead log: bytes from its beginning. Text as PostgreSQL writes it, <c>16/B374D848</c>.</summary>
/// <param name="Value">Bytes.</param>
public readonly record struct Lsn(ulong Value) : IComparable<Lsn>
{
    /// <summary>Reads PostgreSQL's text.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Lsn Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && uint.TryParse(text.AsSpan(0, slash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
            && uint.TryParse(text.AsSpan(slash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low)
            ? new Lsn((ulong)high << 32 | low)
            : throw new FormatException($"'{text}' is not a place in the write-ahead log.");
    }

    /// <summary>The beginning of the WAL segment that it lies in.</summary>
    public Lsn SegmentStart(uint segmentSize) => new(Value / segmentSize * segmentSize);

    /// <inheritdoc/>
    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);
    /// <summary>Bytes from one place to another; 0 when it lies before.</summary>
    public static ulong Distance(Lsn from, Lsn to) => to.Value > from.Value ? to.Value - from.Value : 0;
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value >> 32:X}/{(uint)Value:X}");
    /// <summary>Order.</summary>
    public static bool operator <(Lsn a, Lsn b) => a.Value < b.Value;
    /// <summary>Order.</summary>
    public static bool operator >(Lsn a, Lsn b) => a.Value > b.Value;
    /// <summary>Order.</summary>
    public static bool operator <=(Lsn a, Lsn b) => a.Value <= b.Value;
    /// <summary>Order.</summary>
    public static bool operator >=(Lsn a, Lsn b) => a.Value >= b.Value;
}
