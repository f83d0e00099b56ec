using System.Net.Sockets;
using System.Text.Json;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Runbooks;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>The engine of runbooks: journal, resumption, waiting, and runs that nobody watches.</summary>
public sealed class RunbookTests : IDisposable
{
    /// <summary>
    /// In the place of a kill -9: each step does its work, and the process ends before the journal has a word of it. The next one knows the journal and nothing else. tests/soak/7-runbook-kill.sh kills real processes.
    /// </summary>
    private const string KillEachStepOnce = """
        & (Get-Module StingBackup) {
            $script:stingKilled = [System.Collections.Generic.HashSet[int]]::new()
            $script:stingReal = ${function:Invoke-StingRunbookStep}
            function script:Invoke-StingRunbookStep([hashtable] $Book, [int] $Number, $Journal) {
                $step = $Book.Steps[$Number - 1]
                if ($step.Do -and $script:stingKilled.Add($Number) -and -not $(if ($step.Skip) { & $step.Skip $Book.Context $step })) {
                    $Journal.Append('step', $Number, '', [System.TimeProvider]::System.GetUtcNow())
                    if (-not $(if ($step.Done) { & $step.Done $Book.Context $step })) { $null = & $step.Do $Book.Context $step }
                    throw [System.OperationCanceledException]::new('killed')
                }
                & $script:stingReal $Book $Number $Journal
            }
        }
        """;

    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public RunbookTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private static Dictionary<string, string> Tree(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(folder, f), File.ReadAllText);

    private void Configure(string section, string line)
    {
        var file = _sample["sting-backup.yaml"];
        File.WriteAllText(file, File.ReadAllText(file).Replace($"\n{section}:\n", $"\n{section}:\n  {line}\n", StringComparison.Ordinal));
    }

    private void LoseTheDisks()
    {
        _sample.AddRemoteTier();
        Configure("disaster", $"standby_host: {Environment.MachineName}");
        _shell.Run("$null = Invoke-StingBackup; $null = Sync-StingTier").Succeeded();
        foreach (var folder in (string[])["backups", "reserve", "cache"])
        {
            Directory.Delete(_sample[folder], recursive: true);
        }
    }

    [Fact]
    public void Stopped_after_the_work_of_every_step_it_resumes_to_the_same_result()
    {
        var before = Tree(_sample["reserve"]);
        LoseTheDisks();
        _shell.Run(KillEachStepOnce).Succeeded();
        const string Command = "Invoke-StingDisasterRecovery HardwareFailure -Fenced -ScheduleKind Cron -ScheduleDirectory ./cron -RunId night -Confirm:$false -WarningAction SilentlyContinue";
        RunbookReport? report = null;
        var stops = 0;
        while (report is null)
        {
            var result = _shell.Run(Command);
            report = result.Failure is null ? result.Succeeded().Objects<RunbookReport>().Single() : null;
            stops += report is null ? 1 : 0;
            Assert.True(stops < 20, result.Failure?.ToString());
        }
        Assert.True(stops >= 5, "each step that does something was stopped once");
        Assert.Equal((RunbookState.Completed, stops), (report.State, report.Resumed));
        Assert.All(report.Steps, step => Assert.Contains(step.State, (RunbookStepState[])[RunbookStepState.Done, RunbookStepState.Skipped]));
        Assert.Equal(before, Tree(_sample["reserve"]));
        Assert.True(report.IsWithinTarget);
        // Asked for again by its name it tells the same and does nothing.
        var points = _shell.Run("@(Get-StingRestorePoint).Count").Succeeded().Output.Single().ToString();
        var again = _shell.Run(Command).Succeeded().Objects<RunbookReport>().Single();
        Assert.Equal((report.Duration, report.Resumed), (again.Duration, again.Resumed));
        Assert.Equal(points, _shell.Run("@(Get-StingRestorePoint).Count").Succeeded().Output.Single().ToString());
        Assert.Contains("| 6 |", File.ReadAllText(report.ReportFile!), StringComparison.Ordinal);
    }

    [Fact]
    public void It_does_not_begin_where_something_must_hold_and_does_not()
    {
        var error = _shell.Run("Invoke-StingDisasterRecovery HardwareFailure -Fenced -Confirm:$false").FailedWith("RunbookNotReady");
        Assert.Contains("disaster.standby_host", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("Invoke-StingDisasterRecovery", error.FullyQualifiedErrorId.Split(',')[1]);
        Assert.False(Directory.Exists(_sample["state", "runbooks"]));
        var plan = _shell.Run("Invoke-StingDisasterRecovery HardwareFailure -Fenced -WhatIf").Succeeded().Objects<RunbookPlan>().Single();
        Assert.Contains(plan.Checks, c => c is { Name: "This is the standby", Passed: false });
        Assert.False(Directory.Exists(_sample["state", "runbooks"]));
        // Where the lost host may still write.
        Configure("disaster", $"standby_host: {Environment.MachineName}");
        Assert.True(_shell.Run("(Invoke-StingDisasterRecovery HardwareFailure -WhatIf).Checks.Passed -notcontains $false").Succeeded().Objects<bool>().Single());
        _shell.Run("Invoke-StingRetentionCleanup -Resume -Confirm:$false").FailedWith("RunbookNotFound");
        _shell.Run("Invoke-StingRetentionCleanup").FailedWith("ConsentNeeded");
        Assert.False(Directory.Exists(_sample["state", "runbooks"]));
    }

    [Theory]
    [InlineData("HardwareFailure", 2), InlineData("DataCenterLoss", 8), InlineData("Ransomware", 48), InlineData("DataCorruption", 4)]
    public void Every_disaster_is_held_against_the_strategy_s_time(string scenario, int hours) =>
        Assert.Equal(TimeSpan.FromHours(hours), _shell.Run($"Invoke-StingDisasterRecovery {scenario} -WhatIf").Succeeded().Objects<RunbookPlan>().Single().Target);

    [Fact]
    public void A_lock_that_cannot_be_opened_is_not_taken_for_another_process()
    {
        if (OperatingSystem.IsWindows())
        {
            return;   // a socket has no name there
        }
        var path = _sample["a.jsonl"];
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path + ".lock"));   // is there, and cannot be opened
        var error = Assert.Throws<StingException>(() => RunbookJournal.Open(path));
        Assert.Equal("RunbookJournalUnusable", error.ErrorId);
        Assert.Contains(path + ".lock", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_line_counts_for_nothing_and_one_process_holds_a_journal()
    {
        var path = _sample["journal", "a.jsonl"];
        var time = new DateTimeOffset(2026, 11, 26, 3, 0, 0, TimeSpan.Zero);
        using (var journal = RunbookJournal.Open(path))
        {
            journal.Append("begin", 0, "-Scenario \"x\"\nnext line", time);
            journal.Append("done", 1, "ä", time);
            Assert.Equal("RunbookRunning", Assert.Throws<StingException>(() => RunbookJournal.Open(path)).ErrorId);
            Assert.Equal(2, RunbookJournal.Peek(path)!.Count);
        }
        var whole = File.ReadAllBytes(path);
        for (var cut = 1; cut < whole.Length; cut++)
        {
            File.WriteAllBytes(path, whole[..cut]);
            using var journal = RunbookJournal.Open(path);
            Assert.Equal(whole.Take(cut).Count(b => b == '\n'), journal.Entries.Count);
            journal.Append("again", 2, "", time);
            Assert.Equal("again", RunbookJournal.Peek(path)![^1].What);
        }
    }

    [Fact]
    public void Locked_tiers_take_give_and_lose_nothing_until_another_identity_agrees()
    {
        _shell.Run("Unlock-StingTier").FailedWith("TiersNotLocked");
        var plan = _shell.Run("Lock-StingTier 'files are encrypted' -WhatIf").Succeeded().Objects<TierLockdownPlan>().Single();
        Assert.Equal((null, Tier.Local), (plan.Since, plan.WithoutObjectLock[0]));
        _shell.Run("$null = Invoke-StingBackup").Succeeded();
        Assert.True(_shell.Run("Lock-StingTier 'files are encrypted'").Succeeded().Objects<TierLockdown>().Single().IsLocked);
        foreach (var command in (string[])["Invoke-StingBackup", "Invoke-StingRetention -Confirm:$false", "Optimize-StingRepository"])
        {
            Assert.Contains("files are encrypted", _shell.Run(command).FailedWith("TiersLocked").ToString(), StringComparison.Ordinal);
        }
        _shell.Run("Restore-StingReserve -Destination ./back -Confirm:$false").Succeeded();
        Assert.Contains(_shell.Run("(Get-StingBackupStatus).Warnings").Succeeded().Objects<string>(), w => w.Contains("The tiers are locked", StringComparison.Ordinal));
        _shell.Run("Unlock-StingTier").FailedWith("ApprovalRequired");
        _shell.Run("Invoke-StingBackup").FailedWith("TiersLocked");
        Assert.Contains(_shell.Run("Get-StingAuditEvent").Succeeded().Objects<AuditEntry>(), e => e is { Command: "Lock-StingTier", Outcome: "Locked", State: AuditState.Sound });
    }

    [Fact]
    public void Damage_stops_a_cleanup_before_anything_goes()
    {
        var pack = Directory.GetFiles(_sample["backups", "meta"], "*", SearchOption.AllDirectories)[0];
        File.Delete(pack);
        _shell.Run("Invoke-StingRetentionCleanup -Confirm:$false -WarningAction SilentlyContinue").FailedWith("RunbookDamage");
        Assert.False(Directory.Exists(_sample["backups", "drops"]));
    }

    [Fact]
    public async Task A_program_without_home_or_terminal_runs_one_and_says_by_its_code_that_it_waits()
    {
        // env -i: no HOME, no path, nothing; and nobody at its input.
        Task<ProgramResult> RunAsync(params string[] words) => Programs.RunAsync("/usr/bin/env", _sample.Folder, ["-i", "DOTNET_ROOT=" + Environment.GetEnvironmentVariable("DOTNET_ROOT"), Repository.Program("sting-backup"), .. words]);
        string[] command = ["recover", "--scenario=data-corruption", "--email=user@example.com", "--destination=./before", "--run-id=job-1", "--json"];
        (await RunAsync(command)).Ended(4);   // nobody consents
        Assert.False(Directory.Exists(_sample["state", "runbooks"]));
        var waits = (await RunAsync([.. command, "--confirm", "--quiet"])).Ended(4);
        Assert.Contains("RunbookLacks", waits.Error, StringComparison.Ordinal);
        var done = (await RunAsync([.. command, "--confirm", "--quiet", "--date=2024-01-15"])).Ended(0);
        using var json = JsonDocument.Parse(done.Output);
        Assert.Equal("Completed", json.RootElement.GetProperty("state").GetString());
        Assert.Equal("%PDF-1.7 the first version", await File.ReadAllTextAsync(_sample["before", "users", "user@example.com", "document.pdf"]));
    }

    [Fact]
    public void The_script_for_a_hybrid_worker_goes_on_after_a_killed_sandbox_and_waits_without_failing()
    {
        LoseTheDisks();
        _shell.Run(KillEachStepOnce).Succeeded();
        const string Job = "param($script) & $script -Command Invoke-StingDisasterRecovery -RunId job-7 -PassThru -ModulePath StingBackup -Parameter @{ Scenario = 'HardwareFailure'; Fenced = $true; ScheduleKind = 'Cron'; ScheduleDirectory = './cron'; LostHost = 'nobody' }";
        var script = Path.Combine(Repository.Root, "contrib", "automation", "Start-StingRunbook.ps1");
        var states = new List<string>();
        for (var i = 0; i < 15; i++)
        {
            dynamic result = _shell.Run(Job.Replace("-ModulePath StingBackup", $"-ModulePath '{Repository.Module}'", StringComparison.Ordinal), ("script", script)).Succeeded().Output.Single();
            states.Add($"{result.state} {result.exitCode} {result.errorId}");
            if (states.Count > 1 && states[^1] == states[^2] && !states[^1].EndsWith("killed", StringComparison.Ordinal))
            {
                break;
            }
        }
        // Whom it is to revoke is not there: a failure, which the job says by its code, each time the same.
        Assert.Equal("Failed 1 HostNotFound", states[^1]);
        Assert.True(states.Count >= 6, string.Join('\n', states));
        Assert.True(Directory.Exists(_sample["reserve", "users"]));
    }
}
