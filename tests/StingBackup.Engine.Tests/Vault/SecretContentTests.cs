using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsCheck;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>A secret's value as a file's content, and back.</summary>
public sealed class SecretContentTests
{
    [Theory]
    [InlineData("{}", "{}")]
    [InlineData("""{"b":1,"a":"x"}""", """{"a":"x","b":1}""")]
    [InlineData("""{"a": [1.50, -0, 1e+21, 12345678901234567890, true, null, {}] }""", """{"a":[1.50,-0,1e+21,12345678901234567890,true,null,{}]}""")]
    [InlineData("""{"ä\u0062":"\u003c\/\u00fc\"\\\n\u0001","":"😀\ud83d\ude00"}""", "{\"\":\"😀😀\",\"äb\":\"</ü\\\"\\\\\\n\\u0001\"}")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2}""")]
    public void The_same_value_has_one_spelling(string json, string canonical)
    {
        var content = SecretContent.Encode(VaultClients.Parse(VaultClients.Json(json)));
        Assert.Equal(canonical, Encoding.UTF8.GetString(SecretContent.Decode(content, "x").Span));
        Assert.True(content.Span.SequenceEqual(SecretContent.Encode(VaultClients.Parse(VaultClients.Json(canonical))).Span));
    }

    [Fact]
    public void The_bytes_are_those_that_the_page_shows()
    {
        var data = Enumerable.Range(0, 192).Select(i => (byte)i).ToArray();
        var content = SecretContent.Encode(VaultClients.Parse(VaultClients.Json($$"""{"size":192,"data":"{{Convert.ToBase64String(data)}}"}""")));
        const string description = """{"data":{"data":null,"size":192},"parts":[{"at":["data"],"encoding":"base64","pieces":[["raw",192]]}]}""";
        Assert.Equal([.. data, .. Encoding.ASCII.GetBytes(description), (byte)description.Length, 0, 0, 0, .. "STINGKV1"u8], content.ToArray());
    }

    [Theory]
    [InlineData("AA==", true)]
    [InlineData("AB==", false)]   // stray bits: another text gives the same byte
    [InlineData("AAA", false)]
    [InlineData("AA=A", false)]
    [InlineData("AAAA\n", false)]
    [InlineData("AA-_", false)]
    public void Only_text_that_encoding_gives_back_is_decoded(string text, bool decodes) => Assert.Equal(decodes, Base64Text.TryDecode(Encoding.ASCII.GetBytes(text)) is not null);

    [Fact]
    public void Any_value_comes_back()
    {
        var bytes = Gen.Byte.Array[0, 9000];
        var text = Gen.OneOf(Gen.String, bytes.Select(Convert.ToBase64String), bytes.Select(b => Convert.ToBase64String(b) + "\n"), bytes.Select(b => Convert.ToBase64String(b).Replace('A', '-')),
            bytes.Select(b => Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"encrypted_data": "{{Convert.ToBase64String(b)}}", "k": "x"}"""))),
            bytes.Select(b => $"=== {Convert.ToBase64String(b)}{Convert.ToBase64String(b)} é"));
        text.Where(IsWellFormed).Array[0, 5].Sample(strings =>
        {
            var value = JsonSerializer.SerializeToUtf8Bytes(strings.Select((s, i) => (s, i)).ToDictionary(p => $"{p.i}.{p.s[..Math.Min(3, p.s.Length)]}", p => new object[] { p.s, new { n = p.s } }));
            var back = VaultClients.Parse(SecretContent.Decode(SecretContent.Encode(VaultClients.Parse(value)), "x"));
            return JsonElement.DeepEquals(VaultClients.Parse(value), back);
        }, iter: 150);
    }

    [Fact]
    public void Whatever_is_damaged_is_refused_by_name()
    {
        var content = SecretContent.Encode(VaultClients.Parse(VaultClients.Upload(RandomNumberGenerator.GetBytes(1000)))).ToArray();
        for (var i = 1000; i < content.Length; i++)
        {
            var damaged = content.ToArray();
            damaged[i] ^= 0x14;
            try
            {
                SecretContent.Decode(damaged, "files/7/report/x");   // a changed letter of a name or a digit of the value is another value
            }
            catch (StingException e)
            {
                Assert.Equal("VaultSecretInvalid", e.ErrorId);
                Assert.Contains("files/7/report/x", e.Message, StringComparison.Ordinal);
            }
        }
        Assert.Throws<StingException>(() => SecretContent.Decode("plain text"u8.ToArray(), "x"));
        Assert.Throws<StingException>(() => SecretContent.Decode(content.AsMemory(1), "x"));
        Assert.Throws<StingException>(() => SecretContent.Decode(content.AsMemory(0, content.Length - 1), "x"));
    }

    /// <summary>The figures stand in docs/vault-secrets.md.</summary>
    [Fact]
    public void Decoded_base64_is_smaller_and_compresses_better()
    {
        var text = Text(300_000);
        var cipher = Bytes(400_000);
        var sealedValue = VaultClients.Upload(JsonSerializer.SerializeToUtf8Bytes(new { encrypted_data = Convert.ToBase64String(cipher), encrypted_file_key = Convert.ToBase64String(Bytes(60)) },
            VaultClients.Plain));
        var (plainJson, plainContent) = Compressed(VaultClients.Upload(text));
        var (sealedJson, sealedContent) = Compressed(sealedValue);
        Assert.InRange(sealedValue.Length / (double)cipher.Length, 1.77, 1.79);   // base64 twice
        Assert.InRange(SecretContent.Encode(VaultClients.Parse(sealedValue)).Length / (double)cipher.Length, 1.0, 1.01);
        Assert.True(plainContent < 0.8 * plainJson, $"text: {plainContent} of {plainJson}");
        Assert.True(sealedContent < 0.99 * sealedJson, $"ciphertext: {sealedContent} of {sealedJson}");
        Assert.InRange(sealedContent / (double)cipher.Length, 1.0, 1.01);
    }

    private static (long Json, long Content) Compressed(ReadOnlyMemory<byte> value) => (Compress(value.Span), Compress(SecretContent.Encode(VaultClients.Parse(value)).Span));

    private static long Compress(ReadOnlySpan<byte> bytes)
    {
        using var codec = new Codec(3);
        var target = new byte[Codec.Bound(bytes.Length)];
        return codec.Compress(bytes, target).Length;
    }

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[++i])))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The same on every run.</summary>
    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        using var aes = Aes.Create();
        aes.Key = new byte[32];
        aes.EncryptCbc(new byte[length], new byte[16], PaddingMode.PKCS7).AsSpan(0, length).CopyTo(bytes);
        return bytes;
    }

    private static byte[] Text(int length)
    {
        string[] words = ["honey", "reserve", "backup", "restore", "the", "of", "and", "document", "patient", "report", "2026", "approved", "pending", "system", "user", "chunk", "tier", "with", "for", "in"];
        var picks = Bytes(length);
        var text = new StringBuilder();
        for (var i = 0; text.Length < length; i++)
        {
            text.Append(words[picks[i] % words.Length]).Append(picks[i] % 11 == 0 ? ".\n" : " ");
        }
        return Encoding.UTF8.GetBytes(text.ToString(0, length));
    }
}
