using System.Text.RegularExpressions;

namespace StingBackup.Engine.Tests.World;

/// <summary>That the checker can fail, and that what it does is done again: a program, since one world must have its process to itself.</summary>
internal static partial class ModelProofs
{
    private const int Seed = 1;
    private const long Steps = 400;

    /// <summary>A line of each proof; 0 when none failed.</summary>
    public static async Task<int> RunAsync(TextWriter output)
    {
        var failed = 0;
        async Task TellAsync(bool isRight, string what)
        {
            failed += isRight ? 0 : 1;
            await output.WriteLineAsync($"{(isRight ? "right" : "WRONG")}: {what}");
        }
        var first = await ModelChecker.RunAsync(Seed, Steps, traces: true);
        var again = await ModelChecker.ReplayAsync(Schedule.Parse(first.Schedule.ToString()), traces: true);
        await TellAsync(first.Violation is null && first.Trace.Select(Masked).SequenceEqual(again.Trace.Select(Masked)), $"seed {Seed} is done again by what it drew, line by line: {first.Steps} steps");
        foreach (var (mutation, schedule) in ModelSeeds.OfMutations)
        {
            var wrong = await ModelChecker.ReplayAsync(Schedule.Parse(schedule), Mutations.All[mutation]);
            await TellAsync(wrong.Violation is not null, $"{mutation} is found after {wrong.Steps} steps: {wrong.Violation?.Split('\n')[0] ?? "it is not"}");
            var right = await ModelChecker.ReplayAsync(Schedule.Parse(schedule));
            await TellAsync(right.Violation is null, $"the same {right.Steps} steps of the protocol as it is: {right.Violation ?? "quiet"}");
        }
        foreach (var (defect, schedule) in ModelSeeds.OfDefects)
        {
            var mended = await ModelChecker.ReplayAsync(Schedule.Parse(schedule));
            await TellAsync(mended.Violation is null, $"{defect}: {mended.Violation ?? "mended"}");
        }
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Names that hash keys and signatures are others each time, and with their order which pack a sample looks into.</summary>
    private static string Masked(string line) => Hexadecimal().Replace(line, "#");

    [GeneratedRegex("(data|meta)/[0-9a-f]{2}/[0-9a-f]{64}|[0-9a-f]{32,64}")]
    private static partial Regex Hexadecimal();
}
