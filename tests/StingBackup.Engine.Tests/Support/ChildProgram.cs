using System.Diagnostics;

namespace StingBackup.Engine.Tests.Support;

/// <summary>This assembly as a program of its own: what a test must do in another process. The first argument names the part.</summary>
internal static class ChildProgram
{
    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["store", var root, .. var steps]:
                await Storage.StoreScript.RunAsync(root, steps, Console.Out);
                return 0;
            default:
                await Console.Error.WriteLineAsync("This is a library of tests; run it by 'dotnet test'.");
                return 2;
        }
    }

    /// <summary>How to start it: a program before it (strace and its options), or none.</summary>
    public static Process Start(IEnumerable<string> wrapper, params IEnumerable<string> args)
    {
        string[] line = [.. wrapper, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", "exec", typeof(ChildProgram).Assembly.Location, .. args];
        var start = new ProcessStartInfo(line[0], line.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start)!;
    }
}
