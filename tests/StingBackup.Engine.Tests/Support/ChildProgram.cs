using System.Diagnostics;
using StingBackup.Engine.Tests.Jobs;
using StingBackup.Engine.Tests.Limits;

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
            case ["restore", var root, .. var steps]:
                Restore.RestoreScript.Run(root, steps, Console.Out);
                return 0;
            case ["wal-receive", var host, var port, var slot, var spool]:
                await PostgreSql.WalCommitRun.ReceiveAsync(host, port, slot, spool);
                return 0;
            case ["wal-commits", var commits, var kills, var seed]:
                return await PostgreSql.WalCommitRun.SoakAsync(commits, kills, seed, Console.Out);
            case ["year", var days, var minutes, var seed]:
                return await Tiering.Year.YearSoak.RunAsync(days, minutes, seed, Console.Out);
            case ["world", .. var rest]:
                return await World.ModelSoak.RunAsync(rest, Console.Out);
            case ["wrong-clock", var endpoint, var address, .. var minutes]:
                await Tiering.WrongClockScript.RunAsync(new Uri(endpoint), address, minutes, Console.Out);
                return 0;
            case ["fault-sweep", var share, var seed, .. var word]:
                return await Faults.FaultSweepSoak.RunAsync(int.Parse(share, System.Globalization.CultureInfo.InvariantCulture), int.Parse(seed, System.Globalization.CultureInfo.InvariantCulture), string.Concat(word), Console.Out);
            case ["counted-work"]:
                await CountedWork.WorkScript.RunAsync(Console.Out);
                return 0;
            case ["limits", var share, var seconds]:
                return await LimitedProcess.RunAsync(share, seconds, Console.Out);
            case ["runbooks", var folder, var seed, var scale, .. var scenarios]:
                var invariant = System.Globalization.CultureInfo.InvariantCulture;
                return await new Recovery.Whole.WholeRunbooks(folder, int.Parse(seed, invariant), double.Parse(scale, invariant), Console.Out).RunAsync(scenarios);
            case ["job", var folder]:
                return await WaitingJob.RunAsync(folder, Console.Out);
            case ["guardian-cost", var mode, var seed]:
                return await Guardian.GuardianCost.RunAsync(mode, int.Parse(seed, System.Globalization.CultureInfo.InvariantCulture), Console.Out);
            case ["encryptors", var seed, var trials, var people, var days]:
                int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
                Guardian.Simulation.EncryptorTable.Told = Console.Error.WriteLine;
                await Console.Out.WriteAsync(Guardian.Simulation.EncryptorTable.Make(Number(seed), Number(trials), Number(people), Number(days)));
                return 0;
            default:
                await Console.Error.WriteLineAsync("This is a library of tests; run it by 'dotnet test'.");
                return 2;
        }
    }

    /// <summary>Runs it to its end, after a program before it (strace and its options) or none; gives the lines that it wrote.</summary>
    public static async Task<string[]> RunAsync(IEnumerable<string> wrapper, params IEnumerable<string> args)
    {
        using var child = Start(wrapper, args);
        child.StandardInput.Close();
        var errors = child.StandardError.ReadToEndAsync();
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.True(child.ExitCode == 0, $"The child ended with {child.ExitCode}: {await errors}{string.Join('\n', output.Split('\n').TakeLast(30))}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Starts it and leaves it running.</summary>
    public static Process Start(IEnumerable<string> wrapper, params IEnumerable<string> args)
    {
        string[] line = [.. wrapper, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", "exec", typeof(ChildProgram).Assembly.Location, .. args];
        var start = new ProcessStartInfo(line[0], line.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";   // a thread that spins is awake (World.Settling)
        start.Environment["DOTNET_EnableDiagnostics"] = "0";   // its pipes and sockets would outlive a child that is killed
        return Process.Start(start)!;
    }
}
