using System.Formats.Cbor;
using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Repository;

/// <summary>How far a sweep has come with the packs of one mark. Stands in names: never renumber.</summary>
public enum MarkStep
{
    /// <summary>The packs do not exist for a session that begins from now on.</summary>
    Marked = 1,
    /// <summary>The sessions that were open right after that: only they can still use what is marked.</summary>
    Sessions = 2,
    /// <summary>They have ended, and no point reaches these packs: after the readers' time they go.</summary>
    Condemned = 3,
}

/// <summary>A pack in a mark.</summary>
/// <param name="Id">The pack.</param>
/// <param name="Kind">Data or tree pages.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="IsMoved">Whether points reach it still, and all that they reach of it was copied to the packs of <see cref="MarkRecord.Into"/>.</param>
public sealed record MarkedPack(Id32 Id, ObjectKind Kind, long Length, bool IsMoved)
{
    /// <summary>The object's name.</summary>
    public string Name => PackFormat.Name(Kind, Id);
}

/// <summary>
/// <c>gc/&lt;mark&gt;/&lt;step&gt;</c>: packs on their way out. A session announces itself and then looks for marks; a sweeper marks and then looks for sessions: one sees the other, whatever the clocks say.
/// </summary>
public sealed record MarkRecord
{
    /// <summary>What names of marks start with.</summary>
    public const string Prefix = "gc/";
    private const int LastKey = 9;

    /// <summary>The reserve.</summary>
    public required Id16 Reserve { get; init; }
    /// <summary>Who sweeps.</summary>
    public required Id16 Writer { get; init; }
    /// <summary>Number of his last point then.</summary>
    public required long Sequence { get; init; }
    /// <summary>The mark.</summary>
    public required Id16 Mark { get; init; }
    /// <summary>The step.</summary>
    public required MarkStep Step { get; init; }
    /// <summary>When, nanoseconds since 1970 UTC.</summary>
    public required long TimeNs { get; init; }
    /// <summary>The packs; none in the second step.</summary>
    public IReadOnlyList<MarkedPack> Packs { get; init; } = [];
    /// <summary>Packs that hold what points reach of those that were moved.</summary>
    public IReadOnlyList<Id32> Into { get; init; } = [];
    /// <summary>Open sessions, in the second step.</summary>
    public IReadOnlyList<(Id16 Writer, long Sequence)> Sessions { get; init; } = [];

    /// <summary>The object's name.</summary>
    public string ObjectName => NameOf(Mark, Step);

    /// <summary>The object's name of a step.</summary>
    public static string NameOf(Id16 mark, MarkStep step) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{mark}/{(int)step}");

    /// <summary>
    /// The signed object: CBOR {1: reserve, 2: writer, 3: sequence, 4: mark, 5: step, 6: time, 7: [[pack, kind, length, moved] …], 8: [pack …], 9: [[writer, sequence] …]}.
    /// </summary>
    public byte[] ToBytes(ISigner signer)
    {
        ArgumentNullException.ThrowIfNull(signer);
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Reserve.ToArray());
        CborFields.Write(cbor, 2, Writer.ToArray());
        CborFields.Write(cbor, 3, Sequence);
        CborFields.Write(cbor, 4, Mark.ToArray());
        CborFields.Write(cbor, 5, (int)Step);
        CborFields.Write(cbor, 6, TimeNs);
        WriteList(cbor, 7, Packs, static (cbor, pack) =>
        {
            cbor.WriteStartArray(4);
            cbor.WriteByteString(pack.Id.ToArray());
            cbor.WriteInt32((int)pack.Kind);
            cbor.WriteInt64(pack.Length);
            cbor.WriteBoolean(pack.IsMoved);
            cbor.WriteEndArray();
        });
        WriteList(cbor, 8, Into, static (cbor, pack) => cbor.WriteByteString(pack.ToArray()));
        WriteList(cbor, 9, Sessions, static (cbor, session) =>
        {
            cbor.WriteStartArray(2);
            cbor.WriteByteString(session.Writer.ToArray());
            cbor.WriteInt64(session.Sequence);
            cbor.WriteEndArray();
        });
        return ObjectFrame.Sign(ObjectKind.Mark, CborFields.End(cbor), signer.Sign);
    }

    /// <summary>Reads one, and checks that an enrolled writer who may sweep signed it and that it stands under its own name.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c></exception>
    public static MarkRecord Read(string name, ReadOnlyMemory<byte> bytes, Id16 reserve, EnrolledWriters writers)
    {
        ArgumentNullException.ThrowIfNull(writers);
        var parts = ObjectFrame.Split(bytes, ObjectKind.Mark, name);
        var fields = SignedObject.Fields(name, parts.Payload);
        fields.CheckOthers(LastKey);
        var mark = new MarkRecord
        {
            Reserve = new Id16(fields.Bytes(1, Id16.Size)), Writer = new Id16(fields.Bytes(2, Id16.Size)), Sequence = fields.Long(3), Mark = new Id16(fields.Bytes(4, Id16.Size)),
            Step = (MarkStep)fields.Number(5), TimeNs = fields.Long(6), Packs = fields.List(7, ReadPack), Into = fields.List(8, cbor => new Id32(CborFields.Sized(cbor, Id32.Size))), Sessions = fields.List(9, ReadSession),
        };
        return mark.Reserve == reserve && mark.ObjectName == name
            ? Maintenance.Check(name, mark.Writer, parts, writers, mark)
            : throw Failures.Damaged(name, "it belongs to another reserve or place");
    }

    private static MarkedPack ReadPack(CborReader cbor)
    {
        cbor.ReadStartArray();
        var pack = new MarkedPack(new Id32(CborFields.Sized(cbor, Id32.Size)), (ObjectKind)cbor.ReadInt32(), cbor.ReadInt64(), cbor.ReadBoolean());
        cbor.ReadEndArray();
        return pack.Kind is ObjectKind.MetaPack or ObjectKind.DataPack ? pack : throw new CborContentException("a pack is of no known kind");
    }

    private static (Id16, long) ReadSession(CborReader cbor)
    {
        cbor.ReadStartArray();
        var session = (new Id16(CborFields.Sized(cbor, Id16.Size)), cbor.ReadInt64());
        cbor.ReadEndArray();
        return session;
    }

    private static void WriteList<T>(CborWriter cbor, int key, IReadOnlyList<T> list, Action<CborWriter, T> write)
    {
        cbor.WriteInt32(key);
        cbor.WriteStartArray(list.Count);
        foreach (var item in list)
        {
            write(cbor, item);
        }
        cbor.WriteEndArray();
    }
}
