using StingBackup.Engine.Basics;
namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What is said about sources that do not fit together.</summary>
internal sealed class SourceContradictions(SettingValues values, IHostView host, FindingList findings, string file)
{
    public void Run()
    {
        CheckFolders();
        CheckVault();
        CheckChroma();
        Needs(SourceSettings.PostgresHost, "postgresql", SourceSettings.PostgresUser, SourceSettings.PostgresRestoreUser, SourceSettings.PostgresPort, SourceSettings.PostgresPassFile, SourceSettings.PostgresDatabases, SourceSettings.PostgresTls, SourceSettings.PostgresAuthorities,
            SourceSettings.PostgresTools, SourceSettings.PostgresContainer);
        CheckCapture();
    }

    private void CheckCapture()
    {
        var enabled = values.Get(CaptureSettings.Enabled);
        if (enabled && values.Get(SourceSettings.PostgresHost) is null && !values.IsRefused(SourceSettings.PostgresHost))
        {
            Refuse(CaptureSettings.Enabled, "capture.enabled is true, but postgresql.host is not set: there is no server to capture", "Set postgresql.host, or remove the section.");
        }
        if (!enabled && !values.IsRefused(CaptureSettings.Enabled) && CaptureSettings.All.FirstOrDefault(s => s != CaptureSettings.Enabled && values.OriginOf(s).IsFile) is { } lonely)
        {
            Refuse(lonely, $"{lonely.Key} is set, but capture.enabled is not true: nothing is captured", "Set capture.enabled: true, or remove the section.");
        }
        if (!enabled || values.Get(CaptureSettings.SpoolDirectory) is not { } spool)
        {
            return;
        }
        var path = host.RealPath(spool);
        foreach (var (setting, other) in ((Setting<string?>, string)[])[(Settings.ReservePath, "the reserve"), (Settings.BackupRoot, "the repository")])
        {
            if (values.Get(setting) is { } folder && !Storage.S3.S3Address.IsAddress(folder) && IsWithin(path, host.RealPath(folder)))
            {
                Refuse(CaptureSettings.SpoolDirectory, $"the spool {path} lies in {other} {folder}", "Name a folder of its own, on another disk than the database's.");
            }
        }
    }

    private void CheckFolders()
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        if (values.Get(SourceSettings.VaultAddress) is not null)
        {
            taken.Add(ReserveMounts.Vault.ToString());
        }
        if (values.Get(SourceSettings.PostgresHost) is not null)
        {
            taken.Add(ReserveMounts.PostgreSql.ToString());
        }
        if (values.Get(ChromaSourceSettings.Path) is not null)
        {
            taken.Add(ReserveMounts.Chroma.ToString());
        }
        if (values.Get(ChromaSourceSettings.Address) is not null)
        {
            taken.Add(ReserveMounts.Vectors.ToString());
        }
        var root = values.Get(Settings.BackupRoot) is { } backups && !Storage.S3.S3Address.IsAddress(backups) ? host.RealPath(backups) : null;
        foreach (var folder in values.Get(SourceSettings.Folders))
        {
            if (!taken.Add(folder.At))
            {
                Refuse(SourceSettings.Folders, $"two sources would stand at '{folder.At}' in the reserve", "Give each folder a name of its own.");
            }
            var path = host.RealPath(folder.Path);
            if (root is not null && (IsWithin(root, path) || IsWithin(path, root)))
            {
                Refuse(SourceSettings.Folders, $"{folder.Path} and repository.backup_root {root} lie in each other, so that each run would back up the ones before", "Keep the repository in a folder of its own, outside of every source.");
            }
        }
    }

    private void CheckVault()
    {
        Needs(SourceSettings.VaultAddress, "vault", SourceSettings.VaultMount, SourceSettings.VaultPrefix, SourceSettings.VaultNamespace, SourceSettings.VaultAuthorities, SourceSettings.VaultTokenFile, SourceSettings.VaultRoleId, SourceSettings.VaultSecretIdFile,
            SourceSettings.VaultMasterKeyFiles);
        if (values.Get(SourceSettings.VaultTokenFile) is not null && values.Get(SourceSettings.VaultRoleId) is not null)
        {
            var origin = values.OriginOf(SourceSettings.VaultTokenFile);
            findings.Add(FindingSeverity.Warning, SourceSettings.VaultTokenFile.Key, origin.File ?? file, origin.Line, "vault.token_file is not used: vault.role_id logs in", "Remove the one that is not meant.");
        }
        if (values.Get(SourceSettings.VaultSecretIdFile) is not null && values.Get(SourceSettings.VaultRoleId) is null)
        {
            Refuse(SourceSettings.VaultSecretIdFile, "vault.secret_id_file is set, but vault.role_id is not", "Set vault.role_id too.");
        }
    }

    private void CheckChroma()
    {
        Needs(ChromaSourceSettings.Address, "chroma by collections", ChromaSourceSettings.Tenant, ChromaSourceSettings.Database, ChromaSourceSettings.TokenFile);
        if (values.Get(ChromaSourceSettings.Path) is not { } chroma)
        {
            return;
        }
        var path = host.RealPath(chroma);
        if (values.Get(Settings.BackupRoot) is { } backups && !Storage.S3.S3Address.IsAddress(backups) && host.RealPath(backups) is var root && (IsWithin(root, path) || IsWithin(path, root)))
        {
            Refuse(ChromaSourceSettings.Path, $"{path} and repository.backup_root {root} lie in each other, so that each run would back up the ones before", "Keep the repository in a folder of its own, outside of every source.");
        }
        // Read file by file while Chroma writes it is worth nothing, and it would be kept for as long as files are, with everybody's chunks in it.
        foreach (var (setting, folder, _) in Folders().Where(f => IsWithin(path, f.Folder) && !IsLeftOut(path, f.Folder, f.At)))
        {
            Refuse(ChromaSourceSettings.Path, $"{path} lies in {folder} ({setting.Key}), which would back it up too, as files that change while they are read, and keep everybody's chunks for {RetentionTable.DaysOf(values, DataClass.Settings)} days",
                "Leave it out there by reserve.exclude.");
        }
    }

    private IEnumerable<(Setting Setting, string Folder, string At)> Folders()
    {
        if (values.Get(Settings.ReservePath) is { } reserve)
        {
            yield return (Settings.ReservePath, host.RealPath(reserve), "");
        }
        foreach (var folder in values.Get(SourceSettings.Folders))
        {
            yield return (SourceSettings.Folders, host.RealPath(folder.Path), folder.At);
        }
    }

    private bool IsLeftOut(string path, string folder, string at)
    {
        if (values.IsRefused(Settings.Exclude) || values.IsRefused(Settings.ExcludeSystem) || values.IsRefused(Settings.Rules))
        {
            return true;   // What the globs say is not known; that they are wrong is told already.
        }
        var map = ReserveMap.Compile(new ReserveSettings { Path = folder, Rules = values.Get(Settings.Rules), Exclude = values.Get(Settings.Exclude), ExcludeSystem = values.Get(Settings.ExcludeSystem) }, UsersMap.Empty);
        var below = path == folder ? "" : Path.GetRelativePath(folder, path).Replace('\\', '/');
        var inReserve = string.Join('/', ((string[])[at, below]).Where(p => p.Length > 0));
        return map.Classify(EntryPath.FromBytes(System.Text.Encoding.UTF8.GetBytes(inReserve)), ItemKind.Directory).IsExcluded;
    }

    /// <summary>What belongs to a source that is not named does nothing, which its writer should know.</summary>
    private void Needs(Setting<string?> source, string section, params Setting[] others)
    {
        if (values.Get(source) is null && !values.IsRefused(source) && others.FirstOrDefault(s => values.OriginOf(s).IsFile) is { } lonely)
        {
            Refuse(lonely, $"{lonely.Key} is set, but {source.Key} is not: nothing of {section} is backed up", $"Set {source.Key}, or remove the section.");
        }
    }

    private void Refuse(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Error(setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }

    private static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(folder.EndsWith(Path.DirectorySeparatorChar) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
