using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What is said about tiers that does not fit together.</summary>
internal sealed class TierContradictions(SettingValues values, FindingList findings, string file)
{
    public void Run()
    {
        Check(TierSettings.Remote, IsAtBackupRoot("s3://"));
        Check(TierSettings.Archive, IsAtBackupRoot("glacier://"));
        new LockContradictions(values, findings, file).Run();
        RefuseFoldersWithinEachOther();
        if (values.Get(TierTimes.ParityPercent) > 0 && S3Address.IsAddress(values.Get(Settings.BackupRoot)))
        {
            Refuse(TierTimes.ParityPercent, $"{TierTimes.ParityPercent.Key} is set, but {Settings.BackupRoot.Key} names a bucket: parity is kept in folders alone", $"Remove {TierTimes.ParityPercent.Key}: the bucket's service keeps its objects whole, and sync and repair prove it.");
        }
        var places = new[] { Settings.BackupRoot, Settings.RemoteLocation, Settings.ArchiveLocation }.Where(s => S3Address.IsAddress(values.Get(s))).Select(s => (Setting: s, Address: S3Address.Parse(values.Get(s)!))).ToArray();
        foreach (var group in places.GroupBy(p => (p.Address.Bucket, p.Address.Prefix)).Where(g => g.Count() > 1))
        {
            Refuse(group.Last().Setting, $"{string.Join(" and ", group.Select(g => g.Setting.Key))} name one place, {group.Last().Address}: a tier that is its own copy protects nothing", "Name a bucket, or at least a prefix, of its own for each.");
        }
    }

    private void RefuseFoldersWithinEachOther()
    {
        Setting<string?>[] settings = [Settings.BackupRoot, Settings.RemoteLocation, Settings.ArchiveLocation];
        var folders = settings.Select(s => (Setting: s, Path: values.Get(s))).Where(f => f.Path is not null && !S3Address.IsAddress(f.Path)).ToArray();
        for (var later = 1; later < folders.Length; later++)
        {
            foreach (var (earlier, path) in folders[..later].Where(f => IsWithin(f.Path!, folders[later].Path!) || IsWithin(folders[later].Path!, f.Path!)))
            {
                Refuse(folders[later].Setting, $"{earlier.Key} and {folders[later].Setting.Key} lie in one folder, {path}: a tier that is its own copy protects nothing", "Name a folder of its own for each, on other disks.");
            }
        }
    }

    private static bool IsWithin(string path, string folder) => (path.TrimEnd('/') + '/').StartsWith(folder.TrimEnd('/') + '/', StringComparison.Ordinal);

    private void Check(TierSettings tier, bool isAtBackupRoot)
    {
        if (values.Get(tier.Location) is null && !values.IsRefused(tier.Location) && !isAtBackupRoot && tier.All.FirstOrDefault(s => values.OriginOf(s).IsFile) is { } lonely)
        {
            Refuse(lonely, $"{lonely.Key} is set, but neither {tier.Location.Key} nor {Settings.BackupRoot.Key} names a bucket of this tier", $"Set {tier.Location.Key}, or remove it.");
            return;
        }
        if (values.Get(tier.Endpoint) is { } endpoint && new Uri(endpoint) is { Scheme: "http", IsLoopback: false } open)
        {
            Warn(tier.Endpoint, $"{open.Authority} is spoken to without TLS: whoever listens sees names, sizes and ciphertext, and can repeat requests", "Write https://.");
        }
        CheckCredentials(tier);
    }

    private void CheckCredentials(TierSettings tier)
    {
        var login = values.Get(tier.Credentials);
        foreach (var (setting, of) in ((Setting, BucketLogin)[])[(tier.Profile, BucketLogin.Profile), (tier.CredentialsFile, BucketLogin.Profile), (tier.VaultSecret, BucketLogin.Vault)])
        {
            if (login != of && values.OriginOf(setting).IsFile && !values.IsRefused(tier.Credentials))
            {
                Warn(setting, $"{setting.Key} is not used: {tier.Credentials.Key} is {tier.Credentials.Type.Write(login)}", $"Set {tier.Credentials.Key}: {tier.Credentials.Type.Write(of)}, or remove it.");
            }
        }
        if (login != BucketLogin.Vault)
        {
            return;
        }
        if (values.Get(tier.VaultSecret) is null && !values.IsRefused(tier.VaultSecret))
        {
            Refuse(tier.Credentials, $"{tier.Credentials.Key} is vault, but {tier.VaultSecret.Key} is not set", $"Name the secret: {tier.VaultSecret.Key}: secret/sting-backup/s3.");
        }
        if (values.Get(VaultKeySettings.Address) is not null)
        {
            return;
        }
        if (values.Get(SourceSettings.VaultAddress) is null)
        {
            Refuse(tier.Credentials, $"{tier.Credentials.Key} is vault, but neither {VaultKeySettings.Address.Key} nor {SourceSettings.VaultAddress.Key} names one", $"Set {VaultKeySettings.Address.Key}.");
        }
        else
        {
            Warn(tier.Credentials, "the bucket's credentials lie in the Vault that is backed up: when it is lost, so is the way to its backups",
                $"Keep them in another Vault ({VaultKeySettings.Address.Key}), or a copy of them elsewhere.");
        }
    }

    private bool IsAtBackupRoot(string scheme) => values.Get(Settings.BackupRoot)?.StartsWith(scheme, StringComparison.Ordinal) == true;

    private void Warn(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Add(FindingSeverity.Warning, setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }

    private void Refuse(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Error(setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }
}
