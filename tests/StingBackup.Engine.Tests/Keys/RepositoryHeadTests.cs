using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Backup;

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
    public async Task A_slot_that_is_replaced_between_listing_and_reading_is_listed_once_more()
    {
        using var keys = await _fixture.CreateAsync();
        var bytes = _fixture.Store.Objects["format/1"];
        // The listing meets the moment without the first slot, the reading that without the second.
        await _fixture.Store.DeleteAsync("format/1", default);
        var reads = 0;
        var store = new FaultyStore(_fixture.Store)
        {
            Before = (verb, name) =>
            {
                if (verb == "read" && name == "format/2" && reads++ == 0)
                {
                    _fixture.Store.PutAsync("format/1", bytes, default).AsTask().GetAwaiter().GetResult();
                    _fixture.Store.DeleteAsync("format/2", default).AsTask().GetAwaiter().GetResult();
                }
            },
        };
        var (format, faults) = await keys.LoadFormatAsync(store, default);
        Assert.Empty(faults);
        Assert.Equal((1, keys.ReserveId), (reads, format.ReserveId));
    }

    [Fact]
    public async Task What_another_host_puts_into_a_slot_that_is_being_replaced_is_replaced_too()
    {
        using var keys = await _fixture.CreateAsync();
        var (sound, damaged) = (_fixture.Store.Objects["format/1"].ToArray(), _fixture.Store.Objects["format/1"].ToArray());
        damaged[40] ^= 1;
        var store = await WithAsync("format/1", damaged);
        var between = new FaultyStore(store) { Meanwhile = async () => await store.PutAsync("format/1", damaged, default) };
        Assert.Equal(["format/1"], (await keys.PublishAsync(between, default)).Names);
        Assert.Equal(sound, store.Objects["format/1"].ToArray());
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

    [Fact]
    public async Task An_object_of_a_later_version_stays_and_one_of_ours_whose_number_was_changed_is_put_back()
    {
        using var keys = await _fixture.CreateAsync();
        using var signer = PrivateKey();
        var ours = _fixture.Store.Objects["format/1"].ToArray();
        var changed = (byte[])ours.Clone();
        changed[10] = 9;   // the version; the signature covers it
        Assert.Equal(["format/1"], (await keys.PublishAsync(await WithAsync("format/1", changed), default)).Names);
        byte[] later = [.. changed[..^64], .. signer.Sign(changed.AsSpan(..^64))];
        Assert.Empty((await keys.PublishAsync(await WithAsync("format/1", later), default)).Names);
    }

    [Fact]
    public async Task A_format_whose_features_stand_twice_or_that_names_no_program_is_damaged()
    {
        using var keys = await _fixture.CreateAsync();
        using var signer = PrivateKey();
        var (format, _) = await keys.LoadFormatAsync(_fixture.Store, default);
        FormatObject[] wrong = [format with { RequiredToRead = [7, 7] }, format with { Program = "a program" }, format with { Program = new string('1', 33) }];
        Assert.All(wrong, one => Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => FormatObject.Read("format/1", one.ToBytes(signer), signer.PublicKey.Span)).ErrorId));
        Assert.Equal("", FormatObject.Read("format/1", (format with { Program = "" }).ToBytes(signer), signer.PublicKey.Span).Program);
        var unknown = (format with { Program = "", RequiredToWrite = [3] }).Refusal(write: true, "here", FormatFeatures.Known)!;
        Assert.Contains("the version of StingBackup that wrote it last", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_enrolment_whose_keys_are_no_points_or_that_lies_elsewhere_is_damaged()
    {
        using var keys = await _fixture.CreateAsync();
        using var signer = PrivateKey();
        var name = $"writers/{keys.WriterId}";
        var enrolment = WriterObject.Read(name, _fixture.Store.Objects[name], keys.ReserveId, keys.KeyRolePublicKey.Span);
        Assert.True(enrolment.Writer.MayMaintain);
        WriterObject[] wrong = [enrolment with { Writer = enrolment.Writer with { SigningKey = new byte[65] } }, enrolment with { Writer = enrolment.Writer with { EncryptionKey = new byte[65] } }, enrolment with { ReserveId = keys.WriterId }, enrolment with { Revision = 2 }];
        Assert.All(wrong, one => Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => WriterObject.Read(name, one.ToBytes(signer), keys.ReserveId, signer.PublicKey.Span)).ErrorId));
        var writes = enrolment with { Writer = enrolment.Writer with { MayMaintain = false } };
        Assert.False(WriterObject.Read(name, writes.ToBytes(signer), keys.ReserveId, signer.PublicKey.Span).Writer.MayMaintain);
        Assert.Equal(1u, WriterObject.RevisionOf(writes.ToBytes(signer)));
    }

    [Fact]
    public async Task An_approver_s_enrolment_is_that_of_its_own_key_in_its_own_place()
    {
        using var keys = await _fixture.CreateAsync();
        using var signer = PrivateKey();
        using var key = EcdsaSigner.Generate();
        var approver = new EnrolledApprover(EnrolledApprover.IdOf(key.PublicKey.Span), "Officer", key.PublicKey.ToArray(), 1, RevokedNs: 5);
        var sound = new ApproverObject(keys.ReserveId, 2, approver);
        Assert.Equal(5, ApproverObject.Read(sound.ObjectName, sound.ToBytes(signer), keys.ReserveId, signer.PublicKey.Span).Approver.RevokedNs);
        ApproverObject[] wrong = [sound with { Approver = approver with { PublicKey = new byte[65] } }, sound with { Approver = approver with { PublicKey = signer.PublicKey.ToArray() } }, sound with { ReserveId = keys.WriterId }, sound with { Revision = 3 }];
        Assert.All(wrong, one => Assert.Equal("ObjectDamaged", Assert.Throws<StingException>(() => ApproverObject.Read(sound.ObjectName, one.ToBytes(signer), keys.ReserveId, signer.PublicKey.Span)).ErrorId));
        var both = new EnrolledApprovers([sound, new ApproverObject(keys.ReserveId, 1, approver with { RevokedNs = null }), sound], []);
        Assert.Equal((2u, 5L), (both.RevisionOf(approver.Id), both.Find(approver.Id)!.RevokedNs));
        Assert.Equal((0u, null), (both.RevisionOf(keys.WriterId), both.Find(keys.WriterId)));
    }

    [Fact]
    public async Task A_format_object_that_lies_nowhere_a_renewal_looks_stops_it_before_a_key_changes()
    {
        using var keys = await _fixture.CreateAsync();
        // Only in a third place, where this program would read it and never writes it.
        var store = new MemoryObjectStore(_fixture.Store.Objects);
        await store.PutAsync("format/3", _fixture.Store.Objects["format/1"], default);
        await store.DeleteAsync("format/1", default);
        await store.DeleteAsync("format/2", default);
        Directory.Delete(_fixture.InKeys("signed/format"), recursive: true);
        using var reader = KeyFixture.Unlock(keys);
        Assert.Equal("KeyFileDamaged", (await Assert.ThrowsAsync<StingException>(async () => await keys.RenewFormatAsync(reader, store, format => format, default))).ErrorId);
        var before = keys.KeyRoleFingerprint;
        Assert.Equal("KeyFileDamaged", (await Assert.ThrowsAsync<StingException>(async () => await keys.RenewSigningAsync(reader, null, store, default))).ErrorId);
        using var after = _fixture.Open(before);
        Assert.Equal(before, after.KeyRoleFingerprint);
    }

    [Fact]
    public async Task An_object_that_cannot_be_read_is_told_and_the_others_count()
    {
        using var keys = await _fixture.CreateAsync();
        var broken = new HashSet<string>();
        await using var store = new Backup.FaultyStore(_fixture.Store)
        {
            Before = (verb, name) => _ = verb == "read" && broken.Contains(name) ? throw new StingException("StoreFailed", FailureKind.Io, "The disk says no.", name, "None.") : name,
        };
        await _fixture.Store.PutAsync("approvers/0123", new byte[] { 1 }, default);
        broken.UnionWith(["format/1", $"writers/{keys.WriterId}", "approvers/0123"]);
        Assert.Equal("StoreFailed", Assert.Single((await keys.LoadFormatAsync(store, default)).Faults).ErrorId);
        using var writers = await keys.LoadWritersAsync(store, default);
        Assert.Equal((1, "StoreFailed"), (writers.All.Count, Assert.Single(writers.Faults).ErrorId));   // the key directory has it too
        Assert.Equal("StoreFailed", Assert.Single((await keys.LoadApproversAsync(store, default)).Faults).ErrorId);
        broken.Clear();
        Assert.Equal("ObjectDamaged", Assert.Single((await keys.LoadApproversAsync(store, default)).Faults).ErrorId);
        foreach (var folder in (string[])["writers", "approvers"])
        {
            Directory.CreateDirectory(_fixture.InKeys($"signed/{folder}"));
            await File.WriteAllBytesAsync(_fixture.InKeys($"signed/{folder}/0123"), [1]);
            await File.WriteAllBytesAsync(_fixture.InKeys($"signed/{folder}/.half"), [1]);
        }
        Assert.Contains((await keys.LoadApproversAsync(_fixture.Store, default)).Faults, fault => fault.ErrorId == "KeyFileDamaged");
        using var again = await keys.LoadWritersAsync(_fixture.Store, default);
        Assert.Equal("KeyFileDamaged", Assert.Single(again.Faults).ErrorId);
    }

    [Fact]
    public async Task What_a_lock_keeps_from_being_put_right_is_told_and_the_rest_is_published()
    {
        using var keys = await _fixture.CreateAsync();
        var damaged = _fixture.Store.Objects["format/1"].ToArray();
        damaged[30] ^= 1;
        var inner = await WithAsync("format/1", damaged);
        await inner.DeleteAsync("format/2", default);
        await using var store = new Backup.FaultyStore(inner) { Before = (verb, name) => _ = verb == "delete" ? throw new StingException("ObjectLocked", FailureKind.Refused, "It is locked.", name, "None.") : name };
        var (names, faults) = await keys.PublishAsync(store, default);
        Assert.Equal(["format/2"], names);
        Assert.Equal("ObjectLocked", Assert.Single(faults).ErrorId);
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
