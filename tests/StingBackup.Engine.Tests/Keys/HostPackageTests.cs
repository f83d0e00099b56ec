using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>A host asks, the key role's machine answers with a package: what is not for this host, or not from the trusted key role, brings nothing.</summary>
public sealed class HostPackageTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    /// <summary>A machine without a key directory.</summary>
    private KeyOptions Machine(string name = "remote") =>
        _fixture.Options with { KeyDirectory = Path.Combine(_fixture.Folder, $"{name}-keys"), HostStateDirectory = Path.Combine(_fixture.Folder, name) };

    private HostRequest Ask(KeyOptions machine, string name = "host-b") => HostRequest.Read(ReserveKeys.MakeRequest(_fixture.Environment, machine, name), "request");

    private static async Task<HostPackage> AnswerAsync(ReserveKeys keys, EnrolledWriter host)
    {
        using var reader = KeyFixture.Unlock(keys);
        return HostPackage.Read(await keys.EnrollAsync(reader, host, isNew: true, spares: 2, default), "package");
    }

    private async Task<string> RefusalAsync(KeyOptions machine, string? pin, HostPackage package) =>
        (await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.JoinAsync(_fixture.Environment, machine, pin, package, "package", default))).ErrorId;

    [Fact]
    public async Task A_package_brings_a_host_its_spares_once()
    {
        using var keys = await _fixture.CreateAsync();
        var package = await AnswerAsync(keys, Ask(Machine()).ToWriter());
        Assert.Equal(2, package.Spares);
        Assert.Equal(2, await ReserveKeys.JoinAsync(_fixture.Environment, Machine(), keys.KeyRoleFingerprint, package, "package", default));
        Assert.Equal(0, await ReserveKeys.JoinAsync(_fixture.Environment, Machine(), keys.KeyRoleFingerprint, package, "package", default));
        Assert.Equal("KeysExist", Assert.Throws<StingException>(() => Ask(Machine())).ErrorId);
    }

    [Fact]
    public void A_host_asks_with_the_same_keys_until_it_has_another_name()
    {
        var first = Ask(Machine());
        Assert.Equal(first.WriterId, Ask(Machine()).WriterId);
        Assert.Equal(first.WriterId, ReserveKeys.FindRequest(_fixture.Environment, Machine(), "host-b")!.WriterId);
        Assert.Null(ReserveKeys.FindRequest(_fixture.Environment, Machine(), "host-c"));
        Assert.NotEqual(first.WriterId, Ask(Machine(), "host-c").WriterId);
    }

    [Theory]
    [InlineData(""), InlineData(" host"), InlineData("host "), InlineData("a\nb")]
    public void A_name_that_is_none_is_refused(string name) =>
        Assert.Equal("HostNameInvalid", Assert.Throws<StingException>(() => Ask(Machine(), name)).ErrorId);

    [Fact]
    public void A_name_has_253_characters_at_most()
    {
        Assert.Equal(253, Ask(Machine(), new string('h', 253)).HostName.Length);
        Assert.Equal("HostNameInvalid", Assert.Throws<StingException>(() => Ask(Machine(), new string('h', 254))).ErrorId);
    }

    [Fact]
    public async Task A_package_counts_for_whoever_asked_and_trusts_its_key_role_alone()
    {
        using var keys = await _fixture.CreateAsync();
        var package = await AnswerAsync(keys, Ask(Machine()).ToWriter());
        Assert.Equal("KeyRoleNotPinned", await RefusalAsync(Machine(), null, package));
        Assert.Equal("KeyRoleMismatch", await RefusalAsync(Machine(), new string('0', 64), package));
        Assert.Equal("HostRequestMissing", await RefusalAsync(Machine("silent"), keys.KeyRoleFingerprint, package));
        Ask(Machine("other"));
        Assert.Equal("HostPackageForeign", await RefusalAsync(Machine("other"), keys.KeyRoleFingerprint, package));
    }

    [Fact]
    public async Task A_host_of_one_reserve_takes_no_package_of_another()
    {
        using var keys = await _fixture.CreateAsync();
        var request = Ask(Machine());
        await ReserveKeys.JoinAsync(_fixture.Environment, Machine(), keys.KeyRoleFingerprint, await AnswerAsync(keys, request.ToWriter()), "package", default);
        using var elsewhere = new KeyFixture();
        using var others = await elsewhere.CreateAsync();
        Assert.Equal("HostPackageForeign", await RefusalAsync(Machine(), others.KeyRoleFingerprint, await AnswerAsync(others, request.ToWriter())));
    }

    [Fact]
    public async Task A_package_that_is_sealed_to_another_key_or_brings_an_unsigned_spare_is_refused()
    {
        using var keys = await _fixture.CreateAsync();
        var host = Ask(Machine()).ToWriter();
        using var stranger = AgreementKey.Generate();
        Assert.Equal("HostPackageForeign", await RefusalAsync(Machine(), keys.KeyRoleFingerprint, await AnswerAsync(keys, host with { EncryptionKey = stranger.PublicKey.ToArray() })));

        using var reader = KeyFixture.Unlock(keys);
        using var minted = Assert.Single(await reader.Role.MintAsync(1, default));
        using var forged = new Spare(minted.Key with { Generation = 7 }, SecretBytes.CopyOf(minted.WriterSecret.Span));
        var bytes = HostPackage.Write(reader.Role.Keys.KeyRole, reader.Role.Public, host, reader.Role.Keys.DirectoryKey, [forged], 1);
        Assert.Equal("KeyFileDamaged", await RefusalAsync(Machine(), keys.KeyRoleFingerprint, HostPackage.Read(bytes, "package")));
        Assert.False(File.Exists(HostKeys.PathOf(Machine())));
    }

    [Fact]
    public void A_package_or_request_that_says_what_cannot_be_is_damage()
    {
        using var signer = EcdsaSigner.Generate();
        var short0 = CborFields.StartMap(6);
        CborFields.Write(short0, 1, Suite.P256);
        CborFields.Write(short0, 2, new byte[Id16.Size]);
        CborFields.Write(short0, 3, new byte[Id16.Size]);
        CborFields.Write(short0, 4, signer.PublicKey.Span);
        CborFields.Write(short0, 5, 1);
        CborFields.Write(short0, 6, new byte[10]);
        var package = KeyFrame.Sign(KeyFileKind.HostPackage, CborFields.End(short0), signer);
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => HostPackage.Read(package, "package")).ErrorId);
        using var host = HostKeys.GeneratePending(_fixture.Environment, "host-b");
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => HostRequest.Read(Request(" ", host.EncryptionKey.PublicKey.Span), "request")).ErrorId);
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => HostRequest.Read(Request("host-b", new byte[65]), "request")).ErrorId);
        Assert.Equal("host-b", HostRequest.Read(Request("host-b", host.EncryptionKey.PublicKey.Span), "request").HostName);

        byte[] Request(string name, ReadOnlySpan<byte> encryptionKey)
        {
            var cbor = CborFields.StartMap(6);
            CborFields.Write(cbor, 1, Suite.P256);
            CborFields.Write(cbor, 2, new byte[Id16.Size]);
            cbor.WriteInt32(3);
            cbor.WriteTextString(name);
            CborFields.Write(cbor, 4, signer.PublicKey.Span);
            CborFields.Write(cbor, 5, encryptionKey);
            CborFields.Write(cbor, 6, 1);
            return KeyFrame.Sign(KeyFileKind.HostRequest, CborFields.End(cbor), signer);
        }
    }
}
