namespace StingBackup.Engine.Tests.World;

/// <summary>Schedules that showed something once, as they were shortened.</summary>
internal static class ModelSeeds
{
    /// <summary>Of protocols that are wrong on purpose.</summary>
    public static IReadOnlyList<(string Mutation, string Schedule)> OfMutations { get; } =
    [
    ];

    /// <summary>Of defects of the engine, which are mended.</summary>
    public static IReadOnlyList<(string Defect, string Schedule)> OfDefects { get; } =
    [
        ("a sweep takes packs out of the index that a run stored between its two listings, and whose point comes next",
            "3 1; Start 2 1 22351; Go 2 1 0; Go 2 1 0; Go 2 2 0; Go 2 2 0; Go 2 1 0; Go 2 1 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Go 2 1 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Start 0 4 58673; Go 0 2 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Go 0 2 0; Go 2 2 0; Go 0 2 0; Go 2 2 0; Go 0 1 0; Go 2 2 0"),
        ("a subject that another host claims between the look for it and the listing is called missing",
            "3 1; Write 2 39120 48871; Start 2 0 61946; Go 2 6 0; Go 2 7 0; Start 1 1 1074; Go 1 2 0; Go 2 4 0; Go 1 7 0; Go 1 6 0; Go 2 4 0; Go 1 3 0; Go 1 7 0"),
        ("an erasure breaks on a host that has keys and never backed anything up",
            "2 0; Start 0 0 5; Go 0 500 0; Start 1 13 0; Go 1 500 0; Pass 0 120 0; Start 1 14 0; Go 1 500 0"),
    ];
}
