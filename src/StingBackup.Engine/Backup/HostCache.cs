using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Guardian;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>What the cache remembers of an item: how it looked, where it belonged, and the tree entry that it gave.</summary>
/// <param name="Stamp">Its stat when it was read.</param>
/// <param name="Class">Its data class.</param>
/// <param name="Subject">Its subject's canonical name.</param>
/// <param name="Entry">Its tree entry, extents inline.</param>
internal sealed record CachedItem(FileStamp Stamp, DataClass Class, string Subject, TreeEntry Entry)
{
    /// <summary>Tells under which writer secret its chunks have their ids (<see cref="RunSubject.Mark"/>): under another one it is read again.</summary>
    public ulong Mark { get; init; }
    /// <summary>What its content is, for whoever looks whether it turned into something else; unknown where nobody looked.</summary>
    public ContentFacts Facts { get; init; }
}

/// <summary>
/// The host's memory of the last run, so that an incremental run need not read what has not changed: a file of blocks in path
/// order, read beside the scan, each encrypted under a key that never leaves the host. Never authority: a lost or damaged cache costs
/// reading, nothing else.
/// </summary>
/// <remarks>
/// magic 8 · salt 32, then blocks: length of leaf u32 · length of items u32 · codec u8 · raw length u32 · salt 32 · number u64 · leaf · items, both AES-256-GCM ciphertext and tag over the head. Key = HKDF-SHA256(host's cache
/// key, salt, "sting1 cache"); nonce = number, and a one at its end for the leaf. So a block can go into another cache as it is. It holds count u32, stamps, classes, marks, facts of contents, subjects, then table and body of a
/// tree leaf. Where it is one leaf of a subject's tree, and nothing else, what the next run needs to take that over unread stands before it (<see cref="CachedLeaf"/>). Caches of earlier versions are read: their blocks are length
/// u32 · codec u8 · raw length u32 · items, under the file's salt.
/// </remarks>
internal static class HostCache
{
    /// <summary>Blocks end where leaves do, and here where these do not: a leaf has a thousand items at most.</summary>
    public const int BlockItems = 1536;
    public const int BlockHead = 53, EarlierBlockHead = 9;
    public const int HeaderSize = 40;
    private const int HeadSize = 55, FactsSize = 8;
    /// <summary>Beside the kind of a content: its end is as its format says.</summary>
    private const byte Whole = 0x80;
    /// <summary>A block is about this long; each class has a cache open for reading and one for writing.</summary>
    public const int BufferSize = 128 << 10;
    public static ReadOnlySpan<byte> Magic => "STINGHC5"u8;
    /// <summary>Of caches without leaves, and before that without facts.</summary>
    public static ReadOnlySpan<byte> EarlierMagic => "STINGHC4"u8;
    public static ReadOnlySpan<byte> EarliestMagic => "STINGHC2"u8;

    /// <summary>The nonce of a block's items, or of its leaf.</summary>
    public static void Nonce(ulong number, bool isLeaf, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, number);
        nonce[11] = isLeaf ? (byte)1 : (byte)0;
    }

    public static byte[] Encode(IReadOnlyList<CachedItem> items)
    {
        var target = new ArrayBufferWriter<byte>(items.Count * 200);
        Write(target, items.Count);
        foreach (var item in items)
        {
            var subject = Encoding.UTF8.GetByteCount(item.Subject);
            var span = target.GetSpan(HeadSize + FactsSize + subject);
            BinaryPrimitives.WriteInt64LittleEndian(span, item.Stamp.Length);
            BinaryPrimitives.WriteInt64LittleEndian(span[8..], item.Stamp.ModifiedNs);
            BinaryPrimitives.WriteInt64LittleEndian(span[16..], item.Stamp.ChangedNs);
            BinaryPrimitives.WriteUInt64LittleEndian(span[24..], item.Stamp.Inode);
            BinaryPrimitives.WriteUInt64LittleEndian(span[32..], item.Stamp.Device);
            BinaryPrimitives.WriteUInt32LittleEndian(span[40..], item.Stamp.Links);
            span[44] = (byte)item.Class;
            BinaryPrimitives.WriteUInt64LittleEndian(span[45..], item.Mark);
            BinaryPrimitives.WriteUInt16LittleEndian(span[53..], (ushort)subject);
            (span[HeadSize], span[HeadSize + 1]) = ((byte)((byte)item.Facts.Kind | (item.Facts.IsWhole ? Whole : 0)), item.Facts.Spread);
            BinaryPrimitives.WriteUInt32LittleEndian(span[(HeadSize + 2)..], item.Facts.Mark);
            BinaryPrimitives.WriteUInt16LittleEndian(span[(HeadSize + 6)..], item.Facts.Middle);
            Encoding.UTF8.GetBytes(item.Subject, span[(HeadSize + FactsSize)..]);
            target.Advance(HeadSize + FactsSize + subject);
        }
        var (table, body) = TreePage.EncodeLeaf(null, [.. items.Select(i => i.Entry)]);
        var tableBytes = table.ToBytes();
        Write(target, tableBytes.Length);
        target.Write(tableBytes);
        target.Write(body.WrittenSpan);
        return target.WrittenSpan.ToArray();
    }

    public static List<CachedItem> Decode(ReadOnlySpan<byte> block, bool hasFacts)
    {
        var headSize = hasFacts ? HeadSize + FactsSize : HeadSize;
        var count = BinaryPrimitives.ReadInt32LittleEndian(block);
        block = block[4..];
        if (count < 0 || (long)count * headSize > block.Length)
        {
            throw new InvalidDataException("a block's count is out of range");
        }
        var heads = new (FileStamp Stamp, DataClass Class, ulong Mark, ContentFacts Facts, string Subject)[count];
        var lastSubject = "";
        for (var i = 0; i < count; i++)
        {
            var stamp = new FileStamp(BinaryPrimitives.ReadInt64LittleEndian(block), BinaryPrimitives.ReadInt64LittleEndian(block[8..]), BinaryPrimitives.ReadInt64LittleEndian(block[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(block[24..]), BinaryPrimitives.ReadUInt64LittleEndian(block[32..]), BinaryPrimitives.ReadUInt32LittleEndian(block[40..]));
            int length = BinaryPrimitives.ReadUInt16LittleEndian(block[53..]);
            var subject = Encoding.UTF8.GetString(block.Slice(headSize, length));
            var facts = hasFacts ? ReadFacts(block[HeadSize..]) : default;
            // Neighbours mostly share their subject: one string serves them all.
            lastSubject = subject == lastSubject ? lastSubject : subject;
            heads[i] = (stamp, (DataClass)block[44], BinaryPrimitives.ReadUInt64LittleEndian(block[45..]), facts, lastSubject);
            block = block[(headSize + length)..];
        }
        var tableLength = BinaryPrimitives.ReadInt32LittleEndian(block);
        var page = TreePage.Decode(TreeTable.Read(block.Slice(4, tableLength)), block[(4 + tableLength)..]);
        return [.. page.Entries.Select((e, i) => new CachedItem(heads[i].Stamp, heads[i].Class, heads[i].Subject, e) { Mark = heads[i].Mark, Facts = heads[i].Facts })];
    }

    private static ContentFacts ReadFacts(ReadOnlySpan<byte> bytes) =>
        new((ContentKind)(bytes[0] & ~Whole), bytes[1], BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..])) { IsWhole = (bytes[0] & Whole) != 0 };

    private static void Write(ArrayBufferWriter<byte> target, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(4), value);
        target.Advance(4);
    }
}
