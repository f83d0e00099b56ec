namespace StingBackup.Engine.Operations.Drills;

/// <summary>The strategy's table of recovery tests: of each the tier, how often, how long the recovery may take, and how long the test.</summary>
/// <param name="Type">Which.</param>
/// <param name="Scenario">What the strategy calls what it proves.</param>
/// <param name="Tier">The tier that it restores from.</param>
/// <param name="Every">How often it is held.</param>
/// <param name="Target">The recovery time objective, thawing included.</param>
/// <param name="Bound">How long the test may take, thawing aside.</param>
internal sealed record DrillKind(RecoveryTestType Type, string Scenario, Tier Tier, TimeSpan Every, TimeSpan Target, TimeSpan Bound)
{
    /// <summary>All of them. The strategy names "full restore" for a honey jar, which is a matter of the run and not of the tier: the nearest tier that has the full run is right.</summary>
    public static IReadOnlyList<DrillKind> All { get; } =
    [
        new(RecoveryTestType.File, "Single file", Tier.Local, TimeSpan.FromDays(7), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30)),
        new(RecoveryTestType.User, "User's Honey Reserve", Tier.Remote, TimeSpan.FromDays(30), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2)),
        new(RecoveryTestType.HoneyJar, "Honey Jar collection", Tier.Local, TimeSpan.FromDays(30), TimeSpan.FromHours(2), TimeSpan.FromHours(1)),
        new(RecoveryTestType.Full, "Complete system", Tier.Archive, TimeSpan.FromDays(91), TimeSpan.FromHours(24), TimeSpan.FromHours(8)),
    ];

    /// <summary>One of them.</summary>
    public static DrillKind Of(RecoveryTestType type) => All.First(kind => kind.Type == type);

    /// <summary>Whether a restore from a tier is evidence.</summary>
    public bool IsNamed(Tier tier) => tier == Tier || Type == RecoveryTestType.HoneyJar;

    /// <summary>How late a test may be before that is told: a tenth of the time between two, and a day at least.</summary>
    public TimeSpan Slack => TimeSpan.FromDays(Math.Max(1, Every.TotalDays / 10));
}
