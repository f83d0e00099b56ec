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
    public async Task A_mistake_exits_2_and_prints_nothing_to_standard_output()
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = await Programs.RunAsync(Repository.Program("sting-backup"), folder.Path, "statu");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("sting-backup has no command 'statu'.", error, StringComparison.Ordinal);
    }
}
