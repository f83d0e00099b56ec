using System.Globalization;

namespace StingBackup.Engine.Tests.World;

/// <summary>What a schedule showed.</summary>
/// <param name="Schedule">All decisions up to its end, or to what was found.</param>
/// <param name="Violation">What must not be; null where nothing was found.</param>
/// <param name="Steps">Steps.</param>
internal sealed record Checked(Schedule Schedule, string? Violation, long Steps)
{
    public IReadOnlyDictionary<string, long> Done { get; init; } = new Dictionary<string, long>();
    public IReadOnlyDictionary<string, long> Refused { get; init; } = new Dictionary<string, long>();
    public IReadOnlyDictionary<string, long> Looked { get; init; } = new Dictionary<string, long>();
    public IReadOnlyDictionary<string, long> Faults { get; init; } = new Dictionary<string, long>();
    public IReadOnlyList<string> Trace { get; init; } = [];
}

/// <summary>Runs schedules against the model, and shortens those that show something.</summary>
internal static class ModelChecker
{
    /// <summary>Draws decisions by a seed until there were so many steps, then brings the world to its end.</summary>
    public static async Task<Checked> RunAsync(int seed, long steps, Mutation? mutation = null, bool traces = false)
    {
        var generator = new ScheduleGenerator(seed);
        var decisions = new List<Decision>();
        IEnumerable<Decision> Draw(SimulatedWorld world)
        {
            while (world.Steps < steps)
            {
                decisions.Add(generator.Next(world));
                yield return decisions[^1];
            }
        }
        return await RunAsync(generator.Shape, Draw, () => decisions, mutation, traces);
    }

    /// <summary>Does again what a schedule says.</summary>
    public static Task<Checked> ReplayAsync(Schedule schedule, Mutation? mutation = null, bool traces = false) => RunAsync(schedule.Shape, _ => schedule.Decisions, () => schedule.Decisions, mutation, traces);

    private static async Task<Checked> RunAsync(WorldShape shape, Func<SimulatedWorld, IEnumerable<Decision>> decisions, Func<IReadOnlyList<Decision>> taken, Mutation? mutation, bool traces)
    {
        await using var world = new SimulatedWorld(await WorldTemplate.GetAsync(), shape, mutation) { Trace = traces ? [] : null };
        string? violation = null;
        try
        {
            foreach (var decision in decisions(world))
            {
                await world.ApplyAsync(decision);
            }
            await world.EndAsync();
        }
        catch (ModelViolation found)
        {
            violation = found.Message;
        }
        return new Checked(new Schedule(shape, [.. taken()]), violation, world.Steps) { Done = world.Done, Refused = world.Refused, Looked = world.Looked, Faults = world.Faults, Trace = world.Trace ?? [] };
    }

    /// <summary>
    /// Takes out decisions, many at once and then fewer, for as long as what is left still shows something (delta debugging). What it shows may become another sign of the same; both are told.
    /// </summary>
    public static async Task<Checked> ShrinkAsync(Checked found, Mutation? mutation, TimeSpan limit)
    {
        var clock = TimeProvider.System.GetTimestamp();
        var best = found;
        for (var size = Math.Max(1, best.Schedule.Decisions.Count / 2); size >= 1; size = size == 1 ? 0 : size / 2)
        {
            for (var at = 0; at < best.Schedule.Decisions.Count && TimeProvider.System.GetElapsedTime(clock) < limit;)
            {
                var fewer = best.Schedule with { Decisions = [.. best.Schedule.Decisions.Take(at), .. best.Schedule.Decisions.Skip(at + size)] };
                var again = await ReplayAsync(fewer, mutation);
                if (again.Violation is not null)
                {
                    best = again;
                }
                else
                {
                    at += size;
                }
            }
        }
        return best;
    }

    /// <summary>What whoever sees a failure needs: what it is, how to see it again, and the shortest schedule that was found.</summary>
    public static async Task<string> TellAsync(int seed, Checked found, Mutation? mutation, TimeSpan limit)
    {
        var shrunk = await ShrinkAsync(found, mutation, limit);
        var last = await ReplayAsync(shrunk.Schedule, mutation, traces: true);
        return string.Create(CultureInfo.InvariantCulture, $"""
            Seed {seed} shows after {found.Steps} steps: {found.Violation}
            Again: tests/soak/10-model.sh --seed {seed} --worlds 1. All that happened: {Path.Combine(Path.GetTempPath(), $"sting-model-{seed}.txt")}
            Shortened from {found.Schedule.Decisions.Count} to {shrunk.Schedule.Decisions.Count} decisions, which show: {shrunk.Violation}
            As a test: a line of ModelSeeds
            {shrunk.Schedule}
            The end of what happens then:
            {string.Join('\n', last.Trace.TakeLast(60))}
            """);
    }
}
