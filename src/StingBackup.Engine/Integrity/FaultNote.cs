using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Integrity;

/// <summary>That a verification found damage on a tier: <c>state/tiers/&lt;tier&gt;/faults.json</c>, until one that looks as deep at all of it finds none, or a repair leaves none. For the status and alerts.</summary>
/// <param name="Time">When it was found.</param>
/// <param name="Level">How deep the verification went.</param>
/// <param name="Objects">How many objects.</param>
/// <param name="First">One of them.</param>
internal sealed record FaultNote(DateTimeOffset Time, IntegrityLevel Level, long Objects, string First)
{
    /// <summary>The note of a tier; null where nothing is known to be damaged.</summary>
    public static FaultNote? Read(Installation installation, Tier tier) => StateFile.Read<FaultNote>(PathOf(installation, tier));

    /// <summary>Keeps what a verification found. One that looked at a part says nothing of the rest.</summary>
    public static void Keep(Installation installation, VerifyRequest request, IntegrityResult result)
    {
        if (request.Level == IntegrityLevel.References)
        {
            return;   // rows that name files which are not there are no damage of the repository
        }
        var known = Read(installation, request.Tier);
        if (result.Faults.Count > 0)
        {
            Write(installation, request.Tier, new FaultNote(installation.Clock.GetUtcNow(), request.Level, result.Faults.Count, result.Faults[0].Object));
        }
        else if (known is not null && request.Level >= known.Level && request is { Date: null, BackupId: null, SamplePercent: 100, OlderThan: null } && result.PacksLeft == 0)
        {
            Clear(installation, request.Tier);
        }
    }

    /// <summary>A repair that proved every pack has left so many faults.</summary>
    public static void Keep(Installation installation, Tier tier, IReadOnlyList<IntegrityFault> left)
    {
        if (left.Count == 0)
        {
            Clear(installation, tier);
        }
        else
        {
            Write(installation, tier, new FaultNote(installation.Clock.GetUtcNow(), IntegrityLevel.Packs, left.Count, left[0].Object));
        }
    }

    private static string PathOf(Installation installation, Tier tier) => Path.Combine(installation.TierFolder(tier), "faults.json");

    private static void Write(Installation installation, Tier tier, FaultNote note)
    {
        try
        {
            StateFile.Write(PathOf(installation, tier), note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The verification itself tells each fault; this only keeps it for later looks.
        }
    }

    private static void Clear(Installation installation, Tier tier)
    {
        try
        {
            File.Delete(PathOf(installation, tier));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is told again until the file can be removed.
        }
    }
}
