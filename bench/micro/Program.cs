using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using StingBackup.Micro;

// StingBackup.Micro [PATTERN] [--append FILE] [--note WORDS]     measures the stages whose name holds the pattern; rows go to the end of FILE
// StingBackup.Micro --into DOCUMENT ROWS                          puts rows between the markers of a document
if (args is ["--into", var document, var rows])
{
    File.WriteAllText(document, StageTable.Replace(File.ReadAllText(document), File.ReadAllText(rows)));
    return 0;
}
string pattern = "", note = "", append = "";
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--append" when i + 1 < args.Length:
            append = args[++i];
            break;
        case "--note" when i + 1 < args.Length:
            note = args[++i];
            break;
        case var text when !text.StartsWith('-') && pattern.Length == 0:
            pattern = text;
            break;
        default:
            Console.Error.WriteLine($"'{args[i]}' is no option: StingBackup.Micro [PATTERN] [--append FILE] [--note WORDS]");
            return 2;
    }
}
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var artifacts = Directory.CreateTempSubdirectory("sting-micro-artifacts-").FullName;
// In this process, which is configured as the program is; a process made for each stage would have to be built for each.
var config = ManualConfig.CreateEmpty()
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.DontLogOutput).WithWarmupCount(4).WithIterationCount(9).WithIterationTime(TimeInterval.FromMilliseconds(150)))
    .AddDiagnoser(MemoryDiagnoser.Default).AddColumnProvider(DefaultColumnProviders.Instance).AddLogger(new TextLogger(Console.Error))
    .AddFilter(new SimpleFilter(benchmark => $"{benchmark.Descriptor.Type.Name}.{benchmark.Descriptor.WorkloadMethod.Name}".Contains(pattern, StringComparison.OrdinalIgnoreCase)))
    .WithOptions(ConfigOptions.DisableLogFile).WithArtifactsPath(artifacts);
var summaries = new[] { typeof(ChunkStages), typeof(DecodeStages), typeof(IndexStages), typeof(TreeStages), typeof(FileStages) }.Select(stages => BenchmarkRunner.Run(stages, config)).ToArray();
Directory.Delete(artifacts, recursive: true);
var table = StageTable.Of(summaries, note.Length > 0 ? note : null);
if (table.Length == 0)
{
    Console.Error.WriteLine($"No stage's name holds '{pattern}'.");
    return 2;
}
Console.Write(StageTable.Head + table);
if (append.Length > 0)
{
    File.AppendAllText(append, table);
}
return table.Contains("| failed |", StringComparison.Ordinal) ? 1 : 0;
