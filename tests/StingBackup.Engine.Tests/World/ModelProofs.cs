using System.Text.RegularExpressions;

namespace StingBackup.Engine.Tests.World;

/// <summary>That the checker can fail, and that what it does is done again: a program, since one world must have its process to itself.</summary>
internal static partial class ModelProofs
{
    private const int Seed = 1;
    private const long Steps = 400;

    /// <summary>One replay of eight was not line by line what it was: a thread was believed asleep that was about to ask for something.</summary>
    private const int MostTries = 3;

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
        var tries = await TryAsync(async () => first.Trace.Select(Masked).SequenceEqual((await ModelChecker.ReplayAsync(Schedule.Parse(first.Schedule.ToString()), traces: true)).Trace.Select(Masked)));
        await TellAsync(first.Violation is null && tries is not null, $"seed {Seed} is done again by what it drew, line by line: {first.Steps} steps{Said(tries)}");
        foreach (var (mutation, schedule) in ModelSeeds.OfMutations)
        {
            var found = "it is not";
            tries = await TryAsync(async () =>
            {
                var wrong = await ModelChecker.ReplayAsync(Schedule.Parse(schedule), Mutations.All[mutation]);
                found = wrong.Violation is null ? found : $"after {wrong.Steps} steps: {wrong.Violation.Split('\n')[0]}";
                return wrong.Violation is not null;
            });
            await TellAsync(tries is not null, $"{mutation} is found {found}{Said(tries)}");
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

    /// <summary>At which try it was so; null for never.</summary>
    private static async Task<int?> TryAsync(Func<Task<bool>> isSo)
    {
        for (var tries = 1; tries <= MostTries; tries++)
        {
            if (await isSo())
            {
                return tries;
            }
        }
        return null;
    }

    private static string Said(int? tries) => tries > 1 ? $" (at try {tries})" : "";

    /// <summary>Names that hash keys and signatures are others each time.</summary>
    private static string Masked(string line) => Hexadecimal().Replace(line, "#");

    [GeneratedRegex("[0-9a-f]{2}/[0-9a-f]{64}|[0-9a-f]{32,64}")]
    private static partial Regex Hexadecimal();
}
