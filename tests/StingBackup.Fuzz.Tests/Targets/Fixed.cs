using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Fuzz.Tests.Targets;

/// <summary>Keys and ids that are the same in each process, so that what is kept of one run means the same to the next. They protect nothing.</summary>
internal sealed class Fixed : ISubjectReader
{
    public const uint Generation = 1;

    public static readonly Id16 Reserve = new(Ascending(0x10, 16));
    public static readonly Id16 Writer = new(Ascending(0x20, 16));
    public static readonly Id16 Subject = new(Ascending(0x40, 16));
    public static readonly EcdsaSigner Signer = EcdsaSigner.FromScalar(Ascending(0x01, 32));
    public static readonly AgreementKey SubjectKey = AgreementKey.FromScalar(Ascending(0x02, 32));
    public static readonly byte[] DataKey = Ascending(0x00, 32);
    public static readonly byte[] IdKey = Ascending(0x50, 32);
    public static readonly byte[] Secret = Ascending(0x60, 32);

    public static EnrolledWriters Writers { get; } = new([new EnrolledWriter(Writer, "host", Signer.PublicKey.ToArray(), Signer.PublicKey.ToArray(), null) { MayMaintain = true }], []);

    public static Fixed Reader { get; } = new();

    public IReadOnlyCollection<Id16> Pseudonyms => [Subject];

    public ReadOnlyMemory<byte> GetIdKey(Id16 pseudonym, uint generation) => pseudonym == Subject && generation == Generation ? IdKey : throw Unknown(pseudonym);

    public byte[] OpenDataKey(Id16 pseudonym, uint generation, ReadOnlySpan<byte> sealedKey) => pseudonym == Subject && generation == Generation ? [.. DataKey] : throw Unknown(pseudonym);

    public static byte[] Ascending(int first, int length) => [.. Enumerable.Range(first, length).Select(i => (byte)i)];

    /// <summary>A file of the reserves that another program wrote.</summary>
    public static byte[] Golden(params string[] path) => File.ReadAllBytes(Path.Combine([AppContext.BaseDirectory, "golden", .. path]));

    private static StingException Unknown(Id16 pseudonym) => new("SubjectKeyMissing", FailureKind.NotFound, $"No key for {pseudonym}.", pseudonym.ToString(), "None.");
}
