using System.Diagnostics;
using System.Text.Json;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

/// <summary>The built programs, as processes.</summary>
public sealed class ExecutableTests
{
    [Theory]
    [InlineData("sting-backup")]
    [InlineData("sting-restore")]
    public async Task One_program_looks_at_its_name(string name)
    {
        using var folder = new TemporaryFolder();
        var (code, output, _) = await Programs.RunAsync(Repository.Program(name), folder.Path, "--help");
        Assert.Equal(0, code);
        Assert.StartsWith($"{name} COMMAND", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_under_the_other_name_is_the_other_program()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(folder["sting-restore"], Repository.Program("sting-backup"));
        Assert.StartsWith("sting-restore COMMAND", (await Programs.RunAsync(folder["sting-restore"], folder.Path, "--help")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_finds_its_module_from_any_folder_and_the_configuration_in_the_current_one()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["sting-backup.yaml"], $"repository:\n  backup_root: {folder["backups"]}\nreserve:\n  path: {folder["reserve"]}\n");
        var (code, output, error) = await Programs.RunAsync(Repository.Program("sting-backup"), folder.Path, "config", "--key=repository.backup_root");
        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.Contains(folder["backups"], output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_engine_of_PowerShell_opens_no_pipe_and_tells_the_systems_log_nothing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        var configured = Path.Combine(Path.GetDirectoryName(Repository.Program("sting-backup"))!, "powershell.config.json");
        Assert.Equal("Critical", JsonDocument.Parse(File.ReadAllText(configured)).RootElement.GetProperty("LogLevel").GetString());
        using var folder = new TemporaryFolder();
        using (var made = Process.Start("mkfifo", folder["words"]))
        {
            await made.WaitForExitAsync();
        }
        using var program = Programs.Start("/usr/bin/env", folder.Path, $"TMPDIR={folder.Path}", Repository.Program("sting-backup"), "list", "--passphrase-file=words");
        // It opens its end when the engine is up.
        var opening = Task.Run(() => new StreamWriter(folder["words"]));
        await Task.WhenAny(opening, program.WaitForExitAsync());
        Assert.True(opening.IsCompletedSuccessfully, "It ended before it read the passphrase.");
        await using (var words = await opening)
        {
            Assert.Equal([folder["words"]], Directory.GetFileSystemEntries(folder.Path).Where(e => !e.Contains("clr-debug", StringComparison.Ordinal) && !e.Contains("dotnet-diagnostic", StringComparison.Ordinal)));
            await words.WriteLineAsync("words");
        }
        await program.WaitForExitAsync();
        Assert.Contains("ConfigurationNotFound", await program.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_exits_2_and_prints_nothing_to_standard_output()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = await Programs.RunAsync(Repository.Program("sting-backup"), folder.Path, "statu");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("sting-backup has no command 'statu'.", error, StringComparison.Ordinal);
    }
}
