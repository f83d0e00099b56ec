using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Lifecycle.Pruning;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tiering.Cold;

namespace StingBackup.Engine.Tests.Tiering.Cold;

public sealed class ColdRecutTests
{
    /// <summary>Three people and a jar, five megabytes, over three days; one of the files is a capture of a whole server.</summary>
    private static async Task FillAsync(ArchivedReserve reserve)
    {
        foreach (var person in (int[])[1, 2, 3])
        {
            reserve.Test.Write($"users/{person}/big.bin", RandomNumberGenerator.GetBytes(1_400_000));
            reserve.Test.Write($"users/{person}/small.txt", RandomNumberGenerator.GetBytes(3_000));
        }
        reserve.Test.Write("chunks/7/vectors.bin", RandomNumberGenerator.GetBytes(500_000));
        reserve.Test.Write("whole/base.tar", RandomNumberGenerator.GetBytes(300_000));
        await reserve.Test.BackupAsync();
        reserve.Advance(1);
        reserve.Test.Write("users/1/second.bin", RandomNumberGenerator.GetBytes(300_000));
        await reserve.Test.BackupAsync();
        reserve.Advance(1);
        reserve.Test.Write("users/2/third.bin", RandomNumberGenerator.GetBytes(200_000));
        await reserve.Test.BackupAsync();
    }

    private static async Task<ArchiveIndex> IndexAsync(ArchivedReserve reserve) => await ColdRecut.LoadIndexAsync(reserve.Open(), default);

    /// <summary>Every chunk of the cold packs, by the packs' own footers.</summary>
    private static List<(PackTables Tables, ChunkEntry Entry)> ColdChunks(ArchivedReserve reserve) =>
        [.. reserve.Archive.Objects.Where(o => o.Key.StartsWith("data/", StringComparison.Ordinal)).Select(o => PackReader.ReadTables(new PackInfo(IdOf(o.Key), ObjectKind.DataPack, o.Value.Length), o.Value, reserve.Test.Keys.Reserve)).SelectMany(t => t.Entries.Select(e => (t, e)))];

    private static Id32 IdOf(string name) => Id32.TryParse(name[(name.LastIndexOf('/') + 1)..], out var id) ? id : default;

    [Fact]
    public async Task Points_enter_when_they_are_old_enough_and_restore_from_the_archive_alone()
    {
        await using var reserve = new ArchivedReserve();
        await FillAsync(reserve);
        Assert.False((await ColdRecut.PlanAsync(reserve.Open(), null, default)).HasWork);
        reserve.Advance(6);   // the first two are a week old
        var plan = await ColdRecut.PlanAsync(reserve.Open(), null, default);
        Assert.Equal((2L, 1L), (plan.Points, plan.Younger));
        Assert.Empty(ArchivedReserve.Names(reserve.Archive, ""));

        var first = await reserve.ArchiveAsync();
        Assert.Equal((JobState.Completed, 2L, 0L), (first.State, first.Points, first.Withheld));
        Assert.Equal(plan.Bands.Sum(b => b.Chunks), first.Chunks);
        Assert.Equal(plan.Meta, first.Meta);
        Assert.Equal(2, ArchivedReserve.Names(reserve.Archive, "points/").Count);
        Assert.Empty(ArchivedReserve.Names(reserve.Archive, "sessions/"));
        reserve.Advance(1);
        var second = await reserve.ArchiveAsync();
        Assert.Equal((1L, 1L), (second.Points, second.Cold.Packs));
        // Once more: nothing is written.
        var before = reserve.Archive.Objects.Count;
        var third = await reserve.ArchiveAsync();
        Assert.Equal((0L, 0L, 0L), (third.Points, third.Cold.Packs, third.Meta.Packs));
        Assert.Equal(before, reserve.Archive.Objects.Count);

        var written = ArchivedReserve.Content(reserve.Test.ReserveRoot);
        written.Remove("whole/base.tar");
        reserve.LoseLocalData();
        Assert.Equal(written, await ArchivedReserve.RestoreAsync(reserve.Open(), Path.Combine(reserve.Test.Root, "through")));
        // And with nothing but the archive.
        Assert.Equal(written, await ArchivedReserve.RestoreAsync(reserve.Open(reserve.Archive), Path.Combine(reserve.Test.Root, "alone")));
    }

    [Fact]
    public async Task Cold_packs_hold_whole_records_by_end_and_subject_and_no_capture_of_a_server()
    {
        await using var reserve = new ArchivedReserve();
        await FillAsync(reserve);
        reserve.Advance(9);
        await reserve.ArchiveAsync();
        var chunks = ColdChunks(reserve);
        Assert.Equal(chunks.Count, chunks.Select(c => c.Entry.Id).Distinct().Count());
        // Vectors are kept for 90 days, people's files for a year: no pack holds both.
        var jar = Assert.Single(chunks.Select(c => c.Tables).Distinct(), t => t.Segments.Any(s => s.Header.Pseudonym == PseudonymOf(reserve, "jar:7")));
        Assert.Single(jar.Segments);
        var people = chunks.Select(c => c.Tables).Distinct().Where(t => t != jar).ToList();
        Assert.InRange(people.Count, 2, 3);
        Assert.All(people, t => Assert.Equal(t.Segments.Select(s => s.Header.Pseudonym).Order(), t.Segments.Select(s => s.Header.Pseudonym)));
        Assert.All(people, t => Assert.InRange(t.Pack.Length, 1, 3 << 20));
        // No record of the capture: all that is archived is what points of other classes reach.
        var view = await RepositoryView.LoadAsync(reserve.Local, reserve.Test.Keys.Reserve, reserve.Test.Keys.Writers, default);
        var archived = chunks.Select(c => c.Entry.Id).ToHashSet();
        var missing = view.Index.Fragments.SelectMany(f => Enumerable.Range(0, f.Count).Select(r => (Place: f.Segments[f[r].Segment], Entry: f[r]))).Where(e => e.Place.Pack.Kind == ObjectKind.DataPack && !archived.Contains(e.Entry.Id)).ToList();
        Assert.All(missing, m => Assert.Equal(PseudonymOf(reserve, "system"), m.Place.Header.Pseudonym));
        Assert.InRange(missing.Sum(m => m.Entry.RawLength), 300_000, 300_000);
        // A pack that a hotter tier may let go: all that points reach of it is here.
        var index = await IndexAsync(reserve);
        var places = view.Index.Fragments.SelectMany(f => Enumerable.Range(0, f.Count).Select(r => new ChunkPlace(f.Segments[f[r].Segment], f[r]))).Where(p => p.Segment.Pack.Kind == ObjectKind.DataPack).ToList();
        Assert.True(index.IsInArchive(places.Where(p => archived.Contains(p.Entry.Id))));
        Assert.False(index.IsInArchive(places));
        Assert.False(index.Has(places.First(p => archived.Contains(p.Entry.Id)).Entry.Id, PseudonymOf(reserve, "system")));
        // The point still names the capture, which the archive never has; the rest of it is whole.
        var faults = await reserve.VerifyArchiveAsync(IntegrityLevel.Data);
        Assert.All(faults, OnlyTheCapture);
    }

    private static void OnlyTheCapture(IntegrityFault fault)
    {
        Assert.NotEmpty(fault.Files);
        Assert.All(fault.Files, file => Assert.EndsWith("whole/base.tar", file, StringComparison.Ordinal));
    }

    private static Id16 PseudonymOf(ArchivedReserve reserve, string name) => reserve.Test.Keys.GetAsync(name, default).AsTask().GetAwaiter().GetResult().Pseudonym;

    /// <summary>Killed before each write to the archive, again and again: a point there is whole, and in the end nothing was stored twice.</summary>
    [Fact]
    public async Task A_run_that_is_killed_anywhere_is_gone_on_with_and_nothing_is_stored_twice()
    {
        await using var filled = new ArchivedReserve();
        await FillAsync(filled);
        filled.Advance(9);
        var (empty, kills) = (filled.Archive.Objects, 0);
        for (var at = 0; at < 100; at++, kills++)
        {
            foreach (var name in ArchivedReserve.Names(filled.Archive, ""))
            {
                await filled.Archive.DeleteAsync(name, default);
            }
            var (left, killed) = (at, false);
            filled.Open();
            filled.Faulty.Before = (verb, name) =>
            {
                // Records of earlier turns are copied too, one more each time: they count as no step.
                if (verb is "put" or "stage" or "barrier" or "delete" && (killed || (!name.StartsWith("audit/", StringComparison.Ordinal) && left-- == 0)))
                {
                    killed = true;
                    throw new StingException("StoreUnreachable", FailureKind.Io, "Killed.", name, "None.");
                }
            };
            try
            {
                await filled.ArchiveAsync();
            }
            catch (StingException e) when (e.ErrorId == "StoreUnreachable")
            {
            }
            filled.Faulty.Before = (_, _) => { };
            if (!killed)
            {
                break;
            }
            var points = ArchivedReserve.Names(filled.Archive, "points/").Count;
            if (points > 0)
            {
                Assert.Equal(filled.Archive.Objects.Keys.Count(n => n.StartsWith("drops/", StringComparison.Ordinal)), ArchivedReserve.Names(filled.Local, "drops/").Count);
                // What the run itself would have noted is missing; it was killed.
                Assert.All((await filled.VerifyArchiveAsync(IntegrityLevel.Data)).Where(f => !f.Object.StartsWith("audit/", StringComparison.Ordinal)), OnlyTheCapture);
            }
            var gone = await filled.ArchiveAsync();
            Assert.Equal(3, ArchivedReserve.Names(filled.Archive, "points/").Count);
            Assert.Equal(0, gone.Withheld);
            var chunks = ColdChunks(filled);
            Assert.Equal(chunks.Count, chunks.Select(c => c.Entry.Id).Distinct().Count());
            // The index names every pack that was paid for.
            Assert.Equal(ArchivedReserve.Names(filled.Archive, "data/"), (await IndexAsync(filled)).Index.Packs.Where(p => p.Kind == ObjectKind.DataPack).Select(p => p.Name).Order(StringComparer.Ordinal));
        }
        Assert.InRange(kills, 12, 60);
        Assert.Empty(empty);
    }

    [Fact]
    public async Task A_point_whose_pack_is_damaged_is_withheld_and_enters_when_it_is_mended()
    {
        await using var reserve = new ArchivedReserve();
        reserve.Test.Write("users/1/a.bin", RandomNumberGenerator.GetBytes(200_000));
        await reserve.Test.BackupAsync();
        File.Delete(Path.Combine(reserve.Test.ReserveRoot, "users/1/a.bin"));
        reserve.Test.Write("users/1/b.bin", RandomNumberGenerator.GetBytes(200_000));
        var before = ArchivedReserve.Names(reserve.Local, "data/").Single();
        await reserve.Test.BackupAsync();
        var bytes = reserve.Local.Objects[before].ToArray();
        var damaged = (byte[])bytes.Clone();
        damaged[5000] ^= 1;
        await reserve.Local.DeleteAsync(before, default);
        await reserve.Local.PutAsync(before, damaged, default);
        reserve.Advance(9);
        var errors = new List<StingException>();
        var result = await reserve.ArchiveAsync(errors);
        Assert.Equal((JobState.CompletedWithErrors, 1L, 1L), (result.State, result.Points, result.Withheld));
        Assert.Equal(["ObjectDamaged", "PointNotArchived"], errors.Select(e => e.ErrorId));
        await reserve.Local.DeleteAsync(before, default);
        await reserve.Local.PutAsync(before, bytes, default);
        var mended = await reserve.ArchiveAsync();
        Assert.Equal((JobState.Completed, 1L, 0L), (mended.State, mended.Points, mended.Withheld));
        Assert.Empty(await reserve.VerifyArchiveAsync(IntegrityLevel.Data));
    }

    [Fact]
    public async Task What_retention_let_go_does_not_enter_and_its_drop_does()
    {
        await using var reserve = new ArchivedReserve();
        reserve.Test.Write("chunks/7/vectors.bin", RandomNumberGenerator.GetBytes(300_000));
        reserve.Test.Write("users/1/a.bin", RandomNumberGenerator.GetBytes(200_000));
        await reserve.Test.BackupAsync();
        File.Delete(Path.Combine(reserve.Test.ReserveRoot, "chunks/7/vectors.bin"));
        reserve.Test.Write("chunks/7/other.bin", RandomNumberGenerator.GetBytes(100));
        reserve.Advance(100);
        await reserve.Test.BackupAsync();
        var installation = reserve.Open();
        await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
        reserve.Advance(8);
        await reserve.ArchiveAsync();
        Assert.Single(ArchivedReserve.Names(reserve.Archive, "drops/"));
        Assert.InRange(ColdChunks(reserve).Sum(c => c.Entry.RawLength), 200_000, 290_000);
        Assert.Empty(await reserve.VerifyArchiveAsync(IntegrityLevel.Data));
    }

    /// <summary>Vectors that are kept for 90 days beside files that are kept for a year.</summary>
    [Fact]
    public async Task A_cold_pack_goes_when_nothing_needs_it_and_readers_have_had_their_time()
    {
        await using var reserve = new ArchivedReserve();
        await FillAsync(reserve);
        reserve.Advance(9);
        var packs = (await reserve.ArchiveAsync()).Cold.Packs;
        reserve.Advance(100);
        File.Delete(Path.Combine(reserve.Test.ReserveRoot, "chunks/7/vectors.bin"));
        await reserve.Test.BackupAsync();
        Assert.Equal(0, (await reserve.ArchiveAsync()).Deleted.Packs);
        var installation = reserve.Open();
        Assert.True((await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default))).Dropped > 0);
        Assert.Equal(0, (await reserve.ArchiveAsync()).Deleted.Packs);   // readers that began before
        reserve.Advance(1.9);
        Assert.Equal(0, (await reserve.ArchiveAsync()).Deleted.Packs);
        reserve.Advance(0.2);
        // A point of a host whose local tier is another one: what it needs, nobody here can tell.
        var others = ArchivedReserve.Names(reserve.Archive, "points/")[0].Replace(reserve.Test.Keys.Writer.ToString(), new string('7', 32), StringComparison.Ordinal);
        Assert.True(await reserve.Archive.PutAsync(others, "another host's"u8.ToArray(), default));
        Assert.Equal(0, (await reserve.ArchiveAsync()).Deleted.Packs);
        await reserve.Archive.DeleteAsync(others, default);
        var swept = await reserve.ArchiveAsync();
        Assert.Equal(1, swept.Deleted.Packs);
        Assert.InRange(swept.Deleted.Length, 500_000, 600_000);
        Assert.Equal(packs - 1, ArchivedReserve.Names(reserve.Archive, "data/").Count);
        Assert.DoesNotContain((await IndexAsync(reserve)).Index.Packs, p => p.Length == swept.Deleted.Length && p.Kind == ObjectKind.DataPack);
        Assert.Equal(0, (await reserve.ArchiveAsync()).Deleted.Packs);
        Assert.DoesNotContain(await reserve.VerifyArchiveAsync(IntegrityLevel.Data), f => f.Files.Any(file => !file.EndsWith("whole/base.tar", StringComparison.Ordinal)));
    }

    /// <summary>All that there was is replaced, and its year is over: its pages go from the archive once the local tier has swept them.</summary>
    [Fact]
    public async Task A_pack_of_pages_goes_after_the_local_tier_has_swept_it()
    {
        await using var reserve = new ArchivedReserve();
        await FillAsync(reserve);
        reserve.Advance(9);
        await reserve.ArchiveAsync();
        var before = ArchivedReserve.Names(reserve.Archive, "meta/");
        Assert.NotEmpty(before);
        foreach (var file in Directory.GetFiles(reserve.Test.ReserveRoot, "*", SearchOption.AllDirectories))
        {
            File.WriteAllBytes(file, RandomNumberGenerator.GetBytes(70_000));
        }
        reserve.Advance(370);
        await reserve.Test.BackupAsync();
        reserve.Advance(9);
        var installation = reserve.Open();
        await TestInstallation.CompleteAsync<RetentionResult>(RetentionJob.RunAsync(installation, await RetentionJob.PlanAsync(installation, null, default), default));
        await reserve.ArchiveAsync();
        reserve.Advance(2.1);
        Assert.True((await reserve.ArchiveAsync()).Deleted.Packs > 0);
        Assert.Superset(before.ToHashSet(), ArchivedReserve.Names(reserve.Archive, "meta/").ToHashSet());   // the local tier's runs might use them yet
        for (var sweep = 0; sweep < 3; sweep++)
        {
            await TestInstallation.CompleteAsync<PruneResult>(PruneJob.RunAsync(reserve.Open(), default));
            reserve.Advance(2.1);
        }
        Assert.Empty(ArchivedReserve.Names(reserve.Local, "meta/").Intersect(before));
        Assert.Equal(0, (await reserve.ArchiveAsync()).Deleted.Packs);   // readers that began before
        reserve.Advance(2.1);
        var deleted = (await reserve.ArchiveAsync()).Deleted.Packs;
        // What of them stays holds pages that are as they were, which the local tier has in another pack.
        var left = ArchivedReserve.Names(reserve.Archive, "meta/").Intersect(before).Select(IdOf).ToHashSet();
        Assert.InRange(deleted, 1, before.Count);
        Assert.Equal(before.Count - deleted, left.Count);
        var local = (await RepositoryView.LoadAsync(reserve.Local, reserve.Test.Keys.Reserve, reserve.Test.Keys.Writers, default)).Index;
        var rows = (await IndexAsync(reserve)).Index.Fragments.SelectMany(f => Enumerable.Range(0, f.Count).Select(i => (f.Segments[f[i].Segment].Pack, f[i].Id))).Where(row => left.Contains(row.Pack.Id));
        Assert.Equal(left, rows.Where(row => local.FindAll(row.Id).Any()).Select(row => row.Pack.Id).ToHashSet());
        Assert.NotEmpty(ArchivedReserve.Names(reserve.Archive, "meta/"));
        Assert.DoesNotContain(await reserve.VerifyArchiveAsync(IntegrityLevel.Data), f => f.Files.Any(file => !file.EndsWith("whole/base.tar", StringComparison.Ordinal)));
        Assert.Contains(await ArchivedReserve.RestoreAsync(reserve.Open(new MemoryObjectStore(reserve.Archive.Objects)), Path.Combine(reserve.Test.Root, "out"), errors: []), file => file.Key.EndsWith("third.bin", StringComparison.Ordinal) && file.Value.Length == 70_000);
    }

    [Fact]
    public async Task Only_one_run_at_a_time_and_only_on_a_host_that_maintains()
    {
        await using var reserve = new ArchivedReserve();
        reserve.Test.Write("users/1/a.bin", RandomNumberGenerator.GetBytes(1000));
        await reserve.Test.BackupAsync();
        string path;
        using (ColdJournal.Open(reserve.Open()).Lock())
        {
            var error = await Assert.ThrowsAsync<StingException>(() => reserve.ArchiveAsync());
            Assert.Equal("ArchiveRunning", error.ErrorId);
            path = error.Target!;
        }
        File.Delete(path);
        Directory.CreateDirectory(path);   // no lock, and held by nobody
        Assert.Equal("LockUnusable", (await Assert.ThrowsAsync<StingException>(() => reserve.ArchiveAsync())).ErrorId);
        Directory.Delete(path);
        await reserve.ArchiveAsync();
        var none = new TestInstallation(new StingBackup.Engine.Storage.MemoryObjectStore());
        await using (none)
        {
            Assert.Equal("TierNotConfigured", (await Assert.ThrowsAsync<StingException>(() => ColdRecut.PlanAsync(none.Installation, null, default).AsTask())).ErrorId);
        }
    }

    [Fact]
    public async Task Archive_runs_are_compressed_more()
    {
        async Task<long> StoredAsync(BackupType type)
        {
            await using var test = new TestInstallation(new StingBackup.Engine.Storage.MemoryObjectStore());
            test.Write("users/1/words.txt", System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i * 7919 % 10007} words of {i * 31 % 101};"))));
            return (await test.BackupAsync(type)).BytesStored;
        }
        Assert.InRange(await StoredAsync(BackupType.Archive), 1, await StoredAsync(BackupType.Full) * 98 / 100);
    }
}
