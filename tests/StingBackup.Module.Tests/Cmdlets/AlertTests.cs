using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Alerts as administrators see and take them.</summary>
public sealed class AlertTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public AlertTests()
    {
        var configuration = _sample["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nalerts:\n", "\nalerts:\n  exec: /bin/false\n", StringComparison.Ordinal));
        _shell = _sample.OpenShell();
    }

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void Two_runs_that_fail_are_an_alert_until_one_does_well()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        Directory.Move(_sample["reserve"], _sample["away"]);
        _shell.Run("Invoke-StingBackup").FailedWith("SourceUnavailable");
        Assert.DoesNotContain(Alerts(), a => a.Rule == "BackupFailed");
        _shell.Run("Invoke-StingBackup").FailedWith("SourceUnavailable");
        var alert = Alerts().Single(a => a.Rule == "BackupFailed");
        Assert.Equal((AlertSeverity.Page, AlertState.Firing), (alert.Severity, alert.State));
        Assert.Equal("exec", _shell.Run($"(Get-StingAlert {alert.Id}).Waiting[0].Channel").Succeeded().Output.Single().ToString());
        Assert.Single(_shell.Run($"Confirm-StingAlert {alert.Id} -WhatIf").Succeeded().Objects<StingAlert>());
        Assert.Equal(AlertState.Firing, Alerts().Single(a => a.Id == alert.Id).State);
        var taken = _shell.Run($"Get-StingAlert {alert.Id} | Confirm-StingAlert -Comment 'the disk'").Succeeded().Objects<StingAlert>().Single();
        Assert.Equal((AlertState.Acknowledged, "the disk", Environment.UserName), (taken.State, taken.Comment, taken.AcknowledgedBy));
        Directory.Move(_sample["away"], _sample["reserve"]);
        _shell.Run("Invoke-StingBackup").Succeeded();
        Assert.DoesNotContain(Alerts(), a => a.Rule == "BackupFailed");
        Assert.Equal(AlertState.Resolved, _shell.Run("Get-StingAlert -All").Succeeded().Objects<StingAlert>().Single(a => a.Rule == "BackupFailed").State);
        _shell.Run("Get-StingAlert 00").FailedWith("AlertNotFound");
        _shell.Run("Confirm-StingAlert 00").FailedWith("AlertNotFound");
    }

    [Fact]
    public void Without_a_channel_a_test_says_that_nobody_would_be_told()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        var result = shell.Run("Test-StingAlertChannel").Succeeded();
        Assert.Empty(result.Output);
        Assert.Contains("nobody would be told", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Channels_are_tried_and_an_update_looks_at_once()
    {
        var test = _shell.Run("Test-StingAlertChannel").Succeeded().Objects<AlertChannelTest>().Single();
        Assert.Equal(("exec", false), (test.Channel, test.IsDelivered));
        _shell.Run("Test-StingAlertChannel mail").FailedWith("AlertChannelUnknown");
        Assert.Equal("exec", _shell.Run("(TabExpansion2 'Test-StingAlertChannel e' 24).CompletionMatches.CompletionText").Succeeded().Output.Single().ToString());
        Assert.Empty(_shell.Run("Update-StingAlert -WhatIf").Succeeded().Output);
        Assert.Empty(_shell.Run("Get-StingAlert").Succeeded().Output);
        // The sample's restore points are of January 2024.
        var told = _shell.Run("Update-StingAlert").Succeeded().Objects<StingAlert>().ToList();
        Assert.Contains(told, a => a is { Rule: "BackupStale", Subject: "UserFiles", Severity: AlertSeverity.Critical });
        Assert.Equal(told.Count, told.Select(a => a.Id).Distinct().Count());
        Assert.Equal(told.Select(a => a.Id).Order(), _shell.Run("Update-StingAlert").Succeeded().Objects<StingAlert>().Select(a => a.Id).Order());
    }

    private List<StingAlert> Alerts() => [.. _shell.Run("Get-StingAlert").Succeeded().Objects<StingAlert>()];
}
