using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Scale;

/// <summary>What bench/scale.sh calls: makes what it measures on, and tells what it measured.</summary>
internal static class ScaleCommand
{
    private const string Usage = """
        scale points CONFIG COUNT                 puts so many restore points into an empty repository
        scale subjects DIR COUNT                  makes a folder of two short files for each of so many people
        scale change DIR COUNT SEED               appends a line to so many files, evenly over the folder
        scale report RESULTS.tsv MACHINE.txt [--into FILE]
                                                  tables, fits, plots; --into replaces a document's section and writes the plots beside it
        """;

    public static async Task<int> RunAsync(string[] arguments)
    {
        switch (arguments)
        {
            case ["points", var configuration, var count]:
                return await PointsCommand.RunAsync(configuration, Number(count));
            case ["subjects", var root, var count]:
                MakeSubjects(root, Number(count));
                return 0;
            case ["change", var root, var count, var seed]:
                Change(root, Number(count), Number(seed));
                return 0;
            case ["report", var results, var machine, .. var rest] when rest is [] or ["--into", _]:
                return GrowthReport.Run(results, machine, rest is [_, var file] ? file : null);
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static void MakeSubjects(string root, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var folder = Path.Join(root, string.Create(CultureInfo.InvariantCulture, $"users/{i + 1}"));
            Directory.CreateDirectory(folder);
            foreach (var name in (ReadOnlySpan<string>)["notes.txt", "profile.json"])
            {
                File.WriteAllText(Path.Join(folder, name), string.Create(CultureInfo.InvariantCulture, $"{name} of {i + 1}: {i * 7919L}\n"));
            }
        }
    }

    private static void Change(string root, int count, int seed)
    {
        // What lies beside the people, such as the map of who they are, stays.
        var files = new DirectoryInfo(Path.Join(root, "users")).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Select(f => f.FullName).Order(StringComparer.Ordinal).ToArray();
        count = Math.Min(count, files.Length);
        for (var i = 0; i < count; i++)
        {
            // Others each time, one in each stretch of the folder.
            var at = (long)files.Length * i / count + seed * 31 % Math.Max(1, files.Length / count);
            File.AppendAllText(files[at], string.Create(CultureInfo.InvariantCulture, $"changed by {seed}\n"), Encoding.ASCII);
        }
    }
}
