using StingBackup.Engine.Limits;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Restore;

namespace StingBackup.Engine.Tests.Limits;

/// <summary>Which jobs are limited, and that a job of the engine rests where it finishes pieces of work.</summary>
public sealed class ConfiguredLimitsTests
{
    private static readonly HostingProcess Unattended = new(true, false);

    private static StingConfiguration Configuration(TestInstallation test, string performance)
    {
        var file = Path.Combine(test.Root, "sting-backup.yaml");
        File.WriteAllText(file, $"repository: {{ backup_root: {test.RepositoryRoot} }}\nreserve: {{ path: {test.ReserveRoot} }}\nstate_directory: {test.Root}/state\nlog_directory: {test.Root}/logs\nperformance: {performance}\n");
        return new ConfigurationLoader(new HostView()).Load(file);
    }

    [Theory]
    [InlineData("backup-incremental", true)]
    [InlineData("import", true)]
    [InlineData("sync-remote", true)]
    [InlineData("sync-archive", true)]
    [InlineData("archive-tier", true)]
    [InlineData("verify", true)]
    [InlineData("retention", true)]
    [InlineData("prune", true)]
    [InlineData("sync-local", false)]   // brings a lost tier back
    [InlineData("restore", false)]
    [InlineData("restore-database", false)]
    [InlineData("thaw", false)]
    [InlineData("repair", false)]
    [InlineData("erasure", false)]
    [InlineData("rotation", false)]
    public async Task What_nobody_waits_for_is_limited_and_never_what_brings_back(string command, bool limited)
    {
        await using var test = new TestInstallation { Process = Unattended };
        test.Configuration = Configuration(test, "{ cpu_limit: 10% }");
        Assert.Equal(limited, ConfiguredLimits.Count(test.Open(), command));
        await using var attended = new TestInstallation();
        attended.Configuration = Configuration(attended, "{ cpu_limit: 10% }");
        Assert.False(ConfiguredLimits.Count(attended.Open(), command));
        attended.Configuration = Configuration(attended, "{ cpu_limit: 10%, limit_attended: true }");
        Assert.Equal(limited, ConfiguredLimits.Count(attended.Open(), command));
    }

    [Theory]
    [InlineData("{ cpu_limit: 25% }", true, true)]
    [InlineData("{ cpu_limit: none }", true, false)]
    [InlineData("{ cpu_limit: 25% }", false, false)]
    public async Task A_backup_rests_where_it_is_limited_and_a_restore_never(string performance, bool unattended, bool rests)
    {
        var (rested, looks, clock) = (0, 0, new JumpingClock());
        // The first looks see more used than four processors give; then nothing is used any more, and what is owed is paid.
        var pacer = new CpuPacer(() => TimeSpan.FromSeconds(50 * Math.Min(++looks, 5)), clock, (_, _) => Interlocked.Increment(ref rested));
        await using var test = new TestInstallation { Process = unattended ? Unattended : HostingProcess.Session, Limits = new LimitKeeper(new FakeKernel(1, "/"), pacer, clock, 4) };
        test.Configuration = Configuration(test, performance);
        for (var i = 0; i < 20; i++)
        {
            test.Write($"users/1/{i}.txt", new byte[100 + i]);
        }
        await test.BackupAsync(BackupType.Full);
        Assert.Equal(rests, rested > 0);
        Assert.Equal(0, pacer.Processors);

        rested = 0;
        looks = 0;
        await test.RestoreAsync(test.Everything());
        Assert.Equal(0, rested);
    }

    /// <summary>Ten seconds pass between two looks.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _now, 10 * TimeSpan.TicksPerSecond);
    }
}
