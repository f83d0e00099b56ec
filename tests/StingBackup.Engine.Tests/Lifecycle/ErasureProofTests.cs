using StingBackup.Engine.Lifecycle;

namespace StingBackup.Engine.Tests.Lifecycle;

/// <summary>What was tried on several tiers to show that an erasure holds, taken together.</summary>
public sealed class ErasureProofTests
{
    private static readonly ErasureProof Shows = new(3, 3, 2, 2, null), Opens = new(4, 3, 1, 1, "one opened"), Loses = new(1, 1, 5, 4, "one is damaged");

    [Fact]
    public void Tiers_count_together_and_the_first_fault_is_told()
    {
        Assert.Equal(new ErasureProof(7, 6, 3, 3, "one opened"), Shows.With(Opens));
        Assert.Equal(new ErasureProof(7, 6, 3, 3, "one opened"), Opens.With(Shows));
        Assert.Equal(new ErasureProof(5, 4, 6, 5, "one opened"), Opens.With(Loses));
        Assert.Equal(new ErasureProof(6, 6, 4, 4, null), Shows.With(Shows));
    }

    [Fact]
    public void It_holds_only_where_nothing_of_the_erased_opens_and_all_of_the_others_does()
    {
        Assert.True(Shows.Holds);
        Assert.True(Shows.With(Shows).Holds);
        Assert.False(Opens.Holds);
        Assert.False(Loses.Holds);
        Assert.False(Shows.With(Loses).Holds);
    }
}
