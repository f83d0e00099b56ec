using StingBackup.Engine.Tests.Support;
using Xunit.Abstractions;

namespace StingBackup.Engine.Tests.World;

/// <summary>What needs the machine to itself: it runs when all other tests have ended.</summary>
[CollectionDefinition(nameof(AloneOnTheMachine), DisableParallelization = true)]
public sealed class AloneOnTheMachine;

/// <summary>The short form of tests/soak/10-model.sh, and the proofs that it can fail; each in a process that it has to itself, so that a seed does the same in each replay.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class ModelTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Ten_thousand_steps_of_several_hosts_lose_nothing() => await RunAsync("10000", "1", "1");

    [Fact]
    public async Task A_protocol_that_is_wrong_in_one_place_is_found_and_the_right_one_passes() => await RunAsync("proofs");

    [Fact]
    public void Every_mutation_has_a_schedule() => Assert.Equal(Mutations.All.Keys.Order(), ModelSeeds.OfMutations.Select(m => m.Mutation).Distinct().Order());

    private async Task RunAsync(params string[] args)
    {
        foreach (var line in await ChildProgram.RunAsync([], ["world", .. args]))
        {
            output.WriteLine(line);
        }
    }
}
