using System.Globalization;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// The name of a run: <c>backup_yyyyMMdd_HHmmss</c> in the configured time zone, with <c>_2</c>, <c>_3</c> … where it is taken (by another host, or in a repeated hour).
/// A name for people: the point itself stores UTC and offset.
/// </summary>
/// <param name="Local">The clock's reading in the configured zone, to the second.</param>
/// <param name="Number">1 without suffix, else the suffix.</param>
public readonly record struct BackupId(DateTime Local, int Number)
{
    private const string Prefix = "backup_";
    private const string Pattern = "yyyyMMdd_HHmmss";

    /// <summary>The name of a moment, without suffix.</summary>
    public static string Format(DateTimeOffset moment, TimeZoneInfo zone) =>
        Prefix + TimeZoneInfo.ConvertTime(moment, zone).ToString(Pattern, CultureInfo.InvariantCulture);

    /// <summary>The name of a moment, with the first suffix that is free.</summary>
    /// <param name="moment">When the run began.</param>
    /// <param name="zone">The configured zone.</param>
    /// <param name="isTaken">Whether a run has this name already.</param>
    public static string NextFree(DateTimeOffset moment, TimeZoneInfo zone, Func<string, bool> isTaken)
    {
        ArgumentNullException.ThrowIfNull(isTaken);
        var name = Format(moment, zone);
        var candidate = name;
        for (var number = 2; isTaken(candidate); number++)
        {
            candidate = string.Create(CultureInfo.InvariantCulture, $"{name}_{number}");
        }
        return candidate;
    }

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string? text, out BackupId id)
    {
        id = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }
        var rest = text.AsSpan(Prefix.Length);
        if (rest.Length < Pattern.Length || !DateTime.TryParseExact(rest[..Pattern.Length], Pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
        {
            return false;
        }
        var number = 1;
        if (rest.Length > Pattern.Length
            && (rest[Pattern.Length] != '_' || rest.Length == Pattern.Length + 1 || rest[Pattern.Length + 1] == '0'
                || !int.TryParse(rest[(Pattern.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out number) || number < 2))
        {
            return false;
        }
        id = new BackupId(local, number);
        return true;
    }

    /// <summary>Reads a name.</summary>
    /// <exception cref="StingException"><c>BackupIdNotUnderstood</c></exception>
    public static BackupId Parse(string text) => TryParse(text, out var id) ? id
        : throw new StingException("BackupIdNotUnderstood", FailureKind.InvalidArgument, $"'{text}' is not the id of a backup.", text,
            "Write it as Get-StingRestorePoint (sting-backup list) shows it, such as backup_20240115_020000.");

    /// <summary>The name.</summary>
    public override string ToString() =>
        Prefix + Local.ToString(Pattern, CultureInfo.InvariantCulture) + (Number > 1 ? "_" + Number.ToString(CultureInfo.InvariantCulture) : "");
}
