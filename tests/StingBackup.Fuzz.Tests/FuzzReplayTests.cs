using StingBackup.Fuzz.Tests.Loop;
using StingBackup.Fuzz.Tests.Targets;

namespace StingBackup.Fuzz.Tests;

/// <summary>Each target: what its corpus holds, then a burst of damage that is the same each time. No crash, no memory above the limit, nothing misread.</summary>
public sealed class FuzzReplayTests
{
    private const int Seed = 20261126;

    public static TheoryData<string> Names => [.. AllTargets.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_once_mattered_is_taken_or_refused(string name)
    {
        var target = AllTargets.Find(name);
        var kept = Corpus.Read(Corpus.Shipped, name).ToList();
        Assert.NotEmpty(kept);
        Assert.All(kept, c => Assert.Null(Probe.Try(target, c.Bytes)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damage_is_taken_or_refused(string name)
    {
        var target = AllTargets.Find(name);
        byte[][] known = [.. target.Seeds(), .. Corpus.Read(Corpus.Shipped, name).Select(c => c.Bytes)];
        Assert.NotEmpty(known);
        var random = new Random(Seed);
        var mutator = new Mutator(random, target.Words);
        for (var i = 0; i < target.Burst; i++)
        {
            var input = mutator.Mutate(known[random.Next(known.Length)], known[random.Next(known.Length)], target.MaxLength);
            var finding = Probe.Try(target, input);
            Assert.True(finding is null, $"seed {Seed}, input {i}, {Convert.ToHexString(input)}: {finding?.Kind}: {finding?.Detail}");
        }
    }
}
