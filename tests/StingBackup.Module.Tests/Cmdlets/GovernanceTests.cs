using System.Management.Automation;
using System.Security;
using System.Text;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Approvers, requests, approvals and the audit chain, as people use them: the first dangerous command is the restore of keys and tokens.</summary>
public sealed class GovernanceTests : IDisposable
{
    private const string Passphrase = "officer's own words";
    private const string Restore = "Restore-StingReserve -DataClass Secrets -Destination ./out -Confirm:$false";

    private readonly SampleInstallation _sample = SampleInstallation.SealedCopy();
    private readonly HostedShell _shell;
    private readonly StringBuilder _told = new();

    public GovernanceTests()
    {
        _shell = _sample.OpenShell();
        _sample.AddSecret("API_KEY=topsecret");
        Run("Invoke-StingBackup").Succeeded();
    }

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private static SecureString Secure(string text)
    {
        var secret = new SecureString();
        foreach (var c in text)
        {
            secret.AppendChar(c);
        }
        return secret;
    }

    /// <summary>Runs a script that may use $key (the key file's passphrase) and $own (the approver's); keeps all that it told.</summary>
    private ShellResult Run(string script)
    {
        var result = _shell.Run($"param($key, $own) {script}", ("key", SampleInstallation.SecurePassphrase), ("own", Secure(Passphrase)));
        _told.AppendJoin('\n', result.Output.Select(o => o.ToString())).AppendJoin('\n', result.Errors.Select(e => e.ToString())).AppendJoin('\n', result.Warnings)
            .AppendJoin('\n', result.Verbose).AppendJoin('\n', result.Information).AppendLine(result.Failure?.ToString());
        return result;
    }

    private void Enrol()
    {
        Run("New-StingApprover 'Security officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Passphrase $key -Confirm:$false").Succeeded();
    }

    [CulturedFact]
    public void Keys_and_tokens_come_back_when_a_second_identity_approved_and_the_record_says_who()
    {
        Enrol();
        var asked = Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired");
        Assert.Equal(ErrorCategory.SecurityError, asked.CategoryInfo.Category);
        Assert.Contains("Approve-StingApproval -Path", asked.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_sample["out"]));
        var request = Run("Get-StingApproval").Succeeded().Objects<ApprovalRequest>().Single();
        Assert.Equal((ApprovalState.Open, "Restore-StingReserve", asked.TargetObject), (request.State, request.Command, request.Id));

        _shell.Host.Answers.Enqueue("y");
        Run("Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own").Succeeded();
        var question = Assert.Single(_shell.Host.Questions);
        foreach (var shown in (string[])["Secrets of backup_", _sample["out"], request.Requester, request.PlanDigest, "Items: "])
        {
            Assert.Contains(shown, question, StringComparison.Ordinal);
        }
        Assert.Equal(ApprovalState.Approved, Run("Get-StingApproval").Objects<ApprovalRequest>().Single().State);
        Assert.Equal(ApprovalState.Approved, Run($"{Restore} -WhatIf -Passphrase $key").Objects<RestorePlan>().Single().Approval);
        Assert.Equal(JobState.Completed, Run($"{Restore} -Passphrase $key").Succeeded().Objects<RestoreResult>().Single().State);
        Assert.Equal("API_KEY=topsecret", File.ReadAllText(_sample["out", "env", "app.env"]));

        var audit = Run("Get-StingAuditEvent | Where-Object Command -NE Configuration").Succeeded().Objects<AuditEntry>();
        // The plan alone, which names what the keys protect, is a look.
        Assert.Equal([AuditEvent.Executed, AuditEvent.Noted, AuditEvent.Requested, AuditEvent.Approved, AuditEvent.Executed], audit.Select(e => e.Event));
        var officer = Run("Get-StingApprover Enrolled").Objects<Approver>().Single();
        Assert.Equal([officer.Id], audit[3].Approvers);
        Assert.Equal(3, Run($"Get-StingAuditEvent -RequestId {request.Id}").Output.Count);
        Assert.Equal(2, Run("Get-StingAuditEvent Executed").Output.Count);
        Assert.Equal(4, Run("Get-StingAuditEvent -Command Restore-*").Output.Count);
        Assert.Empty(Run("Get-StingAuditEvent -To 2024-01-01").Output);
        Assert.Empty(Run("Get-StingApproval").Output);
        Assert.Equal(ApprovalState.Used, Run("Get-StingApproval -All").Objects<ApprovalRequest>().Single().State);
        Assert.True(Run("Test-StingBackupIntegrity").Succeeded().Objects<IntegrityResult>().Single().Passed);
        Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired");
        NoSecretWasTold();
    }

    [Fact]
    public void A_secret_that_is_asked_for_by_name_needs_an_approval_and_a_whole_restore_leaves_it_out()
    {
        Enrol();
        Assert.Equal(ApprovalState.NotRequested, Run("Restore-StingFile app.env -Destination ./one -Passphrase $key -WhatIf").Objects<RestorePlan>().Single().Approval);
        Run("Restore-StingFile app.env -Destination ./one -Passphrase $key").FailedWith("ApprovalRequired");
        var whole = Run("Restore-StingReserve -Destination ./all -Passphrase $key -Confirm:$false").Succeeded();
        Assert.Contains(whole.Warnings, w => w.Contains("Secrets left out", StringComparison.Ordinal));
        Assert.False(File.Exists(_sample["all", "env", "app.env"]));
        Run("Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Run("Restore-StingFile app.env -Destination ./one -Passphrase $key").Succeeded();
        Assert.True(File.Exists(_sample["one", "env", "app.env"]));
    }

    [Fact]
    public void A_request_is_approved_on_a_machine_that_has_nothing_but_a_copy_of_it()
    {
        Enrol();
        var id = (string)Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired").TargetObject;
        using var elsewhere = new TemporaryFolder();
        File.Move(_sample["officer.approver"], elsewhere["officer.approver"]);
        File.Copy(_sample["state", "approvals", id + ".request"], elsewhere[id + ".request"]);
        using (var other = HostedShell.WithModule())
        {
            other.Run("param($path) $null = $ExecutionContext.SessionState.Path.SetLocation($path)", ("path", elsewhere.Path)).Succeeded();
            var wrong = other.Run($"param($own) Approve-StingApproval ./{id}.request ./officer.approver -ApproverPassphrase $own -Confirm:$false", ("own", Secure("wrong")));
            wrong.FailedWith("WrongPassphrase");
            var approved = other.Run($"param($own) Approve-StingApproval ./{id}.request ./officer.approver -ApproverPassphrase $own -Confirm:$false", ("own", Secure(Passphrase))).Succeeded().Objects<ApprovalResult>().Single();
            Assert.Equal(elsewhere[id + ".approval"], approved.ApprovalFile);
        }
        File.Copy(elsewhere[id + ".approval"], _sample["state", "approvals", id + ".approval"]);
        Run($"{Restore} -Passphrase $key").Succeeded();
    }

    [Fact]
    public void A_request_is_denied_for_good_and_people_decide()
    {
        Enrol();
        var id = (string)Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired").TargetObject;
        _shell.Host.Answers.Enqueue("n");
        Assert.Empty(Run($"Approve-StingApproval -Id {id} -KeyFile ./officer.approver -ApproverPassphrase $own").Succeeded().Output);
        Assert.False(File.Exists(_sample["state", "approvals", id + ".approval"]));
        Assert.Equal(ApprovalState.Denied, Run($"Deny-StingApproval {id} -Reason 'Ask again tomorrow'").Succeeded().Objects<ApprovalRequest>().Single().State);
        Assert.Equal("Ask again tomorrow", Run("Get-StingApproval -All").Succeeded().Objects<ApprovalRequest>().Single(r => r.Id == id).Reason);
        Assert.Equal([id], Run("Get-StingAuditEvent Denied").Objects<AuditEntry>().Select(e => e.RequestId));
        Run($"Approve-StingApproval -Id {id} -KeyFile ./officer.approver -ApproverPassphrase $own").FailedWith("ApprovalRequestUnknown");
        Run($"Deny-StingApproval {id}").FailedWith("ApprovalRequestUnknown");
        Assert.NotEqual(id, Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired").TargetObject);
    }

    [Fact]
    public void The_second_approver_needs_the_first_and_revoking_one_needs_another()
    {
        Enrol();
        const string Second = "Register-StingApprover ./second.approver.pub -Passphrase $key -Confirm:$false";
        Run("New-StingApprover 'Data protection officer' ./second.approver -ApproverPassphrase $own").Succeeded();
        Run(Second).FailedWith("ApprovalRequired");
        Run("Get-StingApproval | Approve-StingApproval -KeyFile ./second.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Run(Second).FailedWith("ApproverUnknown");
        Run("Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Assert.Equal("Data protection officer", Run(Second).Succeeded().Objects<Approver>().Single().Name);
        const string Revoke = "Get-StingApprover | Where-Object Name -eq 'Security officer' | Unregister-StingApprover -Passphrase $key -Confirm:$false";
        Assert.Contains(Run(Revoke).Errors, e => e.FullyQualifiedErrorId.StartsWith("ApprovalRequired", StringComparison.Ordinal));
        Run("Get-StingApproval | Approve-StingApproval -KeyFile ./second.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Assert.Equal(ApproverState.Revoked, Run(Revoke).Succeeded().Objects<Approver>().Single().State);
        Assert.Contains(Run("Get-StingApprover").Warnings, w => w.Contains("one approver only", StringComparison.Ordinal));
        NoSecretWasTold();
    }

    [Fact]
    public void WhatIf_prints_the_plan_and_writes_nothing_no_audit_record_either()
    {
        Enrol();
        Run("New-StingApprover 'Second' ./second.approver -ApproverPassphrase $own").Succeeded();
        Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired");
        var before = Hash();
        Assert.Single(Run("New-StingApprover 'Third' ./third.approver -WhatIf").Succeeded().Objects<NewApproverPlan>());
        Assert.Equal(ApprovalState.NotRequested, Run("Register-StingApprover ./second.approver.pub -WhatIf").Succeeded().Objects<ApproverPlan>().Single().Approval);
        Run("Get-StingApprover | Unregister-StingApprover -WhatIf");
        Assert.Single(Run("Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -WhatIf").Succeeded().Objects<ApprovalPlan>());
        Assert.Single(Run("Get-StingApproval | Deny-StingApproval -WhatIf").Succeeded().Objects<ApprovalRequest>());
        Assert.Equal(ApprovalState.Open, Run($"{Restore} -WhatIf -Passphrase $key").Succeeded().Objects<RestorePlan>().Single().Approval);
        Assert.Equal(before, Hash());
    }

    [Fact]
    public void A_chain_that_was_tampered_with_is_told_by_both_commands()
    {
        Enrol();
        Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired");
        var last = Directory.EnumerateFiles(_sample["backups", "audit"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        File.Delete(last);
        var entries = Run("Get-StingAuditEvent -State Missing");
        Assert.Equal(long.Parse(Path.GetFileName(last), System.Globalization.CultureInfo.InvariantCulture), entries.Objects<AuditEntry>().Single().Sequence);
        Assert.Contains(entries.Warnings, w => w.Contains("1 records", StringComparison.Ordinal));
        Assert.Contains(Run("Test-StingBackupIntegrity").Errors, e => e.ToString().Contains("audit/", StringComparison.Ordinal));
        Run($"{Restore} -Passphrase $key").FailedWith("AuditChainBroken");
    }

    [Fact]
    public void Requests_and_approvers_are_completed()
    {
        Enrol();
        var id = (string)Run($"{Restore} -Passphrase $key").FailedWith("ApprovalRequired").TargetObject;
        var approver = Run("Get-StingApprover").Objects<Approver>().Single();
        Assert.Equal([id], Complete("Deny-StingApproval -Id "));
        Assert.Equal([id], Complete("Approve-StingApproval -Id "));
        Assert.Equal([approver.Id], Complete("Unregister-StingApprover -ApproverId "));
    }

    private List<string> Complete(string line) =>
        [.. _shell.Run("param($line) (TabExpansion2 $line $line.Length).CompletionMatches", ("line", line)).Succeeded().Objects<CompletionResult>().Select(c => c.CompletionText)];

    // Logs tell of each command, and the host's cache learns what it has read: neither says anything of the repository.
    private string Hash() => string.Join('\n', Directory.EnumerateFiles(_sample.Folder, "*", SearchOption.AllDirectories).Where(f => !new[] { "logs", "cache" }.Any(name => f.Contains($"{Path.DirectorySeparatorChar}{name}{Path.DirectorySeparatorChar}", StringComparison.Ordinal)))
        .Order(StringComparer.Ordinal).Select(f => $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}"));

    /// <summary>Neither what was told nor any file holds a passphrase.</summary>
    private void NoSecretWasTold()
    {
        foreach (var secret in (string[])[Passphrase, SampleInstallation.Passphrase])
        {
            Assert.DoesNotContain(secret, _told.ToString(), StringComparison.Ordinal);
            Assert.All(Directory.EnumerateFiles(_sample.Folder, "*", SearchOption.AllDirectories), f => Assert.Equal(-1, File.ReadAllBytes(f).AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret))));
        }
    }
}
