using System.Formats.Cbor;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Lifecycle;

/// <summary>One pseudonym that is erased.</summary>
/// <param name="Pseudonym">Its name in the repository.</param>
/// <param name="Tag">Tag of the canonical name: the claim's name.</param>
/// <param name="Aliases">Tags of other names.</param>
/// <param name="Commitment">SHA-256 of its public key, which the key role signed when the key was made: what shows which key was destroyed.</param>
internal sealed record ErasureTarget(Id16 Pseudonym, Id16 Tag, IReadOnlyList<Id16> Aliases, Id32 Commitment);

/// <summary>A request for erasure as the key role keeps it: <c>erasures/&lt;id&gt;</c> in the key directory, signed, replaced as it goes on.</summary>
internal sealed record ErasureRecord
{
    private const int LastKey = 19;

    public required Id16 Reserve { get; init; }
    public required Id16 Id { get; init; }
    public required ErasureState State { get; init; }
    /// <summary>Canonical names; none once it is done.</summary>
    public required IReadOnlyList<string> Names { get; init; }
    public required IReadOnlyList<ErasureTarget> Targets { get; init; }
    public required long RequestedNs { get; init; }
    public required string RequestedBy { get; init; }
    public required long DueNs { get; init; }
    public required string LegalBasis { get; init; }
    public required string Reference { get; init; }
    /// <summary>Who stopped it, or carried it out.</summary>
    public string EndedBy { get; init; } = "";
    /// <summary>When the keys had been destroyed; 0 before.</summary>
    public long ErasedNs { get; init; }
    /// <summary>The first epoch without them; 0 before.</summary>
    public uint Epoch { get; init; }
    /// <summary>What is still to be done.</summary>
    public IReadOnlyList<string> Waiting { get; init; } = [];
    /// <summary>Ids of those who approved it.</summary>
    public IReadOnlyList<string> Approvers { get; init; } = [];

    /// <summary>The request for an approval that let it pass; zero in a record of an older version.</summary>
    public Id16 Approval { get; init; }
    /// <summary>The delay, in the words that were approved.</summary>
    public string Delay { get; init; } = "";
    /// <summary>Copies from before a contributor was known, which are the jar's own: found before the keys went, for the certificate.</summary>
    public IReadOnlyList<string> EarlierCopies { get; init; } = [];

    /// <summary>Whether it is to be carried out, or ended, now.</summary>
    public bool IsDue(long nowNs) => State == ErasureState.Incomplete || (State == ErasureState.Pending && DueNs <= nowNs);

    public byte[] ToPayload()
    {
        var cbor = CborFields.StartMap(LastKey);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, Reserve.ToArray());
        CborFields.Write(cbor, 3, Id.ToArray());
        CborFields.Write(cbor, 4, (int)State);
        Texts(cbor, 5, Names);
        cbor.WriteInt32(6);
        cbor.WriteStartArray(Targets.Count);
        foreach (var target in Targets)
        {
            cbor.WriteStartArray(4);
            cbor.WriteByteString(target.Pseudonym.ToArray());
            cbor.WriteByteString(target.Tag.ToArray());
            cbor.WriteStartArray(target.Aliases.Count);
            foreach (var alias in target.Aliases)
            {
                cbor.WriteByteString(alias.ToArray());
            }
            cbor.WriteEndArray();
            cbor.WriteByteString(target.Commitment.ToArray());
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
        CborFields.Write(cbor, 7, RequestedNs);
        Text(cbor, 8, RequestedBy);
        CborFields.Write(cbor, 9, DueNs);
        Text(cbor, 10, LegalBasis);
        Text(cbor, 11, Reference);
        Text(cbor, 12, EndedBy);
        CborFields.Write(cbor, 13, ErasedNs);
        CborFields.Write(cbor, 14, Epoch);
        Texts(cbor, 15, Waiting);
        Texts(cbor, 16, Approvers);
        Texts(cbor, 17, EarlierCopies);
        CborFields.Write(cbor, 18, Approval.ToArray());
        Text(cbor, 19, Delay);
        return CborFields.End(cbor);
    }

    public static ErasureRecord Read(CborFields fields)
    {
        fields.CheckOthers(LastKey);
        return new ErasureRecord
        {
            Reserve = new Id16(fields.Bytes(2, Id16.Size)), Id = new Id16(fields.Bytes(3, Id16.Size)), State = (ErasureState)fields.Number(4),
            Names = fields.List(5, reader => reader.ReadTextString()), Targets = fields.List(6, ReadTarget), RequestedNs = fields.Long(7), RequestedBy = fields.Text(8),
            DueNs = fields.Long(9), LegalBasis = fields.Text(10), Reference = fields.Text(11), EndedBy = fields.Text(12), ErasedNs = fields.Long(13), Epoch = fields.Number(14),
            Waiting = fields.List(15, reader => reader.ReadTextString()), Approvers = fields.List(16, reader => reader.ReadTextString()),
            Approval = fields.Has(18) ? new Id16(fields.Bytes(18, Id16.Size)) : default, Delay = fields.Has(19) ? fields.Text(19) : "",
            EarlierCopies = fields.Has(17) ? fields.List(17, reader => reader.ReadTextString()) : [],
        };
    }

    private static ErasureTarget ReadTarget(CborReader reader)
    {
        reader.ReadStartArray();
        var (pseudonym, tag) = (new Id16(CborFields.Sized(reader, Id16.Size)), new Id16(CborFields.Sized(reader, Id16.Size)));
        var aliases = new List<Id16>();
        for (reader.ReadStartArray(); reader.PeekState() != CborReaderState.EndArray;)
        {
            aliases.Add(new Id16(CborFields.Sized(reader, Id16.Size)));
        }
        reader.ReadEndArray();
        var target = new ErasureTarget(pseudonym, tag, aliases, new Id32(CborFields.Sized(reader, Id32.Size)));
        reader.ReadEndArray();
        return target;
    }

    private static void Text(CborWriter cbor, int key, string text)
    {
        cbor.WriteInt32(key);
        cbor.WriteTextString(text);
    }

    private static void Texts(CborWriter cbor, int key, IReadOnlyList<string> texts)
    {
        cbor.WriteInt32(key);
        cbor.WriteStartArray(texts.Count);
        foreach (var text in texts)
        {
            cbor.WriteTextString(text);
        }
        cbor.WriteEndArray();
    }
}
