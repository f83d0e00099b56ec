using System.Security.Cryptography;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

public sealed class ReserveKeysTests : IDisposable
{
    private const string Passphrase = "Zoë's open sesame";

    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_plan_names_exactly_the_files_that_are_made()
    {
        var plan = ReserveKeys.Plan(_fixture.Options, KeyFixture.Creation());
        Assert.Empty(Directory.GetFileSystemEntries(_fixture.Folder));
        using var keys = await _fixture.CreateAsync();
        var made = Directory.GetFiles(_fixture.Folder, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)).ToHashSet();
        // The enrolment's name is drawn when it is made.
        made.RemoveWhere(path => path.Contains("signed/writers/", StringComparison.Ordinal));
        Assert.Equal(made.Order(), plan.Files.Order());
        Assert.Equal(KeyFixture.FewSpares, plan.Spares);
        Assert.Contains(plan.Warnings, warning => warning.Contains("no passphrase", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_files_are_their_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        using var keys = await _fixture.CreateAsync();
        foreach (var path in Directory.GetFiles(_fixture.Folder, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
        foreach (var path in Directory.GetDirectories(_fixture.Folder, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public async Task A_second_reserve_is_never_made_over_the_first()
    {
        using var keys = await _fixture.CreateAsync();
        var before = Snapshot();
        Assert.Equal("KeysExist", Assert.Throws<StingException>(() => ReserveKeys.Plan(_fixture.Options, KeyFixture.Creation())).ErrorId);
        // Even from a plan that was made when nothing stood there, or with a key directory of its own.
        var plan = new KeyPlan { Options = _fixture.Options, Creation = KeyFixture.Creation(), Files = [], Spares = 1, Warnings = [] };
        Assert.Equal("KeysExist", (await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.CreateInAsync(_fixture.Environment, plan, null, default))).ErrorId);
        var elsewhere = _fixture.Options with { KeyDirectory = Path.Combine(_fixture.Folder, "keys-2") };
        Assert.Equal("KeysExist", Assert.Throws<StingException>(() => ReserveKeys.Plan(elsewhere, KeyFixture.Creation())).ErrorId);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public async Task Making_keys_can_be_interrupted_at_any_write_and_tried_again()
    {
        int total;
        using (var whole = new KeyFixture())
        {
            using var keys = await whole.CreateAsync(Passphrase, spares: 3);
            total = whole.Files.Writes;
        }
        for (var failing = 1; failing <= total; failing++)
        {
            foreach (var (doIt, torn) in new[] { (false, 100), (true, 0) })
            {
                using var fixture = new KeyFixture();
                fixture.Files.FailAt = failing;
                fixture.Files.DoIt = doIt;
                fixture.Files.TornBytes = torn;
                await Assert.ThrowsAsync<StingException>(async () => await fixture.CreateAsync(Passphrase, spares: 3));
                fixture.Files.FailAt = 0;
                if (File.Exists(fixture.InKeys("reserve.pub")))
                {
                    using var complete = fixture.Open();
                    using var reader = KeyFixture.Unlock(complete, Passphrase);
                    Assert.Equal(3, reader.Pseudonyms.Count);
                    continue;
                }
                Assert.True(Assert.Throws<StingException>(() => fixture.Open()).ErrorId is "KeysUnfinished" or "KeysMissing", $"write {failing}");
                await RetryAsync(fixture, failing);
            }
        }
    }

    [Fact]
    public async Task An_interrupted_try_never_removes_what_another_reserve_made_since()
    {
        _fixture.Files.FailAt = 3;
        await Assert.ThrowsAsync<StingException>(async () => await _fixture.CreateAsync());
        _fixture.Files.FailAt = 0;
        foreach (var folder in _fixture.Options.KeyStoreReplicas.Concat(_fixture.Options.EpochPlaces).Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }
        // Same replicas and places, another key directory and host: that reserve lives.
        var options = _fixture.Options with { KeyDirectory = Path.Combine(_fixture.Folder, "keys-2"), HostStateDirectory = Path.Combine(_fixture.Folder, "state-2") };
        var plan = new KeyCreator(_fixture.Environment, options).Plan(KeyFixture.Creation());
        using var living = await ReserveKeys.CreateInAsync(_fixture.Environment, plan, null, default);

        var error = await Assert.ThrowsAsync<StingException>(async () => await _fixture.CreateAsync());
        Assert.Equal("KeysExist", error.ErrorId);
        using var reader = KeyFixture.Unlock(living);
        Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
        Assert.Empty(reader.Faults);
    }

    [Fact]
    public async Task A_passphrase_unlocks_and_a_wrong_or_missing_one_does_not()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        Assert.True(keys.NeedsPassphrase);
        using (var reader = KeyFixture.Unlock(keys, Passphrase))
        {
            Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
        }
        foreach (var wrong in new[] { "zoë's open sesame", Passphrase + " ", "", "x" })
        {
            var error = Assert.Throws<StingException>(() => KeyFixture.Unlock(keys, wrong));
            Assert.Equal("WrongPassphrase", error.ErrorId);
            Assert.Equal(FailureKind.Authentication, error.Kind);
            Assert.DoesNotContain("sesame", error.ToString(), StringComparison.OrdinalIgnoreCase);
        }
        Assert.Equal("PassphraseNeeded", Assert.Throws<StingException>(() => keys.Unlock(null)).ErrorId);
    }

    [Fact]
    public async Task A_plan_with_a_passphrase_is_not_executed_without_one()
    {
        var plan = ReserveKeys.Plan(_fixture.Options, KeyFixture.Creation(Passphrase));
        Assert.DoesNotContain(plan.Warnings, warning => warning.Contains("no passphrase", StringComparison.Ordinal));
        Assert.Equal("PassphraseNeeded", (await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.CreateAsync(plan, null, default))).ErrorId);
        using var empty = new SecretBytes(0);
        Assert.Equal("PassphraseNeeded", (await Assert.ThrowsAsync<StingException>(async () => await ReserveKeys.CreateAsync(plan, empty, default))).ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(_fixture.Folder));
    }

    [Fact]
    public async Task An_open_key_file_unlocks_with_nothing_or_anything()
    {
        using var keys = await _fixture.CreateAsync();
        Assert.False(keys.NeedsPassphrase);
        using var reader = KeyFixture.Unlock(keys);
        using var same = KeyFixture.Unlock(keys, "not looked at");
        Assert.Equal(reader.Pseudonyms.Order(), same.Pseudonyms.Order());
    }

    [Theory]
    [InlineData("reserve.pub", null)]
    [InlineData("reserve.key", null)]
    [InlineData("reserve.key", Passphrase)]
    [InlineData("host.key", null)]
    public async Task A_key_file_with_any_byte_changed_is_named_as_damaged(string name, string? passphrase)
    {
        using var keys = await _fixture.CreateAsync(passphrase, spares: 1);
        var path = name == "host.key" ? _fixture.InHost(name) : _fixture.InKeys(name);
        var sound = File.ReadAllBytes(path);
        for (var i = 0; i < sound.Length; i++)
        {
            KeyFixture.Flip(path, i);
            var error = Assert.Throws<StingException>(() =>
            {
                using var opened = _fixture.Open();
                using var reader = KeyFixture.Unlock(opened, passphrase);
            });
            Assert.True(error.ErrorId == "KeyFileDamaged", $"byte {i}: {error.ErrorId}");
            Assert.Equal(path, error.Target);
            File.WriteAllBytes(path, sound);
        }
        File.WriteAllBytes(path, [.. sound, 0]);
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() =>
        {
            using var opened = _fixture.Open();
            using var reader = KeyFixture.Unlock(opened, passphrase);
        }).ErrorId);
    }

    [Fact]
    public async Task A_sealed_key_file_rebuilt_with_easier_parameters_does_not_open()
    {
        // Whoever can write the file fixes its checksum; the sealed keys still bind what stands beside them.
        using var keys = await _fixture.CreateAsync(Passphrase);
        var bytes = File.ReadAllBytes(_fixture.InKeys("reserve.key"));
        var payload = bytes[KeyFrame.HeaderSize..^KeyFrame.ChecksumSize];
        foreach (var i in new[] { payload.Length - 1, payload.Length - 40 })
        {
            var changed = (byte[])payload.Clone();
            changed[i] ^= 1;
            File.WriteAllBytes(_fixture.InKeys("reserve.key"), KeyFrame.Write(KeyFileKind.PrivateHalf, changed));
            Assert.Equal("WrongPassphrase", Assert.Throws<StingException>(() => KeyFixture.Unlock(keys, Passphrase)).ErrorId);
        }
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(64, 3)]
    [InlineData(1000, 2)]
    public void Both_libraries_derive_the_same_key_and_lanes_are_left_to_one(int memory, int iterations)
    {
        using var passphrase = SecretBytes.FromPassphrase(Passphrase);
        var salt = RandomNumberGenerator.GetBytes(16);
        var one = new Argon2Parameters(memory, iterations, 1);
        using SecretBytes native = new(32), managed = new(32), derived = one.DeriveKey(passphrase, salt);
        Assert.True(one.TryNative(passphrase, salt, native));
        one.Managed(passphrase, salt, managed);
        Assert.Equal(Convert.ToHexString(managed.Span), Convert.ToHexString(native.Span));
        Assert.Equal(Convert.ToHexString(managed.Span), Convert.ToHexString(derived.Span));
        Assert.False((one with { Lanes = 2, MemoryKiB = 64 }).TryNative(passphrase, salt, native));
        Assert.False(one.TryNative(passphrase, salt.AsSpan(..8), native));
        using var lanes = (one with { Lanes = 2, MemoryKiB = 64 }).DeriveKey(passphrase, salt);
        Assert.NotEqual(Convert.ToHexString(managed.Span), Convert.ToHexString(lanes.Span));
    }

    [Fact]
    public async Task A_key_file_that_asks_for_absurd_work_is_refused_before_the_work()
    {
        using var keys = await _fixture.CreateAsync(Passphrase);
        using var half = PrivateHalf.Generate(_fixture.Environment.Random);
        using var secret = SecretBytes.FromPassphrase(Passphrase);
        Assert.False(new Argon2Parameters(int.MaxValue, 1, 1).IsWithinBounds);
        Assert.False(new Argon2Parameters(64, int.MaxValue, 1).IsWithinBounds);
        Assert.False(new Argon2Parameters(64, 0, 1).IsWithinBounds);
        Assert.False(new Argon2Parameters(4, 1, 1).IsWithinBounds);
        Assert.True(Argon2Parameters.Default.IsWithinBounds);

        var bytes = PrivateHalfFile.Write(half, keys.ReserveId, secret, KeyFixture.LittleWork, _fixture.Environment.Random);
        // 64 KiB stands as 18 40; a larger number of the same width asks for 255 KiB, and the salt no longer fits.
        var at = bytes.AsSpan().IndexOf(new byte[] { 0x05, 0x18, 0x40 });
        var payload = bytes[KeyFrame.HeaderSize..^KeyFrame.ChecksumSize];
        payload[at - KeyFrame.HeaderSize + 2] = 0xff;
        Assert.Equal("WrongPassphrase", Assert.Throws<StingException>(
            () => PrivateHalfFile.Open(KeyFrame.Write(KeyFileKind.PrivateHalf, payload), "reserve.key", keys.ReserveId, secret)).ErrorId);
        // Iterations 1 → 0: out of bounds.
        var iterations = payload.AsSpan().IndexOf(new byte[] { 0x06, 0x01, 0x07, 0x01 });
        payload[iterations + 1] = 0;
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(
            () => PrivateHalfFile.Open(KeyFrame.Write(KeyFileKind.PrivateHalf, payload), "reserve.key", keys.ReserveId, secret)).ErrorId);
    }

    [Fact]
    public async Task The_pinned_fingerprint_decides_whom_to_trust()
    {
        using var keys = await _fixture.CreateAsync();
        using var other = new KeyFixture();
        using var otherKeys = await other.CreateAsync();
        using var pinned = _fixture.Open(keys.KeyRoleFingerprint.ToUpperInvariant());
        Assert.Equal(keys.ReserveId, pinned.ReserveId);
        var error = Assert.Throws<StingException>(() => _fixture.Open(otherKeys.KeyRoleFingerprint));
        Assert.Equal("KeyRoleMismatch", error.ErrorId);
        Assert.Contains(keys.KeyRoleFingerprint, error.Message, StringComparison.Ordinal);

        File.Copy(other.InKeys("reserve.pub"), _fixture.InKeys("reserve.pub"), overwrite: true);
        Assert.Equal("KeyRoleMismatch", Assert.Throws<StingException>(() => _fixture.Open()).ErrorId);
        Assert.Equal("KeyRoleMismatch", Assert.Throws<StingException>(() => _fixture.Open(keys.KeyRoleFingerprint)).ErrorId);
    }

    [Fact]
    public async Task Private_keys_that_are_not_the_public_halfs_are_refused()
    {
        using var keys = await _fixture.CreateAsync();
        using var half = PrivateHalf.Generate(_fixture.Environment.Random);
        File.WriteAllBytes(_fixture.InKeys("reserve.key"), PrivateHalfFile.Write(half, keys.ReserveId, null, KeyFixture.LittleWork, _fixture.Environment.Random));
        Assert.Equal("KeyFileDamaged", Assert.Throws<StingException>(() => KeyFixture.Unlock(keys)).ErrorId);
    }

    [Fact]
    public async Task A_host_without_the_key_directory_writes_and_cannot_read()
    {
        using (var keys = await _fixture.CreateAsync())
        {
        }
        Directory.Delete(_fixture.Options.KeyDirectory, recursive: true);
        foreach (var folder in _fixture.Options.KeyStoreReplicas.Concat(_fixture.Options.EpochPlaces))
        {
            Directory.Delete(folder, recursive: true);
        }
        using var host = _fixture.Open();
        using var writers = await host.LoadWritersAsync(_fixture.Store, default);
        await using var writer = host.OpenWriter(_fixture.Store, writers);
        Assert.Equal(32, (await writer.GetAsync("user:ada", default)).IdKey.Length);
        Assert.False(writer.Spares.TopsUpItself);
        Assert.Equal("KeyDirectoryMissing", Assert.Throws<StingException>(() => KeyFixture.Unlock(host)).ErrorId);
    }

    [Fact]
    public async Task A_machine_without_the_hosts_keys_reads_and_can_be_enrolled_anew()
    {
        using (var keys = await _fixture.CreateAsync(Passphrase))
        {
        }
        Directory.Delete(_fixture.Options.HostStateDirectory, recursive: true);
        using var reading = _fixture.Open();
        Assert.False(reading.IsEnrolled);
        using (var reader = KeyFixture.Unlock(reading, Passphrase))
        {
            Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
        }
        Assert.Equal("HostNotEnrolled", Assert.Throws<StingException>(() => reading.Signer).ErrorId);
        using var secret = SecretBytes.FromPassphrase(Passphrase);
        using var enrolled = await reading.EnrollHostAsync(secret, "host-b", _fixture.Store, default);
        using var writers = await enrolled.LoadWritersAsync(_fixture.Store, default);
        Assert.Equal(2, writers.All.Count);
        Assert.Equal("host-b", writers.Find(enrolled.WriterId)!.HostName);
        await using var writer = enrolled.OpenWriter(_fixture.Store, writers);
        await writer.GetAsync("user:ada", default);
        Assert.Equal("KeysExist", (await Assert.ThrowsAsync<StingException>(
            async () => await enrolled.EnrollHostAsync(secret, "host-b", _fixture.Store, default))).ErrorId);
    }

    [Fact]
    public void Without_any_keys_the_error_says_so()
    {
        var error = Assert.Throws<StingException>(() => _fixture.Open());
        Assert.Equal("KeysMissing", error.ErrorId);
        Assert.Contains(_fixture.Options.KeyDirectory, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousand_spares_are_what_a_host_gets_beside_one_for_each_known_subject()
    {
        var plan = ReserveKeys.Plan(_fixture.Options with { Spares = KeyOptions.Of("/keys", "/state", [], []).Spares }, new KeyCreation { HostName = "host-a", WithPassphrase = true, KnownSubjects = 250 });
        Assert.Equal(1250, plan.Spares);
    }

    private static async Task RetryAsync(KeyFixture fixture, int failing)
    {
        using var keys = await fixture.CreateAsync(Passphrase, spares: 3);
        using var writers = await keys.LoadWritersAsync(fixture.Store, default);
        Assert.True(writers.All.Count == 1, $"{writers.All.Count} writers after a failure at write {failing}");
        await using var writer = keys.OpenWriter(fixture.Store, writers);
        var subject = await writer.GetAsync("user:ada", default);
        using var reader = KeyFixture.Unlock(keys, Passphrase);
        Assert.Empty(reader.Faults);
        Assert.Equal(subject.IdKey, reader.GetIdKey(subject.Pseudonym).ToArray());
    }

    private Dictionary<string, string> Snapshot() => Directory.GetFiles(_fixture.Folder, "*", SearchOption.AllDirectories)
        .Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)).ToDictionary(path => path, path => Convert.ToHexString(File.ReadAllBytes(path)));
}
