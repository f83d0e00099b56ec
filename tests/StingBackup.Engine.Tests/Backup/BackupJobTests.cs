using System.Runtime.Versioning;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Backup;

public sealed class BackupJobTests
{
    private static void Fill(TestInstallation test, int files, int step = 700)
    {
        for (var i = 0; i < files; i++)
        {
            test.Write($"users/{i % 7}/f{i}.txt", RandomNumberGenerator.GetBytes(i * step));
        }
    }

    private static async Task<Dictionary<string, TreeEntry>> EntriesAsync(TestInstallation test)
    {
        var view = await RepositoryView.LoadAsync(test.Store, test.Keys.Reserve, test.Keys.Writers, default);
        using var reader = new ChunkReader(test.Store, view.Index, test.Keys.Reserve, test.Keys);
        var walker = new TreeWalker(reader);
        var entries = new Dictionary<string, TreeEntry>(StringComparer.Ordinal);
        foreach (var page in view.Backups.Last().Record.Classes.SelectMany(c => c.SubjectPages))
        {
            foreach (var row in await reader.ReadSubjectPageAsync(page, default))
            {
                await foreach (var entry in walker.WalkAsync(new TreeRoot(row.Pseudonym, row.Root), EntryPath.Root, null, default))
                {
                    entries.Add(entry.Path.ToString(), entry);
                }
            }
        }
        return entries;
    }

    [Fact]
    public async Task A_second_run_with_nothing_changed_reads_nothing_and_stores_little()
    {
        await using var test = new TestInstallation();
        Fill(test, 300);
        var first = await test.BackupAsync();
        Assert.Equal((JobState.Completed, 300L), (first.State, first.ItemsRead));
        var second = await test.BackupAsync();
        Assert.Equal((first.Items, first.Length), (second.Items, second.Length));
        Assert.Equal((0L, 0L, 0L), (second.ItemsRead, second.BytesRead, second.BytesNew));
        Assert.InRange(second.BytesStored, 1, 4096);
    }

    [Fact]
    public async Task A_full_run_reads_everything_and_stores_nothing_twice()
    {
        await using var test = new TestInstallation();
        Fill(test, 300);
        var first = await test.BackupAsync();
        var full = await test.BackupAsync(BackupType.Full);
        Assert.Equal((300L, first.BytesRead, 0L), (full.ItemsRead, full.BytesRead, full.BytesNew));
        Assert.InRange(full.BytesStored, 1, 4096);
    }

    [Fact]
    public async Task A_lost_or_damaged_cache_costs_reading_and_at_most_a_bundle()
    {
        await using var test = new TestInstallation();
        Fill(test, 50);
        await test.BackupAsync();
        var cache = test.Installation.CachePath(DataClass.UserFiles);
        var bytes = await File.ReadAllBytesAsync(cache);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(cache, bytes);
        // What stands before the damage counts; the bundle in whose middle it lies is stored without those items.
        var damaged = await test.BackupAsync();
        Assert.InRange(damaged.ItemsRead, 1, 50);
        Assert.Equal(50, (await EntriesAsync(test)).Values.Count(entry => entry.Kind == ItemKind.File));
        File.Delete(cache);
        Assert.Equal((50L, 0L), (await test.BackupAsync() is var lost ? lost.ItemsRead : 0, lost.BytesNew));
        Assert.Equal(0, (await test.BackupAsync()).ItemsRead);
    }

    [Fact]
    public async Task A_full_run_stores_again_what_a_lost_pack_held()
    {
        await using var test = new TestInstallation();
        Fill(test, 50, 5000);
        await test.BackupAsync();
        var pack = Directory.GetFiles(Path.Combine(test.RepositoryRoot, "data"), "*", SearchOption.AllDirectories).Single();
        File.Delete(pack);
        var errors = new List<StingException>();
        var full = await test.BackupAsync(BackupType.Full, errors);
        Assert.Equal(("PackMissing", JobState.CompletedWithErrors), (Assert.Single(errors).ErrorId, full.State));
        Assert.Equal(full.BytesRead, full.BytesNew);
        Assert.Equal(JobState.Completed, (await test.BackupAsync()).State);
    }

    [Fact]
    public async Task Changed_added_and_removed_files_are_found()
    {
        await using var test = new TestInstallation();
        Fill(test, 20);
        await test.BackupAsync();
        test.Write("users/1/f1.txt", "changed"u8);
        test.Write("users/1/new", "new"u8);
        File.Delete(Path.Combine(test.ReserveRoot, "users/2/f2.txt"));
        var result = await test.BackupAsync();
        Assert.Equal(2, result.ItemsRead);
        var entries = await EntriesAsync(test);
        Assert.Equal(7, entries["users/1/f1.txt"].Length);
        Assert.Equal(3, entries["users/1/new"].Length);
        Assert.DoesNotContain("users/2/f2.txt", entries.Keys);
    }

    [Fact]
    public async Task The_same_content_is_stored_once_for_a_subject_and_again_for_another()
    {
        await using var test = new TestInstallation();
        var content = RandomNumberGenerator.GetBytes(3 << 20);
        test.Write("users/1/a", content);
        test.Write("users/1/b", content);
        Assert.Equal(content.Length, (await test.BackupAsync()).BytesNew);
        test.Write("users/2/a", content);
        Assert.Equal(content.Length, (await test.BackupAsync()).BytesNew);
        var entries = await EntriesAsync(test);
        Assert.Equal(entries["users/1/a"].Extents, entries["users/1/b"].Extents);
        Assert.Empty(entries["users/1/a"].Extents.Select(e => e.Id).Intersect(entries["users/2/a"].Extents.Select(e => e.Id)));
        Assert.NotEqual(entries["users/1/a"].Extents.Select(e => e.Length), entries["users/2/a"].Extents.Select(e => e.Length));
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public async Task Holes_hard_links_and_long_files_are_kept_as_what_they_are()
    {
        await using var test = new TestInstallation();
        var path = test.Write("users/1/sparse", []);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(6L << 30);
            file.Position = 1L << 30;
            file.Write(new byte[] { 1, 2, 3 });
        }
        test.Write("users/1/long", RandomNumberGenerator.GetBytes(40 << 20));
        test.Write("users/1/first", "x"u8);
        using (var files = new RawFiles(Path.Combine(test.ReserveRoot, "users/1")))
        {
            files.HardLink("second"u8, "first"u8);
        }
        var result = await test.BackupAsync();
        Assert.InRange(result.BytesRead, 40 << 20, (41 << 20) + 100_000);
        var entries = await EntriesAsync(test);
        Assert.Equal(6L << 30, entries["users/1/sparse"].Extents.Sum(e => e.Length));
        Assert.Equal(40L << 20, entries["users/1/long"].Length);
        Assert.Equal((ItemKind.HardLink, "users/1/first"), (entries["users/1/second"].Kind, entries["users/1/second"].HardLinkTo!.ToString()));
    }

    [Fact]
    public async Task A_subject_without_keys_fails_by_name_and_the_others_go_on()
    {
        await using var test = new TestInstallation();
        Fill(test, 14);
        test.Keys.Refused.Add("user#3");
        var errors = new List<StingException>();
        var result = await test.BackupAsync(errors: errors);
        Assert.Equal(JobState.CompletedWithErrors, result.State);
        Assert.Equal("user#3", Assert.Single(errors).Target);
        var entries = await EntriesAsync(test);
        Assert.Contains("users/2/f2.txt", entries.Keys);
        Assert.DoesNotContain("users/3/f3.txt", entries.Keys);
    }

    [Fact]
    public async Task An_unreadable_file_is_reported_with_its_path_and_the_run_goes_on()
    {
        await using var test = new TestInstallation();
        Fill(test, 5);
        test.Write("users/1/large", RandomNumberGenerator.GetBytes(200_000));
        test.WrapSource = source => new FaultySource(source) { Unreadable = path => path is "users/1/large" or "users/2/f2.txt" };
        var errors = new List<StingException>();
        var result = await test.BackupAsync(errors: errors);
        Assert.Equal((JobState.CompletedWithErrors, 2L), (result.State, result.Errors));
        Assert.Equal(["users/1/large", "users/2/f2.txt"], errors.Select(e => e.Target).Order());
        var entries = await EntriesAsync(test);
        Assert.DoesNotContain("users/1/large", entries.Keys);
        Assert.Contains("users/1/f1.txt", entries.Keys);
        Assert.Contains("users/3/f3.txt", entries.Keys);
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_read_is_read_again_and_reported_when_it_never_rests()
    {
        await using var test = new TestInstallation();
        test.Write("users/1/once", RandomNumberGenerator.GetBytes(200_000));
        test.Write("users/1/always", RandomNumberGenerator.GetBytes(200_000));
        var opened = 0;
        test.WrapSource = source => new FaultySource(source)
        {
            Opened = path =>
            {
                if (path == "users/1/always" || (path == "users/1/once" && Interlocked.Increment(ref opened) == 1))
                {
                    File.AppendAllText(Path.Combine(test.ReserveRoot, path), "more");
                }
            },
        };
        var errors = new List<StingException>();
        await test.BackupAsync(errors: errors);
        Assert.Equal(("SourceItemChanging", "users/1/always"), (Assert.Single(errors).ErrorId, errors[0].Target));
        var entries = await EntriesAsync(test);
        Assert.Equal(200_004, entries["users/1/once"].Length);
        Assert.Equal(entries["users/1/always"].Length, entries["users/1/always"].Extents.Sum(e => e.Length));
    }

    [Fact]
    public async Task Only_the_classes_asked_for_are_in_the_point_and_the_others_keep_their_cache()
    {
        await using var test = new TestInstallation();
        Fill(test, 5);
        test.Write("jars/jar_1/doc", "jar"u8);
        await test.BackupAsync();
        test.Clock.Advance(TimeSpan.FromMinutes(1));
        var plan = await Engine.Backup.BackupJob.PlanAsync(test.Installation, BackupType.Incremental, [DataClass.HoneyJars], due: false, default);
        var result = await TestInstallation.CompleteAsync<BackupResult>(Engine.Backup.BackupJob.RunAsync(test.Installation, plan, default));
        Assert.Equal([DataClass.HoneyJars], result.Classes);
        Assert.Equal((2L, 0L), (result.Items, result.ItemsRead));
        Assert.Equal(0, (await test.BackupAsync()).ItemsRead);
    }
}
