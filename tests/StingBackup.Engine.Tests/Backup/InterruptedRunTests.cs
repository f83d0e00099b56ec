using System.Security.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>A run that fails at any call to the store commits nothing; the next one closes its number and uses what arrived.</summary>
public sealed class InterruptedRunTests
{
    private static StingException Full(string name) => new("StoreFull", FailureKind.ResourceExhausted, $"No room for {name}.", name, "Make room.");

    private static void Fill(TestInstallation test, int files)
    {
        for (var i = 0; i < files; i++)
        {
            test.Write($"users/{i % 5}/f{i}", RandomNumberGenerator.GetBytes(100_000));
        }
    }

    public static TheoryData<string, string> Steps => new()
    {
        { "put", "sessions/" }, { "stage", "data/" }, { "stage", "meta/" }, { "barrier", "" }, { "put", "index/" }, { "put", "points/" },
    };

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_failure_at_any_step_commits_nothing_and_the_next_run_completes(string verb, string prefix)
    {
        using var memory = new MemoryStoreHolder();
        var store = new FaultyStore(memory.Store);
        await using var test = new TestInstallation(store);
        Fill(test, 40);
        var armed = true;
        store.Before = (v, name) =>
        {
            if (armed && v == verb && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                throw Full(name);
            }
        };
        var error = await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
        Assert.Equal("StoreFull", error.ErrorId);
        var between = await RepositoryView.LoadAsync(store, test.Keys.Reserve, test.Keys.Writers, default);
        Assert.Empty(between.Backups);
        armed = false;
        var result = await test.BackupAsync();
        Assert.Equal((JobState.Completed, 40L), (result.State, result.ItemsRead));
        var after = await RepositoryView.LoadAsync(store, test.Keys.Reserve, test.Keys.Writers, default);
        Assert.Single(after.Backups);
        Assert.Equal(Enumerable.Range(1, after.Points.Count).Select(i => (long)i), after.Points.Select(p => p.Record.Sequence).Order());
        Assert.Empty(after.Damage);
    }

    [Fact]
    public async Task Packs_of_a_run_that_died_are_used_by_the_next()
    {
        using var memory = new MemoryStoreHolder();
        var store = new FaultyStore(memory.Store);
        await using var test = new TestInstallation(store);
        Fill(test, 40);
        store.Before = (v, name) =>
        {
            if (v == "put" && name.StartsWith("index/", StringComparison.Ordinal))
            {
                throw Full(name);
            }
        };
        await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
        store.Before = (_, _) => { };
        var result = await test.BackupAsync();
        Assert.Equal((40L, 0L), (result.ItemsRead, result.BytesNew));
    }

    [Fact]
    public async Task A_stopped_run_leaves_nothing_but_an_open_session_and_stops_soon()
    {
        await using var test = new TestInstallation();
        Fill(test, 200);
        using var stop = new CancellationTokenSource();
        var plan = await Engine.Backup.BackupJob.PlanAsync(test.Installation, BackupType.Full, null, due: false, default);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Engine.Backup.BackupJob.RunAsync(test.Installation, plan, stop.Token))
            {
                await stop.CancelAsync();
            }
            stop.Token.ThrowIfCancellationRequested();
            await stop.CancelAsync();
            stop.Token.ThrowIfCancellationRequested();
        });
        Assert.Equal(JobState.Completed, (await test.BackupAsync()).State);
    }

    [Fact]
    public async Task Two_runs_at_once_on_one_host_are_refused()
    {
        await using var test = new TestInstallation();
        Fill(test, 1);
        using (test.Installation.LockHost())
        {
            var error = await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
            Assert.Equal("BackupRunning", error.ErrorId);
        }
        Assert.Equal(JobState.Completed, (await test.BackupAsync()).State);
    }

    [Fact]
    public async Task A_run_whose_number_was_closed_by_another_process_commits_nothing()
    {
        using var memory = new MemoryStoreHolder();
        var store = new FaultyStore(memory.Store);
        await using var test = new TestInstallation(store);
        Fill(test, 3);
        store.Before = (verb, name) =>
        {
            if (verb == "put" && name.StartsWith("points/", StringComparison.Ordinal))
            {
                memory.Store.PutAsync(name, new byte[] { 1 }, default).AsTask().GetAwaiter().GetResult();
            }
        };
        var error = await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
        Assert.Equal(("RunGivenUp", FailureKind.Busy), (error.ErrorId, error.Kind));
        Assert.Equal([1], memory.Store.Objects.Single(o => o.Key.StartsWith("points/", StringComparison.Ordinal)).Value.ToArray());
    }

    [Fact]
    public async Task A_number_that_another_process_takes_while_it_is_given_up_tells_of_a_copied_host()
    {
        using var memory = new MemoryStoreHolder();
        var store = new FaultyStore(memory.Store);
        await using var test = new TestInstallation(store);
        Fill(test, 3);
        var fails = true;
        store.Before = (verb, name) =>
        {
            if (verb == "put" && name.StartsWith("points/", StringComparison.Ordinal))
            {
                if (fails)
                {
                    throw Full(name);
                }
                memory.Store.PutAsync(name, new byte[] { 1 }, default).AsTask().GetAwaiter().GetResult();
            }
        };
        await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
        fails = false;
        Assert.Equal("WriterInUse", (await Assert.ThrowsAsync<StingException>(() => test.BackupAsync())).ErrorId);
    }

    [Fact]
    public async Task A_damaged_newest_point_is_told_and_the_chain_goes_on_from_the_bytes_that_lie_there()
    {
        await using var test = new TestInstallation();
        Fill(test, 3);
        await test.BackupAsync();
        var path = Directory.GetFiles(Path.Combine(test.RepositoryRoot, "points"), "*", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        var errors = new List<StingException>();
        Assert.Equal(JobState.CompletedWithErrors, (await test.BackupAsync(errors: errors)).State);
        Assert.All(errors, error => Assert.Equal(FailureKind.Integrity, error.Kind));
        Assert.NotEmpty(errors);
        var view = await RepositoryView.LoadAsync(test.Store, test.Keys.Reserve, test.Keys.Writers, default);
        Assert.Equal((2L, PointRecord.HashOf(bytes)), (Assert.Single(view.Points).Record.Sequence, view.Points[0].Record.Previous));
    }

    [Fact]
    public async Task A_point_under_a_name_that_is_no_number_stops_the_run_before_it_takes_one()
    {
        await using var test = new TestInstallation();
        Fill(test, 1);
        await test.Store.PutAsync($"points/{test.Keys.Writer}/zz", new byte[] { 1 }, default);
        var error = await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
        Assert.Contains("its name is no number", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(test.RepositoryRoot, "sessions")));
    }

    [Fact]
    public async Task What_a_journal_names_is_used_where_it_is_whole_told_where_it_is_damaged_and_else_passed_over()
    {
        using var memory = new MemoryStoreHolder();
        var store = new FaultyStore(memory.Store);
        await using var test = new TestInstallation(store);
        Fill(test, 40);
        store.Before = (verb, name) =>
        {
            if (verb == "put" && name.StartsWith("index/", StringComparison.Ordinal))
            {
                throw Full(name);
            }
        };
        await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
        store.Before = (_, _) => { };
        var journal = Assert.Single(Directory.GetFiles(test.Installation.JournalFolder, "*.packs"));
        var packs = await File.ReadAllLinesAsync(journal);
        var damaged = packs.First(p => p.StartsWith("meta/", StringComparison.Ordinal));
        var bytes = memory.Store.Objects[damaged].ToArray();
        bytes[^1] ^= 1;
        await memory.Store.DeleteAsync(damaged, default);
        await memory.Store.PutAsync(damaged, bytes, default);
        await File.AppendAllTextAsync(journal, $"data/00/{new string('0', 64)}\ndata/00/0123");   // one that never arrived, and the torn end of a line
        var errors = new List<StingException>();
        var result = await test.BackupAsync(errors: errors);
        Assert.Equal(damaged, Assert.Single(errors).Target);
        Assert.Equal((40L, 0L), (result.ItemsRead, result.BytesNew));   // content was whole; pages are made anew
        Assert.False(File.Exists(journal));
    }

    [Fact]
    public async Task A_point_that_the_local_disk_lost_is_brought_back_from_a_further_tier_before_its_number_is_given_up()
    {
        using var remote = new MemoryStoreHolder();
        await using var test = new TestInstallation { FurtherTiers = new Dictionary<Tier, Func<CancellationToken, ValueTask<IObjectStore>>> { [Tier.Remote] = _ => ValueTask.FromResult<IObjectStore>(remote.Store) } };
        Fill(test, 3);
        await test.BackupAsync();
        var path = Directory.GetFiles(Path.Combine(test.RepositoryRoot, "points"), "*", SearchOption.AllDirectories).Single();
        var (name, bytes) = (Path.GetRelativePath(test.RepositoryRoot, path).Replace('\\', '/'), await File.ReadAllBytesAsync(path));
        await remote.Store.PutAsync(name, bytes, default);
        File.Delete(path);
        test.Clock.Advance(TimeSpan.FromMinutes(1));
        var plan = await Engine.Backup.BackupJob.PlanAsync(test.Installation, BackupType.Incremental, null, due: false, default);
        var events = await Engine.Backup.BackupJob.RunAsync(test.Installation, plan, default).ToListAsync();
        Assert.Contains(events.OfType<WarningEvent>(), warning => warning.Message.Contains("was gone from the local tier", StringComparison.Ordinal));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
        var view = await RepositoryView.LoadAsync(test.Store, test.Keys.Reserve, test.Keys.Writers, default);
        Assert.Equal([1L, 2L], view.Points.Select(point => point.Record.Sequence).Order());
        Assert.Equal(PointRecord.HashOf(bytes), view.Points.Single(point => point.Record.Sequence == 2).Record.Previous);
    }

    /// <summary>Keeps a memory store that outlives the installation.</summary>
    private sealed class MemoryStoreHolder : IDisposable
    {
        public MemoryObjectStore Store { get; } = new();

        public void Dispose() => Store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
