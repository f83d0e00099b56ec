using System.Globalization;

namespace StingBackup.Engine.Tests.World;

/// <summary>The long form: worlds of one seed after another until so many steps are done; a program of tests/soak/10-model.sh.</summary>
internal static class ModelSoak
{
    private static readonly TimeSpan Shrinking = TimeSpan.FromMinutes(5);

    /// <summary>Steps of a world: short ones begin anew often, long ones grow old.</summary>
    public static long StepsOf(int seed) => (seed % 4) switch { 0 => 500, 1 => 1500, 2 => 3000, _ => 6000 };

    /// <summary>0 when nothing was found.</summary>
    /// <param name="args">Steps in all, first seed, worlds at once; then, to look for seeds of it, the name of a mutation.</param>
    /// <param name="output">Takes what happened.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var (steps, first, workers) = (Number(args[0]), (int)Number(args[1]), (int)Number(args[2]));
        var mutation = args.Length > 3 ? Mutations.All[args[3]] : null;
        var started = TimeProvider.System.GetTimestamp();
        var (done, faults) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, long>(StringComparer.Ordinal));
        var (taken, all, worlds, bad) = (0L, 0L, 0, 0);
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                int seed;
                lock (gate)
                {
                    if (all >= steps || bad > 0)
                    {
                        return;
                    }
                    seed = (int)(first + taken++);
                }
                var found = await ModelChecker.RunAsync(seed, StepsOf(seed), mutation);
                lock (gate)
                {
                    worlds++;
                    all += found.Steps;
                    Add(done, found.Done);
                    Add(faults, found.Faults);
                }
                if (found.Violation is not null && mutation is null)
                {
                    lock (gate)
                    {
                        bad++;
                    }
                    await output.WriteLineAsync(await ModelChecker.TellAsync(seed, found, null, Shrinking));
                }
                else if (found.Violation is not null)
                {
                    await output.WriteLineAsync($"seed {seed}: {found.Steps} steps, {found.Schedule.Decisions.Count} decisions: {found.Violation.Split('\n')[0]}");
                }
            }
        })));
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await output.WriteLineAsync($"verbs: {string.Join(", ", done.Select(d => $"{d.Key} {d.Value}"))}");
        await output.WriteLineAsync($"faults: {string.Join(", ", faults.Select(d => $"{d.Key} {d.Value}"))}");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"seeds {first} to {first + taken - 1}: {all} steps in {worlds} worlds, {done.Where(d => !d.Key.EndsWith("refused", StringComparison.Ordinal)).Sum(d => d.Value)} verbs, {faults.Sum(f => f.Value)} faults, {seconds:n0} s, {all / seconds:n0} steps a second; {bad} worlds in which something was wrong"));
        return bad == 0 ? 0 : 1;
    }

    private static void Add(SortedDictionary<string, long> sum, IReadOnlyDictionary<string, long> more)
    {
        foreach (var (what, count) in more)
        {
            sum[what] = sum.GetValueOrDefault(what) + count;
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
