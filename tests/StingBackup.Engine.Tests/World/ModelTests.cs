using System.Globalization;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace StingBackup.Engine.Tests.World;

/// <summary>The short form of tests/soak/10-model.sh, and the proofs that it can fail.</summary>
public sealed partial class ModelTests(ITestOutputHelper output)
{
    private const int FirstSeed = 1;
    private const long Steps = 10_000, StepsOfAWorld = 1_250;

    [Fact]
    public async Task Ten_thousand_steps_of_several_hosts_lose_nothing()
    {
        var results = new List<Checked>();
        var started = TimeProvider.System.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(FirstSeed, (int)(Steps / StepsOfAWorld)), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            var found = await ModelChecker.RunAsync(seed, StepsOfAWorld);
            Assert.True(found.Violation is null, found.Violation is null ? "" : await ModelChecker.TellAsync(seed, found, null, TimeSpan.FromSeconds(60)));
            lock (results)
            {
                results.Add(found);
            }
        });
        Assert.True(results.Sum(r => r.Steps) >= Steps);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{results.Sum(r => r.Steps)} steps in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:n1} s: {string.Join(", ", results.SelectMany(r => r.Done).GroupBy(d => d.Key).OrderBy(g => g.Key).Select(g => $"{g.Key} {g.Sum(d => d.Value)}"))}"));
    }

    public static TheoryData<string, string> Wrong
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (mutation, schedule) in ModelSeeds.OfMutations)
            {
                data.Add(mutation, schedule);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_protocol_that_is_wrong_in_one_place_is_found_and_the_right_one_passes(string mutation, string schedule)
    {
        var wrong = await ModelChecker.ReplayAsync(Schedule.Parse(schedule), Mutations.All[mutation]);
        Assert.NotNull(wrong.Violation);
        output.WriteLine($"{wrong.Steps} steps: {wrong.Violation}");
        var right = await ModelChecker.ReplayAsync(Schedule.Parse(schedule));
        Assert.Null(right.Violation);
    }

    [Fact]
    public void Every_mutation_has_a_schedule() => Assert.Equal(Mutations.All.Keys.Order(), ModelSeeds.OfMutations.Select(m => m.Mutation).Distinct().Order());

    [Fact]
    public async Task What_a_seed_does_is_done_again_by_what_it_drew()
    {
        var first = await ModelChecker.RunAsync(FirstSeed, 400, traces: true);
        var again = await ModelChecker.ReplayAsync(Schedule.Parse(first.Schedule.ToString()), traces: true);
        Assert.Equal(first.Trace.Select(Masked), again.Trace.Select(Masked));
    }

    /// <summary>Names that hash keys and signatures are others each time.</summary>
    private static string Masked(string line) => Hexadecimal().Replace(line, "#");

    [GeneratedRegex("[0-9a-f]{2}/[0-9a-f]{64}|[0-9a-f]{32,64}")]
    private static partial Regex Hexadecimal();
}
