using StingBackup.Engine.Integrity;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tiering;

/// <summary>What a look at the status needs to know of further tiers. Opens none of them.</summary>
internal static class TierWatch
{
    /// <summary>Packs that the index names and that no tier is known to hold. What the local tier let go lies on the next one; what that one let go lies in the archive by chunks, which only a verification looks up.</summary>
    public static IEnumerable<PackInfo> MissingOf(Installation installation, RepositoryIndex index, Census census)
    {
        var absent = index.Packs.Where(p => !census.Objects.ContainsKey(p.Name)).ToList();
        if (absent.Count == 0 || installation.FurtherTiers.Count == 0)
        {
            return absent;
        }
        if (installation.FurtherTiers.ContainsKey(Tier.Archive))
        {
            return absent.Where(p => p.Kind != ObjectKind.DataPack);
        }
        var confirmed = installation.MemoryOf(Tier.Remote).ReadConfirmed();
        return absent.Where(p => p.Kind != ObjectKind.DataPack || confirmed?.Contains(p.Name) != true);
    }

    /// <summary>Warns of a remote tier that lags more than it may.</summary>
    public static async ValueTask<IReadOnlyList<string>> WarningsAsync(Installation installation, CancellationToken cancel)
    {
        if (!installation.FurtherTiers.ContainsKey(Tier.Remote) || await TierBacklogReader.ReadAsync(installation, Tier.Remote, cancel).ConfigureAwait(false) is not { } waiting
            || TierStatusReader.LagOf(waiting, installation) is var lag && lag <= installation.RemoteLag)
        {
            return [];
        }
        var failure = installation.MemoryOf(Tier.Remote).ReadNote().Failure;
        return [FormattableString.Invariant($"The Remote tier lags by {Display.Duration(lag)}, more than remote.every_minutes allows: {TierBacklogReader.Tell(waiting, installation)} {(failure.Length > 0 ? $"The last attempt failed: {failure}" : "Run Sync-StingTier (sting-backup sync).")}")];
    }
}
