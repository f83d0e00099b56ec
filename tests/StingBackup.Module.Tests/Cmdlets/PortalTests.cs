using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>The portal as administrators start it, and links by which people come in.</summary>
public sealed class PortalTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.SealedCopy();
    private readonly HostedShell _shell;
    private readonly int _port = StingBackup.Fixtures.FreePorts.Next();

    public PortalTests()
    {
        var configuration = _sample["sting-backup.yaml"];
        File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("\nportal:\n", $"\nportal:\n  address: http://127.0.0.1:{_port}\n", StringComparison.Ordinal));
        _shell = _sample.OpenShell();
        _shell.Run($"$global:word = [securestring]::new(); '{SampleInstallation.Passphrase}'.ToCharArray().ForEach({{ $word.AppendChar($_) }})").Succeeded();
    }

    public void Dispose()
    {
        _shell.Run("Get-Job | Remove-Job -Force").Succeeded();
        _shell.Dispose();
        _sample.Dispose();
    }

    private static async Task<string?> PageAsync(string address)
    {
        using var http = new HttpClient();
        try
        {
            return await http.GetStringAsync(new Uri(address));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task<bool> ListensAsync(bool wanted)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await PageAsync($"http://127.0.0.1:{_port}/sign-in") is not null == wanted)
            {
                return true;
            }
            await Task.Delay(100);
        }
        return false;
    }

    [CulturedFact]
    public void A_plan_says_where_how_and_what_is_held_unlocked_and_nothing_starts()
    {
        var plan = _shell.Run("Start-StingPortal -WhatIf").Succeeded().Objects<PortalPlan>().Single();
        Assert.Equal(($"http://127.0.0.1:{_port}", null), (plan.Address, plan.Certificate));
        Assert.Contains("New-StingPortalLink", plan.SignIn, StringComparison.Ordinal);
        Assert.Contains("by the key file's passphrase", plan.Unlocks, StringComparison.Ordinal);
        Assert.True(File.Exists(plan.Program), plan.Program);
        Assert.Empty(_shell.Run("Get-StingBackupJob").Succeeded().Output);
        Assert.Equal("PassphraseNeeded", _shell.Run("Start-StingPortal -Confirm:$false").FailedWith("PassphraseNeeded").FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public async Task It_runs_in_the_background_lets_a_person_in_by_a_link_and_ends_with_its_job()
    {
        _shell.Run("$global:job = Start-StingPortal -Passphrase $word -AsJob").Succeeded();
        Assert.True(await ListensAsync(true), string.Join('\n', _shell.Run("Receive-Job $job; $job.State; $job.Error").Output));
        // With another already there a second one says so.
        Assert.Contains($"{_port}", _shell.Run("Start-StingPortal -Passphrase $word -Confirm:$false").FailedWith("PortalAddressTaken").Exception.Message, StringComparison.Ordinal);
        var link = _shell.Run("New-StingPortalLink user@example.com -Minutes 5 -Passphrase $word").Succeeded().Objects<PortalLink>().Single();
        Assert.StartsWith($"http://127.0.0.1:{_port}/sign-in/link?code=", link.Link, StringComparison.Ordinal);
        Assert.Equal("user@example.com", link.For);
        Assert.Contains("Sign in as user@example.com", await PageAsync(link.Link), StringComparison.Ordinal);
        var notes = _shell.Run("Get-StingAuditEvent").Succeeded().Objects<AuditEntry>();
        Assert.Equal(["Started", "Link(person)"], notes.Where(n => n.Command is "Start-StingPortal" or "New-StingPortalLink").Select(n => n.Outcome));
        Assert.Single(notes.Single(n => n.Outcome == "Link(person)").Subjects);
        // The link stands nowhere on this host.
        var code = link.Link[(link.Link.IndexOf('=', StringComparison.Ordinal) + 1)..];
        Assert.DoesNotContain(Directory.EnumerateFiles(_sample.Folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.Ordinal)), file => File.ReadAllText(file).Contains(code, StringComparison.Ordinal));
        var job = _shell.Run("Get-StingBackupJob").Succeeded().Objects<HostJob>().Single();
        Assert.Equal("portal", job.Kind);
        _shell.Run($"Stop-StingBackupJob {job.Id} -Confirm:$false").Succeeded();
        Assert.True(await ListensAsync(false));
        var run = _shell.Run("$job | Wait-Job | Receive-Job").Succeeded().Objects<PortalRun>().Single();
        Assert.True(run.EndedTime > run.StartedTime);
    }

    [Fact]
    public void A_link_for_an_account_is_every_role_s_and_one_for_a_person_takes_the_right_of_a_restore()
    {
        var own = _shell.Run("New-StingPortalLink").Succeeded().Objects<PortalLink>().Single();
        Assert.Equal($"user:{Environment.UserName}", own.Identity);
        Assert.Equal(15, _shell.Run("New-StingPortalLink -WhatIf").Succeeded().Objects<PortalLinkPlan>().Single().Minutes);
        _shell.Run("New-StingPortalLink nobody@example.com -Passphrase $word").FailedWith("UserNotFound");
        _shell.Run("New-StingPortalLink user@example.com").FailedWith("PassphraseNeeded");
        var configuration = _sample["sting-backup.yaml"];
        var before = File.ReadAllText(configuration);
        File.WriteAllText(configuration, before.Replace("\naccess:\n", $"\naccess:\n  security_team: [\"user:{Environment.UserName}\"]\n", StringComparison.Ordinal));
        _shell.Run("New-StingPortalLink").Succeeded();
        _shell.Run("New-StingPortalLink user@example.com -Passphrase $word").FailedWith("AccessDenied");
        _shell.Run("Start-StingPortal -WhatIf").FailedWith("AccessDenied");
        File.WriteAllText(configuration, before.Replace("\naccess:\n", "\naccess:\n  system_admin: [\"group:" + _shell.Run("(id -gn)").Succeeded().Output.Single() + "\"]\n", StringComparison.Ordinal));
        _shell.Run("New-StingPortalLink").FailedWith("AccountWithoutRole");
    }

    [Fact]
    public async Task Its_process_ends_when_it_is_told_to_and_with_whoever_started_it()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        var word = _sample["word"];
        File.WriteAllText(word, SampleInstallation.Passphrase);
        File.SetUnixFileMode(word, UnixFileMode.UserRead);
        foreach (var signal in (string[])["-TERM", "-KILL"])
        {
            using var process = Programs.Start(Repository.Program("sting-backup"), _sample.Folder, "portal", "--confirm", $"--passphrase-file={word}");
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            Assert.True(await ListensAsync(true), process.HasExited ? await error : "it does not listen");
            using (var kill = Process.Start("kill", [signal, $"{process.Id}"]))
            {
                await kill.WaitForExitAsync();
            }
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.True(await ListensAsync(false), $"after {signal} the portal went on");
            Assert.DoesNotContain(SampleInstallation.Passphrase, $"{await output}{await error}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_passphrase_that_is_wrong_and_a_program_that_is_missing_are_told_as_what_they_are()
    {
        _shell.Run("$other = [securestring]::new(); 'wrong'.ToCharArray().ForEach({ $other.AppendChar($_) }); Start-StingPortal -Passphrase $other -Confirm:$false").FailedWith("WrongPassphrase");
        using var installation = new ScriptedProgram(_sample);
        Assert.Contains(installation.Missing, Assert.Throws<StingException>(() => installation.Plan(installation.Missing)).Message, StringComparison.Ordinal);
    }

    /// <summary>The installation as the cmdlet opens it, with another program.</summary>
    private sealed class ScriptedProgram(SampleInstallation sample) : IDisposable
    {
        private readonly Engine.Installation _installation = Task.Run(async () => await Engine.Installation.OpenAsync(
            new Engine.Reserve.Configuration.ConfigurationLoader(new Engine.Reserve.HostView()).Examine(sample["sting-backup.yaml"]), new Engine.InstallationOptions(), default)).GetAwaiter().GetResult();

        public string Missing { get; } = sample["none", "sting-portal"];

        public PortalPlan Plan(string program) => Engine.Operations.Portal.PortalJob.Plan(_installation, program);

        public void Dispose() => Task.Run(async () => await _installation.DisposeAsync()).GetAwaiter().GetResult();
    }
}
