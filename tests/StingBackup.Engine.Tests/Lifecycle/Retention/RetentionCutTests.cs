using StingBackup.Engine.Keeping;
using StingBackup.Engine.Lifecycle.Retention;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Lifecycle.Retention;

/// <summary>The settings that a retention run was made with, as the audit chain holds them: what a later run would keep for less long is told by them.</summary>
public sealed class RetentionCutTests
{
    private static readonly RetentionSettings Plain = new(7, 30, 365, new Dictionary<DataClass, int> { [DataClass.UserFiles] = 365, [DataClass.TempFiles] = 2 });

    [Fact]
    public void Without_thinning_all_of_each_period_is_kept() =>
        Assert.Equal("Keeps archive=365 UserFiles=365 TempFiles=2 copies=1 all=all hourly=all daily=all weekly=all monthly=all yearly=all", RetentionCut.TextOf(Plain));

    [Fact]
    public void With_thinning_each_period_has_its_number() =>
        Assert.Equal("Keeps archive=365 UserFiles=365 TempFiles=2 copies=3 all=2 hourly=24 daily=7 weekly=4 monthly=12 yearly=0",
            RetentionCut.TextOf(Plain with { MinimumCopies = 3, Thinning = new ThinningSettings(2, 24, 7, 4, 12, 0) }));

    [Fact]
    public void A_class_that_is_never_thinned_is_not_for_any_setting()
    {
        var thinning = Plain with { Thinning = new ThinningSettings(2, 24, 7, 4, 12, 0) };
        Assert.Equal((true, false, false, false), (RetentionPlanner.IsThinned(thinning, DataClass.UserFiles), RetentionPlanner.IsThinned(thinning, DataClass.Physical), RetentionPlanner.IsThinned(thinning, DataClass.TempFiles), RetentionPlanner.IsThinned(Plain, DataClass.UserFiles)));
    }
}
