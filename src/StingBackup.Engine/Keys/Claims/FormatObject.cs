using System.Formats.Cbor;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Keys;

/// <summary>
/// What a repository is: <c>format/&lt;n&gt;</c>, signed by the key role. The same bytes stand in two slots, so that one damaged byte does not hide them;
/// among those validly signed, the highest revision (not slot) wins.
/// </summary>
public sealed record FormatObject
{
    private const int HandoversField = 100, ProgramField = 101;   // from 100 on readers pass over what they do not know

    /// <summary>Which reserve it holds; the same in every tier.</summary>
    public required Id16 ReserveId { get; init; }
    /// <summary>From 1; each later one replaces those before.</summary>
    public required uint Revision { get; init; }
    /// <summary>Numbers of features without which nothing can be read; ascending.</summary>
    public IReadOnlyList<uint> RequiredToRead { get; init; } = [];
    /// <summary>Numbers of features without which nothing may be written; ascending.</summary>
    public IReadOnlyList<uint> RequiredToWrite { get; init; } = [];
    /// <summary>Numbers of features that a program need not know; ascending.</summary>
    public IReadOnlyList<uint> Optional { get; init; } = [];
    /// <summary>When the reserve was made, nanoseconds since 1970 UTC.</summary>
    public required long CreatedNs { get; init; }
    /// <summary>Fingerprint of the key vault's public key (KEK), 64 hexadecimal digits.</summary>
    public required string KekFingerprint { get; init; }

    /// <summary>How the key role's keys followed one another (<see cref="KeyRoleChain"/>); empty while it is the first.</summary>
    public byte[] Handovers { get; init; } = [];

    /// <summary>The first version of StingBackup that knows all features required here, for whoever does not; empty in objects of before that was written.</summary>
    public string Program { get; init; } = "";

    /// <summary>The signed object.</summary>
    public byte[] ToBytes(ISigner keyRole)
    {
        ArgumentNullException.ThrowIfNull(keyRole);
        return ObjectFrame.Sign(ObjectKind.Format, ToPayload(), keyRole.Sign);
    }

    /// <summary>What is signed, without its frame: two that are equal say the same.</summary>
    internal byte[] ToPayload()
    {
        var cbor = CborFields.StartMap(8 + (Handovers.Length == 0 ? 0 : 1) + (Program.Length == 0 ? 0 : 1));
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, ReserveId.ToArray());
        CborFields.Write(cbor, 3, Revision);
        WriteFlags(cbor, 4, RequiredToRead);
        WriteFlags(cbor, 5, RequiredToWrite);
        WriteFlags(cbor, 6, Optional);
        CborFields.Write(cbor, 7, CreatedNs);
        CborFields.Write(cbor, 8, Convert.FromHexString(KekFingerprint));
        if (Handovers.Length > 0)
        {
            CborFields.Write(cbor, HandoversField, Handovers);
        }
        if (Program.Length > 0)
        {
            cbor.WriteInt32(ProgramField);
            cbor.WriteTextString(Program);
        }
        return CborFields.End(cbor);
    }

    /// <summary>Reads one and checks that the key role signed it.</summary>
    /// <exception cref="StingException"><c>ObjectDamaged</c>, <c>FormatTooNew</c>, <c>SuiteUnknown</c></exception>
    public static FormatObject Read(string name, ReadOnlyMemory<byte> bytes, ReadOnlySpan<byte> keyRole)
    {
        var fields = SignedObject.Fields(name, SignedObject.Open(name, bytes, ObjectKind.Format, keyRole));
        Suite.Check(fields.Number(1), name);
        fields.CheckOthers(8);
        return new FormatObject
        {
            ReserveId = new Id16(fields.Bytes(2, Id16.Size)), Revision = fields.Number(3),
            RequiredToRead = ReadFlags(fields, 4, name), RequiredToWrite = ReadFlags(fields, 5, name), Optional = ReadFlags(fields, 6, name),
            CreatedNs = fields.Long(7), KekFingerprint = Convert.ToHexStringLower(fields.Bytes(8, 32)),
            Handovers = fields.Has(HandoversField) ? fields.Bytes(HandoversField) : [], Program = fields.Has(ProgramField) ? ReadProgram(fields.Text(ProgramField), name) : "",
        };
    }

    /// <summary>Whether it was made before the newest of these keys (joined, newest first) was in force: its statements lead to an earlier one.</summary>
    internal bool IsBefore(ReadOnlySpan<byte> keyRole) =>
        keyRole.Length > P256.PublicSize && KeyRoleChain.TryRead(Handovers, ReserveId)?.Current.AsSpan().SequenceEqual(keyRole[..P256.PublicSize]) != true;

    /// <summary>The key role's keys that one names, whoever signed it: they prove themselves. Null for none, and for what is no format object.</summary>
    internal static KeyRoleChain? ChainIn(string name, ReadOnlyMemory<byte> bytes, Id16 reserveId)
    {
        try
        {
            var fields = SignedObject.Fields(name, ObjectFrame.Split(bytes, ObjectKind.Format, name).Payload);
            return fields.Has(HandoversField) ? KeyRoleChain.TryRead(fields.Bytes(HandoversField), reserveId) : null;
        }
        catch (StingException damaged) when (damaged.Kind is FailureKind.Integrity or FailureKind.NotSupported)
        {
            return null;   // whoever reads the object says so
        }
    }

    /// <summary>Refuses a repository with features that this program does not know.</summary>
    /// <param name="write">Whether it is to be written too.</param>
    /// <param name="location">Where it is, for messages.</param>
    /// <param name="known">Features that the program knows.</param>
    /// <exception cref="StingException"><c>FeatureUnknown</c></exception>
    public void CheckFeatures(bool write, string location, IReadOnlySet<uint> known)
    {
        if (Refusal(write, location, known) is { } refusal)
        {
            throw refusal;
        }
    }

    /// <summary>The same, for whoever goes on; null where nothing stands against it.</summary>
    internal StingException? Refusal(bool write, string location, IReadOnlySet<uint> known)
    {
        var unknown = (write ? RequiredToRead.Concat(RequiredToWrite).Distinct().Order() : RequiredToRead.AsEnumerable()).Where(feature => !known.Contains(feature)).ToList();
        if (unknown.Count == 0)
        {
            return null;
        }
        var needed = Program.Length == 0 ? "the version of StingBackup that wrote it last, or a later one" : $"StingBackup {Program} or later";
        return new StingException("FeatureUnknown", FailureKind.NotSupported,
            $"The repository in {location} can be {(write ? "written" : "read")} by {needed} alone: it needs feature {string.Join(", ", unknown)}, which this program ({FormatFeatures.ThisProgram}) does not know.{(write ? " What it holds can be read." : "")}",
            location, $"Use {needed}. Nothing was changed.");
    }

    /// <summary>It ends up in messages: what is no version is damage.</summary>
    private static string ReadProgram(string text, string name) => text.Length is > 0 and <= 32 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+')
        ? text : throw Failures.Damaged(name, "the version of the program that it names is none");

    private static void WriteFlags(CborWriter cbor, int key, IReadOnlyList<uint> flags)
    {
        cbor.WriteInt32(key);
        cbor.WriteStartArray(flags.Count);
        foreach (var flag in flags.Order())
        {
            cbor.WriteUInt32(flag);
        }
        cbor.WriteEndArray();
    }

    private static IReadOnlyList<uint> ReadFlags(CborFields fields, int key, string name)
    {
        var flags = fields.List(key, reader => reader.ReadUInt32());
        for (var i = 1; i < flags.Count; i++)
        {
            if (flags[i] <= flags[i - 1])
            {
                throw Failures.Damaged(name, "its features are not in order");
            }
        }
        return flags;
    }
}
