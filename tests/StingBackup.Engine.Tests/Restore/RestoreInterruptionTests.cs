using System.Collections.Concurrent;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Tests.Reserve;

namespace StingBackup.Engine.Tests.Restore;

public sealed class RestoreInterruptionTests(RestoreInterruptionTests.Shared shared) : IClassFixture<RestoreInterruptionTests.Shared>
{
    private readonly string _out = $"out-{Guid.NewGuid():n}";

    /// <summary>One reserve and its backup for all tests, which change neither; each restores to a folder of its own.</summary>
    public sealed class Shared : IAsyncLifetime, IAsyncDisposable
    {
        internal TestInstallation Test { get; private set; } = null!;

        public async Task InitializeAsync() => Test = await ReserveAsync();

        public ValueTask DisposeAsync() => Test.DisposeAsync();

        Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();
    }

    /// <summary>The reserve, with nothing between the job and its target yet.</summary>
    private TestInstallation Take()
    {
        shared.Test.WrapTarget = static target => target;
        return shared.Test;
    }

    private static async Task<TestInstallation> ReserveAsync(IHostView? host = null)
    {
        var test = new TestInstallation(new MemoryObjectStore()) { HostView = host ?? new HostView() };
        for (var i = 0; i < 200; i++)
        {
            test.Write($"users/{i % 5}/f{i:d3}", RandomNumberGenerator.GetBytes(5000));
        }
        // Long enough that several workers share each.
        test.Write("users/1/long", RandomNumberGenerator.GetBytes((int)LongFile.Shared + 1_500_000));
        test.Write("users/3/long", RandomNumberGenerator.GetBytes((int)LongFile.Shared + 1_500_000));
        await test.BackupAsync();
        return test;
    }

    private static string[] Files(string folder) => Directory.GetFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });

    [Theory]
    [InlineData("create", 1)]
    [InlineData("create", 100)]
    [InlineData("write", 150)]
    [InlineData("write", 200)]
    [InlineData("place", 120)]
    [InlineData("metadata", 3)]
    public async Task Cancelled_at_any_step_it_leaves_whole_files_only_and_goes_on_when_it_is_run_again(string step, int count)
    {
        var test = Take();
        var before = FolderImage.Read(test.ReserveRoot);
        var plan = await RestoreJob.PlanAsync(test.Installation, test.Everything(_out), default);
        using var cancel = new CancellationTokenSource();
        var calls = 0;
        test.WrapTarget = target => new FaultyTarget(target)
        {
            Before = (verb, _) =>
            {
                if (verb == step && Interlocked.Increment(ref calls) == count)
                {
                    cancel.Cancel();
                }
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => test.RunAsync(plan, cancel: cancel.Token));
        var whole = FolderImage.Files(test.ReserveRoot);
        var restored = FolderImage.Files(test.Folder(_out));
        Assert.All(restored, f => Assert.Equal(whole[f.Key], f.Value));

        var written = new ConcurrentBag<string>();
        test.WrapTarget = target => new FaultyTarget(target)
        {
            Before = (verb, path) =>
            {
                if (verb == "create")
                {
                    written.Add(path.ToString());
                }
            },
        };
        var result = await test.RunAsync(plan);
        FolderImage.AssertSame(before, FolderImage.Read(test.Folder(_out)));
        Assert.Empty(written.Intersect(restored.Keys));
        Assert.Equal((JobState.Completed, 202 - restored.Count), (result.State, written.Count));
    }

    [Fact]
    public async Task What_a_killed_restore_left_behind_is_removed_by_the_next_one()
    {
        var test = Take();
        var plan = await RestoreJob.PlanAsync(test.Installation, test.Everything(_out), default);
        await test.RunAsync(plan);
        string[] leftovers = [test.Folder($"{_out}/.sting-0123456789abcdef.part"), test.Folder($"{_out}/users/3/.sting-00000000ffffffff.part")];
        foreach (var leftover in leftovers)
        {
            await File.WriteAllTextAsync(leftover, "half");
        }
        await File.WriteAllTextAsync(test.Folder($"{_out}/users/3/.sting-mine.part"), "somebody's");
        await test.RunAsync(plan);
        Assert.DoesNotContain(leftovers, File.Exists);
        Assert.True(File.Exists(test.Folder($"{_out}/users/3/.sting-mine.part")));
    }

    [Theory]
    [InlineData("create")]
    [InlineData("write")]
    [InlineData("place")]
    public async Task A_full_disk_ends_the_restore_and_leaves_no_half_file(string step)
    {
        var test = Take();
        var calls = 0;
        test.WrapTarget = target => new FaultyTarget(target)
        {
            Before = (verb, path) =>
            {
                if (verb == step && Interlocked.Increment(ref calls) > 50)
                {
                    throw new StingException("RestoreTargetFull", FailureKind.ResourceExhausted, $"Could not write '{path}': no space left on device.", path.ToString(), "Free room there.");
                }
            },
        };
        var error = await Assert.ThrowsAsync<StingException>(() => test.RestoreAsync(test.Everything(_out)));
        Assert.Equal("RestoreTargetFull", error.ErrorId);
        var whole = FolderImage.Files(test.ReserveRoot);
        Assert.All(FolderImage.Files(test.Folder(_out)), f => Assert.Equal(whole[f.Key], f.Value));
    }

    [Theory]
    [InlineData("create", "users/1/long")]
    [InlineData("write", "users/1/long")]
    [InlineData("place", "users/1/long")]
    [InlineData("write", "users/2/f002")]
    [InlineData("place", "users/2/f002")]
    [InlineData("metadata", "users/2")]
    public async Task An_item_that_cannot_be_written_fails_by_name_and_the_others_are_restored(string step, string victim)
    {
        var test = Take();
        test.WrapTarget = target => new FaultyTarget(target)
        {
            Before = (verb, path) =>
            {
                if (verb == step && path.ToString() == victim)
                {
                    throw new StingException("RestoreAccessDenied", FailureKind.PermissionDenied, $"Could not write '{path}': permission denied.", path.ToString(), "Give the right.");
                }
            },
        };
        var errors = new List<StingException>();
        var result = await test.RestoreAsync(test.Everything(_out), errors);
        Assert.Equal(("RestoreAccessDenied", victim), (Assert.Single(errors).ErrorId, errors[0].Target));
        Assert.Equal((JobState.CompletedWithErrors, 1L), (result.State, result.Errors));
        var whole = FolderImage.Files(test.ReserveRoot);
        whole.Remove(victim);
        FolderImage.AssertSame(whole, FolderImage.Files(test.Folder(_out)));
    }

    [Fact]
    public async Task A_barrier_that_fails_is_no_success()
    {
        var test = Take();
        test.WrapTarget = target => new FaultyTarget(target)
        {
            Before = (verb, _) =>
            {
                if (verb == "flush")
                {
                    throw new StingException("RestoreItemFailed", FailureKind.Io, "Could not make durable what was restored: input/output error.", null, "Look into the system's log.");
                }
            },
        };
        await Assert.ThrowsAsync<StingException>(() => test.RestoreAsync(test.Everything(_out)));
    }

    [Fact]
    public async Task Without_room_nothing_is_written_and_what_stands_there_already_needs_none()
    {
        var host = new FakeHost { Room = (1 << 20, 1 << 30) };
        await using var test = await ReserveAsync(host);
        var error = await Assert.ThrowsAsync<StingException>(() => test.RestoreAsync(test.Everything(_out)));
        Assert.Equal("RestoreNoRoom", error.ErrorId);
        Assert.Empty(Files(test.Folder(_out)));
        host.Room = (1L << 40, 1L << 40);
        await test.RestoreAsync(test.Everything(_out));
        File.Delete(test.Folder($"{_out}/users/2/f002"));
        host.Room = (1 << 20, 1 << 30);
        Assert.Equal(2, (await test.RestoreAsync(test.Everything(_out))).ItemsRestored);   // it, and the time of its folder
        Assert.True(File.Exists(test.Folder($"{_out}/users/2/f002")));
    }

    [Fact]
    public async Task What_can_not_be_set_is_told_once_with_its_number()
    {
        var test = Take();
        test.WrapTarget = target => new RefusingTarget(target);
        var warnings = new List<string>();
        var result = await test.RestoreAsync(test.Everything(_out), warnings: warnings);
        Assert.Equal(JobState.Completed, result.State);
        Assert.Equal(2, warnings.Count);
        Assert.Contains("the owner could not be set", warnings[0], StringComparison.Ordinal);
        Assert.StartsWith("208 items: the owner could not be set", warnings[1], StringComparison.Ordinal);
    }

    /// <summary>A target without the right to set owners.</summary>
    private sealed class RefusingTarget(IRestoreTarget inner) : IRestoreTarget
    {
        private static readonly string[] s_refused = ["the owner could not be set to ann: operation not permitted"];

        public string Location => inner.Location;
        public SourceEntry? Find(EntryPath path) => inner.Find(path);
        public ItemMetadata ReadMetadata(SourceEntry entry) => inner.ReadMetadata(entry);
        public ISourceFile OpenExisting(SourceEntry entry) => inner.OpenExisting(entry);
        public void CreateDirectory(EntryPath path) => inner.CreateDirectory(path);
        public IRestoreFile CreateFile(EntryPath path, long length) => new Refused(inner.CreateFile(path, length));
        public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace) => [.. inner.CreateSpecial(path, kind, metadata, replace), .. s_refused];
        public void CreateHardLink(EntryPath path, EntryPath existing, bool replace) => inner.CreateHardLink(path, existing, replace);
        public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata) => [.. inner.ApplyMetadata(path, kind, metadata), .. s_refused];
        public void CleanUp(EntryPath directory) => inner.CleanUp(directory);
        public void Flush() => inner.Flush();
        public void Dispose() => inner.Dispose();

        private sealed class Refused(IRestoreFile inner) : IRestoreFile
        {
            public void Write(long offset, ReadOnlySpan<byte> bytes) => inner.Write(offset, bytes);
            public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace) => [.. inner.Place(name, metadata, replace), .. s_refused];
            public void Dispose() => inner.Dispose();
        }
    }
}
