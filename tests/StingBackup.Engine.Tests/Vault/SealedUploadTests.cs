using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsCheck;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>What STING sealed, opened for a backup and sealed again exactly.</summary>
public sealed class SealedUploadTests : IDisposable
{
    private static readonly string Person = StingSeal.Person(1);
    private readonly TempFolder _folder = new();
    private readonly byte[] _master = RandomNumberGenerator.GetBytes(32), _earlier = RandomNumberGenerator.GetBytes(32);

    public void Dispose() => _folder.Dispose();

    private MasterKeys Keys(params byte[][] keys) => MasterKeys.Load([.. keys.Select(k => StingSeal.KeyFile(_folder.Path, k))], w => throw new InvalidOperationException(w))!;

    private static ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> value, MasterKeys keys, string? owner = null) =>
        SecretContent.Encode(VaultClients.Parse(value), SealedOpener.Of(keys, $"files/{owner ?? Person}/user_document/x"));

    private static byte[] Canonical(ReadOnlyMemory<byte> value) => CanonicalJson.ToBytes(VaultClients.Parse(value));

    private static void AssertKeptAsItIs(ReadOnlyMemory<byte> value, MasterKeys keys, string? owner = null) =>
        Assert.True(Encode(value, keys, owner).Span.SequenceEqual(SecretContent.Encode(VaultClients.Parse(value)).Span));

    /// <summary>Made by <c>sting_seal.py vector</c>, python3-cryptography 38.0.4, on 25 November 2026.</summary>
    [Fact]
    public void A_vector_of_another_implementation_opens_and_comes_back()
    {
        const string data = "eyJlbmNyeXB0ZWRfZGF0YSI6ICJRRUZDUTBSRlJrZElTVXBMcWp2VDVDbFdyV1E4VnlrSTdTVS9GMnF1OWV5YkpkNytCcEg2WlJuS3AyMmtkbVkrWHJQUFF6UzNWZXZ6dGNyUDc1eTk1WFpocnFYQkxYZmlnUHVDRGc9PSIsICJlbmNyeXB0ZWRfZmlsZV9rZXkiOiAiVEUxT1QxQlJVbE5VVlZaWE9LcDVjRHRaV1RmdERvWGIrMUZXakd5RzFTV3Q3Y1ZtTHdLQkFGS0VKMVhYckMxSTFBWHdPTzlHWjYyYzFDUHAiLCAiZmlsZV9oYXNoIjogImM3OTBmNjczYTI4ZWU1ZmY2M2EzZDZlODZkNTcwZGYyNjAyOWNjNmRkMGQ2MmIwODA0OGQ2Mjc0Yzc2NmVhMzMiLCAiZW5jcnlwdGlvbl9tZXRhZGF0YSI6ICJ7XCJhbGdvcml0aG1cIjogXCJBRVMtMjU2LUdDTVwiLCBcImtleV9kZXJpdmF0aW9uXCI6IFwiSEtERi1TSEEyNTZcIiwgXCJ2ZXJzaW9uXCI6IFwiMS4wXCIsIFwidXNlcl9pZFwiOiBcIjNmMWM2YTUyLThhNWUtNGQwYi05YzFlLTJmNmI3YThkOWUxMFwiLCBcImZpbGVfc2l6ZVwiOiA0OCwgXCJlbmNyeXB0ZWRfc2l6ZVwiOiA3NiwgXCJ1c2VyX21ldGFkYXRhXCI6IHtcInRpdGxlXCI6IFwiXFx1MDBkY2JlcnNpY2h0IFxcXCIyMDI2XFxcIlwifX0iLCAiY3JlYXRlZF9hdCI6ICIyMDI2LTAxLTAyVDAzOjA0OjA1LjY3ODkwMSJ9";
        using var keys = Keys([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        var value = VaultClients.Json($$"""{"data":"{{data}}"}""");
        var content = Encode(value, keys, "3f1c6a52-8a5e-4d0b-9c1e-2f6b7a8d9e10");
        Assert.Equal(string.Concat(Enumerable.Repeat("honey ", 8)), Encoding.UTF8.GetString(content.Span[..48]));
        Assert.Equal("STINGKV2", Encoding.ASCII.GetString(content.Span[^8..]));
        using var description = JsonDocument.Parse(content[48..^12]);
        var part = description.RootElement.GetProperty("parts")[0];
        Assert.Equal("""[["sealed",48]]""", part.GetProperty("pieces").GetRawText());
        var how = part.GetProperty("sealed");
        Assert.Equal(["after", "before", "key", "master", "nonce", "scheme", "sha256", "user"], how.EnumerateObject().Select(p => p.Name));
        Assert.Equal("QEFCQ0RFRkdISUpL", how.GetProperty("nonce").GetString());
        Assert.Equal("114dc2831b24320f1018774249e8e1d010da539786a8341bdfdf6801fa0c9a5e", how.GetProperty("sha256").GetString());
        Assert.Equal("faee961cf710729a", how.GetProperty("master").GetString());
        Assert.Equal(Canonical(value), SecretContent.Decode(content, "x", keys).ToArray());
    }

    [PythonFact]
    public async Task What_an_independent_implementation_seals_comes_back()
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Vault", "sting_seal.py"), "random", "40"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var lines = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync();
        Assert.Equal(40, lines.Length);
        foreach (var line in lines)
        {
            using var made = JsonDocument.Parse(line);
            var plaintext = made.RootElement.GetProperty("plaintext").GetBytesFromBase64();
            var value = Encoding.UTF8.GetBytes(made.RootElement.GetProperty("value").GetRawText());
            using var keys = Keys(made.RootElement.GetProperty("master").GetBytesFromBase64());
            var content = Encode(value, keys, made.RootElement.GetProperty("user").GetString());
            Assert.True(SecretContent.IsSealedAgain(content.Span) && content.Span.StartsWith(plaintext) && SecretContent.PartsLength(content.Span) == plaintext.Length);
            Assert.Equal(Canonical(value), SecretContent.Decode(content, "x", keys).ToArray());
        }
    }

    [Fact]
    public void Any_upload_comes_back_whatever_was_done_to_its_JSON()
    {
        using var keys = Keys(_master);
        Func<string, string>[] changes =
        [
            s => s, s => s.Replace("\": ", "\":", StringComparison.Ordinal), s => s + "\n", s => s.Replace("encrypted_data", "encrypted\\u005fdata", StringComparison.Ordinal),
            s => s.Replace("{\"enc", "{\"more\": [1, {\"a\": null}], \"enc", StringComparison.Ordinal), s => s[..^1], s => " " + s, s => s.Replace("==\"", "\"", StringComparison.Ordinal),
            s => s.Replace("/", "\\/", StringComparison.Ordinal), s => s[..^1] + ", \"encrypted_data\": \"AAAA\"}",
        ];
        var opened = 0;
        Gen.Select(Gen.Byte.Array[0, 20_000], Gen.String, Gen.Int[0, changes.Length - 1]).Sample((plaintext, title, change) =>
        {
            var value = StingSeal.With(StingSeal.Value(_master, Person, plaintext, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(title))), changes[change]);
            var content = Encode(value, keys);
            Interlocked.Add(ref opened, SecretContent.IsSealedAgain(content.Span) ? 1 : 0);
            return SecretContent.Decode(content, "x", keys).Span.SequenceEqual(Canonical(value)) && (change > 0 || SecretContent.IsSealedAgain(content.Span));
        }, iter: 300);
        Assert.InRange(opened, 60, 299);
    }

    [Fact]
    public void A_changed_byte_of_the_JSON_never_changes_what_comes_back()
    {
        using var keys = Keys(_master);
        var blob = StingSeal.Blob(_master, Person, RandomNumberGenerator.GetBytes(300));
        for (var i = 0; i < blob.Length; i++)
        {
            foreach (var mask in new byte[] { 0x01, 0x80 })
            {
                var damaged = blob.ToArray();
                damaged[i] ^= mask;
                var value = VaultClients.Upload(damaged);
                Assert.Equal(Canonical(value), SecretContent.Decode(Encode(value, keys), "x", keys).ToArray());
            }
        }
    }

    [Fact]
    public void What_cannot_be_sealed_again_exactly_is_kept_as_it_is()
    {
        using var keys = Keys(_master);
        var value = StingSeal.Value(_master, Person, RandomNumberGenerator.GetBytes(1000));
        Assert.True(SecretContent.IsSealedAgain(Encode(value, keys).Span));
        AssertKeptAsItIs(value, keys, StingSeal.Person(2));                                                          // another person's
        AssertKeptAsItIs(StingSeal.Value(_earlier, Person, RandomNumberGenerator.GetBytes(1000)), keys);             // another key
        AssertKeptAsItIs(StingSeal.With(value, s => s.Replace("\"encrypted_data\": \"", "\"encrypted_data\": \"\\n", StringComparison.Ordinal)), keys);
        AssertKeptAsItIs(StingSeal.With(value, s => s.Replace("encrypted_file_key", "key", StringComparison.Ordinal)), keys);
        AssertKeptAsItIs(StingSeal.With(value, s => s.Replace("\"encrypted_file_key\": \"", "\"encrypted_file_key\": \"AAAA", StringComparison.Ordinal)), keys);
        AssertKeptAsItIs(StingSeal.With(value, s => s.Replace("encryption_metadata\": \"{", "encryption_metadata\": \"", StringComparison.Ordinal)), keys);
        AssertKeptAsItIs(VaultClients.Upload(Encoding.UTF8.GetBytes("{\"encrypted_data\": 1, " + new string(' ', 400) + "}")), keys);
        Assert.Null(SealedOpener.Of(keys, "other/x/y/z"));
        Assert.Null(SealedOpener.Of(null, $"files/{Person}/report/x"));
    }

    [Fact]
    public void Each_of_two_master_keys_opens_its_own_and_the_missing_one_is_named()
    {
        using var both = Keys(_master, _earlier);
        using var today = Keys(_master);
        foreach (var key in new[] { _master, _earlier })
        {
            var value = StingSeal.Value(key, Person, RandomNumberGenerator.GetBytes(500));
            var content = Encode(value, both);
            Assert.Equal(Canonical(value), SecretContent.Decode(content, "x", both).ToArray());
            if (key == _earlier)
            {
                using var earlier = Keys(_earlier);
                var id = earlier.Describe().Split(' ')[0];
                foreach (var keys in new[] { today, null })
                {
                    var error = Assert.Throws<StingException>(() => SecretContent.Decode(content, "files/a/b/c", keys));
                    Assert.Equal("MasterKeyMissing", error.ErrorId);
                    Assert.Contains($"the master key {id} ", error.Message, StringComparison.Ordinal);
                    Assert.Contains("files/a/b/c", error.Message, StringComparison.Ordinal);
                    Assert.Contains("vault.master_key_files", error.Remedy, StringComparison.Ordinal);
                    Assert.DoesNotContain(Convert.ToBase64String(_master), error.ToString(), StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void Damaged_content_is_never_sealed()
    {
        using var keys = Keys(_master);
        var value = StingSeal.Value(_master, Person, RandomNumberGenerator.GetBytes(400));
        var content = Encode(value, keys).ToArray();
        var refused = 0;
        for (var i = 0; i < content.Length; i++)
        {
            var damaged = content.ToArray();
            damaged[i] ^= 0x01;
            try
            {
                var back = SecretContent.Decode(damaged, "x", keys);
                // Only what stands beside the sealed part may differ: the chunks' ids guard it, as they do all content.
                var blob = VaultClients.Parse(back).EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String).Select(p => p.Value.GetString());
                Assert.Contains(VaultClients.Parse(value).GetProperty("data").GetString(), blob);
            }
            catch (StingException e)
            {
                Assert.Contains(e.ErrorId, new[] { "VaultSecretInvalid", "MasterKeyMissing" });
                refused++;
            }
        }
        Assert.True(refused > 1000, $"{refused} of {content.Length}");
    }

    [Fact]
    public void No_key_stands_in_the_content_and_the_same_upload_gives_the_same_parts()
    {
        using var keys = Keys(_master);
        var plaintext = RandomNumberGenerator.GetBytes(5000);
        var (one, two) = (Encode(StingSeal.Value(_master, Person, plaintext), keys), Encode(StingSeal.Value(_master, Person, plaintext, "another title"), keys));
        Assert.Equal((5000, 5000), (SecretContent.PartsLength(one.Span), SecretContent.PartsLength(two.Span)));
        Assert.True(one.Span[..5000].SequenceEqual(two.Span[..5000]));
        var userKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, _master, 32, SHA256.HashData(Encoding.UTF8.GetBytes(Person)), "STING-CE-Honey-Reserve-v1"u8.ToArray());
        using var json = JsonDocument.Parse(one[5000..^12]);
        var wrapped = json.RootElement.GetProperty("parts")[0].GetProperty("sealed").GetProperty("key").GetBytesFromBase64();
        var fileKey = new byte[32];
        using var cipher = new AesGcm(userKey, 16);
        cipher.Decrypt(wrapped.AsSpan(0, 12), wrapped.AsSpan(12, 32), wrapped.AsSpan(44), fileKey);
        foreach (var key in new[] { _master, userKey, fileKey })
        {
            Assert.Equal(-1, one.Span.IndexOf(key));
            Assert.Equal(-1, one.Span.IndexOf(Encoding.ASCII.GetBytes(Convert.ToBase64String(key)[..40])));
            Assert.Equal(-1, one.Span.IndexOf(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key))));
        }
    }

    [Fact]
    public void A_huge_upload_comes_back()
    {
        using var keys = Keys(_master);
        var value = StingSeal.Value(_master, Person, RandomNumberGenerator.GetBytes(40 << 20));
        Assert.True(SecretContent.Decode(Encode(value, keys), "x", keys).Span.SequenceEqual(Canonical(value)));
    }

    [Theory]
    [InlineData("HONEY_RESERVE_MASTER_KEY={0}\n", 1)]
    [InlineData("A=1\r\nexport HONEY_RESERVE_MASTER_KEY = '{0}'\r\n#HONEY_RESERVE_MASTER_KEY={1}\r\n", 1)]
    [InlineData("HONEY_RESERVE_MASTER_KEY={0}\nHONEY_RESERVE_MASTER_KEY=\"{1}\"\nHONEY_RESERVE_MASTER_KEY={0}", 2)]
    [InlineData("{0}", 1)]
    [InlineData("# keys\n {0} \n\n{1}\n", 2)]
    [InlineData("HONEY_RESERVE_MASTER_KEY=\n", 0)]
    [InlineData("HONEY_RESERVE_MASTER_KEY_OLD={0}\n", 0)]
    [InlineData("A=1\nB=2\n", 0)]
    [InlineData("", 0)]
    [InlineData("{0}{1}", 0)]
    [InlineData("AAAA", 0)]
    public void A_file_of_keys_has_two_forms(string form, int count)
    {
        var file = Path.Combine(_folder.Path, "app.env");
        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, Convert.ToBase64String(_master), Convert.ToBase64String(_earlier));
        File.WriteAllText(file, text);
        var told = new List<string>();
        using var keys = MasterKeys.Load([file], told.Add)!;
        Assert.Equal(count, keys.Describe().Split(file + ")").Length - 1);
        Assert.Equal(count == 0 ? 1 : 0, told.Count);
        Assert.All(told, t => Assert.Contains(file, t, StringComparison.Ordinal));
        Assert.All(told, t => Assert.DoesNotContain(Convert.ToBase64String(_master)[..20], t, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_not_there_costs_its_keys_alone()
    {
        var told = new List<string>();
        using var keys = MasterKeys.Load([Path.Combine(_folder.Path, "none"), StingSeal.KeyFile(_folder.Path, _master)], told.Add)!;
        Assert.Contains("none", Assert.Single(told), StringComparison.Ordinal);
        Assert.True(SecretContent.IsSealedAgain(Encode(StingSeal.Value(_master, Person, new byte[100]), keys).Span));
        Assert.Null(MasterKeys.Load([], told.Add));
    }

    /// <summary>Runs where python3-cryptography is installed; elsewhere it is named as skipped.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PythonFactAttribute : FactAttribute
    {
        public PythonFactAttribute() =>
            Skip = File.Exists("/usr/bin/python3") && Directory.Exists("/usr/lib/python3/dist-packages/cryptography") ? null : "python3-cryptography is not installed.";
    }
}
