using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Limits;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Limits;

/// <summary>When limits begin, change and end. No process is moved or set back here: the kernel is a fake, and the jobs own no process where priorities would be set.</summary>
public sealed class LimitKeeperTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<string> _told = [];
    private HostLimits _limits = HostLimits.Default with { Memory = long.MaxValue };

    private LimitKeeper Keeper(FakeKernel kernel) => new(kernel, new CpuPacer(() => TimeSpan.Zero, _clock, (_, _) => { }), _clock, 4);

    private LimitOrder Order(bool ownsProcess = false) => new(() => _limits, ownsProcess, _told.Add, _told.Add);

    private void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += LimitKeeper.LookEvery)
        {
            _clock.Advance(LimitKeeper.LookEvery);
        }
    }

    [Fact]
    public void The_first_seconds_are_free_then_the_share_is_held_and_follows_the_configuration_until_the_job_ends()
    {
        var keeper = Keeper(new FakeKernel(1, "/"));
        using (keeper.Enter(Order()))
        {
            Assert.True(keeper.MarksPackets);
            Pass(LimitKeeper.Free - LimitKeeper.LookEvery);
            Assert.Equal(0, keeper.Pacer.Processors);
            Pass(LimitKeeper.LookEvery);
            Assert.Equal(1, keeper.Pacer.Processors);
            _limits = _limits with { CpuPercent = 50, BackgroundNetwork = false };
            Pass(LimitKeeper.LookEvery);
            Assert.Equal(2, keeper.Pacer.Processors);
            Assert.False(keeper.MarksPackets);
            _limits = _limits with { CpuPercent = null };
            Pass(LimitKeeper.LookEvery);
            Assert.Equal(0, keeper.Pacer.Processors);
            _limits = _limits with { CpuPercent = 10, BackgroundNetwork = true };
            Pass(LimitKeeper.LookEvery);
            Assert.Equal(0.4, keeper.Pacer.Processors);
        }
        Assert.Equal(0, keeper.Pacer.Processors);
        Assert.False(keeper.MarksPackets);
        Pass(LimitKeeper.Free);
        Assert.Equal(0, keeper.Pacer.Processors);
        Assert.Contains(_told, text => text.Contains("25% of 4 processors", StringComparison.Ordinal) && text.Contains("by resting: the process is somebody else's", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_several_jobs_the_last_one_ends_the_limits()
    {
        var keeper = Keeper(new FakeKernel(1, "/"));
        var first = keeper.Enter(Order());
        var second = keeper.Enter(Order());
        Pass(LimitKeeper.Free);
        Assert.Equal(1, keeper.Pacer.Processors);
        first.Dispose();
        first.Dispose();
        Pass(LimitKeeper.LookEvery);
        Assert.Equal(1, keeper.Pacer.Processors);
        Assert.True(keeper.MarksPackets);
        second.Dispose();
        Assert.Equal(0, keeper.Pacer.Processors);
    }

    [RootFact("Whoever steps back may not come forward again without root's right, and this process has other tests.")]
    public void A_process_of_its_own_goes_into_a_group_which_follows_and_ends_with_the_job()
    {
        var kernel = new FakeKernel(1, "/cron");
        var keeper = Keeper(kernel);
        _limits = _limits with { Io = IoPriority.Normal };
        // The process is the test's: its own threads are lowered for a moment, and set back.
        var before = ThreadPriorities.Read(0);
        using (keeper.Enter(Order(ownsProcess: true)))
        {
            Assert.Equal(Math.Max(ThreadPriorities.BehindOthers, before.Nice), ThreadPriorities.Read(0).Nice);
            Assert.Equal(kernel.Own, kernel.GroupOf(kernel.Process));
            Pass(LimitKeeper.Free);
            var folder = kernel.GroupOf(kernel.Process);
            Assert.NotEqual(kernel.Own, folder);
            Assert.Equal("100000", kernel.Read(folder + "/cpu.cfs_quota_us"));
            Assert.Equal(0, keeper.Pacer.Processors);
            _limits = _limits with { CpuPercent = 75 };
            Pass(LimitKeeper.LookEvery);
            Assert.Equal("300000", kernel.Read(folder + "/cpu.cfs_quota_us"));
            // What the kernel refuses is held by resting.
            (kernel.Refused, _limits) = ("200000", _limits with { CpuPercent = 50 });
            Pass(LimitKeeper.LookEvery);
            Assert.Equal(2, keeper.Pacer.Processors);
        }
        Assert.Equal(kernel.Own, kernel.GroupOf(kernel.Process));
        Assert.DoesNotContain(kernel.Groups, group => group.Contains("sting-backup", StringComparison.Ordinal));
        Assert.Equal(0, keeper.Pacer.Processors);
        Assert.Equal(before, ThreadPriorities.Read(0));
    }

    [Fact]
    public void Memory_that_is_exceeded_is_told_once()
    {
        var keeper = Keeper(new FakeKernel(1, "/"));
        _limits = _limits with { Memory = 1 };
        using (keeper.Enter(Order()))
        {
            Pass(LimitKeeper.Free * 3);
        }
        Assert.Single(_told, text => text.Contains("performance.memory_limit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2_000_000_000, 4, 4)]
    [InlineData(2_000_000_000, 256, 40)]
    [InlineData(512_000_000, 4, 2)]
    [InlineData(100, 4, 1)]
    public void Readers_are_as_many_as_fit(long limit, int wanted, int readers) => Assert.Equal(readers, MemoryBudget.ReadersIn(limit, wanted));
}
