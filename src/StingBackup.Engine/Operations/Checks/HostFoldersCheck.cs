using StingBackup.Engine.Reserve.Configuration;
namespace StingBackup.Engine.Operations.Checks;

/// <summary>State, cache and logs can be written.</summary>
internal sealed class HostFoldersCheck : ImmediateCheck
{
    public override string Name => "folders";

    protected override IEnumerable<ConfigurationFinding> Look(ProbeContext context)
    {
        foreach (var (setting, path) in ((Setting, string)[])
        [
            (Settings.StateDirectory, context.Configuration.StateDirectory),
            (Settings.CacheDirectory, context.Configuration.CacheDirectory),
            (Settings.LogDirectory, context.Configuration.Log.Directory),
        ])
        {
            var folder = NearestExisting(context.Host, path);
            yield return context.Host.CanWrite(folder)
                ? context.Found(FindingSeverity.Information, setting, folder == path ? $"{path} may be written by this user" : $"{path} is not there yet and can be made")
                : context.Found(FindingSeverity.Error, setting, folder == path ? $"{path} may not be written by this user" : $"{path} is not there, and {folder} may not be written by this user",
                    $"Give this user the right, or set {setting.Key} to a folder that it may write.");
        }
    }
}
