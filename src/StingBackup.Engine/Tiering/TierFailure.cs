namespace StingBackup.Engine.Tiering;

/// <summary>What fails between tiers, in the words of whoever asked for it.</summary>
internal static class TierFailure
{
    /// <summary>A failure with what waits because of it.</summary>
    /// <param name="failure">What failed.</param>
    /// <param name="installation">The installation.</param>
    /// <param name="tier">The tier that was worked on.</param>
    /// <param name="waits">A sentence with a space before it, or empty.</param>
    public static StingException Telling(StingException failure, Installation installation, Tier tier, string waits) => TierSyncJob.IsAway(failure)
        ? new StingException("TierUnavailable", failure.Kind, $"The {tier} tier cannot be reached: {failure.Message}{waits}", installation.LocationOf(tier), failure.Remedy, failure)
        : new StingException(failure.ErrorId, failure.Kind, $"{failure.Message}{waits}", failure.Target, failure.Remedy, failure);
}
