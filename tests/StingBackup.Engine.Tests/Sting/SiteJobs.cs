using StingBackup.Engine.Backup;
using StingBackup.Engine.Operations.Verification;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>Jobs by a configuration file, each as a process of its own would run it: real keys, real sources.</summary>
internal static class SiteJobs
{
    public static Task<BackupResult> BackupAsync(string configuration, BackupType type = BackupType.Incremental, IReadOnlyList<DataClass>? classes = null) => WithAsync(configuration, async installation =>
    {
        var plan = await BackupJob.PlanAsync(installation, type, classes, due: false, default);
        return await TestInstallation.CompleteAsync<BackupResult>(BackupJob.RunAsync(installation, plan, default));
    });

    /// <summary>Restores; gives what it warned of.</summary>
    public static Task<List<string>> RestoreAsync(string configuration, RestoreRequest request) => WithAsync(configuration, async installation =>
    {
        var plan = await RestoreJob.PlanAsync(installation, request, default);
        var warnings = new List<string>();
        await foreach (var happened in RestoreJob.RunAsync(installation, plan, default))
        {
            if (happened is ItemFailedEvent failed)
            {
                throw failed.Error;
            }
            if (happened is WarningEvent warning)
            {
                warnings.Add(warning.Message);
            }
        }
        return warnings;
    });

    public static Task<IntegrityResult> VerifyAsync(string configuration, IntegrityLevel level) => WithAsync(configuration, installation =>
        TestInstallation.CompleteAsync<IntegrityResult>(VerifyJob.RunAsync(installation, new VerifyRequest { Level = level }, default), [], []));

    private static async Task<T> WithAsync<T>(string configuration, Func<Installation, Task<T>> work)
    {
        await using var installation = await Installation.OpenAsync(new ConfigurationLoader(new HostView()).Load(configuration), new InstallationOptions(), default);
        return await work(installation);
    }
}
