using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Cryptography;

/// <summary>
/// MLKEM768-P256 by the vectors of draft-ietf-hpke-pq (test-vectors.json of the working group, 17 April 2026; the two of KEM 0x0050), and suite 2 as far as it needs no repository.
/// One vector is of our KDF; the other's KDF is none of ours, and serves for the KEM alone.
/// </summary>
public sealed class HybridKemTests
{
    private static readonly Id16 Reserve = new(SHA256.HashData("reserve"u8));
    private static readonly Id16 Pseudonym = new(SHA256.HashData("pseudonym"u8));
    private static readonly JsonArray Vectors = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Cryptography", "mlkem768-p256.json")))!.AsArray();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Keys_encapsulations_and_secrets_are_the_vectors(int number)
    {
        using var recipient = AgreementKey.FromSeed(Bytes(number, "skRm"));
        Assert.Equal(Bytes(number, "pkRm"), recipient.PublicKey.ToArray());
        Assert.True(KemSuite.IsPublicKey(recipient.PublicKey.Span));
        // Randomness: 32 bytes for ML-KEM, then candidates for the ephemeral scalar, of which the first will do.
        var random = Bytes(number, "ikmE");
        using var ephemeral = AgreementKey.FromScalar(random.AsSpan(32, 32));
        var encapsulated = new byte[HybridKem.EncapsulatedSize];
        byte[] sent = new byte[32], received = new byte[32];
        HybridKem.Encapsulate(ephemeral, recipient.PublicKey.Span, random.AsSpan(0, 32), encapsulated, sent);
        Assert.Equal(Bytes(number, "enc"), encapsulated);
        Assert.Equal(Bytes(number, "shared_secret"), sent);
        HybridKem.Decapsulate(encapsulated, recipient, received);
        Assert.Equal(sent, received);
    }

    [Fact]
    public void The_key_schedule_and_the_first_message_are_the_vectors()
    {
        byte[] key = new byte[16], nonce = new byte[12];
        HpkeSchedule.Derive(0x0050, 1, Bytes(0, "shared_secret"), Bytes(0, "info"), key, nonce);
        Assert.Equal(Bytes(0, "key"), key);
        Assert.Equal(Bytes(0, "base_nonce"), nonce);
        var first = Vectors[0]!["encryptions"]![0]!;
        var plaintext = Convert.FromHexString(first["pt"]!.GetValue<string>());
        var message = new byte[plaintext.Length + 16];
        using var cipher = new AesGcm(key, 16);
        cipher.Encrypt(nonce, plaintext, message.AsSpan(0, plaintext.Length), message.AsSpan(plaintext.Length), Convert.FromHexString(first["aad"]!.GetValue<string>()));
        Assert.Equal(first["ct"]!.GetValue<string>(), Convert.ToHexStringLower(message));
    }

    [Fact]
    public void A_data_key_opens_only_for_its_subject_reserve_and_generation()
    {
        using var subject = AgreementKey.Generate(KemSuite.Hybrid);
        using var other = AgreementKey.Generate(KemSuite.Hybrid);
        using var again = subject.Copy();
        var dataKey = RandomNumberGenerator.GetBytes(32);
        var message = DataKeys.Seal(subject.PublicKey.Span, Reserve, Pseudonym, 1, dataKey);
        Assert.Equal((1201, 1249), (message.Length, subject.PublicKey.Length));
        Assert.NotEqual(message, DataKeys.Seal(subject.PublicKey.Span, Reserve, Pseudonym, 1, dataKey));
        var opened = new byte[32];
        Assert.True(DataKeys.TryOpen(again, Reserve, Pseudonym, 1, message, opened));
        Assert.Equal(dataKey, opened);
        Assert.False(DataKeys.TryOpen(other, Reserve, Pseudonym, 1, message, opened));
        Assert.False(DataKeys.TryOpen(subject, Pseudonym, Pseudonym, 1, message, opened));
        Assert.False(DataKeys.TryOpen(subject, Reserve, Reserve, 1, message, opened));
        Assert.False(DataKeys.TryOpen(subject, Reserve, Pseudonym, 2, message, opened));
    }

    [Fact]
    public void No_message_opens_with_any_byte_changed_or_another_length()
    {
        using var subject = AgreementKey.Generate(KemSuite.Hybrid);
        using var classical = AgreementKey.Generate();
        var message = DataKeys.Seal(subject.PublicKey.Span, Reserve, Pseudonym, 1, new byte[32]);
        var opened = new byte[32];
        for (var i = 0; i < message.Length; i++)
        {
            message[i] ^= 1;
            Assert.False(DataKeys.TryOpen(subject, Reserve, Pseudonym, 1, message, opened), $"byte {i}");
            message[i] ^= 1;
        }
        Assert.False(DataKeys.TryOpen(subject, Reserve, Pseudonym, 1, message.AsSpan(0, message.Length - 1), opened));
        Assert.False(DataKeys.TryOpen(subject, Reserve, Pseudonym, 1, [.. message, 0], opened));
        Assert.False(DataKeys.TryOpen(subject, Reserve, Pseudonym, 1, message.AsSpan(1088), opened));    // the curve's part alone
        Assert.False(DataKeys.TryOpen(classical, Reserve, Pseudonym, 1, message, opened));
        Assert.False(DataKeys.TryOpen(subject, Reserve, Pseudonym, 1, DataKeys.Seal(classical.PublicKey.Span, Reserve, Pseudonym, 1, new byte[32]), opened));
    }

    [Fact]
    public void The_secret_depends_on_both_halves_and_on_both_points()
    {
        var inputs = Enumerable.Range(0, 4).Select(i => RandomNumberGenerator.GetBytes(i < 2 ? 32 : 65)).ToArray();
        var whole = Combine(inputs);
        Assert.Equal(whole, Combine(inputs));
        for (var changed = 0; changed < inputs.Length; changed++)
        {
            inputs[changed][^1] ^= 1;
            Assert.NotEqual(whole, Combine(inputs));
            inputs[changed][^1] ^= 1;
        }

        static byte[] Combine(byte[][] inputs)
        {
            var shared = new byte[32];
            HybridKem.Combine([.. inputs[0]], [.. inputs[1]], inputs[2], inputs[3], shared);
            return shared;
        }
    }

    [Fact]
    public void What_is_no_public_key_is_refused()
    {
        using var key = AgreementKey.Generate(KemSuite.Hybrid);
        var good = key.PublicKey.ToArray();
        Assert.True(KemSuite.IsPublicKey(good));
        byte[] offCurve = [.. good], beyondModulus = [.. good];
        offCurve[^1] ^= 1;
        beyondModulus[0] = beyondModulus[1] = 0xff;    // a coefficient of 4095, where 3328 is the highest
        foreach (var bad in new[] { offCurve, beyondModulus, good[..^1], [.. good, 0], good[..1184], [] })
        {
            Assert.False(KemSuite.IsPublicKey(bad));
            Assert.ThrowsAny<CryptographicException>(() => Hpke.Seal(bad, [], [], "m"u8));
        }
        Assert.ThrowsAny<CryptographicException>(() => AgreementKey.FromSeed(new byte[31]));
        Assert.DoesNotContain(Convert.ToHexStringLower(key.Secret), key.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_suite_is_known_by_its_number_or_refused_by_name()
    {
        Assert.Same(KemSuite.P256, KemSuite.Of(1, "x"));
        Assert.Same(KemSuite.Hybrid, KemSuite.Of(2, "x"));
        var unknown = Assert.Throws<StingException>(() => KemSuite.Of(3, "subjects/ab"));
        Assert.Equal(("SuiteUnknown", "subjects/ab"), (unknown.ErrorId, unknown.Target));
        Assert.Contains("cipher suite 3", unknown.Message, StringComparison.Ordinal);
        // Files and objects that have one suite only refuse the second.
        Assert.Equal("SuiteUnknown", Assert.Throws<StingException>(() => Suite.Check(2, "writers/ab")).ErrorId);
    }

    [Theory]
    [InlineData(1, 113, null)]
    [InlineData(2, 1201, null)]
    [InlineData(2, 113, "a segment of suite 2 has a sealed key of 113 bytes")]
    [InlineData(1, 1201, "a segment of suite 1 has a sealed key of 1201 bytes")]
    [InlineData(0, 113, "a segment of suite 0 has a sealed key of 113 bytes")]
    [InlineData(3, 1201, "a segment uses suite 3, which this version does not know")]
    public void A_segment_header_has_the_length_of_its_suite(ushort suite, int length, string? refusal)
    {
        var header = new SegmentHeader { Suite = suite, Pseudonym = Pseudonym, Generation = 1, SealedKey = new byte[length], Salt = new byte[32], Commitment = new byte[32] };
        var bytes = new byte[header.Size];
        header.Write(bytes, 1, 1);
        if (refusal is null)
        {
            Assert.Equal((suite, length), (SegmentHeader.Read(bytes, out _, out _).Suite, header.SealedKey.Length));
        }
        else
        {
            Assert.Equal(refusal, Assert.Throws<InvalidDataException>(() => SegmentHeader.Read(bytes, out _, out _)).Message);
        }
    }

    private static byte[] Bytes(int number, string name) => Convert.FromHexString(Vectors[number]![name]!.GetValue<string>());
}
