using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>What stands where in a pack, and each thing that a reader refuses: one step beyond what is allowed, while the last that is allowed is read.</summary>
public sealed class PackFormatTests
{
    private static readonly Id16 Reserve = TestSubject.Reserve;

    private static SegmentHeader Sealed => new()
    {
        Suite = Suite.P256, Generation = 0x01020304, Pseudonym = new Id16(Bytes(16, 0x10)), Salt = Bytes(32, 0x20), Commitment = Bytes(32, 0x40), SealedKey = Bytes(113, 0x60),
    };

    private static byte[] Bytes(int length, int first) => [.. Enumerable.Range(first, length).Select(i => (byte)i)];

    private static byte[] With(byte[] bytes, Action<byte[]> change)
    {
        var changed = bytes.ToArray();
        change(changed);
        return changed;
    }

    private static void Put(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);

    [Fact]
    public void A_frame_stands_as_the_page_of_the_format_says()
    {
        var bytes = new byte[ObjectFrame.HeaderSize];
        ObjectFrame.WriteHeader(bytes, ObjectKind.Configuration);
        Assert.Equal("5354494e47424b000f000100", Convert.ToHexStringLower(bytes));
        ObjectFrame.CheckHeader(bytes, ObjectKind.Configuration, "x");
        Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => ObjectFrame.CheckHeader(bytes, ObjectKind.Drill, "x")).ErrorId);
        Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => ObjectFrame.CheckHeader(bytes.AsSpan(0, 11), ObjectKind.Configuration, "x")).ErrorId);
        Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => ObjectFrame.CheckHeader(With(bytes, b => b[7] = 1), ObjectKind.Configuration, "x")).ErrorId);
        var newer = Assert.Throws<StingException>(() => ObjectFrame.CheckHeader(With(bytes, b => b[10] = 2), ObjectKind.Configuration, "config/1"));
        Assert.Equal(("FormatTooNew", FailureKind.NotSupported, "config/1"), (newer.ErrorId, newer.Kind, newer.Target));
        Assert.Contains("version 2; this program reads version 1", newer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signed_object_is_split_where_its_signature_begins()
    {
        var bytes = ObjectFrame.Sign(ObjectKind.Drop, [1, 2, 3], signed => { Assert.Equal(15, signed.Length); return Bytes(64, 0x80); });
        var parts = ObjectFrame.Split(bytes, ObjectKind.Drop, "x");
        Assert.Equal([1, 2, 3], parts.Payload.ToArray());
        Assert.Equal(bytes[..15], parts.Signed.ToArray());
        Assert.Equal(Bytes(64, 0x80), parts.Signature.ToArray());
        var empty = ObjectFrame.Sign(ObjectKind.Drop, [], _ => new byte[64]);
        Assert.Equal(0, ObjectFrame.Split(empty, ObjectKind.Drop, "x").Payload.Length);
        Assert.Contains("too short", Assert.Throws<StingException>(() => ObjectFrame.Split(empty.AsMemory(0, empty.Length - 1), ObjectKind.Drop, "x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_segment_header_stands_as_the_page_of_the_format_says()
    {
        var bytes = new byte[Sealed.Size];
        Sealed.Write(bytes, 5, 0x0a0b0c0d);
        Assert.Equal(213, bytes.Length);
        Assert.Equal("53454731" + "0100" + "7100" + "04030201", Convert.ToHexStringLower(bytes.AsSpan(0, 12)));
        Assert.Equal(Bytes(16, 0x10), bytes[12..28]);
        Assert.Equal(Bytes(32, 0x20), bytes[28..60]);
        Assert.Equal(Bytes(32, 0x40), bytes[60..92]);
        Assert.Equal("05000000" + "0d0c0b0a", Convert.ToHexStringLower(bytes.AsSpan(92, 8)));
        Assert.Equal(Bytes(113, 0x60), bytes[100..]);
        foreach (var read in (SegmentHeader[])[SegmentHeader.Read(bytes, out var chunks, out var length), SegmentHeader.Read(bytes.AsMemory())])
        {
            Assert.Equal((5, 0x0a0b0c0d), (chunks, length));
            Assert.Equal((Sealed.Suite, Sealed.Generation, Sealed.Pseudonym), (read.Suite, read.Generation, read.Pseudonym));
            Assert.Equal(Sealed.Salt.ToArray(), read.Salt.ToArray());
            Assert.Equal(Sealed.Commitment.ToArray(), read.Commitment.ToArray());
            Assert.Equal(Sealed.SealedKey.ToArray(), read.SealedKey.ToArray());
        }
    }

    [Fact]
    public void A_segment_header_that_makes_no_sense_is_refused()
    {
        var bytes = new byte[Sealed.Size];
        Sealed.Write(bytes, 0, 0);
        string Why(byte[] changed) => Assert.Throws<InvalidDataException>(() => SegmentHeader.Read(changed, out _, out _)).Message;
        Assert.Contains("magic", Why(bytes[..99]), StringComparison.Ordinal);
        Assert.Contains("magic", Why(With(bytes, b => b[3]++)), StringComparison.Ordinal);
        Assert.Contains("suite 9", Why(With(bytes, b => b[4] = 9)), StringComparison.Ordinal);
        Assert.Contains("112 bytes", Why(With(bytes, b => b[6]--)), StringComparison.Ordinal);
        Assert.Contains("suite 0 has a sealed key", Why(With(bytes, b => b[4] = 0)), StringComparison.Ordinal);
        Assert.Contains("cut short", Why(bytes[..^1]), StringComparison.Ordinal);
        Assert.Contains("cut short", Why(With(bytes, b => Put(b, 92, -1))), StringComparison.Ordinal);
        Assert.Contains("cut short", Why(With(bytes, b => Put(b, 96, -1))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 0, 0, ChunkType.Data, true)]
    [InlineData(19, 0, 0, ChunkType.Data, false)]
    [InlineData(36 + PackFormat.MaxRawLength, 0, PackFormat.MaxRawLength, ChunkType.Tree, true)]
    [InlineData(37 + PackFormat.MaxRawLength, 0, PackFormat.MaxRawLength, ChunkType.Tree, false)]
    [InlineData(36, 0, PackFormat.MaxRawLength + 1, ChunkType.Data, false)]
    [InlineData(36, 0, -1, ChunkType.Data, false)]
    [InlineData(20 + PackFormat.MaxRawLength, PackFormat.MaxRawLength, 9, ChunkType.SubjectPage, true)]
    [InlineData(21 + PackFormat.MaxRawLength, PackFormat.MaxRawLength + 1, 9, ChunkType.SubjectPage, false)]
    [InlineData(30, 10, 9, ChunkType.Tree, true)]
    [InlineData(29, 10, 9, ChunkType.Tree, false)]
    [InlineData(19, -1, 9, ChunkType.Tree, false)]
    [InlineData(40, 0, 0, (ChunkType)0, false)]
    [InlineData(40, 0, 0, (ChunkType)4, false)]
    public void A_chunk_header_is_read_up_to_its_limits_and_not_beyond(int stored, int table, int raw, ChunkType type, bool isGood)
    {
        var header = new ChunkHeader(stored, table, 0x01020304, raw, type, ChunkCodec.Zstd);
        var bytes = new byte[ChunkHeader.Size];
        header.Write(bytes);
        if (isGood)
        {
            Assert.Equal(header, ChunkHeader.Read(bytes));
            Assert.Equal("04030201", Convert.ToHexStringLower(bytes.AsSpan(8, 4)));
            Assert.Throws<InvalidDataException>(() => ChunkHeader.Read(With(bytes, b => b[18] = 1)));
            Assert.Throws<InvalidDataException>(() => ChunkHeader.Read(With(bytes, b => b[19] = 1)));
            Assert.Throws<InvalidDataException>(() => ChunkHeader.Read(bytes.AsSpan(0, 19)));
        }
        else
        {
            Assert.Throws<InvalidDataException>(() => ChunkHeader.Read(bytes));
        }
    }

    [Theory]
    [InlineData(52, 20, 72, true)]
    [InlineData(51, 20, 72, false)]
    [InlineData(52, 19, 72, false)]
    [InlineData(52, 21, 72, false)]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue, false)]
    public void An_entry_lies_in_its_pack_or_does_not(int offset, int length, long pack, bool lies) => Assert.Equal(lies, new ChunkEntry(default, 0, offset, length, 0).LiesIn(pack));

    /// <summary>A pack of two segments, one of a subject and one in the clear, with three chunks.</summary>
    private static (PackTables Tables, byte[] Bytes) Pack(ObjectKind kind = ObjectKind.DataPack)
    {
        var slab = new PackSlab(1 << 16);
        var subject = new TestSubject();
        foreach (var (owner, type, content) in ((ISegmentOwner, ChunkType, string)[])[(subject, ChunkType.Data, "one"), (new ClearOwner(), ChunkType.SubjectPage, "two"), (subject, ChunkType.Data, "three")])
        {
            var body = System.Text.Encoding.ASCII.GetBytes(content);
            slab.Add(owner, new Id32(SHA256.HashData(body)), type, ChunkCodec.Raw, [], body, body.Length);
        }
        var buffer = new PageBuffer(1);
        var tables = new PackAssembler(Reserve, TestTree.Writer, 7).Assemble(slab, kind, ref buffer, out var length);
        return (tables, buffer.Memory[..length].ToArray());
    }

    [Fact]
    public void A_packs_tables_say_where_its_chunks_are()
    {
        var (tables, bytes) = Pack();
        Assert.Equal((bytes.Length, "data/"), (tables.Pack.Length, tables.Pack.Name[..5]));
        Assert.Equal(Reserve.ToArray(), bytes[12..28]);
        Assert.Equal(TestTree.Writer.ToArray(), bytes[28..44]);
        Assert.Equal(7, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(44)));
        var read = PackReader.ReadTables(tables.Pack, bytes, Reserve);
        Assert.Equal(tables.Entries, read.Entries);
        Assert.Equal(read.Entries.OrderBy(e => e.Id), read.Entries);
        Assert.Equal(tables.Segments.Select(s => (s.Offset, s.Header.Suite)), read.Segments.Select(s => (s.Offset, s.Header.Suite)));
        var ends = read.Entries.GroupBy(e => e.Segment).ToDictionary(g => g.Key, g => g.Max(e => e.Offset + e.StoredLength));
        foreach (var (segment, end) in ends)
        {
            // What a segment says of itself: how many chunks follow, and how long they are.
            var at = read.Segments[segment].Offset;
            var header = SegmentHeader.Read(bytes.AsSpan(at), out var chunks, out var body);
            Assert.Equal((read.Entries.Count(e => e.Segment == segment), end - at - header.Size), (chunks, body));
        }
        Assert.Equal([0u, 1u], read.Entries.Where(e => read.Segments[e.Segment].Header.Suite == Suite.P256).Select(e => ChunkHeader.Read(bytes.AsSpan(e.Offset)).Ordinal).Order());
    }

    [Fact]
    public void A_pack_that_makes_no_sense_is_refused_with_what_is_wrong()
    {
        var (tables, bytes) = Pack();
        var footer = bytes.Length - 8 - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));
        string Why(byte[] changed, Id16? reserve = null) => Assert.Throws<StingException>(() => PackReader.ReadFooter(tables.Pack, changed, reserve ?? Reserve)).Message;
        Assert.Contains("SHA-256 is not its name", Assert.Throws<StingException>(() => PackReader.ReadTables(tables.Pack, With(bytes, b => b[^1]++), Reserve)).Message, StringComparison.Ordinal);
        Assert.Contains("DataPack", Why(With(bytes, b => b[8] = 7)), StringComparison.Ordinal);
        Assert.Contains("another reserve", Why(bytes, TestTree.Writer), StringComparison.Ordinal);
        Assert.Contains("no footer", Why(With(bytes, b => b[^1]++)), StringComparison.Ordinal);
        Assert.Contains("no sense", Why(With(bytes, b => Put(b, b.Length - 8, b.Length))), StringComparison.Ordinal);
        Assert.Contains("no sense", Why(With(bytes, b => Put(b, b.Length - 8, -1))), StringComparison.Ordinal);
        Assert.Contains("wrong length", Why(With(bytes, b => Put(b, footer, 2))), StringComparison.Ordinal);
        Assert.Contains("wrong length", Why(With(bytes, b => Put(b, footer + 4, 3))), StringComparison.Ordinal);
        Assert.Contains("no sense", Why(With(bytes, b => Put(b, footer + 8, b.Length + 1))), StringComparison.Ordinal);
        var entry = footer + 16 + 32;
        Assert.Contains("points outside", Why(With(bytes, b => Put(b, entry, 2))), StringComparison.Ordinal);
        Assert.Contains("points outside", Why(With(bytes, b => Put(b, entry, -1))), StringComparison.Ordinal);
        Assert.Contains("points outside", Why(With(bytes, b => Put(b, entry + 4, -1))), StringComparison.Ordinal);
        Assert.Contains("points outside", Why(With(bytes, b => Put(b, entry + 8, -1))), StringComparison.Ordinal);
        var offset = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(entry + 4));
        Assert.Contains("points outside", Why(With(bytes, b => Put(b, entry + 8, b.Length - offset + 1))), StringComparison.Ordinal);
        Assert.Contains("points outside", Why(With(bytes, b => Put(b, entry + 4, int.MaxValue))), StringComparison.Ordinal);
        PackReader.ReadFooter(tables.Pack, With(bytes, b => Put(b, entry + 8, b.Length - offset)), Reserve);
    }

    /// <summary>Counts of which one is negative can add up to the right length, and must not ask for gigabytes.</summary>
    [Fact]
    public void A_footer_whose_counts_are_impossible_takes_no_memory()
    {
        var (tables, bytes) = Pack();
        var footer = bytes.Length - 8 - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));
        foreach (var (entries, segments) in ((int, int)[])[(3 - 40_000_000, 2 + (12 * 40_000_000)), (3 + 1_000_000, 2 - 12_000_000)])
        {
            var changed = With(bytes, b => { Put(b, footer, entries); Put(b, footer + 4, segments); });
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Contains("wrong length", Assert.Throws<StingException>(() => PackReader.ReadFooter(tables.Pack, changed, Reserve)).Message, StringComparison.Ordinal);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    [Fact]
    public void A_slab_takes_what_fits_the_pack_and_its_buffer()
    {
        var slab = new PackSlab(100);
        Assert.True(slab.Fits(1000, 1));   // the first one always: its pack is as long as it must be
        slab.Add(new ClearOwner(), default, ChunkType.SubjectPage, ChunkCodec.Raw, [1, 2], [3, 4, 5], 3);
        Assert.Equal(20 + 5 + 48, slab.PackBytes);
        Assert.True(slab.Fits(10, 73 + 10 + 84));
        Assert.False(slab.Fits(10, 73 + 10 + 83));
        Assert.True(slab.Fits(95, 1000));
        Assert.False(slab.Fits(96, 1000));
        Assert.Equal([1, 2], slab.Table(slab.Slots[0]).ToArray());
        Assert.Equal([3, 4, 5], slab.Body(slab.Slots[0]).ToArray());
        slab.Add(new TestSubject(), default, ChunkType.Data, ChunkCodec.Raw, [], [6], 1);
        Assert.Equal(73 + 20 + 1 + 16 + 48, slab.PackBytes);
        slab.Clear();
        Assert.Equal((0, 0), (slab.Slots.Count, slab.PackBytes));
    }

    [Fact]
    public void Packs_lie_by_the_first_two_digits_of_their_hash()
    {
        var id = new Id32(Bytes(32, 0xa0));
        Assert.StartsWith("data/a0/a0a1a2", PackFormat.Name(ObjectKind.DataPack, id), StringComparison.Ordinal);
        Assert.StartsWith("meta/a0/a0a1a2", PackFormat.Name(ObjectKind.MetaPack, id), StringComparison.Ordinal);
        Assert.Equal((32 << 20, 8 << 20), (PackSizes.Default.Of(ObjectKind.DataPack), PackSizes.Default.Of(ObjectKind.MetaPack)));
    }
}
