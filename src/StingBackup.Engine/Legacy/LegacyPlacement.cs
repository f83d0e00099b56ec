using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Legacy;

/// <summary>
/// Which data class an item of an old archive is of, and whose it is. Not by the reserve's rules, which speak of today's folders: by STING's own layout of that time. What STING documents as a
/// person's folder is that person's; a dump holds everybody's rows, and is <c>system</c>'s like the rest.
/// </summary>
internal static class LegacyPlacement
{
    /// <summary>Places an item by its path within the archive.</summary>
    public static Placement Classify(EntryPath path, ItemKind kind, UsersMap users)
    {
        var text = path.ToString();
        var parts = text.Split('/');
        if (parts is [LegacyFormat.VolumesFolder, var volume, ..])
        {
            return OfSystem(IsSecret(parts.AsSpan(2)) || (volume == "config_data" && parts is [_, _, "secrets", ..]) ? DataClass.Secrets : volume switch
            {
                "vault_data" or "vault_file" => DataClass.UserFiles,
                "vault_logs" or "sting_logs" or "llm_logs" => DataClass.AuditLogs,
                _ => VolumeFile(volume),
            });
        }
        if (IsSecret(parts))
        {
            return OfSystem(DataClass.Secrets);
        }
        return parts switch
        {
            [var file] when LegacyFormat.TimeOfDump(path) is not null => OfSystem(DataClass.Metadata),
            ["env", ..] or ["conf", "secrets", ..] => OfSystem(DataClass.Secrets),
            ["logs", ..] => OfSystem(DataClass.AuditLogs),
            ["honey-reserve" or "temp-uploads", _] or ["archives", _, _, _] when kind != ItemKind.Directory => OfSystem(parts[0] == "temp-uploads" ? DataClass.TempFiles : DataClass.UserFiles),
            ["honey-reserve", var owner, ..] => OfPerson(owner, DataClass.UserFiles, users),
            ["temp-uploads", var owner, ..] => OfPerson(owner, DataClass.TempFiles, users),
            ["archives", _, _, var owner, ..] => OfPerson(owner, DataClass.UserFiles, users),
            ["honey-reserve"] or ["archives", ..] => OfSystem(DataClass.UserFiles),
            ["temp-uploads"] => OfSystem(DataClass.TempFiles),
            _ => OfSystem(DataClass.Settings),
        };
    }

    private static Placement OfSystem(DataClass dataClass) => new(false, dataClass, SubjectNames.System);

    private static Placement OfPerson(string folder, DataClass dataClass, UsersMap users) => new(false, dataClass, users.SubjectOfFolder(folder, dataClass));

    /// <summary>A volume that could not be unpacked is what it would have been.</summary>
    private static DataClass VolumeFile(string name) => name switch
    {
        "vault_data.tar.gz" or "vault_file.tar.gz" => DataClass.UserFiles,
        "vault_logs.tar.gz" or "sting_logs.tar.gz" or "llm_logs.tar.gz" => DataClass.AuditLogs,
        // What is in it cannot be told apart, and tokens are.
        "config_data.tar.gz" or "sting_certs.tar.gz" => DataClass.Secrets,
        _ => DataClass.Settings,
    };

    /// <summary>Keys and tokens by the names that STING gives them, wherever they stand.</summary>
    private static bool IsSecret(ReadOnlySpan<string> parts)
    {
        var name = parts.Length == 0 ? "" : parts[^1];
        return name is ".vault-init.json" or "vault-init.json" or ".vault-auto-init.json" or ".vault_token" or "backup_key.txt" or ".env"
            || name.StartsWith(".env.", StringComparison.Ordinal) || name.EndsWith(".env", StringComparison.Ordinal)
            || name.EndsWith(".key", StringComparison.Ordinal) || name.EndsWith("-key.pem", StringComparison.Ordinal) || name.StartsWith("privkey", StringComparison.Ordinal)
            || name.EndsWith(".p12", StringComparison.Ordinal) || name.EndsWith(".pfx", StringComparison.Ordinal);
    }
}
