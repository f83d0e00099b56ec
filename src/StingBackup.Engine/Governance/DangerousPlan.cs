using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Governance;

/// <summary>
/// What a dangerous command is about to do, in the words that an approver reads and signs. Everything that decides what happens stands in it; whatever may differ without making
/// another deed of it (the time, the free room) does not.
/// </summary>
/// <param name="Verb">The cmdlet, such as <c>Remove-StingSubject</c>.</param>
/// <param name="Target">What it acts on, for people.</param>
public sealed record DangerousPlan(string Verb, string Target)
{
    private readonly GuardedOperation? _operation;

    /// <summary>Parameters and counts, in the order in which people read them; each name once.</summary>
    public IReadOnlyList<PlanFact> Facts { get; init; } = [];

    /// <summary>Pseudonyms, tags and other ids that it touches. They stand in the audit chain, in the clear: never a name.</summary>
    public IReadOnlyList<Id16> Subjects { get; init; } = [];

    /// <summary>What of the section <c>approvals</c> counts for it. Where it is not said, the command tells.</summary>
    public GuardedOperation Operation { get => _operation ?? AccessTable.OperationOf(Verb); init => _operation = value; }

    /// <summary>Whose approval cannot count, besides whoever asks.</summary>
    internal IReadOnlyList<AccessIdentity> Excluded { get; init; } = [];

    /// <summary>
    /// SHA-256 of <c>sting1 plan</c> ‖ CBOR {1: verb, 2: target, 3: [[name, value] ascending by the name's UTF-8], 4: [id ascending]}.
    /// </summary>
    internal Id32 Digest
    {
        get
        {
            var cbor = CborFields.StartMap(4);
            Write(cbor, 1, Verb);
            Write(cbor, 2, Target);
            cbor.WriteInt32(3);
            cbor.WriteStartArray(Facts.Count);
            foreach (var (name, value) in Facts.Select(f => (Name: Encoding.UTF8.GetBytes(f.Name), f.Value)).OrderBy(f => f.Name, ByBytes.Instance))
            {
                cbor.WriteStartArray(2);
                cbor.WriteTextString(Encoding.UTF8.GetString(name));
                cbor.WriteTextString(value);
                cbor.WriteEndArray();
            }
            cbor.WriteEndArray();
            cbor.WriteInt32(4);
            WriteIds(cbor, [.. Subjects.Distinct().Order()]);
            return Hash("sting1 plan"u8, CborFields.End(cbor));
        }
    }

    /// <summary>A fact of the plan by its name, or null.</summary>
    public string? Fact(string name) => Facts.FirstOrDefault(f => f.Name == name)?.Value;

    internal static Id32 Hash(ReadOnlySpan<byte> label, ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Id32.Size];
        SHA256.HashData([.. label, .. content], hash);
        return new Id32(hash);
    }

    internal static void Write(CborWriter cbor, int key, string text)
    {
        cbor.WriteInt32(key);
        cbor.WriteTextString(text);
    }

    internal static void WriteIds(CborWriter cbor, IReadOnlyList<Id16> ids)
    {
        cbor.WriteStartArray(ids.Count);
        foreach (var id in ids)
        {
            cbor.WriteByteString(id.ToArray());
        }
        cbor.WriteEndArray();
    }

    private sealed class ByBytes : IComparer<byte[]>
    {
        public static ByBytes Instance { get; } = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
