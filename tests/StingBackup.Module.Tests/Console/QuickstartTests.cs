using StingBackup.Console;
using StingBackup.Console.CommandLine;
using StingBackup.Console.Quickstart;
using StingBackup.Module.Tests.Documentation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

public sealed class QuickstartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static ScriptedTerminal Run(ExitCode expected, params string[] words)
    {
        var terminal = new ScriptedTerminal();
        using var program = new StingProgram(VerbTable.Backup, terminal.Terminal, Repository.Module, _ => null);
        var code = program.Run([VerbTable.Quickstart, .. words]);
        Assert.True(code == expected, $"{code}\n{terminal.Output}\n{terminal.Error}");
        return terminal;
    }

    [Fact]
    public async Task It_shows_every_step_leaves_commands_that_work_and_cleans_up()
    {
        var terminal = Run(ExitCode.Done, "--into", _folder["here"]);
        Assert.Contains("every byte alike", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("sound:", terminal.Output, StringComparison.Ordinal);
        Assert.Equal("", terminal.Error);
        Assert.Equal([_folder["here"]], Directory.EnumerateFileSystemEntries(_folder.Path));
        var made = Assert.Single(Directory.EnumerateDirectories(_folder["here"]));

        // The README shows what is printed, but for places, times, sizes and ids.
        var readme = DocPage.All.Single(p => p.Path == "README.md").Blocks.Single(b => b.Language == "console");
        Assert.Equal("$ sting-backup quickstart", readme.Lines[0]);
        Assert.Null(new Transcript().Compare([.. readme.Lines.Skip(1)], terminal.Output.Replace(made, "/tmp/sting-quickstart-you/1", StringComparison.Ordinal)));

        var commands = terminal.Lines.Where(l => l.Contains("--config=", StringComparison.Ordinal)).Select(l => l.Trim()).ToList();
        Assert.Equal(3, commands.Count);
        if (!OperatingSystem.IsWindows())
        {
            foreach (var command in commands)
            {
                // As a person would, from the folder where they stand; the programs lie where the build put them.
                var line = command.Replace(Path.Join(AppContext.BaseDirectory, "sting-"), Repository.Program("sting-"), StringComparison.Ordinal)
                    .Replace("./sting-", Repository.Program("sting-"), StringComparison.Ordinal);
                (await Programs.RunAsync("/bin/sh", _folder.Path, "-c", line)).Ended(0);
            }
        }

        Run(ExitCode.Done, "--into", _folder["here"]);
        Assert.Equal(2, Directory.EnumerateDirectories(_folder["here"]).Count());
        Directory.CreateDirectory(_folder["here", "3"]);
        Run(ExitCode.Done, "--clean", "--into", _folder["here"]);
        Assert.False(Directory.Exists(made));
        Assert.Equal([_folder["here", "3"]], Directory.EnumerateDirectories(_folder["here"]));
    }

    [Fact]
    public void A_reserve_of_one_s_own_is_never_written_to()
    {
        Directory.CreateDirectory(_folder["reserve", "users", "a"]);
        File.WriteAllText(_folder["reserve", "users", "a", "x"], "mine");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder["reserve", "users", "a"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        var before = Directory.EnumerateFileSystemEntries(_folder["reserve"], "*", SearchOption.AllDirectories).Select(e => (e, File.GetLastWriteTimeUtc(e))).ToList();
        var terminal = Run(ExitCode.Done, $"--reserve={_folder["reserve"]}", $"--into={_folder["here"]}");
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_folder["reserve"], "*", SearchOption.AllDirectories).Select(e => (e, File.GetLastWriteTimeUtc(e))));
        Assert.Contains("1 file, 4 B of data, every byte alike", terminal.Output, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder["reserve", "users", "a"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var restored in Directory.EnumerateDirectories(_folder["here"], "a", SearchOption.AllDirectories))
            {
                File.SetUnixFileMode(restored, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
    }

    [Fact]
    public void It_refuses_to_write_within_the_reserve()
    {
        Directory.CreateDirectory(_folder["reserve"]);
        var terminal = Run(ExitCode.BadUsage, $"--reserve={_folder["reserve"]}", $"--into={_folder["reserve", "deeper"]}");
        Assert.Contains("never writes there", terminal.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["reserve"]));
    }

    [Fact]
    public void A_reserve_that_is_not_there_is_named() =>
        Assert.Contains(_folder["none"], Run(ExitCode.BadUsage, $"--reserve={_folder["none"]}").Error, StringComparison.Ordinal);

    [Fact]
    public void A_dry_run_does_nothing()
    {
        Run(ExitCode.Done, "--dry-run", $"--into={_folder["here"]}");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Help_is_within_eighty_columns() => Assert.All(Run(ExitCode.Done, "--help").Lines, l => Assert.InRange(l.Length, 0, 80));

    [Fact]
    public void A_difference_of_one_byte_is_seen_and_a_hole_is_zeros()
    {
        foreach (var side in new[] { "a", "b" })
        {
            Directory.CreateDirectory(_folder[side]);
            File.WriteAllText(_folder[side, "same"], "alike");
            File.WriteAllText(_folder[side, "other"], side);
        }
        using (var sparse = File.Create(_folder["a", "hole"]))
        {
            sparse.SetLength(100_000);
        }
        File.WriteAllBytes(_folder["b", "hole"], new byte[100_000]);
        File.WriteAllText(_folder["b", "extra"], "");
        var compared = TreeComparison.Of(_folder["b"], _folder["a"]);
        Assert.Equal(4, compared.Files);
        Assert.Equal(["extra", "other"], compared.Different.Order(StringComparer.Ordinal));
    }
}
