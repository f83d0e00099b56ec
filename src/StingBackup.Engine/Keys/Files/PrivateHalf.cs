using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>
/// What the key role and the restore role hold on a machine with the local key file: the key role's signing key, the directory key, and the KEKs by generation
/// (one, or two while a rotation is under way). Zeroed when disposed.
/// </summary>
internal sealed class PrivateHalf : IDisposable
{
    private const int FixedSize = P256.PrivateSize + SubjectTags.KeySize + sizeof(ushort);
    private const ushort NextFlag = 0x8000;
    private const int KekSize = sizeof(uint) + KemSuite.PrivateSize;

    private readonly SortedDictionary<uint, AgreementKey> _keks;

    /// <summary>Takes keys over; disposing it disposes them.</summary>
    public PrivateHalf(EcdsaSigner keyRole, SecretBytes directoryKey, IEnumerable<KeyValuePair<uint, AgreementKey>> keks)
    {
        KeyRole = keyRole;
        DirectoryKey = directoryKey;
        _keks = new SortedDictionary<uint, AgreementKey>(keks.ToDictionary());
    }

    /// <summary>Signs as the key role.</summary>
    public EcdsaSigner KeyRole { get; private set; }
    /// <summary>The signing key that is to follow, while it is being renewed.</summary>
    public EcdsaSigner? NextKeyRole { get; private set; }
    /// <summary>Whether the next signing key took the place of the one that the file still has beside it.</summary>
    public bool HasSucceeded { get; private set; }
    /// <summary>HMAC key of tags, 32 bytes.</summary>
    public SecretBytes DirectoryKey { get; }
    /// <summary>The KEK that new records are sealed to.</summary>
    public AgreementKey Kek => _keks.Last().Value;
    /// <summary>Its generation.</summary>
    public uint KekGeneration => _keks.Last().Key;

    /// <summary>KEKs by generation: one, or two while a rotation is under way.</summary>
    public IReadOnlyCollection<uint> KekGenerations => _keks.Keys;

    /// <summary>Adds the next KEK, of a suite, which seals from now on; the older ones still open.</summary>
    public void AddKek(KemSuite suite) => _keks.Add(KekGeneration + 1, AgreementKey.Generate(suite));

    /// <summary>Makes the signing key that is to follow.</summary>
    public void AddKeyRole() => NextKeyRole = EcdsaSigner.Generate();

    /// <summary>The next signing key takes the place of the one in force, which is let go of.</summary>
    public void SucceedKeyRole()
    {
        KeyRole.Dispose();
        (KeyRole, NextKeyRole, HasSucceeded) = (NextKeyRole!, null, true);
    }

    /// <summary>Lets go of every KEK but the newest.</summary>
    public void ForgetOlderKeks()
    {
        foreach (var generation in _keks.Keys.SkipLast(1).ToList())
        {
            _keks.Remove(generation, out var kek);
            kek!.Dispose();
        }
    }

    /// <summary>The KEK of a generation, or null.</summary>
    public AgreementKey? KekOf(uint generation) => _keks.GetValueOrDefault(generation);

    /// <summary>Makes a new reserve's.</summary>
    public static PrivateHalf Generate(RandomNumberGenerator random, KemSuite? suite = null) =>
        new(EcdsaSigner.Generate(), SecretBytes.Random(SubjectTags.KeySize, random), [new(1, AgreementKey.Generate(suite ?? KemSuite.P256))]);

    /// <summary>
    /// signing key 32 ‖ directory key 32 ‖ count u16 ‖ (generation u32 ‖ KEK 32) ascending. Unless every KEK is of suite 1, its suite (u16) stands between the two:
    /// count and length tell which it is. The top bit of the count says that the signing key that is to follow (32) stands at the end.
    /// </summary>
    public SecretBytes ToSecret()
    {
        var row = _keks.Values.All(kek => kek.Suite == KemSuite.P256) ? KekSize : KekSize + sizeof(ushort);
        var secret = new SecretBytes(FixedSize + (_keks.Count * row) + (NextKeyRole is null ? 0 : P256.PrivateSize));
        var target = secret.Writable;
        KeyRole.Scalar.CopyTo(target);
        DirectoryKey.Span.CopyTo(target[32..]);
        BinaryPrimitives.WriteUInt16LittleEndian(target[64..], (ushort)(_keks.Count | (NextKeyRole is null ? 0 : NextFlag)));
        target = target[FixedSize..];
        foreach (var (generation, kek) in _keks)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, generation);
            if (row > KekSize)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(target[4..], kek.Suite.Number);
            }
            kek.Secret.CopyTo(target[(row - KemSuite.PrivateSize)..]);
            target = target[row..];
        }
        NextKeyRole?.Scalar.CopyTo(target);
        return secret;
    }

    /// <summary>Reads what <see cref="ToSecret"/> wrote.</summary>
    /// <exception cref="StingException"><c>KeyFileDamaged</c>, <c>SuiteUnknown</c></exception>
    public static PrivateHalf FromSecret(SecretBytes secret, string path)
    {
        var bytes = secret.Span;
        int count = bytes.Length < FixedSize ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes[64..]);
        var next = (count & NextFlag) == 0 ? 0 : P256.PrivateSize;
        count &= ~NextFlag;
        var row = bytes.Length == FixedSize + (count * KekSize) + next ? KekSize : KekSize + sizeof(ushort);
        if (count == 0 || bytes.Length != FixedSize + (count * row) + next)
        {
            throw KeyFrame.Damaged(path, "its keys have a wrong length");
        }
        var keks = new List<KeyValuePair<uint, AgreementKey>>();
        try
        {
            for (var rest = bytes[FixedSize..^next]; rest.Length > 0; rest = rest[row..])
            {
                var suite = row == KekSize ? KemSuite.P256 : KemSuite.Of(BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]), path);
                keks.Add(new(BinaryPrimitives.ReadUInt32LittleEndian(rest), AgreementKey.From(suite, rest[(row - KemSuite.PrivateSize)..row])));
            }
            return new PrivateHalf(EcdsaSigner.FromScalar(bytes[..32]), SecretBytes.CopyOf(bytes.Slice(32, SubjectTags.KeySize)), keks) { NextKeyRole = next == 0 ? null : EcdsaSigner.FromScalar(bytes[^next..]) };
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            keks.ForEach(kek => kek.Value.Dispose());
            throw KeyFrame.Damaged(path, "it holds no valid keys", wrong);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        KeyRole.Dispose();
        NextKeyRole?.Dispose();
        DirectoryKey.Dispose();
        foreach (var kek in _keks.Values)
        {
            kek.Dispose();
        }
    }
}
