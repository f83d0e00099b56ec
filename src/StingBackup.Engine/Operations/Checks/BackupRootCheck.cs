using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>The repository's folder can be written and has room.</summary>
internal sealed class BackupRootCheck : ImmediateCheck
{
    /// <summary>Below this a run may well fail.</summary>
    private const long LeastFree = 1_000_000_000;

    /// <summary>The strategy: a warning at 80 % used, the next at 90 %.</summary>
    private const double Warning = 0.80, Critical = 0.90;

    public override string Name => "repository";

    protected override IEnumerable<ConfigurationFinding> Look(ProbeContext context)
    {
        var root = context.Configuration.Repository.BackupRoot;
        if (Storage.S3.S3Address.IsAddress(root))
        {
            yield break;   // the bucket has a check of its own
        }
        var exists = context.Host.DirectoryExists(root);
        var folder = NearestExisting(context.Host, root);
        if (!exists)
        {
            yield return context.Found(FindingSeverity.Warning, Settings.BackupRoot, $"there is no folder {root}", "Run Initialize-StingRepository (sting-backup init), or mount the disk that belongs there.");
        }
        yield return context.Host.CanWrite(folder)
            ? context.Found(FindingSeverity.Information, Settings.BackupRoot, $"{folder} may be written by this user")
            : context.Found(FindingSeverity.Error, Settings.BackupRoot, $"{folder} may not be written by this user", "Give this user the right to write it; a disk that is mounted read-only also shows like this.");
        yield return Room(context, folder);
    }

    private static ConfigurationFinding Room(ProbeContext context, string folder)
    {
        if (context.Host.RoomOf(folder) is not { } room || room.Total == 0)
        {
            return context.Found(FindingSeverity.Warning, Settings.BackupRoot, $"how much room {folder} has cannot be told", "Look at the file system that holds it.");
        }
        var used = 1 - (double)room.Free / room.Total;
        var text = string.Create(CultureInfo.InvariantCulture, $"the file system of {folder} is {used * 100:0} % full, {room.Free / 1e9:0.0} GB are free");
        return room.Free < LeastFree ? context.Found(FindingSeverity.Error, Settings.BackupRoot, text, "Make room before the next run.")
            : used >= Critical ? context.Found(FindingSeverity.Warning, Settings.BackupRoot, text + "; critical from 90 %", "Make room, or move the repository.")
            : used >= Warning ? context.Found(FindingSeverity.Warning, Settings.BackupRoot, text, "Plan for more room.")
            : context.Found(FindingSeverity.Information, Settings.BackupRoot, text);
    }
}
