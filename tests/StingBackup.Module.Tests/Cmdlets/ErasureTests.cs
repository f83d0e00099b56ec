using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Erasure and legal holds as administrators use them.</summary>
public sealed class ErasureTests : IDisposable
{
    private const string Who = "user@example.com";

    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public ErasureTests()
    {
        var configuration = _sample["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("# delay_days: 7", "delay_days: 0", StringComparison.Ordinal));
        _shell = _sample.OpenShell();
    }

    /// <summary>Runs a command that needs an approval: refused first, then approved, then done.</summary>
    private ShellResult Approved(string command)
    {
        var own = new System.Security.SecureString();
        foreach (var c in "the officer's own words")
        {
            own.AppendChar(c);
        }
        if (!File.Exists(_sample["officer.approver"]))
        {
            _shell.Run("param($own) New-StingApprover 'Officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false", ("own", own)).Succeeded();
        }
        _shell.Run(command).FailedWith("ApprovalRequired");
        _shell.Run("param($own) Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false", ("own", own)).Succeeded();
        return _shell.Run(command).Succeeded();
    }

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [Fact]
    public void WhatIf_outputs_the_plan_and_changes_nothing()
    {
        var plan = _shell.Run($"Remove-StingSubject -User {Who} -WhatIf").Succeeded().Objects<ErasurePlan>().Single();
        Assert.Equal("path:UserFiles/user@example.com", plan.Subject);
        Assert.Equal(2, plan.Hits.Single().Points);
        Assert.True(plan.Packs > 0);
        Assert.Empty(_shell.Run("Get-StingErasure").Succeeded().Output);
        Assert.Equal("StingBackup.ErasureHit", _shell.Run($"(Remove-StingSubject -User {Who} -WhatIf).Hits[0]").Succeeded().Objects<object>().Single().GetType().FullName);
    }

    [Fact]
    public void From_the_request_to_the_certificate()
    {
        var asked = Approved($"Remove-StingSubject -Email {Who} -Reference 'ticket 12' -Confirm:$false").Objects<Erasure>().Single();
        Assert.Equal((ErasureState.Pending, "ticket 12"), (asked.State, asked.Reference));
        Assert.Equal(asked.Id, _shell.Run("(Complete-StingErasure -WhatIf).Due[0].Id").Succeeded().Output.Single().ToString());
        var result = _shell.Run("Complete-StingErasure -Confirm:$false").Succeeded().Objects<ErasureResult>().Single();
        var done = Assert.Single(result.Erasures);
        Assert.Equal((JobState.Completed, ErasureState.Completed), (result.State, done.State));

        var check = _shell.Run("Get-StingErasure -State Completed | Test-StingDestructionCertificate").Succeeded().Objects<CertificateCheck>().Single();
        Assert.True(check.IsValid, string.Join(' ', check.Problems));
        Assert.Equal(done.Id, check.CertificateId);
        Assert.True(_shell.Run("param($key) (Get-StingErasure | Test-StingDestructionCertificate -KeyFingerprint $key).IsTrusted", ("key", check.KeyFingerprint)).Succeeded().Objects<bool>().Single());
        var page = File.ReadAllText(Path.ChangeExtension(done.Certificate!, ".html"));
        Assert.Contains("ticket 12", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Who, page, StringComparison.Ordinal);

        _shell.Run($"Restore-StingUser {Who} -Destination out").FailedWith("SubjectErased");
        _shell.Run("Restore-StingReserve -Destination all -Confirm:$false").Succeeded();
        Assert.True(File.Exists(_sample["all", "users", "other@example.com", "picture.png"]));
        Assert.False(Directory.Exists(_sample["all", "users", Who]));
        Assert.Empty(_shell.Run("Test-StingBackupIntegrity -Level Data").Succeeded().Objects<IntegrityResult>().Single().Faults);
        _shell.Run($"Remove-StingSubject -User {Who} -WhatIf").FailedWith("SubjectErased");
    }

    [Fact]
    public void A_hold_refuses_until_it_is_lifted()
    {
        var hold = _shell.Run($"Add-StingLegalHold {Who} -Reason 'case 7'").Succeeded().Objects<LegalHold>().Single();
        _shell.Run($"Remove-StingSubject {Who} -Confirm:$false").FailedWith("LegalHoldStands");
        Assert.Equal(hold.Id, _shell.Run("(Get-StingLegalHold).Id").Succeeded().Output.Single().ToString());
        Assert.Equal("case 7", _shell.Run($"(Add-StingLegalHold {Who} -Reason 'case 7' -WhatIf).Reason").Succeeded().Output.Single().ToString());
        Approved($"Remove-StingLegalHold {hold.Id} -Confirm:$false");
        Assert.Empty(_shell.Run("Get-StingLegalHold").Succeeded().Output);
        Assert.NotEmpty(_shell.Run("(Get-StingLegalHold -IncludeLifted).LiftedBy").Succeeded().Output.Single().ToString());
        _shell.Run($"Remove-StingSubject {Who} -WhatIf").Succeeded();
    }

    [Fact]
    public void A_contributor_to_a_jar_is_named_and_a_jar_s_hold_is_his_too()
    {
        const string contributor = "0b9d7f6e-1111-4000-8000-00000000000a";
        var nothing = _shell.Run($"Remove-StingSubject -HoneyJar jar_123 -Contributor {contributor} -WhatIf").FailedWith("NothingToErase");
        Assert.Contains(contributor, nothing.ToString(), StringComparison.Ordinal);
        _shell.Run($"Remove-StingSubject -HoneyJar jar_123 -Contributor {Who} -WhatIf").FailedWith("UserNotFound");   // nobody with a UUID
        _shell.Run($"Remove-StingSubject -User {Who} -Contributor {contributor} -WhatIf").FailedWith("AmbiguousParameterSet");
        var hold = _shell.Run($"Add-StingLegalHold -HoneyJar jar_123 -Contributor {contributor} -Reason 'case 9'").Succeeded().Objects<LegalHold>().Single();
        Assert.Equal($"jar:jar_123/user:{contributor}", hold.Subject);
        Assert.Empty(_shell.Run($"(Remove-StingSubject -User {Who} -KeepContributions -WhatIf).Contributions").Succeeded().Output);
        Assert.Equal(JobState.Completed, _shell.Run($"Restore-StingUser {Who} -IncludeContributions -Destination with").Succeeded().Objects<RestoreResult>().Single().State);
    }

    [Fact]
    public void Requests_of_STING_come_through_the_pipeline()
    {
        _shell.Run("Get-StingErasureRequest").FailedWith("ErasureFeedMissing");
        // What the feed gives is what a request takes: the person and the row.
        var plans = _shell.Run($"param($requests) $requests | Remove-StingSubject -WhatIf", ("requests", new object[] { Request(Who), Request("other@example.com") })).Succeeded().Objects<ErasurePlan>();
        Assert.Equal(["pii_deletion_requests 7", "pii_deletion_requests 7"], plans.Select(plan => plan.Reference));
        Assert.Equal(2, plans.Select(plan => plan.Subject).Distinct().Count());

        static DeletionRequest Request(string user) => new() { Id = "7", Database = "sting_app", User = user, Status = "pending", State = DeletionRequestState.New, Reference = "pii_deletion_requests 7" };
    }

    [Fact]
    public void A_request_is_stopped_through_the_pipeline()
    {
        Approved("Remove-StingSubject -HoneyJar jar_123 -Confirm:$false");
        var stopped = _shell.Run("Get-StingErasure -State Pending | Stop-StingErasure").Succeeded().Objects<Erasure>().Single();
        Assert.Equal((ErasureState.Stopped, "jar:jar_123"), (stopped.State, stopped.Subject));
        Assert.Empty(_shell.Run("Complete-StingErasure").Succeeded().Objects<ErasureResult>().Single().Erasures);
        _shell.Run($"Stop-StingErasure {stopped.Id}").FailedWith("ErasureTooLate");
        _shell.Run("Stop-StingErasure nothing").FailedWith("ErasureNotFound");
        _shell.Run("Remove-StingLegalHold nothing -Confirm:$false").FailedWith("LegalHoldNotFound");
    }

    [Fact]
    public void Without_an_answer_nothing_is_asked_for()
    {
        _shell.Host.Answers.Enqueue("n");
        Assert.Empty(_shell.Run($"Remove-StingSubject {Who}").Succeeded().Output);
        Assert.Empty(_shell.Run("Get-StingErasure").Succeeded().Output);
        _shell.Run("Remove-StingSubject usr@example.com -WhatIf").FailedWith("UserNotFound");
    }

    [Fact]
    public void Ids_complete_with_whom_they_mean()
    {
        var asked = Approved($"Remove-StingSubject {Who} -Confirm:$false").Objects<Erasure>().Single();
        var hold = _shell.Run("Add-StingLegalHold other@example.com -Reason 'case 8'").Succeeded().Objects<LegalHold>().Single();
        Assert.Equal(asked.Id, Complete("Stop-StingErasure -Id "));
        Assert.Equal(hold.Id, Complete("Remove-StingLegalHold -Id "));

        string Complete(string line) => _shell.Run("param($line) (TabExpansion2 $line $line.Length).CompletionMatches[0].CompletionText", ("line", line)).Succeeded().Output.Single().ToString()!;
    }

    [Fact]
    public void A_certificate_that_cannot_be_read_is_named()
    {
        var missing = _shell.Run("Test-StingDestructionCertificate nowhere.json");
        Assert.StartsWith("CertificateUnreadable", Assert.Single(missing.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        File.WriteAllText(_sample["forged.json"], """{"certificate":{"certificate_id":"1"},"key_role":"AAAA","signature":"AAAA"}""");
        var check = _shell.Run("Test-StingDestructionCertificate forged.json").Succeeded().Objects<CertificateCheck>().Single();
        Assert.False(check.IsValid);
        Assert.Contains(check.Problems, problem => problem.Contains("signature", StringComparison.Ordinal));
    }
}
