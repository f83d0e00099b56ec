using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Legacy;
using StingBackup.Engine.Repository;
using StingBackup.Fuzz.Tests.Targets;

namespace StingBackup.Fuzz.Tests;

/// <summary>What is too long for a corpus, or stands behind a signature: sizes and numbers that somebody means ill with.</summary>
public sealed class HostileSizeTests
{
    [Fact]
    public void A_page_whose_paths_share_all_but_nothing_is_refused_within_a_bound()
    {
        const int length = 30_000, items = 3000;
        var body = new byte[4 + 20 + length + (22 * items)];
        BinaryPrimitives.WriteInt32LittleEndian(body, items + 1);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(8), length);
        body.AsSpan(12, length).Fill((byte)'a');
        body[12 + length] = (byte)ItemKind.Directory;
        for (var i = 0; i < items; i++)
        {
            // Two letters behind the same beginning, in order.
            var item = body.AsSpan(24 + length + (22 * i));
            BinaryPrimitives.WriteInt32LittleEndian(item, length);
            BinaryPrimitives.WriteInt32LittleEndian(item[4..], 2);
            (item[8], item[9], item[10]) = ((byte)('0' + (i / 64)), (byte)('0' + (i % 64)), (byte)ItemKind.Directory);
        }
        var table = TreeTable.Read(new byte[TreeTable.FixedSize]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<InvalidDataException>(() => TreePage.Decode(table, body));
        Assert.Equal("a page's paths are longer than any may be", refusal.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 160 << 20);
    }

    [Fact]
    public void A_point_at_an_offset_that_no_clock_has_is_refused()
    {
        var point = new PointRecord { Reserve = Fixed.Reserve, Writer = Fixed.Writer, Sequence = 7, Previous = default, TimeNs = 1, CompletedNs = 2, OffsetMinutes = 20_000 };
        Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => PointRecord.Read(point.ObjectName, point.ToBytes(Fixed.Signer), Fixed.Reserve, Fixed.Writers.SigningKeyOf)).ErrorId);
    }

    [Fact]
    public void An_id_that_is_longer_than_ids_are_is_refused_and_not_cut()
    {
        var cbor = CborFields.StartMap(5);
        CborFields.Write(cbor, 1, Fixed.Reserve.ToArray());
        CborFields.Write(cbor, 2, Fixed.Writer.ToArray());
        CborFields.Write(cbor, 3, 7);
        CborFields.Write(cbor, 4, 9);
        cbor.WriteInt32(5);
        cbor.WriteStartArray(1);
        cbor.WriteStartArray(5);
        cbor.WriteByteString(new byte[20]);
        foreach (var number in (int[])[3, 1, 1, 8])
        {
            cbor.WriteInt32(number);
        }
        cbor.WriteEndArray();
        cbor.WriteEndArray();
        var drop = ObjectFrame.Sign(ObjectKind.Drop, CborFields.End(cbor), Fixed.Signer.Sign);
        Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => DropRecord.Read(DropRecord.NameOf(drop), drop, Fixed.Reserve, Fixed.Writers)).ErrorId);
    }

    [Fact]
    public void An_archive_with_a_path_of_a_million_folders_is_refused()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, string.Concat(Enumerable.Repeat("a/", 1_000_000))));
        }
        var path = Scratch.Write("hostile", "sting_backup_20251102_020000.tar.gz", bytes.ToArray());
        Assert.Equal("LegacyEntryUnsafe", Assert.Throws<StingException>(() => LegacyImportPlanner.Read(path, null, null, null, default)).ErrorId);
    }
}
