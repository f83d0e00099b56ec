using System.Globalization;
using System.Text.RegularExpressions;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Legacy;

/// <summary>
/// What STING's own <c>manage_sting.sh backup</c> writes (lib/backup.sh of STING-CE 1.0.0, <c>perform_backup</c>): one gzip-compressed tar of the installation's folder, into which it puts
/// <c>db_backup_TIME.sql</c>, pg_dump's script of the application's database, and <c>docker_volumes/NAME.tar.gz</c>, one for each volume that it names and finds.
/// TIME is the host's clock when the backup began, <c>date +%Y%m%d_%H%M%S</c>.
/// </summary>
internal static partial class LegacyFormat
{
    /// <summary>The folder that volumes stand in.</summary>
    public const string VolumesFolder = "docker_volumes";

    /// <summary>Where imported archives stand among the reserve's paths.</summary>
    public static readonly EntryPath Mount = EntryPath.Parse("legacy");

    /// <summary>What <c>encrypt_backup</c> puts behind an archive's name.</summary>
    public const string EncryptedSuffix = ".enc";

    /// <summary>What <c>create_checksum</c> puts behind a file's name: sha256sum's output.</summary>
    public const string ChecksumSuffix = ".checksum";

    private const string TimePattern = "yyyyMMdd_HHmmss";

    /// <summary>The volumes that STING's script takes, where there are any of these names, and what is in each.</summary>
    public static IReadOnlyDictionary<string, string> Volumes { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["config_data"] = "settings and tokens of the running services",
        ["vault_data"] = "Vault's data",
        ["vault_file"] = "Vault's storage: what people uploaded, reports, avatars",
        ["vault_logs"] = "Vault's logs",
        ["sting_logs"] = "logs of the services",
        ["sting_certs"] = "certificates",
        ["llm_logs"] = "logs of the language models",
    };

    /// <summary>Volumes that hold a part of the reserve and that STING's script never takes, and what is in each.</summary>
    public static IReadOnlyDictionary<string, string> VolumesNeverTaken { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["chroma_data"] = "Chroma: chunks and embeddings",
        ["knowledge_uploads"] = "documents of honey jars",
        ["sting_uploads"] = "uploads on their way",
    };

    /// <summary>The name without endings that a file of this time has: <c>sting_backup_20251102_020000</c>.</summary>
    public static string StemOf(DateTime local) => "sting_backup_" + local.ToString(TimePattern, CultureInfo.InvariantCulture);

    /// <summary>The time in an archive's name, or null where it has another name.</summary>
    public static DateTime? TimeInName(string fileName) => TimeIn(ArchiveName().Match(fileName));

    /// <summary>The time in a dump's name, or null where it is no dump.</summary>
    public static DateTime? TimeOfDump(EntryPath path) => TimeIn(DumpName().Match(path.ToString()));

    /// <summary>The volume that an entry holds, or null.</summary>
    public static string? VolumeIn(EntryPath path) => VolumeName().Match(path.ToString()) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>Whether a file in a folder of backups is one of these archives, by its name.</summary>
    public static bool IsArchiveName(string fileName) => ArchiveName().IsMatch(fileName);

    private static DateTime? TimeIn(Match match) =>
        match.Success && DateTime.TryParseExact(match.Groups[1].ValueSpan, TimePattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    [GeneratedRegex(@"^sting_backup_(\d{8}_\d{6})\.tar\.gz(?:\.enc)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex ArchiveName();

    [GeneratedRegex(@"^db_backup_(\d{8}_\d{6})\.sql\z", RegexOptions.CultureInvariant)]
    private static partial Regex DumpName();

    [GeneratedRegex(@"^docker_volumes/([A-Za-z0-9][A-Za-z0-9_.-]*)\.tar\.gz\z", RegexOptions.CultureInvariant)]
    private static partial Regex VolumeName();
}
