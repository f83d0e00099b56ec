using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>The two halves of a reserve's keys as bytes: what cannot be is refused, though its frame is whole.</summary>
public sealed class KeyHalfTests : IDisposable
{
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly PrivateHalf _half;

    public KeyHalfTests() => _half = PrivateHalf.Generate(_random);

    public void Dispose()
    {
        _half.Dispose();
        _random.Dispose();
    }

    private static string Refusal(SecretBytes secret)
    {
        using (secret)
        {
            var error = Assert.Throws<StingException>(() => PrivateHalf.FromSecret(secret, "reserve.key"));
            Assert.Equal("KeyFileDamaged", error.ErrorId);
            return error.Message;
        }
    }

    [Fact]
    public void A_private_half_of_a_wrong_length_is_damage()
    {
        using var secret = _half.ToSecret();
        byte[] whole = secret.Span.ToArray();
        foreach (var length in (int[])[0, 10, 65, whole.Length - 1])
        {
            Assert.Contains("wrong length", Refusal(SecretBytes.CopyOf(whole.AsSpan(..length))), StringComparison.Ordinal);
        }
        Assert.Contains("wrong length", Refusal(SecretBytes.CopyOf([.. whole, 0])), StringComparison.Ordinal);
        var none = (byte[])whole[..66].Clone();
        none[64] = 0;   // no KEK at all
        Assert.Contains("wrong length", Refusal(SecretBytes.CopyOf(none)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_private_half_with_a_key_that_is_none_or_two_of_one_generation_is_damage()
    {
        using var secret = _half.ToSecret();
        byte[] whole = secret.Span.ToArray();
        var keyRole = (byte[])whole.Clone();
        keyRole.AsSpan(0, 32).Clear();
        Assert.Contains("no valid keys", Refusal(SecretBytes.CopyOf(keyRole)), StringComparison.Ordinal);
        var kek = (byte[])whole.Clone();
        kek.AsSpan(70, 32).Fill(0xff);
        Assert.Contains("no valid keys", Refusal(SecretBytes.CopyOf(kek)), StringComparison.Ordinal);
        byte[] twice = [.. whole, .. whole[66..]];
        twice[64] = 2;
        Assert.Contains("no valid keys", Refusal(SecretBytes.CopyOf(twice)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, false), InlineData(true, false), InlineData(false, true), InlineData(true, true)]
    public void Whatever_a_renewal_keeps_in_it_comes_back(bool withHybridKek, bool withNextKeyRole)
    {
        if (withHybridKek)
        {
            _half.AddKek(KemSuite.Hybrid);
        }
        if (withNextKeyRole)
        {
            _half.AddKeyRole();
        }
        using var secret = _half.ToSecret();
        using var back = PrivateHalf.FromSecret(secret, "reserve.key");
        Assert.Equal(_half.KekGenerations, back.KekGenerations);
        Assert.All(_half.KekGenerations, generation => Assert.Equal(_half.KekOf(generation)!.PublicKey.ToArray(), back.KekOf(generation)!.PublicKey.ToArray()));
        Assert.Equal(_half.KeyRole.PublicKey.ToArray(), back.KeyRole.PublicKey.ToArray());
        Assert.Equal(_half.NextKeyRole?.PublicKey.ToArray(), back.NextKeyRole?.PublicKey.ToArray());
        Assert.Null(back.KekOf(9));
    }

    [Fact]
    public void A_public_half_whose_key_is_no_point_or_whose_earlier_keys_lead_elsewhere_is_damage()
    {
        var half = new PublicHalf
        {
            ReserveId = new(RandomNumberGenerator.GetBytes(16)), KekPublicKey = _half.Kek.PublicKey.ToArray(), KekGeneration = 1, KeyRolePublicKey = _half.KeyRole.PublicKey.ToArray(), CreatedNs = 1,
        };
        Assert.Equal(half.KekPublicKey, PublicHalf.Read(half.ToBytes(_half.KeyRole), "p").KekPublicKey);
        using var next = EcdsaSigner.Generate();
        var onward = half.Chain.HandOver(_half.KeyRole, next, half.ReserveId, 2);
        PublicHalf[] wrong = [half with { KekPublicKey = new byte[65] }, half with { Handovers = [1, 2, 3] }, half with { Handovers = onward.Handovers }];   // the last: it names a key that the chain has left
        Assert.All(wrong, one => Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => PublicHalf.Read(one.ToBytes(_half.KeyRole), "p")).ErrorId));
    }

    [Fact]
    public void A_key_file_opens_by_its_own_protection_for_its_own_reserve_alone()
    {
        Id16 reserve = new(RandomNumberGenerator.GetBytes(16)), other = new(RandomNumberGenerator.GetBytes(16));
        using var secret = SecretBytes.Random(PrivateHalfFile.FileKeySize, _random);
        using var wrong = SecretBytes.Random(PrivateHalfFile.FileKeySize, _random);
        using var tooShort = SecretBytes.Random(16, _random);
        var open = PrivateHalfFile.Write(_half, reserve, null, KeyFixture.LittleWork, _random);
        var sealed1 = PrivateHalfFile.Write(_half, reserve, secret, KeyFixture.LittleWork, _random);
        var wrapped = PrivateHalfFile.WriteWrapped(_half, reserve, secret, new WrappedFileKey(new KeyWrapperName("transit", "backup"), "vault:v1:x"), _random);
        Assert.Equal([KeyFileProtection.Open, KeyFileProtection.Passphrase, KeyFileProtection.KeyVault], ((byte[][])[open, sealed1, wrapped]).Select(bytes => PrivateHalfFile.ProtectionOf(bytes, "f")));
        Assert.All((byte[][])[open, sealed1, wrapped], bytes =>
        {
            using var half = PrivateHalfFile.Open(bytes, "f", reserve, secret);
            Assert.Equal(_half.Kek.PublicKey.ToArray(), half.Kek.PublicKey.ToArray());
            Assert.Equal("KeyFileDamaged", Refused(bytes, other, secret));
            var again = PrivateHalfFile.Reseal(bytes, "f", half, secret, _random);
            Assert.Equal(PrivateHalfFile.ProtectionOf(bytes, "f"), PrivateHalfFile.ProtectionOf(again, "f"));
            PrivateHalfFile.Open(again, "f", reserve, secret).Dispose();
        });
        Assert.Equal(("PassphraseNeeded", "WrongPassphrase"), (Refused(sealed1, reserve, null), Refused(sealed1, reserve, wrong)));
        Assert.Equal(("KeyVaultNeeded", "KeyFileDamaged", "KeyFileDamaged"), (Refused(wrapped, reserve, null), Refused(wrapped, reserve, wrong), Refused(wrapped, reserve, tooShort)));
        Assert.Equal("vault:v2:y", PrivateHalfFile.WrappedKeyOf(PrivateHalfFile.WithWrapped(wrapped, "f", "vault:v2:y"), "f").Wrapped);
        Assert.Throws<InvalidOperationException>(() => PrivateHalfFile.WrappedKeyOf(open, "f"));

        static string Refused(byte[] bytes, Id16 reserve, SecretBytes? secret) => Assert.Throws<StingException>(() => PrivateHalfFile.Open(bytes, "f", reserve, secret)).ErrorId;
    }

    [Fact]
    public void A_key_file_of_an_unknown_protection_or_with_the_parameters_of_another_is_refused()
    {
        Id16 reserve = new(RandomNumberGenerator.GetBytes(16));
        using var secret = SecretBytes.Random(PrivateHalfFile.FileKeySize, _random);
        var unknown = Patched(PrivateHalfFile.Write(_half, reserve, null, KeyFixture.LittleWork, _random), [0x03, 0x00, 0x04, 0x40], 9);
        Assert.Equal("FormatTooNew", Assert.Throws<StingException>(() => PrivateHalfFile.ProtectionOf(unknown, "f")).ErrorId);
        Assert.Equal("FormatTooNew", Assert.Throws<StingException>(() => PrivateHalfFile.Open(unknown, "f", reserve, secret)).ErrorId);
        var mixed = Patched(PrivateHalfFile.WriteWrapped(_half, reserve, secret, new WrappedFileKey(new KeyWrapperName("transit", "backup"), "vault:v1:x"), _random), [0x05, 0x00, 0x06, 0x00], 1);
        Assert.Contains("parameters of a passphrase", Assert.Throws<StingException>(() => PrivateHalfFile.Open(mixed, "f", reserve, secret)).Message, StringComparison.Ordinal);

        static byte[] Patched(byte[] bytes, ReadOnlySpan<byte> where, byte value)
        {
            var payload = bytes[KeyFrame.HeaderSize..^KeyFrame.ChecksumSize];
            payload[payload.AsSpan().IndexOf(where) + 1] = value;
            return KeyFrame.Write(KeyFileKind.PrivateHalf, payload);
        }
    }

    [Theory]
    [InlineData(64, 1, 0), InlineData(64, 1, 65), InlineData(8, 1, 2), InlineData(64, 65, 1), InlineData((4 * 1024 * 1024) + 1, 1, 1)]
    public void Work_beyond_all_bounds_is_none(int memory, int iterations, int lanes) => Assert.False(new Argon2Parameters(memory, iterations, lanes).IsWithinBounds);

    [Fact]
    public void What_is_no_private_key_gives_none()
    {
        Assert.Throws<CryptographicException>(() => AgreementKey.FromScalar(new byte[32]));
        Assert.Throws<CryptographicException>(() => AgreementKey.FromSeed(new byte[31]));
        using var plain = AgreementKey.Generate(KemSuite.P256);
        Assert.Throws<InvalidOperationException>(() => plain.Lattice);
        using var hybrid = AgreementKey.Generate(KemSuite.Hybrid);
        using var copy = hybrid.Copy();
        Assert.Equal(hybrid.PublicKey.ToArray(), copy.PublicKey.ToArray());
    }
}
