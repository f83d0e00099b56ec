using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Tests.Cryptography;

/// <summary>
/// Base-mode vectors of KEM 0x0010 and KDF 0x0001: RFC 9180 appendix A.3 (AES-128-GCM) and A.5 (ChaCha20-Poly1305), and, for the suite in use
/// (AES-256-GCM), the CFRG's test-vectors.json that the appendix was printed from.
/// </summary>
public sealed class HpkeTests
{
    private static readonly byte[] Info = Convert.FromHexString("4f6465206f6e2061204772656369616e2055726e");
    private static readonly byte[] Plaintext = Convert.FromHexString("4265617574792069732074727574682c20747275746820626561757479");
    private static readonly byte[] FirstAad = Convert.FromHexString("436f756e742d30");

    public sealed record Vector(
        ushort Aead, string IkmE, string Enc, string SkE, string IkmR, string PkR, string SkR, string Shared, string Key, string Nonce, string Ciphertext)
    {
        public override string ToString() => $"AEAD {Aead}";
    }

    private static readonly Vector Aes128 = new(1,
        "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
        "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550",
        "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
        "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
        "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8",
        "868c066ef58aae6dc589b6cfdd18f97e", "4e0bc5018beba4bf004cca59",
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434");

    private static readonly Vector ChaCha = new(3,
        "f1f1a3bc95416871539ecb51c3a8f0cf608afb40fbbe305c0a72819d35c33f1f",
        "04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824fc1559eac6fb9e3c70cd3193968994e7fe9781aa103f5b50e934b5b2f387e381291",
        "7550253e1147aae48839c1f8af80d2770fb7a4c763afe7d0afa7e0f42a5b3689",
        "61092f3f56994dd424405899154a9918353e3e008171517ad576b900ddb275e7",
        "04a697bffde9405c992883c5c439d6cc358170b51af72812333b015621dc0f40bad9bb726f68a5c013806a790ec716ab8669f84f6b694596c2987cf35baba2a006",
        "a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b",
        "806520f82ef0b03c823b7fc524b6b55a088f566b9751b89551c170f4113bd850",
        "a8f45490a92a3b04d1dbf6cf2c3939ad8bfc9bfcb97c04bffe116730c9dfe3fc", "726b4390ed2209809f58c693",
        "6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4ccb0d057f03ea2952a27bb458b");

    private static readonly Vector Aes256 = new(2,
        "a90d3417c3da9cb6c6ae19b4b5dd6cc9529a4cc24efb7ae0ace1f31887a8cd6c",
        "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
        "",
        "a0ce15d49e28bd47a18a97e147582d814b08cbe00109fed5ec27d1b4e9f6f5e3",
        "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
        "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
        "48893fecd82f7c3456af6a42d8f56325d21e08c10fa81299986aaff54cde7b49",
        "ee16802a936d5f544771131900ee6973d0551de9e852ece2ef34bf0d5f9e1d1d", "9bc50980832a7b4b58c40161",
        "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f");

    public static TheoryData<Vector> Vectors => [Aes128, ChaCha, Aes256];

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Key_pairs_derive_as_the_vectors_say(Vector vector)
    {
        using var ephemeral = HpkeKem.DeriveKey(Convert.FromHexString(vector.IkmE));
        using var recipient = HpkeKem.DeriveKey(Convert.FromHexString(vector.IkmR));
        Assert.Equal(vector.Enc, Hex(ephemeral.PublicKey.Span));
        Assert.Equal(vector.PkR, Hex(recipient.PublicKey.Span));
        Assert.Equal(vector.SkR, Hex(recipient.Secret));
        if (vector.SkE.Length > 0)
        {
            Assert.Equal(vector.SkE, Hex(ephemeral.Secret));
        }
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Both_sides_agree_on_the_vectors_shared_secret(Vector vector)
    {
        using var ephemeral = HpkeKem.DeriveKey(Convert.FromHexString(vector.IkmE));
        using var recipient = AgreementKey.FromScalar(Convert.FromHexString(vector.SkR));
        var sent = new byte[32];
        var received = new byte[32];
        HpkeKem.Encapsulate(ephemeral, Convert.FromHexString(vector.PkR), sent);
        HpkeKem.Decapsulate(Convert.FromHexString(vector.Enc), recipient, received);
        Assert.Equal(vector.Shared, Hex(sent));
        Assert.Equal(vector.Shared, Hex(received));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void The_key_schedule_gives_the_vectors_key_nonce_and_ciphertext(Vector vector)
    {
        var key = new byte[vector.Key.Length / 2];
        var nonce = new byte[12];
        HpkeSchedule.Derive(0x0010, vector.Aead, Convert.FromHexString(vector.Shared), Info, key, nonce);
        Assert.Equal(vector.Key, Hex(key));
        Assert.Equal(vector.Nonce, Hex(nonce));

        var sealedMessage = new byte[Plaintext.Length + 16];
        if (vector.Aead == 3)
        {
            using var cipher = new ChaCha20Poly1305(key);
            cipher.Encrypt(nonce, Plaintext, sealedMessage.AsSpan(0, Plaintext.Length), sealedMessage.AsSpan(Plaintext.Length), FirstAad);
        }
        else
        {
            using var cipher = new AesGcm(key, 16);
            cipher.Encrypt(nonce, Plaintext, sealedMessage.AsSpan(0, Plaintext.Length), sealedMessage.AsSpan(Plaintext.Length), FirstAad);
        }
        Assert.Equal(vector.Ciphertext, Hex(sealedMessage));
    }

    [Fact]
    public void The_suite_in_use_seals_exactly_the_vectors_message()
    {
        using var ephemeral = HpkeKem.DeriveKey(Convert.FromHexString(Aes256.IkmE));
        var message = Hpke.Seal(new HpkeRandomness(ephemeral, []), Convert.FromHexString(Aes256.PkR), Info, FirstAad, Plaintext);
        Assert.Equal(Aes256.Enc + Aes256.Ciphertext, Hex(message));
    }

    [Fact]
    public void The_suite_in_use_opens_the_vectors_message()
    {
        using var recipient = AgreementKey.FromScalar(Convert.FromHexString(Aes256.SkR));
        var opened = new byte[Plaintext.Length];
        Assert.True(Hpke.TryOpen(recipient, Info, FirstAad, Convert.FromHexString(Aes256.Enc + Aes256.Ciphertext), opened));
        Assert.Equal(Plaintext, opened);
    }

    [Fact]
    public void A_message_opens_only_with_its_key_info_and_associated_data()
    {
        using var recipient = AgreementKey.Generate();
        using var stranger = AgreementKey.Generate();
        var message = Hpke.Seal(recipient.PublicKey.Span, "info"u8, "aad"u8, "secret"u8);
        var opened = new byte[6];
        Assert.True(Hpke.TryOpen(recipient, "info"u8, "aad"u8, message, opened));
        Assert.Equal("secret"u8.ToArray(), opened);
        Assert.False(Hpke.TryOpen(stranger, "info"u8, "aad"u8, message, opened));
        Assert.False(Hpke.TryOpen(recipient, "other"u8, "aad"u8, message, opened));
        Assert.False(Hpke.TryOpen(recipient, "info"u8, "other"u8, message, opened));
        Assert.False(Hpke.TryOpen(recipient, "info"u8, "aad"u8, message, new byte[5]));
        Assert.False(Hpke.TryOpen(recipient, "info"u8, "aad"u8, [], []));
    }

    [Fact]
    public void No_message_opens_with_any_byte_changed()
    {
        using var recipient = AgreementKey.Generate();
        var message = Hpke.Seal(recipient.PublicKey.Span, "info"u8, [], "secret"u8);
        for (var i = 0; i < message.Length; i++)
        {
            message[i] ^= 1;
            Assert.False(Hpke.TryOpen(recipient, "info"u8, [], message, new byte[6]), $"byte {i}");
            message[i] ^= 1;
        }
    }

    [Fact]
    public void Two_seals_of_one_message_share_no_byte_pattern()
    {
        using var recipient = AgreementKey.Generate();
        Assert.NotEqual(Hpke.Seal(recipient.PublicKey.Span, [], [], "m"u8), Hpke.Seal(recipient.PublicKey.Span, [], [], "m"u8));
    }

    [Fact]
    public void A_public_key_off_the_curve_is_refused()
    {
        using var key = AgreementKey.Generate();
        var off = key.PublicKey.ToArray();
        off[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Seal(off, [], [], "m"u8));
        Assert.False(P256.IsPublicKey(off));
        Assert.False(P256.IsPublicKey([4, .. new byte[64]]));
        Assert.False(P256.IsPublicKey(key.PublicKey.Span[..64]));
        var compressed = key.PublicKey.ToArray();
        compressed[0] = 2;
        Assert.False(P256.IsPublicKey(compressed));
        Assert.True(P256.IsPublicKey(key.PublicKey.Span));
    }

    [Fact]
    public void A_coordinate_beyond_the_field_is_refused()
    {
        // x = p: the same as 0 modulo p, which a lax import would take.
        var p = Convert.FromHexString("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
        var y = Convert.FromHexString("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"); // sqrt(b): (0, y) is on the curve
        Assert.True(P256.IsPublicKey([4, .. new byte[32], .. y]));
        Assert.False(P256.IsPublicKey([4, .. p, .. y]));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("01")]
    public void A_private_key_outside_its_range_is_refused(string scalar)
    {
        Assert.Throws<CryptographicException>(() => AgreementKey.FromScalar(Convert.FromHexString(scalar)));
        Assert.Throws<CryptographicException>(() => EcdsaSigner.FromScalar(Convert.FromHexString(scalar)));
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    [Fact]
    public void Info_of_any_length_binds_a_message()
    {
        using var recipient = AgreementKey.Generate();
        var info = new byte[2000];
        var message = Hpke.Seal(recipient.PublicKey.Span, info, [], "x"u8);
        Assert.True(Hpke.TryOpen(recipient, info, [], message, new byte[1]));
        info[^1] = 1;
        Assert.False(Hpke.TryOpen(recipient, info, [], message, new byte[1]));
    }
}
