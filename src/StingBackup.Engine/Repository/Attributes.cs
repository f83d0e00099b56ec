using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Repository;

/// <summary>
/// Attributes of a tree entry: count u16, then number u16 · flags u8 (1 = a reader that does not know it must refuse) · length u32 · bytes,
/// ascending by number. Numbers are never reused.
/// </summary>
internal static class Attributes
{
    private const byte MustUnderstand = 1;
    private const ushort Mode = 1, UserId = 2, GroupId = 3, UserName = 4, GroupName = 5, Modified = 6, Birth = 7,
        LinkTarget = 8, HardLink = 9, Device = 10, ExtendedAttribute = 11, Windows = 12;
    // 13 is reserved for the SHA-256 of a whole file.

    public static void Write(ItemMetadata metadata, EntryPath? hardLinkTo, IBufferWriter<byte> target)
    {
        var start = target.GetSpan(2);
        var count = CountOf(metadata, hardLinkTo);
        BinaryPrimitives.WriteUInt16LittleEndian(start, (ushort)count);
        target.Advance(2);
        Number(target, Mode, metadata.Mode);
        Number(target, UserId, metadata.UserId);
        Number(target, GroupId, metadata.GroupId);
        Text(target, UserName, metadata.UserName);
        Text(target, GroupName, metadata.GroupName);
        Long(target, Modified, metadata.ModifiedNs);
        Long(target, Birth, metadata.BirthNs);
        Bytes(target, LinkTarget, metadata.LinkTarget, MustUnderstand);
        Bytes(target, HardLink, hardLinkTo is null ? null : hardLinkTo.Bytes.ToArray(), MustUnderstand);
        Long(target, Device, (long?)metadata.Device);
        if (metadata.ExtendedAttributes.Count > 0)
        {
            Bytes(target, ExtendedAttribute, PackExtended(metadata.ExtendedAttributes), 0);
        }
        Number(target, Windows, metadata.WindowsAttributes);
    }

    public static (ItemMetadata Metadata, EntryPath? HardLinkTo) Read(ref ReadOnlySpan<byte> source)
    {
        var count = BinaryPrimitives.ReadUInt16LittleEndian(source);
        source = source[2..];
        uint? mode = null, user = null, group = null, windows = null;
        string? userName = null, groupName = null;
        long modified = 0;
        long? birth = null;
        ulong? device = null;
        byte[]? link = null;
        EntryPath? hardLink = null;
        IReadOnlyList<KeyValuePair<byte[], byte[]>> extended = [];
        for (var i = 0; i < count; i++)
        {
            var number = BinaryPrimitives.ReadUInt16LittleEndian(source);
            var flags = source[2];
            var length = BinaryPrimitives.ReadInt32LittleEndian(source[3..]);
            var value = source.Slice(7, length);
            source = source[(7 + length)..];
            switch (number)
            {
                case Mode: mode = BinaryPrimitives.ReadUInt32LittleEndian(value); break;
                case UserId: user = BinaryPrimitives.ReadUInt32LittleEndian(value); break;
                case GroupId: group = BinaryPrimitives.ReadUInt32LittleEndian(value); break;
                case UserName: userName = Encoding.UTF8.GetString(value); break;
                case GroupName: groupName = Encoding.UTF8.GetString(value); break;
                case Modified: modified = BinaryPrimitives.ReadInt64LittleEndian(value); break;
                case Birth: birth = BinaryPrimitives.ReadInt64LittleEndian(value); break;
                case LinkTarget: link = value.ToArray(); break;
                case HardLink: hardLink = EntryPath.FromBytes(value); break;
                case Device: device = BinaryPrimitives.ReadUInt64LittleEndian(value); break;
                case ExtendedAttribute: extended = UnpackExtended(value); break;
                case Windows: windows = BinaryPrimitives.ReadUInt32LittleEndian(value); break;
                default:
                    if ((flags & MustUnderstand) != 0)
                    {
                        throw new StingException("AttributeUnknown", FailureKind.NotSupported,
                            $"An item has attribute {number}, which must be understood and is not known to this version.", null,
                            "Restore with the version of StingBackup that wrote it, or a later one.");
                    }
                    break;
            }
        }
        return (new ItemMetadata
        {
            Mode = mode, UserId = user, GroupId = group, UserName = userName, GroupName = groupName, ModifiedNs = modified, BirthNs = birth,
            LinkTarget = link, Device = device, ExtendedAttributes = extended, WindowsAttributes = windows,
        }, hardLink);
    }

    private static int CountOf(ItemMetadata m, EntryPath? hardLinkTo) =>
        (m.Mode.HasValue ? 1 : 0) + (m.UserId.HasValue ? 1 : 0) + (m.GroupId.HasValue ? 1 : 0) + (m.UserName is null ? 0 : 1)
        + (m.GroupName is null ? 0 : 1) + 1 + (m.BirthNs.HasValue ? 1 : 0) + (m.LinkTarget is null ? 0 : 1) + (hardLinkTo is null ? 0 : 1)
        + (m.Device.HasValue ? 1 : 0) + (m.ExtendedAttributes.Count > 0 ? 1 : 0) + (m.WindowsAttributes.HasValue ? 1 : 0);

    private static void Number(IBufferWriter<byte> target, ushort number, uint? value)
    {
        if (value is { } v)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(Start(target, number, 4, 0), v);
            target.Advance(7 + 4);
        }
    }

    private static void Long(IBufferWriter<byte> target, ushort number, long? value)
    {
        if (value is { } v)
        {
            BinaryPrimitives.WriteInt64LittleEndian(Start(target, number, 8, 0), v);
            target.Advance(7 + 8);
        }
    }

    private static void Text(IBufferWriter<byte> target, ushort number, string? value)
    {
        if (value is not null)
        {
            var length = Encoding.UTF8.GetByteCount(value);
            Encoding.UTF8.GetBytes(value, Start(target, number, length, 0));
            target.Advance(7 + length);
        }
    }

    private static void Bytes(IBufferWriter<byte> target, ushort number, byte[]? value, byte flags)
    {
        if (value is not null)
        {
            value.CopyTo(Start(target, number, value.Length, flags));
            target.Advance(7 + value.Length);
        }
    }

    private static Span<byte> Start(IBufferWriter<byte> target, ushort number, int length, byte flags)
    {
        var span = target.GetSpan(7 + length);
        BinaryPrimitives.WriteUInt16LittleEndian(span, number);
        span[2] = flags;
        BinaryPrimitives.WriteInt32LittleEndian(span[3..], length);
        return span[7..];
    }

    /// <summary>count u16, then name length u16 · name · value length u32 · value.</summary>
    private static byte[] PackExtended(IReadOnlyList<KeyValuePair<byte[], byte[]>> attributes)
    {
        var bytes = new byte[2 + attributes.Sum(a => 6 + a.Key.Length + a.Value.Length)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)attributes.Count);
        var at = 2;
        foreach (var (name, value) in attributes)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)name.Length);
            name.CopyTo(bytes, at + 2);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at + 2 + name.Length), value.Length);
            value.CopyTo(bytes, at + 6 + name.Length);
            at += 6 + name.Length + value.Length;
        }
        return bytes;
    }

    private static KeyValuePair<byte[], byte[]>[] UnpackExtended(ReadOnlySpan<byte> source)
    {
        int count = BinaryPrimitives.ReadUInt16LittleEndian(source);
        source = source[2..];
        var attributes = new KeyValuePair<byte[], byte[]>[count * 6 <= source.Length ? count : throw new InvalidDataException("an item's attributes make no sense")];
        for (var i = 0; i < attributes.Length; i++)
        {
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(source), valueLength = BinaryPrimitives.ReadInt32LittleEndian(source[(2 + nameLength)..]);
            attributes[i] = new(source.Slice(2, nameLength).ToArray(), source.Slice(6 + nameLength, valueLength).ToArray());
            source = source[(6 + nameLength + valueLength)..];
        }
        return attributes;
    }
}
