using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository.Parity;

/// <summary>
/// A pack's parity, <c>parity/xx/&lt;pack's id&gt;</c>: Reed-Solomon over its pieces, with a checksum of each. It gives back what is damaged of a pack that is there, and is believed in nothing: what comes out has
/// the SHA-256 that the pack's name says, or does not come out.
/// </summary>
internal sealed class PackParity
{
    /// <summary>The folder of these objects.</summary>
    public const string Prefix = "parity/";
    private const int FixedSize = ObjectFrame.HeaderSize + Id32.Size + 8 + 12;
    private const int Stripe = 1024;

    private readonly Id32 _pack;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ParityLayout _layout;

    private PackParity(Id32 pack, ReadOnlyMemory<byte> bytes, ParityLayout layout) => (_pack, _bytes, _layout) = (pack, bytes, layout);

    /// <summary>Bytes of the pack.</summary>
    public int PackLength => (int)_layout.Length;

    /// <summary>The name of a pack's parity.</summary>
    public static string NameOf(string pack) => string.Concat(Prefix, pack.AsSpan(pack.IndexOf('/', StringComparison.Ordinal) + 1));

    /// <summary>Bytes of the parity of a pack of some length.</summary>
    public static long LengthOf(long pack, int percent) => ParityLayout.Of(pack, percent) is var layout ? HeadOf(layout) + ((long)layout.SpareCount * layout.PieceSize) : 0;

    /// <summary>Makes the parity of a pack.</summary>
    public static byte[] Make(string name, ReadOnlySpan<byte> pack, int percent)
    {
        var layout = ParityLayout.Of(pack.Length, percent);
        var head = HeadOf(layout);
        var bytes = new byte[head + (layout.SpareCount * layout.PieceSize)];
        ObjectFrame.WriteHeader(bytes, ObjectKind.Parity);
        ObjectKinds.IdIn(name).CopyTo(bytes.AsSpan(ObjectFrame.HeaderSize));
        var fields = bytes.AsSpan(ObjectFrame.HeaderSize + Id32.Size);
        BinaryPrimitives.WriteInt64LittleEndian(fields, layout.Length);
        BinaryPrimitives.WriteInt32LittleEndian(fields[8..], layout.PieceSize);
        BinaryPrimitives.WriteInt32LittleEndian(fields[12..], layout.Groups);
        BinaryPrimitives.WriteInt32LittleEndian(fields[16..], layout.Spares);
        AddAll(layout, pack, static _ => true, Enumerable.Range(0, layout.Spares).ToArray(), bytes.AsSpan(head));
        var sums = bytes.AsSpan(FixedSize);
        for (var piece = 0; piece < layout.Pieces; piece++)
        {
            var (offset, length) = layout.Of(piece);
            BinaryPrimitives.WriteUInt32LittleEndian(sums[(4 * piece)..], Crc32.HashToUInt32(pack.Slice(offset, length)));
        }
        sums = sums[(4 * layout.Pieces)..];
        for (var spare = 0; spare < layout.SpareCount; spare++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(sums[(4 * spare)..], Crc32.HashToUInt32(bytes.AsSpan(head + (spare * layout.PieceSize), layout.PieceSize)));
        }
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(head - 4), Crc32.HashToUInt32(bytes.AsSpan(0, head - 4)));
        return bytes;
    }

    /// <summary>Reads a parity whose head is whole; pieces of it may be damaged.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static PackParity Read(string name, ReadOnlyMemory<byte> bytes)
    {
        ObjectFrame.CheckHeader(bytes.Span, ObjectKind.Parity, name);
        if (bytes.Length < FixedSize)
        {
            throw Failures.Damaged(name, "it is too short");
        }
        var fields = bytes.Span[(ObjectFrame.HeaderSize + Id32.Size)..];
        var layout = new ParityLayout(BinaryPrimitives.ReadInt64LittleEndian(fields), BinaryPrimitives.ReadInt32LittleEndian(fields[8..]), BinaryPrimitives.ReadInt32LittleEndian(fields[12..]), BinaryPrimitives.ReadInt32LittleEndian(fields[16..]));
        if (!layout.IsPossible || bytes.Length < HeadOf(layout) || BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[(HeadOf(layout) - 4)..]) != Crc32.HashToUInt32(bytes.Span[..(HeadOf(layout) - 4)]))
        {
            throw Failures.Damaged(name, "its head is not whole");
        }
        var pack = new Id32(bytes.Span.Slice(ObjectFrame.HeaderSize, Id32.Size));
        return pack == ObjectKinds.IdIn(name) ? new PackParity(pack, bytes, layout) : throw Failures.Damaged(name, $"it is the parity of pack {pack}");
    }

    /// <summary>Fails unless all of a parity is whole.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static void Check(string name, ReadOnlyMemory<byte> bytes)
    {
        var parity = Read(name, bytes);
        var damaged = Enumerable.Range(0, parity._layout.SpareCount).Count(spare => !parity.IsWhole(spare));
        if (damaged > 0 || bytes.Length != HeadOf(parity._layout) + ((long)parity._layout.SpareCount * parity._layout.PieceSize))
        {
            throw Failures.Damaged(name, damaged > 0 ? $"{damaged} of its {parity._layout.SpareCount} pieces are not whole" : "it is too long");
        }
    }

    /// <summary>Puts right what is damaged of a pack, in place.</summary>
    /// <param name="name">The pack.</param>
    /// <param name="pack">What could be read of it, as long as it was.</param>
    /// <param name="unread">Tells stretches that could not be read, by offset and length.</param>
    /// <exception cref="StingException"><c>ObjectDamaged</c>: more is lost than this can give.</exception>
    public void Recover(string name, Span<byte> pack, Func<int, int, bool> unread)
    {
        var lost = new List<int>[_layout.Groups];
        for (var piece = 0; piece < _layout.Pieces; piece++)
        {
            var (offset, length) = _layout.Of(piece);
            if (unread(offset, length) || BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[(FixedSize + (4 * piece))..]) != Crc32.HashToUInt32(pack.Slice(offset, length)))
            {
                (lost[piece % _layout.Groups] ??= []).Add(piece);
            }
        }
        for (var group = 0; group < _layout.Groups; group++)
        {
            if (lost[group] is { } pieces)
            {
                Solve(name, pack, group, pieces);
            }
        }
        if (new Id32(SHA256.HashData(pack)) != _pack)
        {
            throw Failures.Damaged(name, "what its parity gives is not what its name says");
        }
    }

    private void Solve(string name, Span<byte> pack, int group, List<int> lost)
    {
        int[] spares = [.. Enumerable.Range(0, _layout.Spares).Where(spare => IsWhole(SpareOf(spare, group))).Take(lost.Count)];
        if (spares.Length < lost.Count)
        {
            throw Failures.Damaged(name, $"{lost.Count} of the pieces of one group of its parity are lost, and {spares.Length} is what the parity can give");
        }
        // What is left of each sum when all that is whole is taken out: the lost pieces' part.
        var size = _layout.PieceSize;
        var rest = new byte[spares.Length * size];
        for (var row = 0; row < spares.Length; row++)
        {
            Spare(SpareOf(spares[row], group)).CopyTo(rest.AsSpan(row * size));
        }
        var isLost = lost.ToHashSet();
        AddGroup(_layout, pack, group, piece => !isLost.Contains(piece), spares, rest, row => row * size);
        var matrix = new byte[lost.Count, lost.Count];
        for (var row = 0; row < spares.Length; row++)
        {
            for (var column = 0; column < lost.Count; column++)
            {
                matrix[row, column] = _layout.Factor(spares[row], lost[column] / _layout.Groups);
            }
        }
        var inverse = Inverse(matrix);
        var piece = new byte[size];
        for (var column = 0; column < lost.Count; column++)
        {
            Array.Clear(piece);
            for (var row = 0; row < spares.Length; row++)
            {
                GaloisRows.AddMultiple(inverse[column, row], rest.AsSpan(row * size, size), piece);
            }
            var (offset, length) = _layout.Of(lost[column]);
            piece.AsSpan(0, length).CopyTo(pack[offset..]);
        }
    }

    /// <summary>By Gauss and Jordan. A square part of a Cauchy matrix always has an inverse.</summary>
    private static byte[,] Inverse(byte[,] matrix)
    {
        var n = matrix.GetLength(0);
        var inverse = new byte[n, n];
        for (var i = 0; i < n; i++)
        {
            inverse[i, i] = 1;
        }
        for (var pivot = 0; pivot < n; pivot++)
        {
            // Every leading part of it has one too, so that no pivot is zero and no rows change places.
            var by = GaloisRows.InverseOf(matrix[pivot, pivot]);
            for (var column = 0; column < n; column++)
            {
                (matrix[pivot, column], inverse[pivot, column]) = (Gf256.Multiply(matrix[pivot, column], by), Gf256.Multiply(inverse[pivot, column], by));
            }
            for (var row = 0; row < n; row++)
            {
                var factor = matrix[row, pivot];
                for (var column = 0; row != pivot && factor != 0 && column < n; column++)
                {
                    matrix[row, column] ^= Gf256.Multiply(factor, matrix[pivot, column]);
                    inverse[row, column] ^= Gf256.Multiply(factor, inverse[pivot, column]);
                }
            }
        }
        return inverse;
    }

    /// <summary>Adds the pack's pieces to the sums of every group.</summary>
    private static void AddAll(ParityLayout layout, ReadOnlySpan<byte> pack, Func<int, bool> counts, int[] spares, Span<byte> sums)
    {
        for (var group = 0; group < layout.Groups; group++)
        {
            var of = group;
            AddGroup(layout, pack, group, counts, spares, sums, row => ((row * layout.Groups) + of) * layout.PieceSize);
        }
    }

    /// <summary>Adds a group's pieces that count to its sums, a narrow stripe of all at a time, so that the sums stay in the nearest cache.</summary>
    private static void AddGroup(ParityLayout layout, ReadOnlySpan<byte> pack, int group, Func<int, bool> counts, int[] spares, Span<byte> sums, Func<int, int> placeOf)
    {
        for (var at = 0; at < layout.PieceSize; at += Stripe)
        {
            for (int piece = group, place = 0; piece < layout.Pieces; piece += layout.Groups, place++)
            {
                var (offset, length) = layout.Of(piece);
                if (at >= length || !counts(piece))
                {
                    continue;
                }
                var source = pack.Slice(offset + at, Math.Min(Stripe, length - at));
                for (var row = 0; row < spares.Length; row++)
                {
                    GaloisRows.AddMultiple(layout.Factor(spares[row], place), source, sums.Slice(placeOf(row) + at, source.Length));
                }
            }
        }
    }

    private int SpareOf(int spare, int group) => (spare * _layout.Groups) + group;

    private ReadOnlySpan<byte> Spare(int spare) => _bytes.Span.Slice(HeadOf(_layout) + (spare * _layout.PieceSize), _layout.PieceSize);

    private bool IsWhole(int spare) => HeadOf(_layout) + ((long)(spare + 1) * _layout.PieceSize) <= _bytes.Length
        && BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[(FixedSize + (4 * (_layout.Pieces + spare)))..]) == Crc32.HashToUInt32(Spare(spare));

    private static int HeadOf(ParityLayout layout) => FixedSize + (4 * (layout.Pieces + layout.SpareCount)) + 4;
}
