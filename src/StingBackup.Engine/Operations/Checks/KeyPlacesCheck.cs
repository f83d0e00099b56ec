using StingBackup.Engine.Reserve.Configuration;
namespace StingBackup.Engine.Operations.Checks;

/// <summary>The folders of keys are there, closed to others, and more than one.</summary>
internal sealed class KeyPlacesCheck : ImmediateCheck
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public override string Name => "keys";

    protected override IEnumerable<ConfigurationFinding> Look(ProbeContext context)
    {
        var keys = context.Configuration.Keys;
        yield return LookAt(context, Settings.KeyDirectory, keys.Directory);
        foreach (var replica in keys.Replicas)
        {
            yield return LookAt(context, Settings.KeyReplicas, replica);
        }
        foreach (var place in keys.EpochPlaces)
        {
            yield return LookAt(context, Settings.EpochPlaces, place);
        }
        if (keys.Replicas.Count == 0)
        {
            yield return context.Found(FindingSeverity.Warning, Settings.KeyReplicas, $"every copy of the key store lies in {keys.Directory}: whoever loses that disk loses every backup",
                "Name a folder on another disk or host in keys.replicas.");
        }
        if (keys.EpochPlaces.Count < 2)
        {
            yield return context.Found(FindingSeverity.Warning, Settings.EpochPlaces,
                keys.EpochPlaces.Count == 0 ? $"every copy of the epoch secret lies in {keys.Directory}, beside the key store that it protects" : $"one copy of the epoch secret lies in {keys.Directory}, beside the key store that it protects",
                "Name two places on two sites in keys.epoch_places.");
        }
    }

    private static ConfigurationFinding LookAt(ProbeContext context, Setting setting, string path)
    {
        var host = context.Host;
        if (!host.DirectoryExists(path))
        {
            return context.Found(FindingSeverity.Error, setting, $"there is no folder {path}", "Run Initialize-StingRepository (sting-backup init) where there are no keys yet; else mount what belongs there.");
        }
        if (!host.CanRead(path))
        {
            // A host that only backs up may not read the key role's folder, and need not.
            return context.Found(FindingSeverity.Information, setting, $"{path} may not be read by this user: restores need it");
        }
        return host.ModeOf(path) is { } mode && (mode & Others) != 0
            ? context.Found(FindingSeverity.Warning, setting, $"others on this machine may enter {path} (mode {Convert.ToString((int)mode, 8)})", $"chmod 700 {path}")
            : context.Found(FindingSeverity.Information, setting, $"{path} is there, and closed to others");
    }
}
