using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Lifecycle;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>A new writer secret: other ids and cut points from then on, everything of the subject stored again and nothing of others, and what lies there stays readable.</summary>
public sealed class WriterSecretTests
{
    private static readonly KeyRotationRequest Ada = new(KeyRotationKind.Subject, RestoreScope.User, "ada") { NewWriterSecret = true };

    [Fact]
    public async Task What_a_subject_has_is_stored_again_under_other_ids_and_old_points_open()
    {
        using var fixture = await CreateAsync();
        var (ada, bob) = (await PseudonymAsync(fixture, "ada"), await PseudonymAsync(fixture, "bob"));
        var (before, others) = (await ChunksAsync(fixture, ada), await ChunksAsync(fixture, bob));
        Assert.All(before, chunk => Assert.Equal(1u, chunk.Generation));

        var plan = await RotateAsync(fixture, Ada);
        var files = new DirectoryInfo(Path.Combine(fixture.Reserve, "users/ada")).GetFiles();
        Assert.Equal((true, files.Sum(file => file.Length)), (plan.NewWriterSecret, plan.StoredAgainBytes));
        Assert.Contains(plan.Changes, what => what.Contains("stored again", StringComparison.Ordinal));
        Assert.Empty((await fixture.VerifyAsync()).Faults);   // the old points, before anything is stored again

        var run = await fixture.BackupAsync();
        Assert.Equal((0L, (long)files.Length), (run.Errors, run.ItemsRead));   // the host's cache says that nothing changed, and is not believed for her
        var after = await ChunksAsync(fixture, ada);
        var renewed = after.Where(chunk => chunk.Generation == 2).ToList();
        Assert.Equal(before, after.Except(renewed));
        Assert.NotEmpty(renewed);
        Assert.Empty(before.Select(chunk => chunk.Id).Intersect(renewed.Select(chunk => chunk.Id)));
        Assert.Equal(others, await ChunksAsync(fixture, bob));

        // The new point needs nothing of the old generation: with its key gone the newest restore is whole.
        Assert.Equal(ErasureFixture.Secret, await File.ReadAllBytesAsync(Path.Combine(await fixture.RestoreAsync("ada"), "users/ada/diary.txt")));
        await AssertReachesAsync(fixture, ada, 2);
        Assert.Empty((await fixture.VerifyAsync()).Faults);

        // From then on nothing is stored again; and a key that is renewed as ever keeps the new secret.
        Assert.Equal(0, (await fixture.BackupAsync()).ItemsRead);
        await RotateAsync(fixture, Ada with { NewWriterSecret = false });
        Assert.Equal(0, (await fixture.BackupAsync()).ItemsRead);
        fixture.Write("users/ada/later.txt", "under the third generation"u8);
        run = await fixture.BackupAsync();
        Assert.Equal((0L, 1L), (run.Errors, run.ItemsRead));
        Assert.Empty((await fixture.VerifyAsync()).Faults);
        using var keys = fixture.Keys.Open();
        using var reader = keys.Unlock(null);
        Assert.Equal(reader.GetIdKey(ada, 2).ToArray(), reader.GetIdKey(ada, 3).ToArray());
        Assert.NotEqual(reader.GetIdKey(ada, 1).ToArray(), reader.GetIdKey(ada, 2).ToArray());
    }

    [Fact]
    public async Task Everybody_gets_one_and_the_plan_counts_all_bytes()
    {
        using var fixture = await CreateAsync();
        var all = new KeyRotationRequest(KeyRotationKind.Subject) { NewWriterSecret = true };
        var plan = await RotateAsync(fixture, all);
        var files = new DirectoryInfo(fixture.Reserve).GetFiles("*", SearchOption.AllDirectories);
        Assert.Equal(files.Sum(file => file.Length), plan.StoredAgainBytes);
        Assert.True(plan.StoredAgainBytes > 2 * ErasureFixture.Secret.Length);
        var run = await fixture.BackupAsync();
        Assert.Equal((0L, (long)files.Length), (run.Errors, run.ItemsRead));
        Assert.Empty((await fixture.VerifyAsync()).Faults);
        Assert.Equal(0, (await PlanAsync(fixture, all with { NewWriterSecret = false })).StoredAgainBytes);
        foreach (var kind in Enum.GetValues<KeyRotationKind>().Where(kind => kind != KeyRotationKind.Subject))
        {
            Assert.Equal("RotationUnfit", (await Assert.ThrowsAsync<StingException>(() => PlanAsync(fixture, new KeyRotationRequest(kind) { NewWriterSecret = true }))).ErrorId);
        }
    }

    [Fact]
    public async Task An_erasure_destroys_every_generation_and_each_of_its_secrets()
    {
        using var fixture = await ErasureFixture.CreateAsync();
        var ada = await PseudonymAsync(fixture, "ada");
        await RotateAsync(fixture, Ada);
        await fixture.BackupAsync();
        var chunks = await ChunksAsync(fixture, ada);
        await fixture.RequestAsync();
        Assert.Equal(ErasureState.Completed, Assert.Single(await fixture.CompleteAsync()).State);
        using var keys = fixture.Keys.Open();
        using (var reader = keys.Unlock(null))
        {
            foreach (var generation in chunks.Select(chunk => chunk.Generation).Distinct())
            {
                Assert.Equal("SubjectKeyMissing", Assert.Throws<StingException>(() => reader.GetIdKey(ada, generation)).ErrorId);
            }
            Assert.DoesNotContain(ada, reader.Pseudonyms);
        }
        Assert.Equal([1u, 2u], chunks.Select(chunk => chunk.Generation).Distinct().Order());
        Assert.Equal("SubjectErased", (await Assert.ThrowsAsync<StingException>(() => fixture.RestoreAsync("ada"))).ErrorId);
        Assert.Equal("Bob's", await File.ReadAllTextAsync(Path.Combine(await fixture.RestoreAsync("bob"), "users/bob/own.txt")));
    }

    [Fact]
    public async Task Killed_at_any_write_the_next_run_gives_a_secret_that_is_new_and_everything_stays_readable()
    {
        int writes;
        using var begin = await ErasureFixture.CreateAsync();
        var ada = await PseudonymAsync(begin, "ada");
        using (var counting = begin.Copy())
        {
            var before = counting.Keys.Files.Writes;
            await RenewAsync(counting, newSecret: true);
            writes = counting.Keys.Files.Writes - before;
        }
        Assert.True(writes >= 4, $"{writes} writes");
        // What died was a renewal with a new secret, or one without: the key that it left is not taken for one of the other kind.
        for (var failing = 1; failing <= writes; failing++)
        {
            using var fixture = begin.Copy();
            (fixture.Keys.Files.FailAt, fixture.Keys.Files.DoIt) = (fixture.Keys.Files.Writes + failing, failing % 2 == 0);
            await Assert.ThrowsAsync<StingException>(() => RenewAsync(fixture, newSecret: failing % 3 != 1));
            fixture.Keys.Files.FailAt = 0;
            if (failing % 3 == 2 && await GenerationAsync(fixture, ada) == 1)
            {
                await RenewAsync(fixture, newSecret: false);   // nobody is made to store things again by a round that did not ask for it
                using var kept = fixture.Keys.Open();
                using var plain = kept.Unlock(null);
                Assert.Equal(plain.GetIdKey(ada, 1).ToArray(), plain.GetIdKey(ada).ToArray());
            }
            Assert.Equal(0, (await fixture.BackupAsync()).Errors);   // with the claim of before, or with the next
            await RenewAsync(fixture, newSecret: true);
            using (var keys = fixture.Keys.Open())
            using (var reader = keys.Unlock(null))
            {
                Assert.False(reader.GetIdKey(ada, 1).Span.SequenceEqual(reader.GetIdKey(ada).Span), $"write {failing}");
            }
            Assert.Equal(0, (await fixture.BackupAsync()).Errors);
            Assert.Empty((await fixture.VerifyAsync()).Faults);
            Assert.Equal(ErasureFixture.Secret, await File.ReadAllBytesAsync(Path.Combine(await fixture.RestoreAsync("ada"), "users/ada/diary.txt")));
        }
    }

    /// <summary>One whose cache is used: its clock is later than the files' dates.</summary>
    private static async Task<ErasureFixture> CreateAsync()
    {
        var fixture = await ErasureFixture.CreateAsync();
        fixture.Keys.Clock.SetUtcNow(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
        await fixture.BackupAsync();
        Assert.Equal(0, (await fixture.BackupAsync()).ItemsRead);
        return fixture;
    }

    private static async Task RenewAsync(ErasureFixture fixture, bool newSecret)
    {
        await using var installation = await fixture.OpenAsync();
        using var reader = installation.Keys!.Unlock(null);
        await installation.Keys.RenewSubjectsAsync(installation.Store, reader, installation.Writers, new SubjectOrder(await ReserveKeys.TagsAsync(installation.Store, default), newSecret), static _ => { }, default);
    }

    /// <summary>What the claim names; 0 where it is away.</summary>
    private static async Task<uint> GenerationAsync(ErasureFixture fixture, Id16 pseudonym)
    {
        await using var installation = await fixture.OpenAsync();
        await foreach (var key in installation.Keys!.ListAsync(installation.Store, default))
        {
            if (key.Kind == KeyKind.Subject && key.Name.Contains(pseudonym.ToString(), StringComparison.Ordinal))
            {
                return (uint)key.Generation!.Value;
            }
        }
        return 0;
    }

    private static async Task<KeyRotationPlan> PlanAsync(ErasureFixture fixture, KeyRotationRequest request)
    {
        await using var installation = await fixture.OpenAsync();
        return await KeyRotationJob.PlanAsync(installation, request, default);
    }

    private static async Task<KeyRotationPlan> RotateAsync(ErasureFixture fixture, KeyRotationRequest request)
    {
        await using var installation = await fixture.OpenAsync();
        var plan = await KeyRotationJob.PlanAsync(installation, request, default);
        Assert.Equal(JobState.Completed, (await TestInstallation.CompleteAsync<KeyRotationResult>(KeyRotationJob.RunAsync(installation, plan, default))).State);
        return plan;
    }

    private static async Task<Id16> PseudonymAsync(ErasureFixture fixture, string user)
    {
        await using var installation = await fixture.OpenAsync();
        using var repository = await RepositoryReading.OpenAsync(installation, default);
        var choice = await repository.Resolver.ResolveAsync(RestoreScope.User, user, [.. repository.Finder.All], default);
        return (await ErasureTargets.FindAsync(installation, choice.Names, default))[0].Pseudonym;
    }

    /// <summary>Every chunk and page of a subject, with the generation of the key that its segment names.</summary>
    private static async Task<List<(Id32 Id, uint Generation)>> ChunksAsync(ErasureFixture fixture, Id16 pseudonym)
    {
        await using var installation = await fixture.OpenAsync();
        var view = await RepositoryView.LoadAsync(installation.Store, installation.Reserve, installation.Writers, default);
        var found = new List<(Id32, uint)>();
        for (var rank = 0; rank < view.Index.Count; rank++)
        {
            if (view.Index.TryPlaceAt(rank, out var place) && place.Segment.Header.Suite != SegmentHeader.ClearSuite && place.Segment.Header.Pseudonym == pseudonym)
            {
                found.Add((place.Entry.Id, place.Segment.Header.Generation));
            }
        }
        return found;
    }

    /// <summary>The newest point's tree of a subject, and the chunks of its files, all lie under one generation.</summary>
    private static async Task AssertReachesAsync(ErasureFixture fixture, Id16 pseudonym, uint generation)
    {
        await using var installation = await fixture.OpenAsync();
        using var repository = await RepositoryReading.OpenAsync(installation, default);
        var newest = repository.View.Backups.MaxBy(point => point.Record.Sequence)!.Record;
        var met = 0;
        foreach (var page in newest.Classes.SelectMany(part => part.SubjectPages))
        {
            foreach (var row in (await repository.Reader.ReadSubjectPageAsync(page, default)).Where(row => row.Pseudonym == pseudonym))
            {
                await foreach (var entry in repository.Walker.WalkAsync(new TreeRoot(pseudonym, row.Root), EntryPath.Root, null, default))
                {
                    foreach (var id in entry.Extents.Where(extent => !extent.IsHole).Select(extent => extent.Id).Append(row.Root))
                    {
                        Assert.True(repository.View.Index.TryFind(id, out var place));
                        Assert.Equal(generation, place.Segment.Header.Generation);
                        met++;
                    }
                }
            }
        }
        Assert.True(met > 3, $"{met} met");
    }
}
