using System.Globalization;

namespace StingBackup.Engine.Tests.World;

/// <summary>The long form: worlds of one seed after another until so many steps are done; a program of tests/soak/10-model.sh.</summary>
internal sealed class ModelSoak(long steps, int first, int stride, Mutation? mutation, TextWriter output)
{
    private static readonly TimeSpan Shrinking = TimeSpan.FromMinutes(5);

    private readonly SortedDictionary<string, long> _done = new(StringComparer.Ordinal), _refused = new(StringComparer.Ordinal), _faults = new(StringComparer.Ordinal), _looked = new(StringComparer.Ordinal);
    private long _steps;
    private int _worlds, _bad;

    /// <summary>Steps of a world: short ones begin anew often, long ones grow old.</summary>
    public static long StepsOf(int seed) => 500 + (seed % 5 * 700);

    /// <summary>0 when nothing was found.</summary>
    /// <param name="args">Steps in all, first seed, how far the next is from it; then, to list seeds that show something and go on, the name of a mutation, or None.</param>
    /// <param name="output">Takes what happened.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        Settling.IsOn = true;
        switch (args)
        {
            case ["proofs"]: return await ModelProofs.RunAsync(output);
            case ["replay", var of]: return await ReplayAsync(Mutations.All.GetValueOrDefault(of), Console.In, output);
        }
        var mutation = args.Length > 3 && args[3] != "None" ? Mutations.All[args[3]] : null;
        return await new ModelSoak(Number(args[0]), (int)Number(args[1]), (int)Number(args[2]), mutation, output).RunAsync(lists: args.Length > 3);
    }

    /// <summary>Does again each schedule of the input, a line each, and tells all that happens and what it shows.</summary>
    private static async Task<int> ReplayAsync(Mutation? mutation, TextReader input, TextWriter output)
    {
        var bad = 0;
        while (await input.ReadLineAsync() is { Length: > 0 } line)
        {
            var found = await ModelChecker.ReplayAsync(Schedule.Parse(line), mutation, traces: true);
            bad += found.Violation is null ? 0 : 1;
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{line}\n{found.Steps} steps: {found.Violation ?? "quiet"}{string.Concat(found.Trace.Select(t => $"\n  {t}"))}"));
        }
        return bad == 0 ? 0 : 1;
    }

    private async Task<int> RunAsync(bool lists)
    {
        var started = TimeProvider.System.GetTimestamp();
        var seed = first;
        for (; _steps < steps && (_bad == 0 || lists); seed += stride)
        {
            var found = await ModelChecker.RunAsync(seed, StepsOf(seed), mutation, traces: true);
            Add(found);
            if (found.Violation is { } violation)
            {
                await File.WriteAllTextAsync(Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"sting-model-{seed}.txt")), $"{violation}\n{found.Schedule}\n{string.Join('\n', found.Trace)}\n");
                await output.WriteLineAsync(lists ? $"seed {seed}: {found.Steps} steps, {found.Schedule.Decisions.Count} decisions: {violation}" : await ModelChecker.TellAsync(seed, found, mutation, Shrinking));
            }
        }
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await TellAsync("verbs done", _done);
        await TellAsync("verbs that failed", _refused);
        await TellAsync("faults", _faults);
        await TellAsync("looked at", _looked);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"seeds {first} to {seed - stride} by {stride}: {_steps} steps in {_worlds} worlds, {_done.Sum(d => d.Value)} verbs done, {_refused.Sum(d => d.Value)} failed, {_faults.Sum(f => f.Value)} faults, {seconds:n0} s, {_steps / seconds:n0} steps a second; {_bad} worlds in which something was wrong"));
        return _bad == 0 ? 0 : 1;
    }

    private void Add(Checked found)
    {
        _worlds++;
        _steps += found.Steps;
        _bad += found.Violation is null ? 0 : 1;
        foreach (var (sum, more) in (ReadOnlySpan<(SortedDictionary<string, long>, IReadOnlyDictionary<string, long>)>)[(_done, found.Done), (_refused, found.Refused), (_faults, found.Faults), (_looked, found.Looked)])
        {
            foreach (var (what, count) in more)
            {
                sum[what] = sum.GetValueOrDefault(what) + count;
            }
        }
    }

    private Task TellAsync(string title, SortedDictionary<string, long> counts) =>
        output.WriteLineAsync($"{title}:{string.Concat(counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"\n  {c.Value,9:n0}  {c.Key}")))}");

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
