using System.Globalization;
using System.Text.RegularExpressions;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>The moment that a person means for a database: exact to the microsecond where it is written so, which files know nothing of.</summary>
internal static partial class RecoveryMoment
{
    [GeneratedRegex(@":\d\d\.(?<fraction>\d{1,6})")]
    private static partial Regex Fraction();

    /// <summary>The last moment that counts; null for the last commit.</summary>
    /// <exception cref="StingException"><c>DateNotUnderstood</c></exception>
    public static DateTimeOffset? Parse(string? text, TimeZoneInfo zone)
    {
        if (text is null || PointInTime.Parse(text, zone).Before is not { } before)
        {
            return null;
        }
        // A day, a minute or a second counts whole.
        return Fraction().Match(text) is { Success: true } match
            ? before.AddSeconds(-1).AddMicroseconds(int.Parse(match.Groups["fraction"].Value.PadRight(6, '0'), CultureInfo.InvariantCulture)) : before.AddMicroseconds(-1);
    }
}
