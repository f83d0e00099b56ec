using System.Globalization;
using System.Text;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Finds settings that each make sense alone, but not together.</summary>
internal sealed class ContradictionCheck(SettingValues values, IHostView host, FindingList findings, string file)
{
    private readonly string? _backupRoot = Storage.S3.S3Address.IsAddress(values.Get(Settings.BackupRoot)) ? null : Real(host, values.Get(Settings.BackupRoot));
    private readonly string? _reserve = Real(host, values.Get(Settings.ReservePath));

    public void Run()
    {
        CheckRoots();
        CheckKeys();
        CheckHostFolders();
        CheckIdentity();
        CheckPriority();
        new KeyVaultContradictions(values, host, findings, file).Run();
        new RetentionContradictions(values, findings, file).Run();
        new SourceContradictions(values, host, findings, file).Run();
        new TierContradictions(values, findings, file).Run();
        new AccessContradictions(values, findings, file).Run();
        new PortalContradictions(values, findings, file).Run();
    }

    private void CheckRoots()
    {
        if (_backupRoot is null || _reserve is null)
        {
            return;
        }
        if (IsWithin(_reserve, _backupRoot))
        {
            Refuse(Settings.ReservePath, _reserve == _backupRoot
                    ? $"the reserve and the repository are one folder, {_reserve}"
                    : $"the reserve {_reserve} lies in repository.backup_root {_backupRoot}",
                "Keep the repository in a folder of its own, outside the reserve.");
        }
        else if (IsWithin(_backupRoot, _reserve) && !IsExcluded(_backupRoot))
        {
            Refuse(Settings.BackupRoot, $"the repository {_backupRoot} lies in the reserve {_reserve}, so that each run would back up the ones before",
                $"Move it, or leave it out: reserve.exclude: [\"/{RelativeToReserve(_backupRoot)}/\"].");
        }
    }

    private void CheckPriority()
    {
        if (values.Get(ScheduleSettings.Priority).GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            Refuse(ScheduleSettings.Priority, $"{twice.Key} stands in it twice", "Name each data class once.");
        }
    }

    private void CheckKeys()
    {
        var places = new List<(Setting Setting, string Path)> { (Settings.KeyDirectory, Real(host, values.Get(Settings.KeyDirectory))!) };
        places.AddRange(values.Get(Settings.KeyReplicas).Select(p => ((Setting)Settings.KeyReplicas, Real(host, p)!)));
        places.AddRange(values.Get(Settings.EpochPlaces).Select(p => ((Setting)Settings.EpochPlaces, Real(host, p)!)));
        foreach (var (setting, path) in places)
        {
            if (SourceFolders().FirstOrDefault(f => IsWithin(path, f)) is { } source)
            {
                // Not even where a glob leaves it out: what is backed up can never be made to forget.
                Refuse(setting, $"{path} lies in the reserve {source}; keys may lie in no source of a backup", "Move it out of the reserve.");
            }
            else if (_backupRoot is not null && IsWithin(path, _backupRoot))
            {
                if (values.Get(Settings.AllowKeysInBackupRoot))
                {
                    var origin = values.OriginOf(setting);
                    findings.Add(FindingSeverity.Warning, setting.Key, origin.File ?? file, origin.Line, $"keys lie under the repository, in {path}: whoever takes the one has the other, and erasure reaches neither",
                        "Move them apart, and remove keys.allow_under_backup_root.");
                }
                else
                {
                    Refuse(setting, $"{path} lies under repository.backup_root {_backupRoot}: whoever takes the backups would have the keys",
                        "Move the keys elsewhere; to keep them there all the same, set keys.allow_under_backup_root: true.");
                }
            }
        }
        foreach (var group in places.GroupBy(p => p.Path, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            Refuse(group.Last().Setting, $"{group.Key} is named twice ({string.Join(", ", group.Select(g => g.Setting.Key))}); a copy beside itself protects nothing, and an epoch secret beside the key store hides nothing",
                "Name each folder once.");
        }
    }

    private void CheckHostFolders()
    {
        foreach (var setting in (Setting<string?>[])[Settings.StateDirectory, Settings.CacheDirectory, Settings.LogDirectory, DrillSettings.Directory])
        {
            if (values.Get(setting) is not { } folder)
            {
                continue;
            }
            var path = Real(host, folder)!;
            if (_reserve is not null && IsWithin(path, _reserve) && (setting == Settings.StateDirectory || !IsExcluded(path)))
            {
                Refuse(setting, $"{path} lies in the reserve {_reserve}, so that each run would change what it backs up", setting == Settings.StateDirectory
                    ? "Move it out of the reserve."
                    : $"Move it, or leave it out: reserve.exclude: [\"/{RelativeToReserve(path)}/\"].");
            }
            else if (_backupRoot is not null && IsWithin(path, _backupRoot))
            {
                Refuse(setting, $"{path} lies under repository.backup_root {_backupRoot}, where nothing but the repository belongs", "Move it.");
            }
        }
    }

    private void CheckIdentity()
    {
        Setting<string?> present = Settings.ReserveId, missing = Settings.KeyFingerprint;
        if (values.Get(present) is null)
        {
            (present, missing) = (missing, present);
        }
        if (values.Get(present) is not null && values.Get(missing) is null && !values.IsRefused(missing))
        {
            Refuse(present, $"{present.Key} is set, but {missing.Key} is not: neither says alone which repository to trust", $"Set both as 'init' wrote them, or neither before 'init'.");
        }
    }

    private IEnumerable<string> SourceFolders() => (_reserve is null ? [] : (string[])[_reserve]).Concat(values.Get(SourceSettings.Folders).Select(f => Real(host, f.Path)!))
        .Concat(Real(host, values.Get(ChromaSourceSettings.Path)) is { } chroma ? [chroma] : []);

    private bool IsExcluded(string path)
    {
        if (values.IsRefused(Settings.Exclude) || values.IsRefused(Settings.ExcludeSystem) || values.IsRefused(Settings.Rules))
        {
            return true;   // What the globs say is not known; that they are wrong is told already.
        }
        var map = ReserveMap.Compile(new ReserveSettings
        {
            Path = _reserve!,
            Rules = values.Get(Settings.Rules),
            Exclude = values.Get(Settings.Exclude),
            ExcludeSystem = values.Get(Settings.ExcludeSystem),
        }, UsersMap.Empty);
        return map.Classify(EntryPath.FromBytes(Encoding.UTF8.GetBytes(RelativeToReserve(path))), ItemKind.Directory).IsExcluded;
    }

    private string RelativeToReserve(string path) => Path.GetRelativePath(_reserve!, path).Replace('\\', '/');

    private void Refuse(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Error(setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }

    private static string? Real(IHostView host, string? path) => path is null ? null : host.RealPath(path);

    private static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(folder.EndsWith(Path.DirectorySeparatorChar) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
