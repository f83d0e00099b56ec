namespace StingBackup.Engine.Tests.World;

/// <summary>Schedules that showed something once, as they were shortened.</summary>
internal static class ModelSeeds
{
    /// <summary>Of protocols that are wrong on purpose.</summary>
    public static IReadOnlyList<(string Mutation, string Schedule)> OfMutations { get; } =
    [
    ];
}
