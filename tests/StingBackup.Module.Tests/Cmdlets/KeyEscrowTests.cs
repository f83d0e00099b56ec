using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Escrow as administrators and holders of shares use it; the sample has three shares, two of which are needed.</summary>
public sealed class KeyEscrowTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public KeyEscrowTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [Fact]
    public void An_export_plans_asks_for_an_approval_and_writes_nothing_without()
    {
        var plan = _shell.Run("Export-StingKeyEscrow ./new-shares -WhatIf").Succeeded().Objects<KeyEscrowPlan>().Single();
        Assert.Equal((5, 3, true, ApprovalState.NotRequested), (plan.Shares, plan.Threshold, plan.WithPages, plan.Approval));
        Assert.Equal(_sample["new-shares"], plan.OutputPath);
        _shell.Run("Export-StingKeyEscrow ./new-shares").FailedWith("ApprovalRequired");
        Assert.False(Directory.Exists(_sample["new-shares"]));
        _shell.Run("Export-StingKeyEscrow ./keys/shares").FailedWith("EscrowPlaceUnsafe");
        _shell.Run("Export-StingKeyEscrow ./new-shares -Share 2 -Threshold 3").FailedWith("EscrowCountInvalid");
    }

    [Fact]
    public void Shares_prove_recovery_and_single_ones_are_looked_at_without_a_configuration()
    {
        var check = _shell.Run("Test-StingKeyEscrow ./shares/share-3.txt, ./shares/share-1.txt").Succeeded().Objects<KeyEscrowCheck>().Single();
        Assert.Equal((EscrowState.Current, true), (check.State!.Value, check.IsRecoverable!.Value));
        Assert.Equal(check.Records, check.RecordsOpened);
        _shell.Run("Test-StingKeyEscrow ./shares/share-3.txt").FailedWith("EscrowSharesTooFew");
        File.Delete(_sample["sting-backup.yaml"]);
        Assert.Equal([3], _shell.Run("Test-StingKeyEscrow ./shares/share-3.txt -SharesOnly").Succeeded().Objects<KeyEscrowCheck>().Single().Given);
        var text = File.ReadAllLines(_sample["shares", "share-3.txt"]);
        var at = Array.FindIndex(text, line => line.StartsWith("S3 ", StringComparison.Ordinal));
        text[at] = text[at][..^1] + (text[at][^1] == 'X' ? 'Y' : 'X');
        File.WriteAllLines(_sample["typed.txt"], text);
        var error = _shell.Run("Test-StingKeyEscrow ./typed.txt -SharesOnly").FailedWith("EscrowShareMistyped");
        Assert.Contains($"(line {at + 1} of the file)", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_come_back_where_there_are_none_and_nowhere_else()
    {
        _shell.Run("Import-StingKeyEscrow ./shares -Protection Open").FailedWith("KeysExist");
        var plan = _shell.Run("Import-StingKeyEscrow ./shares -ConfigPath web-1.yaml -WhatIf").Succeeded().Objects<KeyEscrowImportPlan>().Single();
        Assert.Equal((KeyProtection.Passphrase, 2), (plan.Protection, plan.Threshold));
        Assert.False(Directory.Exists(_sample["web-1", "keys"]));
        // Where the keys were, and the replica and the epoch place that lay with them, there is nothing but what another site kept.
        Directory.CreateDirectory(_sample["web-1", "keys"]);
        Directory.Move(_sample["keys", "store"], _sample["web-1", "keys", "store"]);
        Directory.Move(_sample["keys", "epoch"], _sample["web-1", "keys", "epoch"]);
        var back = _shell.Run("Import-StingKeyEscrow ./shares -ConfigPath web-1.yaml -Protection Open -WarningAction SilentlyContinue").Succeeded().Objects<KeyEscrowImportResult>().Single();
        Assert.True(back.Records > 0);
        Assert.Equal(2, back.Refilled.Count(path => path.Contains("-2", StringComparison.Ordinal) && !path.Contains("turn", StringComparison.Ordinal)));
        _shell.Run("Restore-StingReserve -Destination ./back -ConfigPath web-1.yaml -Confirm:$false").Succeeded();
        Assert.Equal(File.ReadAllBytes(_sample["reserve", "users", "user@example.com", "document.pdf"]), File.ReadAllBytes(_sample["back", "users", "user@example.com", "document.pdf"]));
    }
}
