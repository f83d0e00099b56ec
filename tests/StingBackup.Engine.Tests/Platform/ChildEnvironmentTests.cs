using System.Diagnostics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Platform;

/// <summary>The passphrase that a job was given is not handed on to the programs that it runs: pg_dump, docker, systemctl, whomever alerts are told to.</summary>
public sealed class ChildEnvironmentTests
{
    [UnixFact]
    public async Task A_program_does_not_inherit_the_passphrase()
    {
        var start = new ProcessStartInfo("/usr/bin/env") { RedirectStandardOutput = true };
        start.Environment[ChildEnvironment.Passphrase] = "planted secret";
        start.Environment["OTHER"] = "stays";
        using var child = ChildEnvironment.Begin(start);
        var seen = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.Contains("OTHER=stays", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("planted secret", seen, StringComparison.Ordinal);
    }

    [Fact]
    public void No_program_is_started_in_another_way()
    {
        var sources = (string[])["src/StingBackup.Engine", "src/StingBackup.Cmdlets", "src/StingBackup.Console", "src/StingBackup"];
        var others = sources.SelectMany(folder => Directory.EnumerateFiles(Path.Join(Golden.Root(), folder), "*.cs", SearchOption.AllDirectories))
            .Where(path => File.ReadAllText(path) is var text && (text.Contains("Process.Start(", StringComparison.Ordinal) || text.Contains("new Process(", StringComparison.Ordinal) || text.Contains("new Process {", StringComparison.Ordinal)))
            .Select(path => Path.GetFileName(path));
        Assert.Equal(["ChildEnvironment.cs"], others);
    }
}
