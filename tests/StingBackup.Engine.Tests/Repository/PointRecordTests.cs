using System.Formats.Cbor;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>Records that a writer signs: each field comes back, each that is missing, too much or of another kind is refused, and so is a record that stands where it was not written for.</summary>
public sealed class PointRecordTests : IDisposable
{
    private readonly EcdsaSigner _signer = EcdsaSigner.Generate();
    private static readonly Id16 Reserve = TestSubject.Reserve, Writer = TestTree.Writer;

    public void Dispose() => _signer.Dispose();

    private static Id32 Id(string text) => new(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(text)));

    private static PointRecord Full => new()
    {
        Reserve = Reserve, Writer = Writer, Sequence = 12, Previous = Id("before"), Seen = [new ChainHead(Reserve, 5, Id("head"))], Name = "backup_20260101_000000", Type = BackupType.Full,
        TimeNs = 1_700_000_000_123_456_789, CompletedNs = 1_700_000_001_000_000_000, OffsetMinutes = -90, LedgerHead = Id("ledger"), Origin = new PointOrigin("sting_backup_20200101_000000.tar.gz", Id("archive")),
        Classes = [new PointClass(DataClass.UserFiles, [Id("page1"), Id("page2")], 3, 4, 5, 6), new PointClass(DataClass.Secrets, [], 0, 0, 0, 0)], AuditHeads = [new ChainHead(Writer, 8, Id("audit"))],
        Carried = [new PointCarry(DataClass.Secrets, "vault", "backup_20251231_000000")], Deduplication = new PointDeduplication(7, 8, 9), Anomalies = [new PointAnomaly(Writer, 11, 40, AnomalyReasons.Honeypot)],
    };

    private static PointRecord Bare => new() { Reserve = Reserve, Writer = Writer, Sequence = 1, Previous = default, TimeNs = 1, CompletedNs = 2, IsVoid = true };

    private ReadOnlyMemory<byte>? Key(Id16 writer) => writer == Writer ? _signer.PublicKey : default(ReadOnlyMemory<byte>?);

    private PointRecord Read(byte[] bytes, string? name = null, Id16? reserve = null) => PointRecord.Read(name ?? Full.ObjectName, bytes, reserve ?? Reserve, Key);

    /// <summary>Ids show half of themselves to a comparison of members: so both are written again.</summary>
    private void AssertSame(PointRecord expected, PointRecord actual)
    {
        Assert.Equivalent(expected, actual, strict: true);
        byte[] Payload(PointRecord point) => ObjectFrame.Split(point.ToBytes(_signer), ObjectKind.Point, "x").Payload.ToArray();
        Assert.Equal(Payload(expected), Payload(actual));
    }

    [Fact]
    public void Every_field_of_a_point_comes_back()
    {
        Assert.Equal($"points/{Writer}/000000000012", Full.ObjectName);
        var bytes = Full.ToBytes(_signer);
        AssertSame(Full, Read(bytes));
        Assert.True(Read(bytes).IsImported);
        AssertSame(Bare, Read(Bare.ToBytes(_signer), Bare.ObjectName));
        Assert.True(Read(Bare.ToBytes(_signer), Bare.ObjectName).IsVoid && !Full.IsVoid && !Bare.IsImported);
        AssertSame(Full, PointRecord.Guess(bytes)!);
        Assert.Equal(new Id32(SHA256.HashData(bytes)), PointRecord.HashOf(bytes));
    }

    [Fact]
    public void A_point_that_is_not_its_own_is_refused()
    {
        var bytes = Full.ToBytes(_signer);
        string Why(byte[] changed, string? name = null, Id16? reserve = null) => Assert.Throws<StingException>(() => Read(changed, name, reserve)) is { ErrorId: "ObjectDamaged" } e ? e.Message : "another error";
        Assert.Contains("another reserve or place", Why(bytes, PointRecord.NameOf(Writer, 13)), StringComparison.Ordinal);
        Assert.Contains("another reserve or place", Why(bytes, reserve: Writer), StringComparison.Ordinal);
        Assert.Contains("not enrolled", Why((Full with { Writer = Reserve }).ToBytes(_signer), PointRecord.NameOf(Reserve, 12)), StringComparison.Ordinal);
        using var other = EcdsaSigner.Generate();
        Assert.Contains("signature", Why(Full.ToBytes(other)), StringComparison.Ordinal);
    }

    /// <summary>The payload of a signed object with one field changed, left out, or added.</summary>
    private byte[] Changed(byte[] bytes, ObjectKind kind, int key, Action<CborWriter>? value)
    {
        var reader = new CborReader(ObjectFrame.Split(bytes, kind, "x").Payload, CborConformanceMode.Ctap2Canonical);
        var fields = new SortedDictionary<int, ReadOnlyMemory<byte>>();
        for (var left = reader.ReadStartMap(); left > 0; left--)
        {
            fields.Add(reader.ReadInt32(), reader.ReadEncodedValue());
        }
        fields.Remove(key);
        if (value is not null)
        {
            var one = new CborWriter(CborConformanceMode.Ctap2Canonical);
            value(one);
            fields.Add(key, one.Encode());
        }
        var writer = new CborWriter(CborConformanceMode.Ctap2Canonical);
        writer.WriteStartMap(fields.Count);
        foreach (var (number, encoded) in fields)
        {
            writer.WriteInt32(number);
            writer.WriteEncodedValue(encoded.Span);
        }
        writer.WriteEndMap();
        return ObjectFrame.Sign(kind, writer.Encode(), _signer.Sign);
    }

    [Fact]
    public void A_point_without_one_of_its_fields_or_with_another_in_its_place_is_refused()
    {
        var bytes = Full.ToBytes(_signer);
        for (var key = 1; key <= 13; key++)
        {
            Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => Read(Changed(bytes, ObjectKind.Point, key, null))).ErrorId);
            Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => Read(Changed(bytes, ObjectKind.Point, key, w => w.WriteBoolean(true)))).ErrorId);
        }
        for (var key = 100; key <= 104; key++)
        {
            Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => Read(Changed(bytes, ObjectKind.Point, key, w => w.WriteBoolean(true)))).ErrorId);
            Read(Changed(bytes, ObjectKind.Point, key, null));
        }
        var newer = Assert.Throws<StingException>(() => Read(Changed(bytes, ObjectKind.Point, 14, w => w.WriteInt32(1))));
        Assert.Equal(("FormatTooNew", Full.ObjectName), (newer.ErrorId, newer.Target));
        Assert.Equal("FormatTooNew", Assert.Throws<StingException>(() => Read(Changed(bytes, ObjectKind.Point, 99, w => w.WriteInt32(1)))).ErrorId);
        AssertSame(Full, Read(Changed(bytes, ObjectKind.Point, 105, w => w.WriteInt32(1))));
    }

    [Fact]
    public void Ids_of_another_length_are_refused()
    {
        var bytes = Full.ToBytes(_signer);
        void Refused(int key, Action<CborWriter> value) => Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => Read(Changed(bytes, ObjectKind.Point, key, value))).ErrorId);
        foreach (var extra in (int[])[-1, 1])
        {
            Refused(1, w => w.WriteByteString(new byte[16 + extra]));
            Refused(4, w => w.WriteByteString(new byte[32 + extra]));
            Refused(13, w => w.WriteByteString(new byte[32 + extra]));
            Refused(5, w => { w.WriteStartArray(1); w.WriteStartArray(3); w.WriteByteString(new byte[16 + extra]); w.WriteInt64(1); w.WriteByteString(new byte[32]); w.WriteEndArray(); w.WriteEndArray(); });
            Refused(5, w => { w.WriteStartArray(1); w.WriteStartArray(3); w.WriteByteString(new byte[16]); w.WriteInt64(1); w.WriteByteString(new byte[32 + extra]); w.WriteEndArray(); w.WriteEndArray(); });
            Refused(100, w => { w.WriteStartArray(2); w.WriteTextString("a"); w.WriteByteString(new byte[32 + extra]); w.WriteEndArray(); });
            Refused(104, w => { w.WriteStartArray(1); w.WriteStartArray(4); w.WriteByteString(new byte[16 + extra]); w.WriteInt64(1); w.WriteInt32(1); w.WriteInt32(1); w.WriteEndArray(); w.WriteEndArray(); });
        }
        Refused(103, w => { w.WriteStartArray(4); w.WriteInt64(1); w.WriteInt64(1); w.WriteInt64(1); w.WriteInt64(1); w.WriteEndArray(); });
    }

    [Fact]
    public void Nothing_is_guessed_of_what_is_no_point()
    {
        Assert.Null(PointRecord.Guess(new byte[75]));
        Assert.Null(PointRecord.Guess(new byte[200]));
        Assert.Null(PointRecord.Guess(new byte[76]));
    }

    [Fact]
    public void A_session_says_when_it_began_and_is_refused_where_it_does_not_belong()
    {
        var session = new SessionRecord(new WriterIdentity(Reserve, Writer, 7, _signer), 1234);
        var bytes = session.ToBytes();
        Assert.Equal($"sessions/{Writer}/000000000007", session.ObjectName);
        long Check(byte[] read, string? name = null, Id16? reserve = null) => SessionRecord.Check(name ?? session.ObjectName, read, reserve ?? Reserve, Key);
        Assert.Equal(1234, Check(bytes));
        string Why(byte[] read, string? name = null, Id16? reserve = null) => Assert.Throws<StingException>(() => Check(read, name, reserve)) is { ErrorId: "ObjectDamaged" } e ? e.Message : "another error";
        Assert.Contains("signature or place", Why(bytes, SessionRecord.NameOf(Writer, 8)), StringComparison.Ordinal);
        Assert.Contains("signature or place", Why(bytes, reserve: Writer), StringComparison.Ordinal);
        using var other = EcdsaSigner.Generate();
        Assert.Contains("signature or place", Why(new SessionRecord(new WriterIdentity(Reserve, Writer, 7, other), 1234).ToBytes()), StringComparison.Ordinal);
        Assert.Contains("not enrolled", Why(new SessionRecord(new WriterIdentity(Reserve, Reserve, 7, other), 1234).ToBytes()), StringComparison.Ordinal);
        for (var key = 1; key <= 4; key++)
        {
            Why(Changed(bytes, ObjectKind.Session, key, null));
        }
        Assert.Equal("FormatTooNew", Assert.Throws<StingException>(() => Check(Changed(bytes, ObjectKind.Session, 5, w => w.WriteInt32(1)))).ErrorId);
        Assert.Equal(1234, Check(Changed(bytes, ObjectKind.Session, 100, w => w.WriteInt32(1))));
    }

    [Fact]
    public void A_mark_and_a_drop_come_back_and_need_each_field()
    {
        var writers = new EnrolledWriters([new EnrolledWriter(Writer, "test", _signer.PublicKey.ToArray(), _signer.PublicKey.ToArray(), null) { MayMaintain = true }], []);
        var mark = new MarkRecord
        {
            Reserve = Reserve, Writer = Writer, Sequence = 3, Mark = new Id16(Id("mark").ToArray()), Step = MarkStep.Condemned, TimeNs = 77,
            Packs = [new MarkedPack(Id("p"), ObjectKind.DataPack, 1L << 33, true), new MarkedPack(Id("q"), ObjectKind.MetaPack, 5, false)], Into = [Id("into")], Sessions = [(Writer, 4)],
        };
        var drop = new DropRecord { Reserve = Reserve, Writer = Writer, Sequence = 3, TimeNs = 78, Parts = [new DroppedPart(Writer, 2, DataClass.AuditLogs, RetentionReason.Expired, 79)] };
        byte[] markBytes = mark.ToBytes(_signer), dropBytes = drop.ToBytes(_signer);
        Assert.Equivalent(mark, MarkRecord.Read(mark.ObjectName, markBytes, Reserve, writers), strict: true);
        Assert.Equal($"gc/{mark.Mark}/3", mark.ObjectName);
        Assert.Equivalent(drop, DropRecord.Read(DropRecord.NameOf(dropBytes), dropBytes, Reserve, writers), strict: true);
        void Refused(byte[] bytes, string id = "ObjectDamaged") => Assert.Equal(id, Assert.Throws<StingException>(() => MarkRecord.Read(mark.ObjectName, bytes, Reserve, writers)).ErrorId);
        void RefusedDrop(byte[] bytes, string id = "ObjectDamaged") => Assert.Equal(id, Assert.Throws<StingException>(() => DropRecord.Read(DropRecord.NameOf(bytes), bytes, Reserve, writers)).ErrorId);
        for (var key = 1; key <= 9; key++)
        {
            Refused(Changed(markBytes, ObjectKind.Mark, key, null));
        }
        for (var key = 1; key <= 5; key++)
        {
            RefusedDrop(Changed(dropBytes, ObjectKind.Drop, key, null));
        }
        Refused(Changed(markBytes, ObjectKind.Mark, 10, w => w.WriteInt32(1)), "FormatTooNew");
        RefusedDrop(Changed(dropBytes, ObjectKind.Drop, 6, w => w.WriteInt32(1)), "FormatTooNew");
        Refused((mark with { Packs = [new MarkedPack(Id("p"), ObjectKind.Point, 1, true)] }).ToBytes(_signer));
        Assert.False(Maintenance.Counts(writers, Reserve, 1));
        var revoked = new EnrolledWriters([writers.Find(Writer)! with { LastGoodSequence = 3 }], []);
        Assert.Equal((true, false, true), (Maintenance.Counts(revoked, Writer, 3), Maintenance.Counts(revoked, Writer, 4), Maintenance.Counts(writers, Writer, 4)));
    }
}
