using StingBackup.Console;
using StingBackup.Console.CommandLine;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

public sealed class StingProgramTests
{
    private const string Destroys = """
        [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
        param()
        if ($PSCmdlet.ShouldProcess('Overwrite 3 files', "Overwrite 3 files?`nAnd their plan.", 'Restore')) { 'done' }
        """;

    private static ExitCode Run(string function, ScriptedTerminal terminal, params string[] words) => RunWith(null, function, terminal, words);

    private static ExitCode RunWith(string? passphrase, string function, ScriptedTerminal terminal, params string[] words)
    {
        using var module = new StandInModule(function);
        using var program = new StingProgram(VerbTable.Backup, terminal.Terminal, module.Path, v => v == "STING_BACKUP_PASSPHRASE" ? passphrase : null);
        return program.Run([StandInModule.Word, .. words]);
    }

    private static ExitCode RunReal(string name, ScriptedTerminal terminal, string module, params string[] words)
    {
        using var program = new StingProgram(name, terminal.Terminal, module, _ => null);
        return program.Run(words);
    }

    [Fact]
    public void What_destroys_prints_its_plan_and_exits_4_where_nobody_can_agree()
    {
        var terminal = new ScriptedTerminal();
        Assert.Equal(ExitCode.Refused, Run(Destroys, terminal));
        Assert.Contains("Overwrite 3 files?\nAnd their plan.", terminal.Error, StringComparison.Ordinal);
        Assert.Contains("--confirm", terminal.Error, StringComparison.Ordinal);
        Assert.Equal("", terminal.Output);
    }

    [Theory]
    [InlineData("y\n", ExitCode.Done, "done\n")]
    [InlineData("Yes\n", ExitCode.Done, "done\n")]
    [InlineData("maybe\ny\n", ExitCode.Done, "done\n")]
    [InlineData("n\n", ExitCode.Refused, "")]
    [InlineData("\n", ExitCode.Refused, "")]
    [InlineData("", ExitCode.Refused, "")]
    internal void What_destroys_asks_on_a_terminal(string answer, ExitCode code, string output)
    {
        var terminal = new ScriptedTerminal(width: 80, interactive: true, input: answer);
        Assert.Equal(code, Run(Destroys, terminal));
        Assert.Equal(output, terminal.Output);
        Assert.Contains("Go on? [y/N]", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Confirm_is_consent()
    {
        var terminal = new ScriptedTerminal();
        Assert.Equal(ExitCode.Done, Run(Destroys, terminal, "--confirm"));
        Assert.Equal("done\n", terminal.Output);
    }

    [Fact]
    public void Dry_run_is_WhatIf_even_with_consent()
    {
        var terminal = new ScriptedTerminal();
        Assert.Equal(ExitCode.Done, Run(Destroys, terminal, "--dry-run", "--confirm"));
        Assert.Equal("", terminal.Output);
        Assert.Contains("What if: Overwrite 3 files", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_changes_nothing_takes_dry_run_and_confirm_too() =>
        Assert.Equal(ExitCode.Done, Run("[CmdletBinding()] param() 'x'", new ScriptedTerminal(), "--dry-run", "--confirm"));

    [Theory]
    [InlineData("Write-Item 'Io'; 'rest'", ExitCode.CompletedWithErrors, "rest\n")]
    [InlineData("Write-Item 'Integrity'; 'rest'", ExitCode.IntegrityFault, "rest\n")]
    [InlineData("throw (New-Failure 'Authentication')", ExitCode.Refused, "")]
    [InlineData("throw (New-Failure 'InvalidConfiguration')", ExitCode.BadUsage, "")]
    [InlineData("Write-Item 'Integrity'; throw (New-Failure 'Io')", ExitCode.IntegrityFault, "")]
    internal void Errors_decide_how_the_program_ends(string body, ExitCode code, string output)
    {
        var function = $$"""
            [CmdletBinding()]
            param()
            function New-Failure($kind) {
                $e = [StingBackup.StingException]::new('SomethingFailed', $kind, 'users/7/a.pdf cannot be read.', 'users/7/a.pdf', 'Look at its rights.')
                $r = [System.Management.Automation.ErrorRecord]::new($e, $e.ErrorId, 'ReadError', $e.Target)
                $r.ErrorDetails = [System.Management.Automation.ErrorDetails]::new($e.Message)
                $r.ErrorDetails.RecommendedAction = $e.Remedy
                $r
            }
            function Write-Item($kind) { $PSCmdlet.WriteError((New-Failure $kind)) }
            {{body}}
            """;
        var terminal = new ScriptedTerminal();
        Assert.Equal(code, Run(function, terminal));
        Assert.Equal(output, terminal.Output);
        Assert.Contains("sting-backup: users/7/a.pdf cannot be read. [SomethingFailed]\n  Look at its rights.\n", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_are_JSON_where_results_are()
    {
        var terminal = new ScriptedTerminal();
        using var folder = new TemporaryFolder();
        var code = RunReal(VerbTable.Backup, terminal, Repository.Module, "config", "--json", $"--config={folder["none.yaml"]}");
        Assert.Equal(ExitCode.Failed, code);
        using var error = System.Text.Json.JsonDocument.Parse(terminal.Error);
        Assert.Equal("ConfigurationNotFound", error.RootElement.GetProperty("error").GetProperty("id").GetString());
        Assert.Equal("[]\n", terminal.Output);
    }

    [Fact]
    public void A_passphrase_from_the_environment_reaches_the_command_as_a_secure_string()
    {
        var terminal = new ScriptedTerminal();
        Assert.Equal(ExitCode.Done, RunWith("s3cret", "[CmdletBinding()] param([securestring] $Passphrase) [System.Net.NetworkCredential]::new('', $Passphrase).Password", terminal));
        Assert.Equal("s3cret\n", terminal.Output);
    }

    [Fact]
    public void A_passphrase_is_asked_for_on_a_terminal_and_an_error_elsewhere()
    {
        const string Asks = "[CmdletBinding()] param() $PSCmdlet.Host.UI.ReadLineAsSecureString().Length";
        var terminal = new ScriptedTerminal(width: 80, interactive: true, keys: "abc\r");
        Assert.Equal(ExitCode.Done, Run(Asks, terminal));
        Assert.Equal("3\n", terminal.Output);
        Assert.NotEqual(ExitCode.Done, Run(Asks, new ScriptedTerminal()));
    }

    [Fact]
    public void A_missing_option_is_named_as_it_is_typed()
    {
        var terminal = new ScriptedTerminal();
        Assert.Equal(ExitCode.BadUsage, Run("[CmdletBinding()] param([Parameter(Mandatory)] $BackupId, [Parameter(Mandatory)] $Path) 'x'", terminal, "--path=a"));
        Assert.Contains("--backup-id is missing.", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_do_not_go_together_are_named()
    {
        var terminal = new ScriptedTerminal();
        const string Sets = "[CmdletBinding()] param([Parameter(ParameterSetName='A', Mandatory)] $Date, [Parameter(ParameterSetName='B', Mandatory)] $BackupId) 'x'";
        Assert.Equal(ExitCode.BadUsage, Run(Sets, terminal, "--date=a", "--backup-id=b"));
        Assert.Contains("--date and --backup-id do not go together.", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_value_of_a_list_of_names_is_answered_with_the_right_ones()
    {
        var terminal = new ScriptedTerminal();
        const string Level = "[CmdletBinding()] param([StingBackup.IntegrityLevel] $Level) $Level.ToString()";
        Assert.Equal(ExitCode.BadUsage, Run(Level, terminal, "--level=strcture"));
        Assert.Contains("'strcture' is not a value of --level. Did you mean 'structure'? It takes structure|packs|data|references.", terminal.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, Run(Level, terminal, "--level=structure"));
        Assert.Equal("Structure\n", terminal.Output);
    }

    [Fact]
    public void A_list_of_classes_is_typed_with_commas_or_repeated()
    {
        var terminal = new ScriptedTerminal();
        const string Classes = "[CmdletBinding()] param([StingBackup.DataClass[]] $DataClass) $DataClass -join '+'";
        Assert.Equal(ExitCode.Done, Run(Classes, terminal, "--data-class=user-files,honeyjars", "--data-class", "Metadata"));
        Assert.Equal("UserFiles+HoneyJars+Metadata\n", terminal.Output);
    }

    [Fact]
    public void Quiet_tells_results_and_errors_alone()
    {
        const string Chats = "[CmdletBinding()] param() $PSCmdlet.WriteInformation('milestone', [string[]] @()); $PSCmdlet.WriteVerbose('decision'); 'x'";
        var terminal = new ScriptedTerminal();
        Run(Chats, terminal, "--quiet");
        Assert.Equal("", terminal.Error);
        Run(Chats, terminal);
        Assert.Equal("milestone\n", terminal.Error);
        Run(Chats, terminal, "--verbose");
        Assert.Equal("milestone\nmilestone\ndecision\n", terminal.Error);
    }

    [Fact]
    public async Task A_stop_ends_a_command_that_would_never_end()
    {
        using var module = new StandInModule("[CmdletBinding()] param() 'begun'; while ($true) { [System.Threading.Thread]::Sleep(5) }");
        var terminal = new ScriptedTerminal();
        using var program = new StingProgram(VerbTable.Backup, terminal.Terminal, module.Path, _ => null);
        var run = Task.Run(() => program.Run([StandInModule.Word]));
        while (terminal.Output.Length == 0)
        {
            await Task.Delay(5);
        }
        Assert.True(program.Stop());
        Assert.Equal(ExitCode.Failed, await run.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Help_names_every_command_of_the_program_and_its_exit_codes()
    {
        foreach (var name in new[] { VerbTable.Backup, VerbTable.Restore })
        {
            var terminal = new ScriptedTerminal();
            Assert.Equal(ExitCode.Done, RunReal(name, terminal, Repository.Module, "--help"));
            Assert.All(VerbTable.Of(name), v => Assert.Contains($"  {v.Name} ", terminal.Output, StringComparison.Ordinal));
            Assert.All(terminal.Lines, l => Assert.True(l.Length <= 80, l));
        }
    }

    [Fact]
    public void A_command_that_the_other_program_has_is_pointed_to_there()
    {
        var terminal = new ScriptedTerminal();
        Assert.Equal(ExitCode.BadUsage, RunReal(VerbTable.Restore, terminal, Repository.Module, "config"));
        Assert.Contains("Did you mean 'sting-backup config'?", terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_module_is_named()
    {
        using var folder = new TemporaryFolder();
        var terminal = new ScriptedTerminal();
        Assert.Equal(ExitCode.Failed, RunReal(VerbTable.Backup, terminal, folder.Path, "config"));
        Assert.Contains("[ModuleMissing]", terminal.Error, StringComparison.Ordinal);
    }
}
