using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Fuzz.Tests.Loop;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>Packs, footers, segments, chunks, pages, the index: binary formats of the repository. What a hash, a tag or a signature hides is made anew around the damage.</summary>
internal static class PackTargets
{
    private static readonly byte[] SealedKey = DataKeys.Seal(Fixed.SubjectKey.PublicKey.Span, Fixed.Reserve, Fixed.Subject, Fixed.Generation, Fixed.DataKey);

    public static IEnumerable<FuzzTarget> All =>
    [
        // The pack's name is made of the damaged bytes: who can store a pack can name it.
        new("pack", () => [Pack(), ClearPack()], static input => ReadPack(input)) { PerByte = 60, Floor = 1 << 20 },
        new("segment", () => [SegmentHead(new SubjectOwner()), SegmentHead(new ClearOwner())], ReadSegment),
        new("chunk", () => Chunks(), ReadChunk) { Floor = 20 << 20, MaxLength = 1024 },   // a chunk may be 8 MiB, and says so itself
        new("tree", Pages, ReadPage) { PerByte = 60 },
        new("subject-page", static () => SubjectTable.Encode([new SubjectRow(Fixed.Subject, new Id32(Fixed.Secret), 3, 400)]), static input => SubjectTable.Decode(input)) { Refuses = static e => e is InvalidDataException },
        new("index", () => [Fragment(signed: true), Fragment(signed: false)], ReadIndex) { PerByte = 60, Floor = 512 << 10 },
    ];

    /// <summary>A pack as the engine makes them, with a page and some content.</summary>
    public static byte[] Pack()
    {
        var owner = new SubjectOwner();
        var slab = new PackSlab(1 << 16);
        foreach (var input in Chunks())
        {
            var (type, table, body) = Part(input);
            if (type != ChunkType.SubjectPage)
            {
                slab.Add(owner, IdOf(type, table, body), type, ChunkCodec.Raw, table, body, body.Length);
            }
        }
        return Assemble(slab, ObjectKind.MetaPack);
    }

    private static byte[] ClearPack()
    {
        var slab = new PackSlab(1 << 12);
        var page = SubjectTable.Encode([new SubjectRow(Fixed.Subject, new Id32(Fixed.Secret), 3, 400)]).Single();
        slab.Add(new ClearOwner(), ChunkReader.ClearId(ChunkType.SubjectPage, page), ChunkType.SubjectPage, ChunkCodec.Raw, [], page, page.Length);
        return Assemble(slab, ObjectKind.MetaPack);
    }

    private static byte[] Assemble(PackSlab slab, ObjectKind kind)
    {
        var buffer = new PageBuffer(1 << 12);
        new PackAssembler(Fixed.Reserve, Fixed.Writer, 1).Assemble(slab, kind, ref buffer, out var length);
        var pack = buffer.GetSpan()[..length].ToArray();
        ((IDisposable)buffer).Dispose();
        return pack;
    }

    /// <summary>Reads the tables of a pack, then opens what they name, as a repair does.</summary>
    public static List<byte[]> ReadPack(byte[] input)
    {
        var pack = new PackInfo(new Id32(SHA256.HashData(input)), ObjectKind.MetaPack, input.Length);
        var tables = PackReader.ReadTables(pack, input, Fixed.Reserve);
        var found = new List<byte[]>();
        using var reader = NewReader();
        foreach (var entry in tables.Entries.Take(16))
        {
            try
            {
                using var chunk = reader.OpenIn(input, new ChunkPlace(tables.Segments[entry.Segment], entry));
                found.Add(chunk.Span.ToArray());
            }
            catch (StingException e) when (ObjectDamage.IsOfOneObject(e) || e.ErrorId == "SubjectKeyMissing")
            {
            }
        }
        return found;
    }

    private static ChunkReader NewReader() => new(new MemoryObjectStore(), new RepositoryIndex([]), Fixed.Reserve, Fixed.Reader);

    private static void ReadSegment(byte[] input)
    {
        try
        {
            var copied = SegmentHeader.Read(input, out var chunks, out var length);
            var inPlace = SegmentHeader.Read(input.AsMemory());
            if (copied.Pseudonym != inPlace.Pseudonym || !copied.SealedKey.Span.SequenceEqual(inPlace.SealedKey.Span) || chunks < 0 || length < 0)
            {
                throw new MisreadException("two readers of a segment's header differ");
            }
            ChunkHeader.Read(input.AsSpan(copied.Size));
        }
        catch (InvalidDataException e)
        {
            throw new StingException("ChunkDamaged", FailureKind.Integrity, e.Message, null, "None.", e);
        }
    }

    /// <summary>type u8 · codec u8 · raw length u32 · table length u16 · table · body as coded: sealed under the segment's key, as whoever holds the public key can.</summary>
    private static void ReadChunk(byte[] input)
    {
        if (input.Length < 8)
        {
            return;
        }
        var (type, codec, raw) = ((ChunkType)input[0], (ChunkCodec)input[1], BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(2)));
        var table = input.AsSpan(8, Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input.AsSpan(6)), input.Length - 8));
        var body = input.AsSpan(8 + table.Length);
        var isClear = type == ChunkType.SubjectPage;
        var plain = codec == ChunkCodec.Raw ? body.ToArray() : TryUnpack(body, raw);
        var id = isClear ? ChunkReader.ClearId(type, plain) : IdOf(type, table, plain);
        var (header, cipher) = isClear ? new ClearOwner().NewSegment() : new SubjectOwner().NewSegment();
        var record = new byte[ChunkHeader.Size + table.Length + body.Length + (isClear ? 0 : ChunkHeader.TagSize)];
        new ChunkHeader(record.Length, table.Length, 3, raw, type, codec).Write(record);
        table.CopyTo(record.AsSpan(ChunkHeader.Size));
        if (cipher is null)
        {
            body.CopyTo(record.AsSpan(ChunkHeader.Size + table.Length));
        }
        else
        {
            cipher.Seal(new ChunkHead((byte)type, (byte)codec, 3, (uint)raw, id), table, body, record.AsSpan(ChunkHeader.Size + table.Length));
            cipher.Dispose();
        }
        using var reader = NewReader();
        var pack = new PackInfo(default, ObjectKind.DataPack, record.Length);
        using var opened = reader.OpenRecord(new ChunkPlace(new SegmentInfo(pack, PackFormat.HeaderSize, header), new ChunkEntry(id, 0, PackFormat.HeaderSize, record.Length, raw)), record);
        if (!opened.Span.SequenceEqual(plain) || opened.Span.Length != raw)
        {
            throw new MisreadException("a chunk opened to other bytes than were sealed");
        }
    }

    private static byte[] TryUnpack(ReadOnlySpan<byte> body, int raw)
    {
        using var codec = new Codec(1);
        var plain = new byte[Math.Clamp(raw, 0, 1 << 16)];
        try
        {
            codec.Decompress(ChunkCodec.Zstd, body, plain);
        }
        catch (InvalidDataException)
        {
            return [];
        }
        return plain;
    }

    private static void ReadPage(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }
        var length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(input), input.Length - 2);
        try
        {
            TreePage.Decode(TreeTable.Read(input.AsSpan(2, length)), input.AsSpan(2 + length));
        }
        catch (InvalidDataException e)
        {
            throw new StingException("ChunkDamaged", FailureKind.Integrity, e.Message, null, "None.", e);
        }
    }

    private static void ReadIndex(byte[] input)
    {
        var bytes = input;
        if (input.Length > 124 && input[56] != 1)
        {
            bytes = [.. input[..^64], .. Fixed.Signer.Sign(input.AsSpan(0, input.Length - 64))];
        }
        var fragment = IndexFragment.Read("index/0/x", bytes, Fixed.Reserve, Fixed.Writers.SigningKeyOf);
        var index = new RepositoryIndex([fragment]);
        for (var rank = 0; rank < Math.Min(fragment.Count, 64); rank++)
        {
            foreach (var place in index.FindAll(fragment.IdAt(rank)))
            {
                _ = place.Segment.Pack.Name;
            }
        }
    }

    private static byte[] Fragment(bool signed)
    {
        var pack = Pack();
        var content = new IndexContent();
        content.Add(PackReader.ReadTables(new PackInfo(new Id32(SHA256.HashData(pack)), ObjectKind.MetaPack, pack.Length), pack, Fixed.Reserve));
        content.Removes.Add(new Id32(Fixed.Secret));
        content.Supersedes.Add(new FragmentName(0, new Id32(Fixed.Secret)));
        return IndexFragment.Write(content, Fixed.Reserve, signed ? Fixed.Writer : default, 7, 1, signed ? Fixed.Signer : null);
    }

    private static byte[] SegmentHead(ISegmentOwner owner)
    {
        var (header, cipher) = owner.NewSegment();
        cipher?.Dispose();
        var bytes = new byte[header.Size + ChunkHeader.Size];
        header.Write(bytes, 1, 40);
        new ChunkHeader(40, 0, 1, 4, ChunkType.Data, ChunkCodec.Raw).Write(bytes.AsSpan(header.Size));
        return bytes;
    }

    private static IEnumerable<byte[]> Chunks()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("what the bees keep, ", 30)));
        using var codec = new Codec(3);
        var packed = new byte[Codec.Bound(text.Length)];
        var (_, length) = codec.Compress(text, packed);
        yield return Chunk(ChunkType.Data, ChunkCodec.Raw, [], text.AsSpan(0, 40), 40);
        yield return Chunk(ChunkType.Data, ChunkCodec.Zstd, [], packed.AsSpan(0, length), text.Length);
        yield return Chunk(ChunkType.SubjectPage, ChunkCodec.Raw, [], text.AsSpan(0, 52), 52);
        var (table, body) = TreePage.EncodeContent([new Extent(new Id32(Fixed.Secret), 0, 40)]);
        yield return Chunk(ChunkType.Tree, ChunkCodec.Raw, table.ToBytes(), body.WrittenSpan, body.WrittenCount);
    }

    private static byte[] Chunk(ChunkType type, ChunkCodec codec, ReadOnlySpan<byte> table, ReadOnlySpan<byte> body, int raw)
    {
        var bytes = new byte[8 + table.Length + body.Length];
        (bytes[0], bytes[1]) = ((byte)type, (byte)codec);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(2), raw);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)table.Length);
        table.CopyTo(bytes.AsSpan(8));
        body.CopyTo(bytes.AsSpan(8 + table.Length));
        return bytes;
    }

    private static (ChunkType Type, byte[] Table, byte[] Body) Part(byte[] chunk)
    {
        var table = BinaryPrimitives.ReadUInt16LittleEndian(chunk.AsSpan(6));
        return ((ChunkType)chunk[0], chunk[8..(8 + table)], chunk[(8 + table)..]);
    }

    private static Id32 IdOf(ChunkType type, ReadOnlySpan<byte> table, ReadOnlySpan<byte> body)
    {
        using var ids = new ChunkIds(Fixed.IdKey);
        return ids.Compute((byte)type, table, body);
    }

    private static IEnumerable<byte[]> Pages()
    {
        var (id, other) = (new Id32(Fixed.Secret), new Id32(Fixed.IdKey));
        TreeEntry[] entries =
        [
            new() { Path = EntryPath.Parse("users"), Kind = ItemKind.Directory, Metadata = new ItemMetadata { Mode = 0x1ed, UserId = 1, GroupId = 2, UserName = "ada", GroupName = "staff", ModifiedNs = 5, BirthNs = 4 } },
            new() { Path = EntryPath.Parse("users/a"), Kind = ItemKind.File, Metadata = new ItemMetadata { ModifiedNs = 9, ExtendedAttributes = [new([1, 2], [3])] }, Length = 60, Extents = [new Extent(id, 0, 50), new Extent(default, 0, 10)] },
            new() { Path = EntryPath.Parse("users/b"), Kind = ItemKind.File, Metadata = new ItemMetadata(), Length = 1 << 30, ContentPages = [new ContentPageRef(other, 1 << 30)] },
            new() { Path = EntryPath.Parse("users/c"), Kind = ItemKind.SymbolicLink, Metadata = new ItemMetadata { LinkTarget = [46, 46] } },
            new() { Path = EntryPath.Parse("users/d"), Kind = ItemKind.HardLink, Metadata = new ItemMetadata { WindowsAttributes = 32 }, HardLinkTo = EntryPath.Parse("users/a") },
            new() { Path = EntryPath.Parse("users/e"), Kind = ItemKind.BlockDevice, Metadata = new ItemMetadata { Device = 1UL << 32 } },
        ];
        yield return Page(TreePage.EncodeLeaf("user:ada", entries));
        yield return Page(TreePage.EncodeLeaf(null, entries[..2]));
        yield return Page(TreePage.EncodeInterior(1, "user:ada", [new TreeChild(id, EntryPath.Parse("a"), 3, 40), new TreeChild(other, EntryPath.Parse("a/b"), 4, 50)]));
        yield return Page(TreePage.EncodeContent([new Extent(id, 3, 40), new Extent(default, 0, 8)]));
    }

    private static byte[] Page((TreeTable Table, ArrayBufferWriter<byte> Body) page)
    {
        var table = page.Table.ToBytes();
        var bytes = new byte[2 + table.Length + page.Body.WrittenCount];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)table.Length);
        table.CopyTo(bytes, 2);
        page.Body.WrittenSpan.CopyTo(bytes.AsSpan(2 + table.Length));
        return bytes;
    }

    /// <summary>A segment of the one subject, under a key that is always the same.</summary>
    private sealed class SubjectOwner : ISegmentOwner
    {
        public Id16 Pseudonym => Fixed.Subject;

        public (SegmentHeader Header, ChunkCipher? Cipher) NewSegment()
        {
            byte[] salt = Fixed.Ascending(0x70, 32), key = new byte[SegmentKey.Size], commitment = new byte[SegmentKey.CommitmentSize];
            SegmentKey.Derive(Fixed.DataKey, salt, Fixed.Reserve, Fixed.Subject, Fixed.Generation, key, commitment);
            return (new SegmentHeader { Suite = Suite.P256, Pseudonym = Fixed.Subject, Generation = Fixed.Generation, SealedKey = SealedKey, Salt = salt, Commitment = commitment }, new ChunkCipher(key));
        }
    }
}
