using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Tests.Cryptography;

public sealed class SignatureTests
{
    [Fact]
    public void A_signature_has_64_bytes_and_verifies_for_its_data_and_key_only()
    {
        using var signer = EcdsaSigner.Generate();
        using var other = EcdsaSigner.Generate();
        var signature = signer.Sign("data"u8);
        Assert.Equal(64, signature.Length);
        Assert.True(SignatureVerifier.Verify(signer.PublicKey.Span, "data"u8, signature));
        Assert.False(SignatureVerifier.Verify(signer.PublicKey.Span, "date"u8, signature));
        Assert.False(SignatureVerifier.Verify(other.PublicKey.Span, "data"u8, signature));
        for (var i = 0; i < signature.Length; i++)
        {
            signature[i] ^= 1;
            Assert.False(SignatureVerifier.Verify(signer.PublicKey.Span, "data"u8, signature), $"byte {i}");
            signature[i] ^= 1;
        }
    }

    [Fact]
    public void A_stored_key_signs_for_the_same_identity()
    {
        using var signer = EcdsaSigner.Generate();
        using var again = EcdsaSigner.FromScalar(signer.Scalar);
        Assert.Equal(signer.PublicKey.ToArray(), again.PublicKey.ToArray());
        Assert.True(SignatureVerifier.Verify(signer.PublicKey.Span, "data"u8, again.Sign("data"u8)));
    }

    [Fact]
    public void A_signature_of_RFC_6979_verifies()
    {
        // RFC 6979 appendix A.2.5: P-256, SHA-256, message "sample".
        var key = Convert.FromHexString("04"
            + "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
        var signature = Convert.FromHexString(
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
        Assert.True(SignatureVerifier.Verify(key, "sample"u8, signature));
        Assert.False(SignatureVerifier.Verify(key, "simple"u8, signature));
    }

    [Fact]
    public void Garbage_verifies_as_nothing()
    {
        using var signer = EcdsaSigner.Generate();
        Assert.False(SignatureVerifier.Verify(signer.PublicKey.Span, "data"u8, []));
        Assert.False(SignatureVerifier.Verify(signer.PublicKey.Span, "data"u8, new byte[64]));
        Assert.False(SignatureVerifier.Verify(new byte[65], "data"u8, signer.Sign("data"u8)));
        Assert.False(SignatureVerifier.Verify([], "data"u8, signer.Sign("data"u8)));
    }

    [Fact]
    public void One_signer_and_one_verifier_serve_many_threads()
    {
        using var signer = EcdsaSigner.Generate();
        using var verifier = new SignatureVerifier(signer.PublicKey.Span);
        Parallel.For(0, 200, i =>
        {
            var data = BitConverter.GetBytes(i);
            Assert.True(verifier.Verify(data, signer.Sign(data)));
        });
    }

    [Fact]
    public void A_fingerprint_matches_however_people_write_it()
    {
        using var signer = EcdsaSigner.Generate();
        var print = Fingerprint.Of(signer.PublicKey.Span);
        Assert.Equal(64, print.Length);
        Assert.True(Fingerprint.Matches(print, signer.PublicKey.Span));
        Assert.True(Fingerprint.Matches(string.Join(':', print.ToUpperInvariant().Chunk(4).Select(c => new string(c))), signer.PublicKey.Span));
        Assert.False(Fingerprint.Matches(print.AsSpan(0, 63), signer.PublicKey.Span));
        Assert.False(Fingerprint.Matches(print + "0", signer.PublicKey.Span));
        Assert.False(Fingerprint.Matches("", signer.PublicKey.Span));
    }

    [Fact]
    public void Keys_print_their_fingerprint_and_nothing_secret()
    {
        using var signer = EcdsaSigner.Generate();
        using var agreement = AgreementKey.Generate();
        using var secret = SecretBytes.Random(32, RandomNumberGenerator.Create());
        Assert.DoesNotContain(Convert.ToHexStringLower(signer.Scalar), signer.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Fingerprint.Of(signer.PublicKey.Span), signer.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(agreement.Secret), agreement.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("secret of 32 bytes", secret.ToString());
    }

    [Fact]
    public void A_secret_is_zero_once_disposed()
    {
        var secret = SecretBytes.Random(32, RandomNumberGenerator.Create());
        var bytes = secret.Array;
        Assert.Contains(bytes, b => b != 0);
        secret.Dispose();
        Assert.All(bytes, b => Assert.Equal(0, b));
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
    }

    [Fact]
    public void A_passphrase_is_the_same_secret_composed_and_decomposed()
    {
        using var composed = SecretBytes.FromPassphrase("Zo\u00eb \u00fcber");
        using var decomposed = SecretBytes.FromPassphrase("Zoe\u0308 u\u0308ber");
        Assert.Equal(composed.Span.ToArray(), decomposed.Span.ToArray());
        Assert.Equal("Zo\u00eb \u00fcber", Encoding.UTF8.GetString(composed.Span));
        using var spaced = SecretBytes.FromPassphrase(" Zo\u00eb \u00fcber");
        Assert.NotEqual(composed.Span.ToArray(), spaced.Span.ToArray());
    }

    [Fact]
    public void A_passphrase_that_is_no_text_is_refused()
    {
        var error = Assert.Throws<StingException>(() => SecretBytes.FromPassphrase("a\ud800b"));
        Assert.Equal("PassphraseNotText", error.ErrorId);
        Assert.Equal(FailureKind.InvalidArgument, error.Kind);
    }
}
