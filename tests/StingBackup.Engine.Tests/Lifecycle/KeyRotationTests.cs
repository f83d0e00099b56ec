using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>Renewed keys: no pack changes, old restore points open, new data is sealed to the new ones; wherever a run died the next ends it.</summary>
public sealed class KeyRotationTests
{
    [Theory]
    [InlineData(KeyRotationKind.Epoch)]
    [InlineData(KeyRotationKind.KeyEncryptionKey)]
    [InlineData(KeyRotationKind.Subject)]
    [InlineData(KeyRotationKind.Writer)]
    [InlineData(KeyRotationKind.Signing)]
    public async Task Packs_stay_old_points_open_and_new_ones_follow(KeyRotationKind kind)
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var packs = await PacksAsync(fixture);
        var (plan, result) = await RotateAsync(fixture, new KeyRotationRequest(kind));
        Assert.Equal((JobState.Completed, kind, plan.Records, plan.Claims), (result.State, result.Kind, result.Records, result.Claims));
        Assert.Equal(packs, await PacksAsync(fixture));
        await AssertReadableAsync(fixture);

        fixture.Write("users/ada/later.txt", "after the rotation"u8);
        var run = await fixture.BackupAsync();
        Assert.Equal(0, run.Errors);
        Assert.Equal("after the rotation", await File.ReadAllTextAsync(Path.Combine(await fixture.RestoreAsync("ada"), "users/ada/later.txt")));
        await AssertReadableAsync(fixture);
        Assert.Empty((await fixture.VerifyAsync()).Faults);
        Assert.Contains(await AuditAsync(fixture), entry => entry.Command == "Update-StingKey" && entry.Outcome.StartsWith(kind.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_backed_up_later_is_sealed_to_the_next_generation_and_nothing_is_stored_again()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var before = await ClaimsAsync(fixture);
        await RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Subject));
        var after = await ClaimsAsync(fixture);
        Assert.Equal(before.Select(claim => (claim.Tag, claim.Key.Pseudonym)), after.Select(claim => (claim.Tag, claim.Key.Pseudonym)));
        Assert.All(after, claim => Assert.Equal(2u, claim.Key.Generation));
        Assert.Empty(before.Select(claim => Convert.ToHexString(claim.Key.PublicKey)).Intersect(after.Select(claim => Convert.ToHexString(claim.Key.PublicKey))));

        // A full run reads everything: the ids are the same, so that no content is stored again.
        var data = await PacksAsync(fixture, "data/");
        Assert.Equal(0, (await fixture.BackupAsync(type: BackupType.Full)).Errors);
        Assert.Equal(data, await PacksAsync(fixture, "data/"));
        fixture.Write("users/bob/new.txt", "new"u8);
        await fixture.BackupAsync();
        await using var installation = await fixture.OpenAsync();
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, default);
        Assert.Equal([1u, 2u], Generations(view).Where(generation => generation > 0).Distinct().Order());   // what lies in the clear has none
    }

    [Fact]
    public async Task One_by_name_leaves_the_others_as_they_are()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var (plan, result) = await RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Subject, RestoreScope.User, "ada"));
        Assert.Equal(("ada", 1L, 1L), (plan.Subject, plan.Claims, result.Claims));
        Assert.Equal(1, (await ClaimsAsync(fixture)).Count(claim => claim.Key.Generation == 2));
        await AssertReadableAsync(fixture);
        var noted = Assert.Single(await AuditAsync(fixture), entry => entry.Command == "Update-StingKey");
        Assert.Single(noted.Subjects);
        // Only a round of all makes the keys of all younger.
        using var keys = fixture.Keys.Open();
        Assert.Null(keys.PublicNow.SubjectsSinceNs);
    }

    [Fact]
    public async Task Killed_anywhere_a_round_of_subjects_is_ended_by_the_next()
    {
        int fileWrites, storeWrites;
        using var begin = await ErasureFixture.CreateAsync();
        var claims = await ClaimsAsync(begin);
        using (var counting = begin.Copy())
        {
            var (files, store) = (counting.Keys.Files.Writes, new DyingStore(counting.Keys.Store));
            await RenewAsync(counting, store);
            (fileWrites, storeWrites) = (counting.Keys.Files.Writes - files, store.Writes);
        }
        Assert.True(fileWrites >= 5 && storeWrites >= 5, $"{fileWrites} and {storeWrites} writes");
        for (var failing = 1; failing <= fileWrites + storeWrites; failing++)
        {
            foreach (var whole in new[] { false, true })
            {
                using var fixture = begin.Copy();
                var store = new DyingStore(fixture.Keys.Store);
                if (failing <= fileWrites)
                {
                    (fixture.Keys.Files.FailAt, fixture.Keys.Files.DoIt) = (fixture.Keys.Files.Writes + failing, whole);
                }
                else
                {
                    (store.FailAt, store.DoIt) = (failing - fileWrites, whole);
                }
                await Assert.ThrowsAsync<StingException>(() => RenewAsync(fixture, store));
                fixture.Keys.Files.FailAt = 0;
                var when = $"write {failing}, done {whole}";
                await AssertReadableAsync(fixture);

                await RenewAsync(fixture, fixture.Keys.Store);
                var after = await ClaimsAsync(fixture);
                Assert.True(claims.Select(claim => (claim.Tag, claim.Key.Pseudonym)).SequenceEqual(after.Select(claim => (claim.Tag, claim.Key.Pseudonym))), when);
                using var keys = fixture.Keys.Open();
                using (var kept = keys.OpenKeyStore())
                {
                    Assert.All(after, claim => Assert.True(claim.Key.Generation >= 2 && claim.Key.Generation == kept.NewestGeneration(claim.Key.Pseudonym), when));
                }
                Assert.NotNull(keys.PublicNow.SubjectsSinceNs);
                Assert.Empty(Directory.EnumerateFiles(keys.KeyDirectory, "*renewal*"));
                Assert.Equal(0, (await fixture.BackupAsync()).Errors);
                await AssertReadableAsync(fixture);
            }
        }
    }

    [Fact]
    public async Task Whoever_is_erased_while_a_round_lies_unfinished_is_found_and_does_not_come_back()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var claims = await ClaimsAsync(fixture);
        await Assert.ThrowsAsync<StingException>(() => RenewAsync(fixture, new DyingStore(fixture.Keys.Store) { FailAt = claims.Count + 1 }));   // all deleted, none created
        Assert.Equal(0, await CountClaimsAsync(fixture));
        await fixture.RequestAsync();
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);
        await RenewAsync(fixture, fixture.Keys.Store);
        Assert.Equal(claims.Count - 1, await CountClaimsAsync(fixture));
        var errors = new List<StingException>();
        Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync("ada", errors))).ErrorId);
        Assert.Equal("Bob's", await File.ReadAllTextAsync(Path.Combine(await fixture.RestoreAsync("bob"), "users/bob/own.txt")));
    }

    [Fact]
    public async Task A_KEK_and_the_key_roles_signing_key_are_renewed_only_with_an_approval()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await using var installation = await fixture.OpenAsync();
        var before = await File.ReadAllBytesAsync(fixture.Keys.InKeys(PublicHalf.FileName));
        foreach (var kind in new[] { KeyRotationKind.KeyEncryptionKey, KeyRotationKind.Signing })
        {
            var plan = await KeyRotationJob.PlanAsync(installation, new KeyRotationRequest(kind), default);
            Assert.True(plan.NeedsApproval);
            await Assert.ThrowsAsync<StingException>(() => TestInstallation.CompleteAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, plan, default)));
            Assert.Equal(before, await File.ReadAllBytesAsync(fixture.Keys.InKeys(PublicHalf.FileName)));
        }
    }

    [Fact]
    public async Task A_plan_says_what_changes_and_changes_nothing()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await using var installation = await fixture.OpenAsync();
        var writes = fixture.Keys.Files.Writes;
        foreach (var kind in Enum.GetValues<KeyRotationKind>())
        {
            var plan = await KeyRotationJob.PlanAsync(installation, new KeyRotationRequest(kind), default);
            Assert.Equal(kind is KeyRotationKind.Writer or KeyRotationKind.Signing ? 0 : 2, plan.Replicas.Count);
            Assert.NotEmpty(plan.Changes);
            Assert.Contains(plan.Stays, what => what.StartsWith("Packs", StringComparison.Ordinal));
            Assert.Equal(kind is KeyRotationKind.Subject or KeyRotationKind.Writer or KeyRotationKind.Signing ? 0 : 2, plan.EpochPlaces.Count);
        }
        Assert.Equal(writes, fixture.Keys.Files.Writes);
        var unfit = await Assert.ThrowsAsync<StingException>(async () => await KeyRotationJob.PlanAsync(installation, new KeyRotationRequest(KeyRotationKind.Epoch, RestoreScope.User, "ada"), default));
        Assert.Equal("RotationUnfit", unfit.ErrorId);
    }

    [Fact]
    public async Task Age_is_told_until_the_keys_are_renewed()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        using var keys = fixture.Keys.Open();
        Assert.Empty(KeyAges.Overdue(keys, 90, fixture.Keys.Clock.GetUtcNow()));
        fixture.Keys.Clock.Advance(TimeSpan.FromDays(91));
        var warnings = KeyAges.Overdue(keys, 90, fixture.Keys.Clock.GetUtcNow());
        Assert.Equal(5, warnings.Count);
        Assert.All(warnings, warning => Assert.Contains("91 days", warning, StringComparison.Ordinal));
        Assert.Empty(KeyAges.Overdue(keys, 0, fixture.Keys.Clock.GetUtcNow()));
        foreach (var kind in Enum.GetValues<KeyRotationKind>())
        {
            var (_, renewed) = await RotateAsync(fixture, new KeyRotationRequest(kind));
            using var now = fixture.Keys.Open();
            Assert.Equal((kind == KeyRotationKind.Signing ? now.KeyRoleFingerprint : null, kind == KeyRotationKind.Subject), (renewed.KeyFingerprint, renewed.Claims > 0));
            Assert.DoesNotContain(KeyAges.Overdue(now, 90, fixture.Keys.Clock.GetUtcNow()), warning => warning.EndsWith($"-Kind {kind}.", StringComparison.Ordinal));
        }
        using var all = fixture.Keys.Open();
        Assert.Empty(KeyAges.Overdue(all, 90, fixture.Keys.Clock.GetUtcNow()));
    }

    [Fact]
    public async Task Killed_anywhere_a_new_signing_key_leaves_a_host_that_can_write_and_what_was_signed_stays_good()
    {
        int writes;
        using var begin = await ErasureFixture.CreateAsync();
        using (var counting = begin.Copy())
        {
            var before = counting.Keys.Files.Writes;
            await RenewWriterAsync(counting);
            writes = counting.Keys.Files.Writes - before;
        }
        Assert.True(writes >= 3, $"{writes} writes");
        for (var failing = 1; failing <= writes; failing++)
        {
            foreach (var whole in new[] { false, true })
            {
                using var fixture = begin.Copy();
                var old = KeyOf(fixture);
                (fixture.Keys.Files.FailAt, fixture.Keys.Files.DoIt) = (fixture.Keys.Files.Writes + failing, whole);
                await Assert.ThrowsAsync<StingException>(() => RenewWriterAsync(fixture));
                fixture.Keys.Files.FailAt = 0;
                await AssertWritesAsync(fixture);
                await RenewWriterAsync(fixture);
                Assert.NotEqual(old, KeyOf(fixture));
                Assert.False(File.Exists(fixture.Keys.InHost(HostKeys.NextName)));
                await AssertWritesAsync(fixture);
                await using var installation = await fixture.OpenAsync();
                var own = installation.Writers.Find(installation.Writer)!;
                Assert.Equal(KeyOf(fixture), Convert.ToHexString(own.SigningKey));
                Assert.True(own.HasSigningKey(Convert.FromHexString(old)));
            }
        }
    }

    [Fact]
    public async Task An_audit_chain_goes_on_over_a_new_signing_key()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        await RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Epoch));
        await RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Writer));
        await RotateAsync(fixture, new KeyRotationRequest(KeyRotationKind.Epoch));
        var entries = (await AuditAsync(fixture)).Where(entry => entry.Command == "Update-StingKey").ToList();
        Assert.Equal(3, entries.Count);
        Assert.Single(entries.Select(entry => entry.Writer).Distinct());
        Assert.All(entries, entry => Assert.Equal(AuditState.Sound, entry.State));
        // A key that was never enrolled signs nothing for the host.
        await using var installation = await fixture.OpenAsync();
        using var stranger = EcdsaSigner.Generate();
        Assert.False(installation.Writers.Verify(installation.Writer, "x"u8, stranger.Sign("x"u8)));
    }

    private static async Task RenewWriterAsync(ErasureFixture fixture)
    {
        await using var installation = await fixture.OpenAsync();
        using var reader = installation.Keys!.Unlock(null);
        await installation.Keys.RenewWriterAsync(reader, installation.Store, default);
    }

    private static string KeyOf(ErasureFixture fixture)
    {
        using var keys = fixture.Keys.Open();
        return Convert.ToHexString(keys.Signer.PublicKey.Span);
    }

    private static async Task AssertWritesAsync(ErasureFixture fixture)
    {
        Assert.Equal(0, (await fixture.BackupAsync()).Errors);
        Assert.Empty((await fixture.VerifyAsync()).Faults);
        await AssertReadableAsync(fixture);
    }

    internal static async Task<(KeyRotationPlan Plan, KeyRotationResult Result)> RotateAsync(ErasureFixture fixture, KeyRotationRequest request)
    {
        await using var installation = await fixture.OpenAsync();
        var plan = await KeyRotationJob.PlanAsync(installation, request, default);
        Task<KeyRotationResult> Run() => TestInstallation.CompleteAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, plan, default));
        return (plan, plan.NeedsApproval ? await fixture.ApprovedAsync(installation, Run) : await Run());
    }

    private static async Task RenewAsync(ErasureFixture fixture, IObjectStore store)
    {
        await using var installation = await fixture.OpenAsync(store);
        using var reader = installation.Keys!.Unlock(null);
        await installation.Keys.RenewSubjectsAsync(store, reader, installation.Writers, new SubjectOrder(null), static _ => { }, default);
    }

    private static async Task AssertReadableAsync(ErasureFixture fixture)
    {
        var restored = await fixture.RestoreAsync(null);
        Assert.Equal(ErasureFixture.Secret, await File.ReadAllBytesAsync(Path.Combine(restored, "users/ada/diary.txt")));
        Assert.Equal("Bob's", await File.ReadAllTextAsync(Path.Combine(restored, "users/bob/own.txt")));
        Assert.Equal("honey", await File.ReadAllTextAsync(Path.Combine(restored, "jars/j1/doc.md")));
    }

    private static async Task<SortedDictionary<string, string>> PacksAsync(ErasureFixture fixture, string? only = null)
    {
        var packs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var prefix in only is null ? (string[])["data/", "meta/"] : [only])
        {
            await foreach (var found in fixture.Keys.Store.ListAsync(prefix, default))
            {
                packs[found.Name] = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await fixture.Keys.Store.ReadAllAsync(found.Name, default)));
            }
        }
        Assert.NotEmpty(packs);
        return packs;
    }

    private static async Task<List<SubjectClaim>> ClaimsAsync(ErasureFixture fixture)
    {
        await using var installation = await fixture.OpenAsync();
        using var verifier = new SignatureVerifier(installation.Keys!.KeyRoleKeys.Span);
        var claims = new List<SubjectClaim>();
        await foreach (var found in fixture.Keys.Store.ListAsync(KeyObjectNames.ClaimPrefix, default))
        {
            claims.Add(SubjectClaim.Read(found.Name, await fixture.Keys.Store.ReadAllAsync(found.Name, default), installation.Reserve, verifier, installation.Writers));
        }
        Assert.NotEmpty(claims);
        return claims;
    }

    private static async Task<int> CountClaimsAsync(ErasureFixture fixture) => (await ReserveKeys.TagsAsync(fixture.Keys.Store, default)).Count;

    internal static async Task<IReadOnlyList<AuditEntry>> AuditAsync(ErasureFixture fixture)
    {
        await using var installation = await fixture.OpenAsync();
        return await AuditReader.ReadAsync(installation, default);
    }

    private static IEnumerable<uint> Generations(RepositoryView view)
    {
        for (var rank = 0; rank < view.Index.Count; rank++)
        {
            if (view.Index.TryPlaceAt(rank, out var place))
            {
                yield return place.Segment.Header.Generation;
            }
        }
    }

    /// <summary>A store that dies at a chosen delete or barrier, before or after it.</summary>
    private sealed class DyingStore(MemoryObjectStore inner) : IObjectStore
    {
        private readonly List<(string Name, byte[] Content)> _staged = [];
        private int _writes;

        public int Writes => _writes;
        public int FailAt { get; set; }
        public bool DoIt { get; set; }
        public string Location => inner.Location;

        public ValueTask<bool> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel) => inner.PutAsync(name, content, cancel);
        public ValueTask StageAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            _staged.Add((name, content.ToArray()));   // lost with the process that dies
            return ValueTask.CompletedTask;
        }

        public ValueTask<int> ReadAsync(string name, long offset, Memory<byte> buffer, CancellationToken cancel) => inner.ReadAsync(name, offset, buffer, cancel);
        public ValueTask<long?> GetLengthAsync(string name, CancellationToken cancel) => inner.GetLengthAsync(name, cancel);
        public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public async ValueTask BarrierAsync(CancellationToken cancel)
        {
            var dies = Dies();
            if (!dies || DoIt)
            {
                foreach (var (name, content) in _staged)
                {
                    await inner.StageAsync(name, content, cancel);
                }
                await inner.BarrierAsync(cancel);
            }
            _staged.Clear();
            Die(dies);
        }

        public async ValueTask<bool> DeleteAsync(string name, CancellationToken cancel)
        {
            var dies = Dies();
            var deleted = (!dies || DoIt) && await inner.DeleteAsync(name, cancel);
            Die(dies);
            return deleted;
        }

        private bool Dies() => Interlocked.Increment(ref _writes) == FailAt;

        private static void Die(bool dies)
        {
            if (dies)
            {
                throw new StingException("StoreUnavailable", FailureKind.Io, "the store is gone (test)", null, "None.");
            }
        }
    }
}
