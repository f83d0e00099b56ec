using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Tests of recovery as administrators hold and read them.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public RecoveryTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [CulturedFact]
    public void A_plan_restores_nothing_and_a_test_keeps_its_evidence()
    {
        var plan = _shell.Run("Test-StingRecovery -Seed 5 -Count 3 -WhatIf").Succeeded().Objects<RecoveryTestPlan>().Single();
        Assert.Equal((RecoveryTestType.File, 5L, 3, Tier.Local), (plan.Type, plan.Seed, plan.Chosen.Count, plan.Tier));
        Assert.Empty(_shell.Run("Get-StingRecoveryTest").Succeeded().Output);

        var test = _shell.Run("Test-StingRecovery File -Seed 5 -Count 3").Succeeded().Objects<RecoveryTest>().Single();
        Assert.True(test.Passed, string.Join("; ", test.Reasons));
        Assert.Equal(plan.Chosen, test.Choices.Select(c => $"{c.Item} of {c.Subject}"));
        var kept = _shell.Run("Get-StingRecoveryTest -WithAuditLog").Succeeded().Objects<RecoveryTest>().Single();
        Assert.Equal((test.Id, true, 5L, true), (kept.Id, kept.Passed, kept.Seed, kept.IsInAuditLog));
        Assert.DoesNotContain("example.com", string.Join(' ', kept.Choices.Select(c => c.Subject + c.Item)), StringComparison.Ordinal);
        Assert.Equal(test.Id, _shell.Run($"(TabExpansion2 'Get-StingRecoveryTest {test.Id[..2]}' 24).CompletionMatches.CompletionText").Succeeded().Output.Single().ToString());
        Assert.Equal(test.Id, _shell.Run($"(Get-StingRecoveryTest {test.Id[..6]} -Type File -Latest).Id").Succeeded().Output.Single().ToString());
        _shell.Run("Get-StingRecoveryTest zz").FailedWith("DrillNotFound");
        Assert.Equal("1", _shell.Run("@(Get-StingAuditEvent -Command Test-StingRecovery).Count").Succeeded().Output.Single().ToString());
    }

    [Fact]
    public void The_calendar_tells_what_is_due_and_due_holds_it()
    {
        var calendar = _shell.Run("Get-StingRecoveryTest -Calendar").Succeeded().Objects<RecoveryTestDue>().ToList();
        Assert.Equal([true, false, true, false], calendar.Select(d => d.IsOverdue));   // there is one tier alone
        Assert.Equal([RecoveryTestType.File, RecoveryTestType.HoneyJar], _shell.Run("Test-StingRecovery -Due").Succeeded().Objects<RecoveryTest>().Select(t => t.Type));
        Assert.Empty(_shell.Run("Test-StingRecovery -Due").Succeeded().Output);
        Assert.Equal("False", _shell.Run("(Get-StingRecoveryTest -Calendar -Type HoneyJar).IsOverdue").Succeeded().Output.Single().ToString());
        var targets = _shell.Run("Get-StingRecoveryTarget RTO").Succeeded().Objects<RecoveryObjective>().ToList();
        Assert.Equal([true, null, true, null], targets.Select(t => t.IsMet));
        Assert.True(targets[3].Forecast > TimeSpan.Zero);
        Assert.Equal(8, _shell.Run("Get-StingRecoveryTarget").Succeeded().Output.Count);
    }

    [Fact]
    public void What_cannot_be_evidence_is_refused_or_fails()
    {
        _shell.Run("Test-StingRecovery -Type Full").FailedWith("DrillTierMissing");
        var other = _shell.Run("Test-StingRecovery -Type Full -Tier Local");
        Assert.Equal(RecoveryVerdict.NoEvidence, other.Objects<RecoveryTest>().Single().Verdict);
        Assert.StartsWith("DrillNoEvidence", other.Errors.Single().FullyQualifiedErrorId, StringComparison.Ordinal);
        foreach (var pack in Directory.EnumerateFiles(_sample["backups", "data"], "*", SearchOption.AllDirectories))
        {
            var bytes = File.ReadAllBytes(pack);
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 1;
            }
            File.Delete(pack);
            File.WriteAllBytes(pack, bytes);
        }
        var damaged = _shell.Run("Test-StingRecovery -Type HoneyJar");
        Assert.Equal(RecoveryVerdict.Failed, damaged.Objects<RecoveryTest>().Single().Verdict);
        Assert.Contains(damaged.Errors, e => e.FullyQualifiedErrorId.StartsWith("DrillFailed", StringComparison.Ordinal));
    }

    [Fact]
    public void It_runs_as_a_job()
    {
        var test = _shell.Run("Test-StingRecovery -AsJob | Wait-Job | Receive-Job").Succeeded().Objects<RecoveryTest>().Single();
        Assert.True(test.Passed);
    }
}
