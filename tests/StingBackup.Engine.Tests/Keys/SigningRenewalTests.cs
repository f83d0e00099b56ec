using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>A new signing key of the key role: whoever pinned the old one walks to the new one, whoever pins the new one accepts what the old one signed, and nobody else gets in between.</summary>
public sealed class SigningRenewalTests : IDisposable
{
    private const string Passphrase = "a long passphrase";
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(Passphrase)]
    public async Task Old_and_new_fingerprints_open_and_what_the_old_key_signed_stays_good(string? passphrase)
    {
        using var keys = await _fixture.CreateAsync(passphrase);
        var old = keys.KeyRoleFingerprint;
        _fixture.Clock.Advance(TimeSpan.FromDays(90));
        var chain = await RenewAsync(keys, _fixture, passphrase);
        var renewed = Fingerprint.Of(chain.Current);
        Assert.NotEqual(old, renewed);
        Assert.Equal(_fixture.Environment.NowNs, chain.SinceNs);
        Assert.Equal(renewed, keys.KeyRoleFingerprint);   // opened before, and it knows

        foreach (var pin in new[] { old, renewed, null })
        {
            using var again = _fixture.Open(pin);
            Assert.Equal(renewed, again.KeyRoleFingerprint);
            using var writers = await again.LoadWritersAsync(_fixture.Store, default);
            Assert.Empty(writers.Faults);
            Assert.NotNull(writers.Find(again.WriterId));   // enrolled by the old key
            var (format, faults) = await again.LoadFormatAsync(_fixture.Store, default);
            Assert.Empty(faults);
            Assert.Equal(2u, format.Revision);
            using var reader = KeyFixture.Unlock(again, passphrase);
            Assert.Equal(KeyFixture.FewSpares, reader.Pseudonyms.Count);
            Assert.Empty(reader.Faults);
        }
        Assert.Equal("KeyRoleMismatch", Assert.Throws<StingException>(() => _fixture.Open(new string('a', 64))).ErrorId);
        using var half = Private(keys, passphrase);
        Assert.Equal((renewed, true), (Fingerprint.Of(half.KeyRole.PublicKey.Span), half.NextKeyRole is null));
    }

    [Fact]
    public async Task Whoever_unlocked_before_mints_no_more_and_a_KEK_and_an_epoch_follow_a_new_key()
    {
        using var keys = await _fixture.CreateAsync();
        using var early = keys.Unlock(null);
        await RenewAsync(keys, _fixture);
        Assert.Equal("KeyRoleMismatch", (await Assert.ThrowsAsync<StingException>(async () => await early.Role.MintAsync(1, default))).ErrorId);
        Assert.Equal(2, await keys.AddSparesAsync(null, 2, default));
        using (var reader = keys.Unlock(null))
        {
            await keys.RenewKekAsync(reader, null, _fixture.Store, default);
        }
        using (var reader = keys.Unlock(null))
        {
            await ReserveKeys.RenewEpochAsync(reader, default);
        }
        await RenewAsync(keys, _fixture);
        using var again = _fixture.Open();
        Assert.Equal(3, again.KeyRoleKeys.Length / P256.PublicSize);
        var (format, faults) = await again.LoadFormatAsync(_fixture.Store, default);
        Assert.Empty(faults);
        Assert.Equal((4u, Fingerprint.Of(again.PublicNow.KekPublicKey)), (format.Revision, format.KekFingerprint));
        using var last = again.Unlock(null);
        Assert.Equal(KeyFixture.FewSpares + 2, last.Pseudonyms.Count);
    }

    [Fact]
    public async Task Killed_after_any_write_everything_opens_and_the_next_try_ends_it_with_the_same_key()
    {
        int writes, puts;
        using var begin = new KeyFixture();
        (await begin.CreateAsync()).Dispose();
        using (var counting = begin.Copy())
        {
            using var keys = counting.Open();
            var (before, store) = (counting.Files.Writes, new CutStore(counting.Store));
            await RenewAsync(keys, counting, store: store);
            (writes, puts) = (counting.Files.Writes - before, store.Writes);
        }
        Assert.True(writes >= 5 && puts >= 4, $"{writes} and {puts} writes");
        for (var failing = 1; failing <= writes + puts; failing++)
        {
            foreach (var whole in new[] { false, true })
            {
                using var fixture = begin.Copy();
                using var made = fixture.Open();
                var pin = made.KeyRoleFingerprint;
                var store = new CutStore(fixture.Store);
                if (failing <= writes)
                {
                    (fixture.Files.FailAt, fixture.Files.DoIt) = (fixture.Files.Writes + failing, whole);
                }
                else
                {
                    (store.FailAt, store.DoIt) = (failing - writes, whole);
                }
                try
                {
                    await RenewAsync(made, fixture, store: store);
                }
                catch (StingException)
                {
                }
                fixture.Files.FailAt = 0;
                var when = $"write {failing}, done {whole}";
                var count = KeyFixture.FewSpares + 1;
                string? begun;
                using (var keys = fixture.Open(pin))
                {
                    begun = NextOf(keys);
                    // Somebody who does not know of it mints, publishes, and turns the epoch.
                    Assert.Equal(1, await keys.AddSparesAsync(null, 1, default));
                    Assert.True((await keys.PublishAsync(fixture.Store, default)).Faults.Count == 0, when);
                    using var reader = keys.Unlock(null);
                    await ReserveKeys.RenewEpochAsync(reader, default);
                }
                await AssertHostReadsAsync(fixture, pin, when);
                using (var next = fixture.Open(pin))
                {
                    var chain = await RenewAsync(next, fixture);
                    // Ended where it had begun, with the same key; begun where it had not, or anew where only the report of its end was lost.
                    Assert.True(begun is null || begun == Fingerprint.Of(chain.Current), when);
                    Assert.True(chain.Count == (begun is null && next.KeyRoleKeys.Length / P256.PublicSize == 3 ? 3 : 2), $"{when}: {chain.Count} keys");
                }
                using var after = fixture.Open(pin);
                Assert.Null(NextOf(after));
                using var last = after.Unlock(null);
                Assert.True(last.Pseudonyms.Count == count && last.Faults.Count == 0, when);
                using var renewed = fixture.Open(after.KeyRoleFingerprint);
                await AssertHostReadsAsync(fixture, pin, when);
            }
        }
    }

    [Fact]
    public async Task A_host_without_the_key_directory_walks_and_remembers()
    {
        using var keys = await _fixture.CreateAsync();
        var old = keys.KeyRoleFingerprint;
        var chain = await RenewAsync(keys, _fixture);
        var renewed = Fingerprint.Of(chain.Current);
        File.Delete(_fixture.InHost("key-role"));   // this one learned of it as the key role
        using (var reader = keys.Unlock(null))
        using (var other = EcdsaSigner.Generate())
        using (var theirs = AgreementKey.Generate())
        {
            var writer = new EnrolledWriter(_fixture.Environment.NewId(), "later", other.PublicKey.ToArray(), theirs.PublicKey.ToArray(), null);
            keys.KeepSigned(KeyObjectNames.Writer(writer.Id, 1), new WriterObject(keys.ReserveId, 1, writer, 1).ToBytes(reader.Role.Keys.KeyRole));
            await keys.PublishAsync(_fixture.Store, default);
        }
        _fixture.Options = _fixture.Options with { KeyDirectory = Path.Combine(_fixture.Folder, "nowhere") };

        // Before it has seen the repository nothing leads from its own key to the new fingerprint.
        Assert.Equal("KeyRoleMismatch", Assert.Throws<StingException>(() => _fixture.Open(renewed)).ErrorId);
        using (var host = _fixture.Open(old))
        {
            Assert.Equal(old, host.KeyRoleFingerprint);
            Assert.Empty((await host.LoadFormatAsync(_fixture.Store, default)).Faults);
            Assert.Equal(renewed, host.KeyRoleFingerprint);
            using var writers = await host.LoadWritersAsync(_fixture.Store, default);
            Assert.Empty(writers.Faults);
            Assert.Equal(2, writers.All.Count);
        }
        using (var host = _fixture.Open(renewed))
        {
            Assert.Equal(renewed, host.KeyRoleFingerprint);
        }
        // What it remembers proves itself: one changed byte, and it counts for nothing.
        KeyFixture.Flip(_fixture.InHost("key-role"), 200);
        using var without = _fixture.Open(old);
        Assert.Equal(old, without.KeyRoleFingerprint);
    }

    [Fact]
    public async Task No_chain_leads_anywhere_that_was_not_signed_from_both_sides()
    {
        using var keys = await _fixture.CreateAsync();
        using EcdsaSigner first = EcdsaSigner.Generate(), second = EcdsaSigner.Generate(), third = EcdsaSigner.Generate(), thief = EcdsaSigner.Generate();
        var reserve = keys.ReserveId;
        var two = KeyRoleChain.Of(first.PublicKey.ToArray()).HandOver(first, second, reserve, 1);
        var three = two.HandOver(second, third, reserve, 2);
        var read = KeyRoleChain.TryRead(three.Handovers, reserve)!;
        Assert.Equal((3, 2L), (read.Count, read.SinceNs!.Value));
        Assert.Equal(new[] { third, second, first }.Select(key => key.PublicKey.ToArray()), read.Keys);
        for (var at = 0; at < three.Handovers.Length; at++)
        {
            var changed = three.Handovers.ToArray();
            changed[at] ^= 1;
            Assert.Null(KeyRoleChain.TryRead(changed, reserve));
        }
        var size = two.Handovers.Length;
        Assert.Null(KeyRoleChain.TryRead(three.Handovers[size..], reserve));                                                // its first step is missing
        Assert.Null(KeyRoleChain.TryRead([.. three.Handovers[size..], .. three.Handovers[..size]], reserve));               // out of order
        Assert.Null(KeyRoleChain.TryRead(three.Handovers[..^1], reserve));
        Assert.Null(KeyRoleChain.TryRead(three.Handovers, new Id16(new byte[16])));                                         // another reserve's
        Assert.Null(KeyRoleChain.TryRead(two.HandOver(second, first, reserve, 3).Handovers, reserve));                      // back to where it was
        // A thief makes himself the predecessor or the successor of a key that he has not.
        Assert.Null(KeyRoleChain.TryRead(Forged(thief, second, thief, reserve), reserve));
        Assert.Null(KeyRoleChain.TryRead(Forged(second, thief, thief, reserve), reserve));

        // Nobody takes over a longer chain that does not hold the key he trusts, or that another key role made.
        Assert.Same(two, two.ExtendedBy(KeyRoleChain.Of(thief.PublicKey.ToArray()).HandOver(thief, first, reserve, 1).HandOver(first, third, reserve, 2)));
        Assert.Equal(3, two.ExtendedBy(three).Count);
        var foreign = new FormatObject { ReserveId = reserve, Revision = 9, CreatedNs = 1, KekFingerprint = new string('0', 64), Handovers = three.Handovers }.ToBytes(third);
        await _fixture.Store.DeleteAsync(KeyObjectNames.Format(1), default);
        await _fixture.Store.PutAsync(KeyObjectNames.Format(1), foreign, default);
        var (format, faults) = await keys.LoadFormatAsync(_fixture.Store, default);
        Assert.Equal(1u, format.Revision);
        Assert.Single(faults);
        Assert.Equal(P256.PublicSize, keys.KeyRoleKeys.Length);
    }

    [Fact]
    public async Task A_package_and_an_escrow_carry_the_chain()
    {
        using var keys = await _fixture.CreateAsync();
        var old = keys.KeyRoleFingerprint;
        await RenewAsync(keys, _fixture);
        using var again = _fixture.Open(old);
        using var reader = again.Unlock(null);
        using var host = HostKeys.GeneratePending(_fixture.Environment, "b");
        var package = HostPackage.Read(await again.EnrollAsync(reader, host.ToWriter(), isNew: true, 2, default), "b.package");
        Assert.True(package.Chain.Holds(old) && package.Chain.Holds(again.KeyRoleFingerprint));

        var (escrow, shares) = again.MakeEscrow(reader, 3, 2);
        var read = SealedEscrow.Read(escrow.Bytes, "escrow");
        Assert.Equal((2, again.KeyRoleFingerprint), (read.Chain!.Count, read.KeyFingerprint));
        var elsewhere = _fixture.Options with { KeyDirectory = Path.Combine(_fixture.Folder, "lost") };
        foreach (var pin in new[] { old, again.KeyRoleFingerprint })
        {
            ReserveKeys.CheckImport(_fixture.Environment, elsewhere, read, pin);
        }
        Assert.Equal("KeyRoleMismatch", Assert.Throws<StingException>(() => ReserveKeys.CheckImport(_fixture.Environment, elsewhere, read, new string('a', 64))).ErrorId);
        foreach (var share in shares)
        {
            share.Dispose();
        }
    }

    /// <summary>A host without the key directory, which pins the first key, and has seen nothing yet.</summary>
    private static async Task AssertHostReadsAsync(KeyFixture fixture, string pin, string when)
    {
        var (before, state) = (fixture.Options, Path.Combine(fixture.Folder, Guid.NewGuid().ToString("N")));
        Directory.CreateDirectory(Path.Combine(state, "host"));
        File.Copy(fixture.InHost(HostKeys.FileName), Path.Combine(state, "host", HostKeys.FileName));
        fixture.Options = before with { KeyDirectory = Path.Combine(fixture.Folder, "nowhere"), HostStateDirectory = state };
        using (var host = fixture.Open(pin))
        {
            var (_, faults) = await host.LoadFormatAsync(fixture.Store, default);
            using var writers = await host.LoadWritersAsync(fixture.Store, default);
            Assert.True(faults.Count == 0 && writers.Faults.Count == 0 && writers.Find(host.WriterId) is not null, when);
        }
        fixture.Options = before;
    }

    private static byte[] Forged(EcdsaSigner from, EcdsaSigner to, EcdsaSigner thief, Id16 reserve)
    {
        var honest = KeyRoleChain.Of(from.PublicKey.ToArray()).HandOver(from, to, reserve, 1).Handovers;
        byte[] message = [.. "sting1 next"u8, .. reserve.ToArray(), .. honest[..^128]];
        return [.. honest[..^128], .. thief.Sign(message), .. thief.Sign(message)];
    }

    internal static async Task<KeyRoleChain> RenewAsync(ReserveKeys keys, KeyFixture fixture, string? passphrase = null, IObjectStore? store = null)
    {
        using var secret = passphrase is null ? null : SecretBytes.FromPassphrase(passphrase);
        using var reader = keys.Unlock(secret);
        return await keys.RenewSigningAsync(reader, secret, store ?? fixture.Store, default);
    }

    private static PrivateHalf Private(ReserveKeys keys, string? passphrase)
    {
        using var secret = passphrase is null ? null : SecretBytes.FromPassphrase(passphrase);
        var path = Path.Combine(keys.KeyDirectory, PrivateHalfFile.FileName);
        return PrivateHalfFile.Open(File.ReadAllBytes(path), path, keys.ReserveId, secret);
    }

    private static string? NextOf(ReserveKeys keys)
    {
        using var half = Private(keys, null);
        return half.NextKeyRole is { } next ? Fingerprint.Of(next.PublicKey.Span) : null;
    }

    /// <summary>A store that dies at a chosen write, before or after it.</summary>
    private sealed class CutStore(IObjectStore inner) : IObjectStore
    {
        public int Writes { get; private set; }
        public int FailAt { get; set; }
        public bool DoIt { get; set; }
        public string Location => inner.Location;
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.StageAsync(name, content, cancel);
        public ValueTask BarrierAsync(CancellationToken cancel) => inner.BarrierAsync(cancel);
        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => WriteAsync(() => inner.PutAsync(name, content, cancel));

        public ValueTask<bool> DeleteAsync(string name, CancellationToken cancel) => WriteAsync(() => inner.DeleteAsync(name, cancel));

        private async ValueTask<bool> WriteAsync(Func<ValueTask<bool>> write)
        {
            Writes++;
            var dies = FailAt > 0 && Writes >= FailAt;
            var done = (!dies || (DoIt && Writes == FailAt)) && await write();
            return dies ? throw new StingException("StoreUnavailable", FailureKind.Io, "The store is gone (test).", null, "None.") : done;
        }
    }
}
