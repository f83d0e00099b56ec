using System.Diagnostics;
using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Guardian.Simulation;

namespace StingBackup.Engine.Tests.Guardian;

/// <summary>
/// What watching costs of a backup: the same runs over the same files with it or without it; prints seconds by the clock and of the processor, memory, and seconds that went into compiling. By hand: tests/soak/7-encryptors.sh.
/// </summary>
internal static class GuardianCost
{
    private const int Users = 100, SmallFiles = 200, LongFiles = 30;

    public static async Task<int> RunAsync(string mode, int seed, TextWriter output)
    {
        await using var test = new TestInstallation { Threads = 1, Guarding = AnomalyOptions.Default with { IsOn = mode == "on" } };
        var random = new Random(seed);
        Format[] formats = [Format.Text, Format.Code, Format.Docx, Format.Pdf, Format.Jpeg, Format.Csv];
        for (var user = 0; user < Users; user++)
        {
            for (var i = 0; i < SmallFiles; i++)
            {
                var format = formats[random.Next(formats.Length)];
                test.Write($"users/{user + 1}/f{i % 7}/file{i}{SimulatedContent.ExtensionOf(format)}", SimulatedContent.Make(format, random.Next(300, 16_000), random));
            }
        }
        for (var i = 0; i < LongFiles; i++)
        {
            test.Write($"users/{i + 1}/long{i}.csv", SimulatedContent.Make(i % 2 == 0 ? Format.Csv : Format.Mp4, 6 << 20, random));
        }
        test.Write("users/1/warm.txt", "x"u8);
        await test.BackupAsync(classes: [DataClass.Settings]);
        foreach (var (name, type) in ((string, BackupType)[])[("first", BackupType.Full), ("full", BackupType.Full), ("incremental", BackupType.Incremental)])
        {
            for (var i = 0; i < (name == "first" ? 0 : 1000); i++)
            {
                test.Write($"users/{random.Next(Users) + 1}/f{random.Next(7)}/changed{i}.txt", SimulatedContent.Make(Format.Text, 3000, random));
            }
            var compiling = System.Runtime.JitInfo.GetCompilationTime();
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var began = TimeProvider.System.GetTimestamp();
            await test.BackupAsync(type);
            var took = TimeProvider.System.GetElapsedTime(began);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{mode} {name} {took.TotalSeconds:0.000} {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds:0.000} {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} {(System.Runtime.JitInfo.GetCompilationTime() - compiling).TotalSeconds:0.000}"));
        }
        return 0;
    }
}
