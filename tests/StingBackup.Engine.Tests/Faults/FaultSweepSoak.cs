using System.Globalization;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>The long form: a program of tests/soak/10-sweep.sh.</summary>
internal static class FaultSweepSoak
{
    /// <summary>Plays a share of the cases of all verbs, or those whose words hold some (a verb's name, or a case as it was told); 0 when everything held.</summary>
    /// <param name="share">Percent of the cases of each verb.</param>
    /// <param name="seed">Which ones are drawn.</param>
    /// <param name="word">A part of a case, or nothing.</param>
    /// <param name="output">Where it is told.</param>
    public static async Task<int> RunAsync(int share, int seed, string word, TextWriter output)
    {
        await using var worlds = new FaultWorlds();
        var (sweep, random) = (new FaultSweep(worlds), new Random(seed));
        var (cases, wrong) = (0, 0);
        foreach (var verb in FaultVerbs.All.Where(v => v.Name.Contains(word.Split(" | ")[0], StringComparison.Ordinal)))
        {
            var tally = new FaultTally();
            try
            {
                var all = (await sweep.CasesAsync(verb)).Where(c => c.ToString().Contains(word, StringComparison.Ordinal)).ToArray();
                random.Shuffle(all);
                await Parallel.ForEachAsync(all.Take((all.Length * share + 99) / 100), async (at, _) => await sweep.PlayAsync(at, tally));
            }
            catch (Exception e) when (e is StingException or Xunit.Sdk.XunitException)
            {
                tally.AddWrong($"undisturbed: {e.Message}");
            }
            await output.WriteLineAsync($"{verb.Name}: {tally}");
            foreach (var silent in tally.Silent)
            {
                await output.WriteLineAsync($"  needed nothing: {silent}");
            }
            foreach (var problem in tally.Wrong)
            {
                await output.WriteLineAsync($"  WRONG {problem}");
            }
            await output.FlushAsync();
            cases += tally.Cases;
            wrong += tally.Wrong.Count;
        }
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{FaultVerbs.All.Count} verbs, {cases} cases, seed {seed}, {wrong} wrong"));
        return wrong == 0 && cases > 0 ? 0 : 1;
    }
}
