using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>What the key role signs in a repository: formats and enrolments.</summary>
public sealed class RepositoryHeadTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_new_repository_holds_two_formats_alike_and_the_enrolment()
    {
        using var keys = await _fixture.CreateAsync();
        Assert.Equal(["format/1", "format/2", $"writers/{keys.WriterId}"], _fixture.Store.Objects.Keys);
        Assert.Equal(_fixture.Store.Objects["format/1"].ToArray(), _fixture.Store.Objects["format/2"].ToArray());
        var (format, faults) = await keys.LoadFormatAsync(_fixture.Store, default);
        Assert.Empty(faults);
        Assert.Equal(keys.ReserveId, format.ReserveId);
        Assert.Equal(64, format.KekFingerprint.Length);
        format.CheckFeatures(write: true, "here", FormatFeatures.Known);
        Assert.Empty((await keys.PublishAsync(_fixture.Store, default)).Names);
    }

    [Fact]
    public async Task A_format_with_any_byte_changed_is_named_and_the_other_slot_serves()
    {
        using var keys = await _fixture.CreateAsync();
        var sound = _fixture.Store.Objects["format/1"].ToArray();
        for (var i = 0; i < sound.Length; i++)
        {
            var changed = (byte[])sound.Clone();
            changed[i] ^= 1;
            var (format, faults) = await keys.LoadFormatAsync(await WithAsync("format/1", changed), default);
            Assert.Equal(keys.ReserveId, format.ReserveId);
            Assert.Equal("format/1", Assert.Single(faults).Target);
        }
    }

    [Fact]
    public async Task The_highest_revision_wins_whatever_slot_it_is_in()
    {
        using var keys = await _fixture.CreateAsync();
        using var signer = PrivateKey();
        var (first, _) = await keys.LoadFormatAsync(_fixture.Store, default);
        var second = first with { Revision = 2, RequiredToRead = [7], RequiredToWrite = [9, 8], Optional = [100] };
        await _fixture.Store.PutAsync("format/3", second.ToBytes(signer), default);
        // An attacker who can only add puts the old one on top again.
        await _fixture.Store.PutAsync("format/99", _fixture.Store.Objects["format/1"], default);
        var (now, faults) = await keys.LoadFormatAsync(_fixture.Store, default);
        Assert.Empty(faults);
        Assert.Equal(2u, now.Revision);
        Assert.Equal([8u, 9u], now.RequiredToWrite);

        var error = Assert.Throws<StingException>(() => now.CheckFeatures(write: false, "here", FormatFeatures.Known));
        Assert.Equal("FeatureUnknown", error.ErrorId);
        Assert.Contains("feature 7,", error.Message, StringComparison.Ordinal);
        Assert.Contains("7, 8, 9", Assert.Throws<StingException>(() => now.CheckFeatures(write: true, "here", FormatFeatures.Known)).Message, StringComparison.Ordinal);
        (first with { Optional = [5] }).CheckFeatures(write: true, "here", FormatFeatures.Known);
        now.CheckFeatures(write: true, "here", new HashSet<uint> { 7, 8, 9 });
    }

    [Fact]
    public async Task A_format_that_the_key_role_did_not_sign_counts_for_nothing()
    {
        using var keys = await _fixture.CreateAsync();
        using var stranger = EcdsaSigner.Generate();
        var (format, _) = await keys.LoadFormatAsync(_fixture.Store, default);
        await _fixture.Store.PutAsync("format/3", (format with { Revision = 9 }).ToBytes(stranger), default);
        var (now, faults) = await keys.LoadFormatAsync(_fixture.Store, default);
        Assert.Equal(1u, now.Revision);
        Assert.Equal("format/3", Assert.Single(faults).Target);
    }

    [Fact]
    public async Task An_empty_store_and_another_reserves_are_told_apart()
    {
        using var keys = await _fixture.CreateAsync();
        Assert.Equal("RepositoryMissing", (await Assert.ThrowsAsync<StingException>(async () => await keys.LoadFormatAsync(new MemoryObjectStore(), default))).ErrorId);
        using var other = new KeyFixture();
        using var otherKeys = await other.CreateAsync();
        Assert.Equal("RepositoryForeign", (await Assert.ThrowsAsync<StingException>(async () => await keys.LoadFormatAsync(other.Store, default))).ErrorId);
    }

    [Fact]
    public async Task A_field_that_must_be_understood_and_is_not_is_named_while_optional_ones_pass()
    {
        using var keys = await _fixture.CreateAsync();
        using var signer = PrivateKey();
        Assert.Equal("FormatTooNew", Assert.Throws<StingException>(() => FormatObject.Read("format/3", WithField(9), signer.PublicKey.Span)).ErrorId);
        Assert.Equal(1u, FormatObject.Read("format/3", WithField(150), signer.PublicKey.Span).Revision);
        // A suite of the future is named as such.
        var future = WithField(150);
        future[14] = 2;
        var resigned = ObjectFrame.Sign(ObjectKind.Format, future.AsSpan(12, future.Length - 76), signer.Sign);
        Assert.Equal("SuiteUnknown", Assert.Throws<StingException>(() => FormatObject.Read("format/3", resigned, signer.PublicKey.Span)).ErrorId);

        byte[] WithField(int key)
        {
            var payload = _fixture.Store.Objects["format/1"].ToArray()[12..^64];
            payload[0]++;   // one pair more in the map, whose keys ascend: the last is 101, the program's version
            var last = payload.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x18, 101]);
            var at = key < 101 ? last : payload.Length;
            byte[] extended = [.. payload[..at], .. key < 24 ? new[] { (byte)key } : [0x18, (byte)key], 0xf6, .. payload[at..]];
            return ObjectFrame.Sign(ObjectKind.Format, extended, signer.Sign);
        }
    }

    [Fact]
    public async Task An_enrolment_with_any_byte_changed_is_named_and_the_copy_serves()
    {
        using var keys = await _fixture.CreateAsync();
        var name = $"writers/{keys.WriterId}";
        var sound = _fixture.Store.Objects[name].ToArray();
        for (var i = 0; i < sound.Length; i++)
        {
            var changed = (byte[])sound.Clone();
            changed[i] ^= 1;
            using var writers = await keys.LoadWritersAsync(await WithAsync(name, changed), default);
            Assert.Equal(keys.WriterId, Assert.Single(writers.All).Id);
            Assert.Equal(name, Assert.Single(writers.Faults).Target);
        }
        using var lost = await keys.LoadWritersAsync(new MemoryObjectStore(), default);
        Assert.Equal(keys.WriterId, Assert.Single(lost.All).Id);
    }

    [Fact]
    public async Task A_revocation_holds_against_the_enrolment_before_it()
    {
        using var keys = await _fixture.CreateAsync();
        using var signer = PrivateKey();
        var name = $"writers/{keys.WriterId}";
        var enrolment = WriterObject.Read(name, _fixture.Store.Objects[name], keys.ReserveId, keys.KeyRolePublicKey.Span);
        var revocation = enrolment with { Revision = 2, Writer = enrolment.Writer with { LastGoodSequence = 41 } };
        Assert.Equal(name + ".2", revocation.ObjectName);
        await _fixture.Store.PutAsync(revocation.ObjectName, revocation.ToBytes(signer), default);
        using var writers = await keys.LoadWritersAsync(_fixture.Store, default);
        Assert.Equal(41, writers.Find(keys.WriterId)!.LastGoodSequence);
        Assert.Empty(writers.Faults);
        Assert.NotNull(writers.SigningKeyOf(keys.WriterId));
        Assert.Null(writers.SigningKeyOf(keys.ReserveId));
    }

    [Fact]
    public async Task What_is_lost_or_changed_is_put_back_from_the_key_directory()
    {
        using var keys = await _fixture.CreateAsync();
        var before = _fixture.Store.Objects;
        var damaged = before["format/2"].ToArray();
        damaged[30] ^= 1;
        var store = await WithAsync("format/2", damaged);
        await store.DeleteAsync($"writers/{keys.WriterId}", default);
        var (names, faults) = await keys.PublishAsync(store, default);
        Assert.Empty(faults);
        Assert.Equal(["format/2", $"writers/{keys.WriterId}"], names);
        Assert.Equal(before.Select(pair => (pair.Key, Convert.ToHexString(pair.Value.Span))), store.Objects.Select(pair => (pair.Key, Convert.ToHexString(pair.Value.Span))));
    }

    [Fact]
    public async Task A_damaged_copy_is_never_published()
    {
        using var keys = await _fixture.CreateAsync();
        var path = _fixture.InKeys(Path.Combine("signed", "format", "1"));
        KeyFixture.Flip(path, 40);
        var store = new MemoryObjectStore();
        var (names, faults) = await keys.PublishAsync(store, default);
        Assert.Equal(["format/2", $"writers/{keys.WriterId}"], names);
        Assert.Equal(path, Assert.Single(faults).Target);
    }

    private EcdsaSigner PrivateKey()
    {
        using var half = PrivateHalfFile.Open(File.ReadAllBytes(_fixture.InKeys("reserve.key")), "reserve.key",
            PublicHalf.Read(File.ReadAllBytes(_fixture.InKeys("reserve.pub")), "reserve.pub").ReserveId, null);
        return EcdsaSigner.FromScalar(half.KeyRole.Scalar);
    }

    private async Task<MemoryObjectStore> WithAsync(string name, byte[] content)
    {
        var store = new MemoryObjectStore(_fixture.Store.Objects);
        await store.DeleteAsync(name, default);
        await store.PutAsync(name, content, default);
        return store;
    }
}
