using System.Text.Json.Nodes;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>A month's report as administrators use it. The sample's two runs are of January 2024.</summary>
public sealed class ReportTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public ReportTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void A_month_is_put_together()
    {
        var report = _shell.Run("Get-StingBackupReport -Month 2024-01").Succeeded().Objects<BackupReport>().Single();
        Assert.Equal(("2024-01", true, 2L, 2L), (report.Month, report.IsWhole, report.Runs.Total, report.Runs.Completed));
        Assert.Equal([SampleInstallation.FirstRun, SampleInstallation.SecondRun], report.RunList.Select(run => run.BackupId));
        Assert.Equal("2024-01", _shell.Run("'2024-01' | Get-StingBackupReport").Succeeded().Objects<BackupReport>().Single().Month);
        Assert.Equal(0, _shell.Run("(Get-StingBackupReport).Runs.Total").Succeeded().Objects<long>().Single());
        Assert.Equal("UserFiles", _shell.Run("(Get-StingBackupReport 2024-01).Classes[0].DataClass.ToString()").Succeeded().Output.Single().ToString());
        _shell.Run("Get-StingBackupReport soon").FailedWith("MonthNotUnderstood");
        _shell.Run("Get-StingBackupReport 2999-01").FailedWith("MonthNotBegun");
    }

    [Fact]
    public void It_is_written_in_the_format_that_the_file_s_name_says()
    {
        foreach (var (name, begins) in (IEnumerable<(string, string)>)[("r.html", "<!DOCTYPE html>"), ("r.md", "# Backups of 2024-01"), ("r.json", "{"), ("r.csv", "month,figure,value")])
        {
            var file = _shell.Run($"Export-StingBackupReport {name} -Month 2024-01").Succeeded().Objects<FileInfo>().Single();
            Assert.StartsWith(begins, File.ReadAllText(file.FullName), StringComparison.Ordinal);
        }
        Assert.Equal(2, (int)JsonNode.Parse(File.ReadAllText(_sample["r.json"]))!["runs"]!["total"]!);
        _shell.Run("Get-StingBackupReport 2024-01 | Export-StingBackupReport piped.txt -Format Json").Succeeded();
        Assert.Equal(2, (int)JsonNode.Parse(File.ReadAllText(_sample["piped.txt"]))!["runs"]!["total"]!);
    }

    [Fact]
    public void No_file_is_replaced_unasked_and_none_is_written_by_a_look()
    {
        File.WriteAllText(_sample["r.md"], "mine");
        _shell.Run("Export-StingBackupReport r.md").FailedWith("ReportExists");
        Assert.Equal("mine", File.ReadAllText(_sample["r.md"]));
        Assert.Equal("2024-01", _shell.Run("Export-StingBackupReport r.md -Month 2024-01 -Force -WhatIf").Succeeded().Objects<BackupReport>().Single().Month);
        Assert.Equal("mine", File.ReadAllText(_sample["r.md"]));
        _shell.Run("Export-StingBackupReport r.md -Month 2024-01 -Force").Succeeded();
        Assert.StartsWith("# Backups", File.ReadAllText(_sample["r.md"]), StringComparison.Ordinal);
        _shell.Run("Export-StingBackupReport r.md -Confirm:$false").Succeeded();
        _shell.Run("Export-StingBackupReport r.pdf").Succeeded();
        Assert.StartsWith("%PDF-1.", File.ReadAllText(_sample["r.pdf"]), StringComparison.Ordinal);
        _shell.Run("Export-StingBackupReport r.docx").FailedWith("ReportFormatUnknown");
        _shell.Run("Export-StingBackupReport nowhere/r.md").FailedWith("ReportUnwritable");
    }

    [Fact]
    public void Months_are_completed_newest_first()
    {
        var months = _shell.Run("(TabExpansion2 'Get-StingBackupReport -Month 20' 30).CompletionMatches.CompletionText").Succeeded().Output.Select(o => o.ToString()).ToList();
        Assert.Equal(36, months.Count);
        Assert.Equal(months.OrderDescending(StringComparer.Ordinal), months);
    }
}
