using System.Globalization;

namespace StingBackup.Engine.Reserve;

/// <summary>
/// The name of a run: <c>backup_yyyyMMdd_HHmmss</c> in the configured time zone; where several hosts are enrolled, <c>_</c> and letters of the host follow, so that no two hosts ever give one name;
/// then <c>_2</c>, <c>_3</c> … where the same host has used it (in a repeated hour, for an imported archive). A name for people: the point itself stores UTC and offset.
/// </summary>
/// <param name="Local">The clock's reading in the configured zone, to the second.</param>
/// <param name="Number">1 without suffix, else the suffix.</param>
/// <param name="Host">Letters of the host (<c>RunNames</c>); empty for a host that was alone.</param>
public readonly record struct BackupId(DateTime Local, int Number, string Host = "")
{
    private const string Prefix = "backup_";
    private const string Pattern = "yyyyMMdd_HHmmss";

    /// <summary>The name of a moment, without suffix.</summary>
    public static string Format(DateTimeOffset moment, TimeZoneInfo zone) => Of(moment, zone).ToString();

    /// <summary>The name of a moment, with the first number that is free.</summary>
    /// <param name="moment">When the run began.</param>
    /// <param name="zone">The configured zone.</param>
    /// <param name="isTaken">Whether a run has this name already.</param>
    /// <param name="host">Letters of the host; empty for one that is alone.</param>
    public static string NextFree(DateTimeOffset moment, TimeZoneInfo zone, Func<string, bool> isTaken, string host = "")
    {
        ArgumentNullException.ThrowIfNull(isTaken);
        var id = Of(moment, zone) with { Host = host };
        while (isTaken(id.ToString()))
        {
            id = id with { Number = id.Number + 1 };
        }
        return id.ToString();
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
        rest = rest[Pattern.Length..];
        var host = "";
        if (rest.Length > 1 && rest[0] == '_' && char.IsAsciiLetterLower(rest[1]))
        {
            var end = rest[1..].IndexOfAnyExceptInRange('a', 'z') is var after and >= 0 ? after + 1 : rest.Length;
            host = rest[1..end].ToString();
            rest = rest[end..];
        }
        var number = 1;
        if (rest.Length > 0 && (rest[0] != '_' || rest.Length == 1 || rest[1] == '0' || !int.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out number) || number < 2))
        {
            return false;
        }
        id = new BackupId(local, number, host);
        return true;
    }

    /// <summary>Reads a name.</summary>
    /// <exception cref="StingException"><c>BackupIdNotUnderstood</c></exception>
    public static BackupId Parse(string text) => TryParse(text, out var id) ? id
        : throw new StingException("BackupIdNotUnderstood", FailureKind.InvalidArgument, $"'{text}' is not the id of a backup.", text,
            "Write it as Get-StingRestorePoint (sting-backup list) shows it, such as backup_20240115_020000.");

    /// <summary>The name.</summary>
    public override string ToString() => Prefix + Local.ToString(Pattern, CultureInfo.InvariantCulture)
        + (Host is { Length: > 0 } ? "_" + Host : "") + (Number > 1 ? "_" + Number.ToString(CultureInfo.InvariantCulture) : "");

    private static BackupId Of(DateTimeOffset moment, TimeZoneInfo zone) => new(TimeZoneInfo.ConvertTime(moment, zone).DateTime, 1);
}
