using StingBackup.Engine.Limits;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Limits;

/// <summary>A group is made where there is a right to it, holds the share, and is gone afterwards; what stands in the way is told and leaves all as it was.</summary>
public sealed class ControlGroupTests
{
    [LinuxTheory]
    [InlineData(1, "/", "/sys/fs/cgroup/cpu,cpuacct/sting-backup-4711")]
    [InlineData(1, "/system.slice/cron.service", "/sys/fs/cgroup/cpu,cpuacct/system.slice/cron.service/sting-backup-4711")]
    [InlineData(2, "/", "/sys/fs/cgroup/sting-backup-4711")]
    [InlineData(2, "/system.slice/sting-backup.service", "/sys/fs/cgroup/system.slice/sting-backup.service/sting-backup-4711")]
    public void A_process_goes_into_a_group_of_its_own_and_back(int version, string own, string folder)
    {
        var kernel = new FakeKernel(version, own);
        var before = (kernel.Groups, Divides: kernel.Divides.Order(StringComparer.Ordinal).ToList());
        var group = ControlGroup.TryEnter(kernel, 25, 8, out var reason);
        Assert.True(group is not null, reason);
        Assert.Equal(folder, kernel.GroupOf(kernel.Process));
        Assert.Equal("200000", version == 1 ? kernel.Read(folder + "/cpu.cfs_quota_us") : kernel.Read(folder + "/cpu.max")!.Split(' ')[0]);
        Assert.Equal("100000", version == 1 ? kernel.Read(folder + "/cpu.cfs_period_us") : kernel.Read(folder + "/cpu.max")!.Split(' ')[1]);

        group.SetShare(50, 8);
        Assert.Equal("400000", version == 1 ? kernel.Read(folder + "/cpu.cfs_quota_us") : kernel.Read(folder + "/cpu.max")!.Split(' ')[0]);

        // A child that is still there is brought back too.
        kernel.Join(5000, folder);
        Assert.True(group.Leave());
        Assert.Equal((kernel.Own, kernel.Own), (kernel.GroupOf(kernel.Process), kernel.GroupOf(5000)));
        Assert.Equal(before.Groups, kernel.Groups);
        Assert.Equal(before.Divides, kernel.Divides.Order(StringComparer.Ordinal));
    }

    [LinuxTheory]
    [InlineData(1, "/")]
    [InlineData(2, "/")]
    [InlineData(2, "/user.slice")]
    public void Without_the_right_or_against_the_kernel_all_stays_as_it_was(int version, string own)
    {
        var kernel = new FakeKernel(version, own) { HasRight = false };
        var before = (kernel.Groups, Divides: kernel.Divides.Order(StringComparer.Ordinal).ToList());
        Assert.Null(ControlGroup.TryEnter(kernel, 25, 8, out var reason));
        Assert.Contains("no right", reason, StringComparison.Ordinal);
        Assert.Equal(before.Groups, kernel.Groups);

        (kernel.HasRight, kernel.Refused) = (true, version == 1 ? "200000" : "200000 100000");
        Assert.Null(ControlGroup.TryEnter(kernel, 25, 8, out reason));
        Assert.Contains("Invalid argument", reason, StringComparison.Ordinal);
        Assert.Equal(before.Groups, kernel.Groups);
        Assert.Equal(before.Divides, kernel.Divides.Order(StringComparer.Ordinal));
        Assert.Equal(kernel.Own, kernel.GroupOf(kernel.Process));
    }

    [LinuxFact]
    public void By_version_2_a_group_that_others_share_is_left_alone()
    {
        var kernel = new FakeKernel(2, "/user.slice");
        kernel.Join(5000, kernel.Own);
        Assert.Null(ControlGroup.TryEnter(kernel, 25, 8, out var reason));
        Assert.Contains("other programs share", reason, StringComparison.Ordinal);
        Assert.Empty(kernel.Log);
        // By version 1 it does not matter.
        kernel = new FakeKernel(1, "/user.slice");
        kernel.Join(5000, kernel.Own);
        Assert.NotNull(ControlGroup.TryEnter(kernel, 25, 8, out _));
        Assert.Equal(kernel.Own, kernel.GroupOf(5000));
    }

    [LinuxFact]
    public void What_a_killed_process_left_is_removed_and_nobody_else_s()
    {
        var kernel = new FakeKernel(1, "/cron");
        string Of(int process) => $"{kernel.Own}/{ControlGroupPlace.NameOf(process)}";
        foreach (var process in (int[])[100, 200, 300])
        {
            kernel.Add(Of(process));
        }
        kernel.Add($"{kernel.Own}/sting-backup-of-mine");
        kernel.Join(200, Of(200));   // lives in its own
        kernel.Alive.Add(300);       // has made its own and is not in it yet
        var group = ControlGroup.TryEnter(kernel, 25, 8, out _)!;
        Assert.Equal([Of(200), Of(300), Of(4711), $"{kernel.Own}/sting-backup-of-mine"], kernel.Groups.Where(g => g.Contains("sting-backup", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.True(group.Leave());
    }

    [Theory]
    [InlineData(25, 2, 50_000)]
    [InlineData(100, 4, 400_000)]
    [InlineData(1, 1, 1_000)]
    [InlineData(1, 64, 64_000)]
    public void A_share_is_of_all_processors(int percent, int processors, long quota) => Assert.Equal(quota, ControlGroupPlace.QuotaOf(percent, processors));

    [LinuxFact]
    public void The_doctor_tells_by_which_means_each_limit_is_held()
    {
        var performance = new PerformanceSettings(4, 6, Bandwidth.Unlimited);
        var texts = LimitPlanner.Plan(performance, new FakeKernel(2, "/system.slice/x.service"), 8).ToDictionary(limit => limit.Setting.Key, limit => limit.Text);
        Assert.Equal(["performance.cpu_limit", "performance.io_priority", "performance.memory_limit", "performance.network_priority"], texts.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("25% of 8 processors, by a control group (version 2, in /sys/fs/cgroup/system.slice/x.service", texts["performance.cpu_limit"], StringComparison.Ordinal);
        Assert.Contains("4 of 4 readers", texts["performance.memory_limit"], StringComparison.Ordinal);
        Assert.Contains("mq-deadline", texts["performance.io_priority"], StringComparison.Ordinal);
        Assert.Contains("CS1", texts["performance.network_priority"], StringComparison.Ordinal);

        var alone = LimitPlanner.Plan(performance, new FakeKernel(1, "/") { HasRight = false }, 8)[0].Text;
        Assert.Contains("by resting between pieces of work: there is no right to make a control group in /sys/fs/cgroup/cpu,cpuacct", alone, StringComparison.Ordinal);
        var free = LimitPlanner.Plan(performance with { Limits = new HostLimits(null, 512_000_000, IoPriority.Normal, false, false) }, new FakeKernel(1, "/"), 8);
        Assert.Contains("all processors", free[0].Text, StringComparison.Ordinal);
        Assert.Contains("2 of 4 readers", free[1].Text, StringComparison.Ordinal);
        Assert.Contains("like other programs", free[2].Text, StringComparison.Ordinal);
        Assert.Contains("not marked", free[3].Text, StringComparison.Ordinal);
    }
}
