using System.Globalization;
using StingBackup.Fuzz.Tests.Loop;
using StingBackup.Fuzz.Tests.Targets;

namespace StingBackup.Fuzz.Tests;

/// <summary>The long form: <c>instrument FOLDER</c>, then, from that folder, <c>run</c>. tests/soak/10-fuzz.sh calls both.</summary>
internal static class Program
{
    private static readonly string[] Instrumented = ["StingBackup.dll", "StingBackup.Engine.dll", "sting-portal.dll"];

    public static int Main(string[] args)
    {
        Coverage.Attach();
        switch (args)
        {
            case ["instrument", var folder]:
                foreach (var file in Instrumented)
                {
                    SharpFuzz.Fuzzer.Instrument(Path.Combine(folder, file), static _ => true, SharpFuzz.Options.Value);
                }
                return 0;
            case ["list"]:
                Console.WriteLine(string.Join('\n', AllTargets.All.Select(t => t.Name)));
                return 0;
            case ["run", var name, var seconds, var seed, var corpus, var findings]:
                return Run(name, double.Parse(seconds, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture), corpus, findings);
            case ["try", var name, var file]:
                var finding = Probe.Try(AllTargets.Find(name), File.ReadAllBytes(file));
                Console.WriteLine(finding is null ? "well" : $"{finding.Kind}: {finding.Detail}");
                return finding is null ? 0 : 1;
            default:
                Console.Error.WriteLine("instrument FOLDER | list | run TARGET SECONDS SEED CORPUS FINDINGS | try TARGET FILE");
                return 2;
        }
    }

    /// <summary>Prints a line for the target: name, executions, edges, inputs kept, findings. The corpus is renewed, findings are written as files.</summary>
    private static int Run(string name, double seconds, int seed, string corpus, string findings)
    {
        var target = AllTargets.Find(name);
        var folder = Directory.CreateDirectory(Path.Combine(findings, name)).FullName;
        var loop = new FuzzLoop(target, seed)
        {
            Hangs = input =>
            {
                File.WriteAllBytes(Path.Combine(folder, $"time-{Corpus.NameOf(input)}"), input);
                Console.WriteLine($"{name}: an input takes longer than any may: {Corpus.NameOf(input)}");
                Environment.Exit(3);
            },
            Progress = outcome => Console.Error.WriteLine($"{name}: {outcome.Executions:n0} executions, {outcome.Edges:n0} edges, {outcome.Kept:n0} kept, {outcome.Findings.Count} findings"),
        };
        var result = loop.Run(Corpus.Read(corpus, name).Select(c => c.Bytes), TimeSpan.FromSeconds(seconds));
        foreach (var (input, finding) in result.Findings)
        {
            var file = Path.Combine(folder, $"{finding.Kind}-{Corpus.NameOf(input)}");
            File.WriteAllBytes(file, input);
            File.WriteAllText(file + ".txt", $"{finding.Key}\n{finding.Detail}\n");
        }
        Corpus.Save(corpus, name, loop.Queue);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}\t{result.Executions}\t{result.Edges}\t{result.Kept}\t{result.Findings.Count}"));
        return result.Findings.Count == 0 ? 0 : 1;
    }
}
