using System.Management.Automation;
using System.Security;
using StingBackup.Engine.Governance;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Module.Tests.Module;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>Roles and approvals as people meet them: every command in the hosted engine, and a few by the programs.</summary>
public sealed class AccessTests : IDisposable
{
    private const string Passphrase = "officer's own words";

    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public AccessTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private static string Me => $"user:{Environment.UserName}";

    private static SecureString Secret
    {
        get
        {
            var secret = new SecureString();
            Passphrase.ToList().ForEach(secret.AppendChar);
            return secret;
        }
    }

    private ShellResult Run(string script) => _shell.Run($"param($own) {script}", ("own", Secret));

    /// <summary>Puts lines into a section of the configuration, in place of those of before.</summary>
    private void Configure(string section, params string[] lines)
    {
        const string Mark = "  # of the test\n";
        var path = _sample["sting-backup.yaml"];
        var text = string.Join('\n', File.ReadAllText(path).Split('\n').Where(line => !line.EndsWith(Mark.Trim(), StringComparison.Ordinal) || !line.Contains($"#{section}", StringComparison.Ordinal)));
        Assert.Contains($"\n{section}:\n", text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace($"\n{section}:\n", $"\n{section}:\n{string.Concat(lines.Select(line => $"  {line} #{section}{Mark}"))}", StringComparison.Ordinal));
    }

    private void GiveRole(AccessRole? role, string? approver = null) => Configure("access",
        [.. Enum.GetValues<AccessRole>().Where(r => r == role || (r == AccessRole.SecurityTeam && approver is not null)).Select(r => $"{Snake(r)}: [{string.Join(", ", new[] { r == role ? $"\"{Me}\"" : null, r == AccessRole.SecurityTeam && approver is not null ? $"\"key:{approver}\"" : null }.OfType<string>())}]"), .. role is null ? ["system_admin: [\"user:somebody-else\"]"] : Array.Empty<string>()]);

    private static string Snake(AccessRole role) => string.Concat(role.ToString().Select((c, i) => char.IsAsciiLetterUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));

    [Fact]
    public void Every_command_has_its_right_or_is_free() =>
        Assert.Equal(Commands.All(_shell).Select(c => c.Name), AccessTable.All.Keys.Concat(AccessTable.Free).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData(null)]
    [InlineData(AccessRole.BackupOperator)]
    [InlineData(AccessRole.SystemAdmin)]
    [InlineData(AccessRole.SecurityTeam)]
    [InlineData(AccessRole.ComplianceOfficer)]
    public void Each_command_is_refused_to_each_role_that_has_not_its_right(AccessRole? role)
    {
        GiveRole(role);
        var wrong = new List<string>();
        foreach (var command in Commands.All(_shell).Where(c => !AccessTable.Free.Contains(c.Name)))
        {
            var mayRun = role is { } given && AccessTable.HoldersOf(AccessTable.RightOf(command.Name)).Contains(given);
            var result = Run(Line(command));
            var errors = result.Errors.Append(result.Failure?.ErrorRecord).OfType<ErrorRecord>().Select(e => e.FullyQualifiedErrorId.Split(',')[0]).ToList();
            if (mayRun == errors.Contains("AccessDenied"))
            {
                wrong.Add($"{command.Name}: {(mayRun ? "refused" : $"not refused: {string.Join(", ", errors)}")}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>The command with something in each parameter that it must have, and as what it would do where it can tell that.</summary>
    private static string Line(CommandInfo command)
    {
        // What looks at its own words before it opens anything gets sound ones.
        if (command.Name switch
        {
            "Register-StingHost" => "Register-StingHost -New -HostName x -OutputPath ./x.request -WhatIf", "Export-StingBackupReport" => "Export-StingBackupReport ./x.html -WhatIf",
            "Import-StingLegacyBackup" => "Import-StingLegacyBackup ./old-backups -WhatIf", "Find-StingCorruption" => "Find-StingCorruption x", _ => null,
        } is { } line)
        {
            return line;
        }
        var set = command.ParameterSets.FirstOrDefault(s => s.IsDefault) ?? command.ParameterSets[0];
        return $"{command.Name} {string.Join(' ', set.Parameters.Where(p => p.IsMandatory).Select(p => $"-{p.Name} {ValueOf(p.Name, p.ParameterType)}"))}{(command.Parameters.ContainsKey("WhatIf") ? " -WhatIf" : "")}";
    }

    private static string ValueOf(string name, Type type) => name switch
    {
        "PublicFile" or "RequestFile" => "./missing", "OutputPath" or "Path" => "./out.jsonl", "BackupId" or "From" or "To" => SampleInstallation.FirstRun, _ => type.IsEnum ? Enum.GetNames(type)[0] : type == typeof(long) || type == typeof(int) ? "1000000000" : "x",
    };

    [Fact]
    public void A_refusal_says_who_and_which_role_is_recorded_and_nothing_is_asked()
    {
        GiveRole(AccessRole.ComplianceOfficer);
        var refused = Run("Restore-StingReserve -Destination ./out").FailedWith("AccessDenied");
        Assert.Equal(ErrorCategory.SecurityError, refused.CategoryInfo.Category);
        Assert.Contains("system_admin", refused.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.Contains("access.system_admin", refused.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty(_shell.Host.Questions);
        Assert.False(Directory.Exists(_sample["out"]));
        var entries = Run("Get-StingAuditEvent -Actor *@*").Succeeded().Objects<AuditEntry>();
        Assert.Equal([(AuditEvent.Noted, "Configuration", "ConfigurationChanged"), (AuditEvent.Refused, "Restore-StingReserve", "AccessDenied")], entries.TakeLast(2).Select(e => (e.Event!.Value, e.Command, e.Outcome)));
        Assert.Empty(Run("Get-StingAuditEvent -Actor nobody@*").Output);
    }

    [Fact]
    public void Two_must_approve_one_takes_it_back_and_an_emergency_goes_on_without()
    {
        var one = Run("New-StingApprover One ./one.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false; Get-StingApprover").Succeeded().Objects<Approver>()[^1];
        Run("New-StingApprover Two ./two.approver -ApproverPassphrase $own").Succeeded();
        Run("Register-StingApprover ./two.approver.pub -Confirm:$false").FailedWith("ApprovalRequired");
        Run("Get-StingApproval | Approve-StingApproval -KeyFile ./one.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Run("Register-StingApprover ./two.approver.pub -Confirm:$false").Succeeded();
        Configure("approvals", "restore: 2");

        // Ahead: the plan of -WhatIf becomes the request.
        const string Restore = "Restore-StingFile document.pdf -Destination ./out";
        var request = Run($"{Restore} -WhatIf | Request-StingApproval").Succeeded().Objects<ApprovalRequest>().Single();
        Assert.Equal((2, 0, ApprovalState.Open), (request.Needed, request.Given, request.State));
        Assert.Equal(request.Id, Run(Restore).FailedWith("ApprovalRequired").TargetObject);
        Run($"Approve-StingApproval -Id {request.Id} -KeyFile ./one.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Run($"Approve-StingApproval -Id {request.Id} -KeyFile ./two.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Assert.Equal((2, ApprovalState.Approved), Run("Get-StingApproval").Objects<ApprovalRequest>().Select(r => (r.Given, r.State)).Single());
        Assert.Equal([one.Id], Run($"Revoke-StingApproval {request.Id} -ApproverId {one.Id} -WhatIf").Objects<ApprovalRevocationPlan>().Single().Approvers);
        Run($"Revoke-StingApproval {request.Id} -ApproverId {one.Id}").Succeeded();
        Run(Restore).FailedWith("ApprovalRevoked");
        Run(Restore).FailedWith("ApprovalRequired");
        Run($"{Restore} -ApprovalId 0123456789abcdef0123456789abcdef").FailedWith("ApprovalRequestUnknown");

        Run($"{Restore} -BreakGlass no").FailedWith("BreakGlassNoReason");
        var broken = Run($"{Restore} -BreakGlass 'The site burns, and nobody can be reached'").Succeeded();
        Assert.Contains(broken.Warnings, w => w.Contains("WITHOUT its approvals", StringComparison.Ordinal));
        Assert.True(File.Exists(_sample["out", "users", "user@example.com", "document.pdf"]) || Directory.EnumerateFiles(_sample["out"], "document.pdf", SearchOption.AllDirectories).Any());
        var status = Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single();
        var review = Assert.Single(status.OpenReviews);
        Assert.Contains(status.Warnings, w => w.Contains($"Complete-StingReview -Id {review.Id}", StringComparison.Ordinal));
        Assert.Contains(Run($"Complete-StingReview {review.Id} -WhatIf").Objects<ReviewPlan>().Single().Facts, f => f.Value.Contains("The site burns", StringComparison.Ordinal));
        var asked = Run($"Complete-StingReview {review.Id}").FailedWith("ApprovalRequired").TargetObject;
        Run($"Approve-StingApproval -Id {asked} -KeyFile ./two.approver -ApproverPassphrase $own -Confirm:$false").Succeeded();
        Run($"Complete-StingReview {review.Id} -ApprovalId {asked}").Succeeded();
        Assert.Empty(Run("Get-StingBackupStatus").Objects<BackupStatus>().Single().OpenReviews);
        Assert.True(Run("Test-StingAuditLog").Succeeded().Objects<AuditLogCheck>().Single().IsSound);
    }

    [Fact]
    public void The_audit_log_is_proven_and_written_to_files()
    {
        Run("New-StingApprover One ./one.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false").Succeeded();
        Run("Restore-StingFile document.pdf -Destination ./out").Succeeded();
        var entries = Run("Get-StingAuditEvent").Objects<AuditEntry>();
        Assert.Equal(("Restore-StingFile", AuditEvent.Noted, "Completed"), (entries[^1].Command, entries[^1].Event!.Value, entries[^1].Outcome));
        Assert.Single(entries[^1].Subjects);
        Run("Export-StingAuditLog ./audit.jsonl").Succeeded();
        Assert.Equal(entries.Count, File.ReadAllLines(_sample["audit.jsonl"]).Length);
        Run("Export-StingAuditLog ./audit.jsonl").FailedWith("AuditFileExists");
        Run("Export-StingAuditLog ./audit.jsonl -Format Ocsf -Force").Succeeded();
        Assert.Contains("\"class_uid\":6003", File.ReadAllText(_sample["audit.jsonl"]), StringComparison.Ordinal);
        Run("Export-StingAuditLog ./audit.csv -WhatIf").Succeeded();
        Assert.False(File.Exists(_sample["audit.csv"]));
        Run("Export-StingAuditLog ./audit").FailedWith("AuditFormatUnknown");
        Assert.DoesNotContain("user@example.com", File.ReadAllText(_sample["audit.jsonl"]), StringComparison.Ordinal);

        Assert.True(Run("Test-StingAuditLog").Succeeded().Objects<AuditLogCheck>().Single().IsSound);
        var first = Directory.EnumerateFiles(_sample["backups", "audit"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        var bytes = File.ReadAllBytes(first);
        bytes[^1] ^= 1;
        File.SetAttributes(first, FileAttributes.Normal);
        File.WriteAllBytes(first, bytes);
        var found = Run("Test-StingAuditLog");
        Assert.Equal(AuditState.Damaged, found.Objects<AuditLogCheck>().Single().FirstBad!.State);
        Assert.Equal("AuditLogNotSound", found.Errors.Single().FullyQualifiedErrorId.Split(',')[0]);
    }

    [Theory]
    [InlineData("sting-backup", "incremental", AccessRole.SecurityTeam, 4)]
    [InlineData("sting-backup", "incremental", AccessRole.BackupOperator, 0)]
    [InlineData("sting-restore", "file --file=document.pdf --destination=./out --confirm", AccessRole.BackupOperator, 4)]
    [InlineData("sting-backup", "prune", AccessRole.SystemAdmin, 4)]
    [InlineData("sting-backup", "audit-test", AccessRole.ComplianceOfficer, 0)]
    [InlineData("sting-backup", "log", null, 4)]
    public async Task The_programs_refuse_with_exit_4(string program, string line, AccessRole? role, int code)
    {
        GiveRole(role);
        var result = (await Programs.RunAsync(Repository.Program(program), _sample.Folder, line.Split(' '))).Ended(code);
        Assert.Equal(code == 4, result.Error.Contains("may not run", StringComparison.Ordinal));
    }
}
