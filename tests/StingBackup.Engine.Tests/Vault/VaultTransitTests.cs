using System.Text;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>The transit engine: keys, ciphertexts, batches, and what is told when one does not open.</summary>
public sealed class VaultTransitTests : IAsyncLifetime
{
    private const string Key = "sting-backup";
    private const string Planted = "planted-secret-of-the-transit-tests";

    private VaultStandIn _server = null!;
    private StandInTransit _engine = null!;
    private VaultClient _client = null!;
    private VaultTransit _transit = null!;

    public async Task InitializeAsync()
    {
        _server = await VaultStandIn.StartAsync();
        _engine = _server.MountTransit();
        _client = _server.Client();
        _transit = new VaultTransit(_client);
        await _transit.CreateKeyAsync(Key, derived: false, default);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private static SecretBytes Secret(string text = Planted) => SecretBytes.CopyOf(Encoding.UTF8.GetBytes(text));

    private static string Text(SecretBytes secret) => Encoding.UTF8.GetString(secret.Span);

    private static TransitBinding Bound(string data) => new() { AssociatedData = Encoding.UTF8.GetBytes(data) };

    private async Task<TransitCiphertext> EncryptAsync(string text = Planted, TransitBinding? binding = null, string key = Key)
    {
        using var secret = Secret(text);
        return await _transit.EncryptAsync(key, secret, binding ?? TransitBinding.None, default);
    }

    private Task<StingException> FailsAsync(string ciphertext, string key = Key) => Assert.ThrowsAsync<StingException>(() => _transit.DecryptAsync(key, ciphertext, TransitBinding.None, default));

    [Fact]
    public async Task A_key_is_made_once_and_described()
    {
        await _transit.CreateKeyAsync(Key, derived: true, default);   // it stays as it was
        var key = (await _transit.ReadKeyAsync(Key, default))!;
        Assert.Equal((Key, VaultTransit.AesGcm, 1, 1, 0), (key.Name, key.Type, key.LatestVersion, key.MinDecryptionVersion, key.MinEncryptionVersion));
        Assert.Equal((false, false, false), (key.IsExportable, key.IsDeletionAllowed, key.IsDerived));
        Assert.Null(await _transit.ReadKeyAsync("another", default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(100_000)]
    public async Task What_is_encrypted_comes_back(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        using var secret = SecretBytes.CopyOf(content);
        var made = await _transit.EncryptAsync(Key, secret, TransitBinding.None, default);
        Assert.StartsWith("vault:v1:", made.Text, StringComparison.Ordinal);
        using var back = await _transit.DecryptAsync(Key, made.Text, TransitBinding.None, default);
        Assert.Equal(content, back.Span.ToArray());
    }

    [Fact]
    public async Task A_rewrap_moves_to_the_newest_version_and_the_old_one_opens_until_it_is_forbidden()
    {
        var old = await EncryptAsync();
        await _transit.RotateAsync(Key, default);
        var rewrapped = await _transit.RewrapAsync(Key, old.Text, ReadOnlyMemory<byte>.Empty, default);
        Assert.Equal((1, 2, 2), (old.KeyVersion, rewrapped.KeyVersion, (await EncryptAsync()).KeyVersion));
        using (var before = await _transit.DecryptAsync(Key, old.Text, TransitBinding.None, default))
        {
            Assert.Equal(Planted, Text(before));
        }
        await _transit.ConfigureAsync(Key, new TransitKeyChange { MinDecryptionVersion = 2 }, default);
        var error = await FailsAsync(old.Text);
        Assert.Equal(("VaultKeyVersionTooOld", FailureKind.Refused), (error.ErrorId, error.Kind));
        Assert.Contains("min_decryption_version=1", error.Remedy, StringComparison.Ordinal);
        Assert.Equal("VaultKeyVersionTooOld", (await Assert.ThrowsAsync<StingException>(() => _transit.RewrapAsync(Key, old.Text, ReadOnlyMemory<byte>.Empty, default))).ErrorId);
        using var after = await _transit.DecryptAsync(Key, rewrapped.Text, TransitBinding.None, default);
        Assert.Equal(Planted, Text(after));
        Assert.Equal([2L], (await _transit.ReadKeyAsync(Key, default))!.Versions);
    }

    [Fact]
    public async Task Associated_data_must_fit_and_a_rewrap_takes_none()
    {
        var made = await EncryptAsync(binding: Bound("for a"));
        using (var back = await _transit.DecryptAsync(Key, made.Text, Bound("for a"), default))
        {
            Assert.Equal(Planted, Text(back));
        }
        foreach (var other in new[] { Bound("for b"), TransitBinding.None })
        {
            Assert.Equal("VaultCiphertextInvalid", (await Assert.ThrowsAsync<StingException>(() => _transit.DecryptAsync(Key, made.Text, other, default))).ErrorId);
        }
        Assert.Equal("VaultCiphertextInvalid", (await Assert.ThrowsAsync<StingException>(() => _transit.RewrapAsync(Key, made.Text, ReadOnlyMemory<byte>.Empty, default))).ErrorId);
    }

    [Fact]
    public async Task A_derived_key_wants_its_context()
    {
        await _transit.CreateKeyAsync("derived", derived: true, default);
        var context = new TransitBinding { Context = "reserve a"u8.ToArray() };
        var made = await EncryptAsync(binding: context, key: "derived");
        using (var back = await _transit.DecryptAsync("derived", made.Text, context, default))
        {
            Assert.Equal(Planted, Text(back));
        }
        Assert.Equal("VaultRequestRefused", (await Assert.ThrowsAsync<StingException>(() => EncryptAsync(key: "derived"))).ErrorId);
        Assert.Equal(1, (await _transit.RewrapAsync("derived", made.Text, context.Context, default)).KeyVersion);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    public async Task A_batch_answers_each_item_for_itself(int status)
    {
        _engine.PartialFailureStatus = status;
        using var one = Secret("one");
        using var two = Secret("two");
        var made = await _transit.EncryptAsync(Key, [(one, TransitBinding.None), (two, Bound("b"))], default);
        Assert.All(made, item => Assert.Null(item.Failure));
        var opened = await _transit.DecryptAsync(Key, [(made[0].Ciphertext!.Text, TransitBinding.None), ("vault:v1:AAAA", TransitBinding.None), (made[1].Ciphertext!.Text, Bound("b")), ("vault:v9:" + made[0].Ciphertext!.Text[9..], TransitBinding.None)], default);
        Assert.Equal(("one", "two"), (Text(opened[0].Plaintext!), Text(opened[2].Plaintext!)));
        Assert.Equal(("VaultCiphertextInvalid", "VaultCiphertextInvalid"), (opened[1].Failure!.ErrorId, opened[3].Failure!.ErrorId));
        Assert.Null(opened[1].Plaintext);
        foreach (var item in opened)
        {
            item.Dispose();
        }
        await _transit.RotateAsync(Key, default);
        var rewrapped = await _transit.RewrapAsync(Key, [(made[0].Ciphertext!.Text, ReadOnlyMemory<byte>.Empty), ("nonsense", ReadOnlyMemory<byte>.Empty)], default);
        Assert.Equal((2L, "VaultCiphertextInvalid"), (rewrapped[0].Ciphertext!.KeyVersion, rewrapped[1].Failure!.ErrorId));
        Assert.Empty(await _transit.DecryptAsync(Key, Array.Empty<(string, TransitBinding)>(), default));
    }

    [Fact]
    public async Task What_does_not_open_is_told_by_its_reason()
    {
        var made = await EncryptAsync();
        var bytes = Convert.FromBase64String(made.Text["vault:v1:".Length..]);
        bytes[^1] ^= 1;
        Assert.Equal(("VaultCiphertextInvalid", FailureKind.Integrity), Of(await FailsAsync("vault:v1:" + Convert.ToBase64String(bytes))));
        Assert.Equal(("VaultKeyMissing", FailureKind.NotFound), Of(await FailsAsync(made.Text, "another")));
        Assert.Equal(("VaultMountMissing", FailureKind.NotFound), Of(await Assert.ThrowsAsync<StingException>(() => new VaultTransit(_client, "elsewhere").DecryptAsync(Key, made.Text, TransitBinding.None, default))));
        _server.Sealed = true;
        Assert.Equal("VaultSealed", (await FailsAsync(made.Text)).ErrorId);

        static (string, FailureKind) Of(StingException e) => (e.ErrorId, e.Kind);
    }

    [Fact]
    public async Task A_key_that_protects_backups_cannot_be_deleted_unless_that_is_allowed()
    {
        Assert.Equal("VaultRequestRefused", (await Assert.ThrowsAsync<StingException>(() => _transit.DeleteKeyAsync(Key, default))).ErrorId);
        await _transit.ConfigureAsync(Key, new TransitKeyChange { IsDeletionAllowed = true }, default);
        await _transit.DeleteKeyAsync(Key, default);
        Assert.Null(await _transit.ReadKeyAsync(Key, default));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(472)]
    [InlineData(473)]
    [InlineData(412)]
    [InlineData(503)]
    public async Task What_passes_is_asked_again(int status)
    {
        _server.Disturb = (_, number) => number % 2 == 0 ? null : new StandInFault(status, Says: "busy");
        var made = await EncryptAsync();
        using var back = await _transit.DecryptAsync(Key, made.Text, TransitBinding.None, default);
        Assert.Equal(Planted, Text(back));
    }

    [Fact]
    public async Task No_plaintext_is_in_a_message()
    {
        var made = await EncryptAsync();
        _server.Disturb = (request, _) => request.Path.Contains("/encrypt/", StringComparison.Ordinal) || request.Path.Contains("/decrypt/", StringComparison.Ordinal) ? new StandInFault(CutAt: 60) : null;
        foreach (var error in new[] { await FailsAsync(made.Text), await Assert.ThrowsAsync<StingException>(() => EncryptAsync()) })
        {
            var all = error + error.Remedy + error.Target;
            Assert.DoesNotContain(Planted, all, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(Planted)), all, StringComparison.Ordinal);
        }
        using var secret = Secret();
        Assert.DoesNotContain(Planted, secret.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vault:v1:AAAA", 1L)]
    [InlineData("vault:v12:AAAA", 12L)]
    [InlineData("vault:v0:AAAA", null)]
    [InlineData("vault:v-1:AAAA", null)]
    [InlineData("vault:1:AAAA", null)]
    [InlineData("vault:v1:", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void The_version_stands_in_the_ciphertext(string? text, long? version) => Assert.Equal(version, VaultTransit.VersionOf(text));
}
