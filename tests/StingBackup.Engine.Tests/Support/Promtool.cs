using System.Diagnostics;

namespace StingBackup.Engine.Tests.Support;

/// <summary>Runs where promtool stands on the path (Debian's package prometheus); elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute() => Skip = Promtool.IsThere ? null : "promtool is not on the path.";
}

/// <summary>Prometheus' own checker.</summary>
internal static class Promtool
{
    public static bool IsThere { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "promtool")));

    /// <summary>Where the project's rules lie.</summary>
    public static string Rules => Path.Combine(Golden.Top, "contrib", "prometheus");

    /// <summary>Runs it, with a text at its input; gives what it says, and asserts that it is content.</summary>
    public static async Task<string> RunAsync(string input, params string[] arguments)
    {
        var start = new ProcessStartInfo("promtool", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        var said = await output + await error;
        Assert.True(process.ExitCode == 0, $"promtool {string.Join(' ', arguments)}: {said}");
        return said;
    }
}
