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

    /// <summary>Keeps a memory store that outlives the installation.</summary>
    private sealed class MemoryStoreHolder : IDisposable
    {
        public MemoryObjectStore Store { get; } = new();

        public void Dispose() => Store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
