using System.Globalization;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The linter of object locks: a lock that has no bucket, and one that would outlive what else is promised.</summary>
internal sealed class LockContradictions(SettingValues values, FindingList findings, string file)
{
    public void Run()
    {
        Check(TierSettings.Remote);
        Check(TierSettings.Archive);
    }

    private void Check(TierSettings tier)
    {
        if (values.IsRefused(tier.ObjectLock) || values.Get(tier.ObjectLock) == TierLockMode.None || values.IsRefused(tier.Location))
        {
            return;
        }
        var mode = tier.ObjectLock.Type.Write(values.Get(tier.ObjectLock));
        if (values.Get(tier.Location) is not { } place)
        {
            Refuse(tier.ObjectLock, $"{tier.ObjectLock.Key} is {mode}, but {tier.Location.Key} is not set: the first tier is never locked, since runs and sweeps of it must be able to delete", $"Set {tier.Location.Key} to a bucket with Object Lock, or {tier.ObjectLock.Key}: none.");
            return;
        }
        if (!S3Address.IsAddress(place))
        {
            Refuse(tier.ObjectLock, $"{tier.ObjectLock.Key} is {mode}, but {tier.Location.Key} is a folder, {place}, which locks nothing", $"Name a bucket with Object Lock in {tier.Location.Key}, or set {tier.ObjectLock.Key}: none.");
            return;
        }
        if (values.IsRefused(tier.ObjectLockDays))
        {
            return;
        }
        var physical = Settings.ClassDays[DataClass.Physical];
        Shorter(tier.ObjectLockDays, physical, "whole servers that were captured would outlive the promise of erasure");
        foreach (var (dataClass, setting) in Settings.ClassDays.OrderBy(c => c.Key))
        {
            if (dataClass != DataClass.Physical)
            {
                Shorter(tier.ObjectLockDays, setting, "what is to go by its data class could not");
            }
        }
        if (tier == TierSettings.Remote && values.Get(Settings.ArchiveLocation) is not null)
        {
            Shorter(tier.ObjectLockDays, Settings.RemoteDays, "what the archive has taken over could not leave this tier");
        }
        if (tier == TierSettings.Archive && S3Address.Parse(place).IsArchive && values.Get(TierSettings.StorageClass) == "GLACIER_IR" && values.Get(ArchiveSettings.ColdestAfterDays) > 0)
        {
            findings.Add(FindingSeverity.Warning, tier.ObjectLock.Key, values.OriginOf(tier.ObjectLock).File ?? file, values.OriginOf(tier.ObjectLock).Line,
                $"{tier.ObjectLock.Key} is {mode}: packs do not go to the coldest class by {ArchiveSettings.ColdestAfterDays.Key}, since a copy of a locked object leaves the first where it is", "Write a lifecycle rule of the bucket that moves them, and set it to 0 here.");
        }
    }

    private void Shorter(Setting<int> held, Setting<int> kept, string why)
    {
        if (!values.IsRefused(kept) && values.Get(held) > values.Get(kept))
        {
            Refuse(held, string.Create(CultureInfo.InvariantCulture, $"{held.Key} ({values.Get(held)}) is longer than {kept.Key} ({values.Get(kept)}): {why}"),
                string.Create(CultureInfo.InvariantCulture, $"Set {held.Key} to {values.Get(kept)} or less."));
        }
    }

    private void Refuse(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Error(setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }
}
