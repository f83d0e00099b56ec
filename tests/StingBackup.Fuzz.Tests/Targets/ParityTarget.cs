using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Repository.Parity;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>
/// Parity of packs. It is signed by nobody: whoever can write to the folder makes its checksums fit, and so does the target. What comes out has the name that it is asked for, or does not come out.
/// </summary>
internal static class ParityTarget
{
    /// <summary>An input: how u8 · where the pack is damaged u16 · how long u16 · the parity.</summary>
    public const int HeadSize = 5;
    /// <summary>Checksums of the parity's pieces are made anew around the damage, not that of the head alone.</summary>
    private const byte SumsFit = 1;
    /// <summary>What is damaged of the pack could not be read, and is not wrong.</summary>
    private const byte CannotBeRead = 2;
    /// <summary>It lies under the name that it gives itself.</summary>
    private const byte NamesItself = 4;
    private const int FixedSize = ObjectFrame.HeaderSize + Id32.Size + 8 + 12, PieceSize = 512, LongestPack = 1 << 16;

    /// <summary>Bytes with a name: parity asks for no more of a pack.</summary>
    public static readonly byte[] Pack = [.. Enumerable.Range(0, 1800).Select(i => (byte)((i * 167) ^ (i >> 3)))];
    private static readonly Id32 PackId = new(SHA256.HashData(Pack));

    public static IEnumerable<FuzzTarget> All => [new("parity", () => Seeds(), static input => Read(input)) { Floor = 512 << 10, MaxLength = 6 << 10 }];

    /// <summary>One made by the engine, and others of small pieces in one group and in two, by the page of the format alone.</summary>
    public static IEnumerable<byte[]> Seeds() =>
    [
        Input(0, 100, 900, Made(1, 2)), Input(CannotBeRead, 512, 512, Made(2, 1)), Input(SumsFit | NamesItself, 0, 1800, Made(1, 4)), Input(0, 40, 60, PackParity.Make(PackFormat.Name(ObjectKind.DataPack, PackId), Pack, 5)),
    ];

    /// <summary>Reads a parity and puts right by it what is damaged of the pack; null where it is of a longer one.</summary>
    public static byte[]? Read(byte[] input)
    {
        if (input.Length < HeadSize)
        {
            return null;
        }
        var (how, at, length, bytes) = (input[0], BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(1)), BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(3)), input[HeadSize..]);
        MakeSums(bytes, (how & SumsFit) != 0);
        var id = (how & NamesItself) != 0 && bytes.Length >= FixedSize ? new Id32(bytes.AsSpan(ObjectFrame.HeaderSize, Id32.Size)) : PackId;
        var name = PackFormat.Name(ObjectKind.DataPack, id);
        var parity = PackParity.Read(PackParity.NameOf(name), bytes);
        try
        {
            PackParity.Check(PackParity.NameOf(name), bytes);
        }
        catch (StingException e) when (e.ErrorId == "ObjectDamaged")
        {
            // Pieces of it may be damaged, and others serve.
        }
        if (parity.PackLength > LongestPack)
        {
            return null;
        }
        var pack = new byte[parity.PackLength];
        Pack.AsSpan(0, Math.Min(Pack.Length, pack.Length)).CopyTo(pack);
        for (int i = at; i < Math.Min(at + length, pack.Length); i++)
        {
            pack[i] ^= 0x5a;
        }
        parity.Recover(name, pack, (offset, count) => (how & CannotBeRead) != 0 && at < offset + count && offset < at + length);
        return new Id32(SHA256.HashData(pack)) == id ? pack : throw new MisreadException("parity gave a pack of another name");
    }

    public static byte[] Input(byte how, ushort at, ushort length, byte[] parity)
    {
        byte[] input = [how, 0, 0, 0, 0, .. parity];
        BinaryPrimitives.WriteUInt16LittleEndian(input.AsSpan(1), at);
        BinaryPrimitives.WriteUInt16LittleEndian(input.AsSpan(3), length);
        return input;
    }

    /// <summary>Parity of the pack with pieces as short as a format may have them.</summary>
    private static byte[] Made(int groups, int spares)
    {
        var pieces = (Pack.Length + PieceSize - 1) / PieceSize;
        var head = FixedSize + (4 * (pieces + (groups * spares))) + 4;
        var bytes = new byte[head + (groups * spares * PieceSize)];
        ObjectFrame.WriteHeader(bytes, ObjectKind.Parity);
        PackId.CopyTo(bytes.AsSpan(ObjectFrame.HeaderSize));
        var fields = bytes.AsSpan(ObjectFrame.HeaderSize + Id32.Size);
        BinaryPrimitives.WriteInt64LittleEndian(fields, Pack.Length);
        foreach (var (i, number) in new[] { PieceSize, groups, spares }.Index())
        {
            BinaryPrimitives.WriteInt32LittleEndian(fields[(8 + (4 * i))..], number);
        }
        for (var piece = 0; piece < pieces; piece++)
        {
            var content = Pack.AsSpan(piece * PieceSize, Math.Min(PieceSize, Pack.Length - (piece * PieceSize)));
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FixedSize + (4 * piece)), Crc32.HashToUInt32(content));
            for (var spare = 0; spare < spares; spare++)
            {
                var factor = Gf256.Inverse((byte)(spare ^ (spares + (piece / groups))));
                var sum = bytes.AsSpan(head + (((spare * groups) + (piece % groups)) * PieceSize));
                for (var i = 0; i < content.Length; i++)
                {
                    sum[i] ^= Gf256.Multiply(factor, content[i]);
                }
            }
        }
        MakeSums(bytes, ofPieces: true);
        return bytes;
    }

    /// <summary>The checksums as the numbers in a parity place them, where they place them within it.</summary>
    private static void MakeSums(Span<byte> bytes, bool ofPieces)
    {
        if (bytes.Length < FixedSize)
        {
            return;
        }
        var fields = bytes[(ObjectFrame.HeaderSize + Id32.Size)..];
        var (length, size, groups, spares) = (BinaryPrimitives.ReadInt64LittleEndian(fields), BinaryPrimitives.ReadInt32LittleEndian(fields[8..]), BinaryPrimitives.ReadInt32LittleEndian(fields[12..]), BinaryPrimitives.ReadInt32LittleEndian(fields[16..]));
        if (length is <= 0 or > int.MaxValue || size <= 0 || groups <= 0 || groups > bytes.Length || spares <= 0 || spares > bytes.Length)
        {
            return;
        }
        var pieces = (length + size - 1) / size;
        var head = FixedSize + (4 * (pieces + ((long)groups * spares))) + 4;
        if (head > bytes.Length)
        {
            return;
        }
        for (long spare = 0; ofPieces && spare < (long)groups * spares && head + ((spare + 1) * size) <= bytes.Length; spare++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(int)(FixedSize + (4 * (pieces + spare)))..], Crc32.HashToUInt32(bytes.Slice((int)(head + (spare * size)), size)));
        }
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[((int)head - 4)..], Crc32.HashToUInt32(bytes[..((int)head - 4)]));
    }
}
