using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Build;

/// <summary>build.ps1 in an engine that has the Core commands only, with a dotnet that tells what it was asked.</summary>
public sealed class BuildScriptTests : IDisposable
{
    private const string StandIn = """
        param($script, $arguments, $exitCode)
        function global:dotnet { "$args"; $global:LASTEXITCODE = $exitCode }
        & $script @arguments
        """;

    private readonly HostedShell _shell = new();

    public void Dispose() => _shell.Dispose();

    private ShellResult Run(System.Collections.Hashtable arguments, int exitCode = 0) =>
        _shell.Run(StandIn, ("script", Path.Combine(Repository.Root, "build.ps1")), ("arguments", arguments), ("exitCode", exitCode));

    private static string At(string relative) => Path.Combine(Repository.Root, relative);

    [Fact]
    public void Build_is_one_call() =>
        Assert.Equal([$"build {At("StingBackup.sln")} -c Release"], Run(new() { ["Task"] = "Build" }).Succeeded().Objects<string>());

    [Fact]
    public void Test_is_one_call_and_takes_a_filter()
    {
        Assert.Equal([$"test {At("StingBackup.sln")} -c Debug"], Run(new() { ["Task"] = "Test", ["Configuration"] = "Debug" }).Succeeded().Objects<string>());
        Assert.Equal([$"test {At("StingBackup.sln")} -c Release --filter A~B"], Run(new() { ["Task"] = "Test", ["Filter"] = "A~B" }).Succeeded().Objects<string>());
    }

    [Fact]
    public void Help_builds_refreshes_and_builds_again() =>
        Assert.Equal(
        [
            $"build {At("src/StingBackup.Cmdlets")} -c Release",
            $"run --no-build -c Release --project {At("build/HelpBuilder")} -- refresh {At("out/module/StingBackup")} {At("docs/help")}",
            $"build {At("src/StingBackup.Cmdlets")} -c Release",
        ], Run(new() { ["Task"] = "Help" }).Succeeded().Objects<string>());

    [Fact]
    public void Package_runs_what_package_sh_runs() =>
        Assert.Equal([$"run -c Release --project {At("build/Packager")} -p:ReadyToRun=false"], Run(new() { ["Task"] = "Package" }).Succeeded().Objects<string>());

    [Theory]
    [InlineData("Build")]
    [InlineData("Package")]
    [InlineData("Test")]
    [InlineData("Help")]
    public void A_failing_dotnet_fails_the_task(string task)
    {
        var result = Run(new() { ["Task"] = task }, exitCode: 1);
        Assert.Contains("ended with 1", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Single(result.Output);
    }
}
