using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Costs as administrators see them.</summary>
public sealed class CostTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public CostTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void What_is_to_come_is_told_for_the_days_that_are_named()
    {
        var forecast = _shell.Run("Measure-StingCost -Forecast -Day 10, 20").Succeeded().Objects<CostForecast>().Single();
        Assert.Equal([(10, Tier.Local), (20, Tier.Local)], forecast.Tiers.Select(t => (t.Day, t.Tier)));
        Assert.Equal(forecast.Tiers.Select(t => t.MonthlyCost), forecast.Days.Select(d => d.MonthlyCost));
        Assert.Equal("10", _shell.Run("(Measure-StingCost -Forecast -Day 10).Days[0].Day").Succeeded().Output.Single().ToString());
        _shell.Run("Measure-StingCost -Forecast -Day 0").FailedWith("ForecastNotUnderstood");
    }

    [CulturedFact]
    public void Tiers_and_classes_need_no_passphrase_and_subjects_are_named()
    {
        var report = _shell.Run("Measure-StingCost").Succeeded().Objects<CostReport>().Single();
        Assert.Equal(Tier.Local, report.Tiers[0].Tier);
        Assert.Equal(report.Tiers[0].Needed, report.Classes.Sum(c => c.Length));
        Assert.Equal("UserFiles", _shell.Run("((Measure-StingCost).Classes | Where-Object DataClass -eq UserFiles).DataClass.ToString()").Succeeded().Output.Single().ToString());
        var subjects = _shell.Run("Measure-StingCost -BySubject").Succeeded().Objects<SubjectCost>().ToList();
        Assert.All(subjects, subject => Assert.NotNull(subject.Subject));
        Assert.True(subjects.Count > 1 && subjects.Sum(s => s.Local) <= report.Tiers[0].Needed);
    }
}
