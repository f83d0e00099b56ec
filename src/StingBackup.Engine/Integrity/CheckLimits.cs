using System.Globalization;

namespace StingBackup.Engine.Integrity;

/// <summary>How much of a tier one verification reads.</summary>
public static class CheckLimits
{
    /// <summary>A span of time as people write it: 10m, 2h, 30d, 90s, or 1.12:00:00.</summary>
    /// <exception cref="StingException"><c>DurationNotUnderstood</c></exception>
    public static TimeSpan ParseSpan(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (trimmed.Length > 1 && double.TryParse(trimmed.AsSpan(0, trimmed.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount is > 0 and <= 36_500 * 86_400d)
        {
            double? seconds = trimmed[^1] switch { 's' => amount, 'm' => amount * 60, 'h' => amount * 3600, 'd' => amount * 86_400, _ => null };
            if (seconds is <= 36_500 * 86_400d)
            {
                return TimeSpan.FromSeconds(seconds.Value);
            }
        }
        return trimmed.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(trimmed, CultureInfo.InvariantCulture, out var span) && span > TimeSpan.Zero ? span
            : throw new StingException("DurationNotUnderstood", FailureKind.InvalidArgument, $"'{text}' is no span of time.", text, "Write a number and a unit, s, m, h or d: 10m, 2h, 30d.");
    }

    /// <summary>Refuses what makes no sense.</summary>
    internal static void Check(VerifyRequest request)
    {
        if (request.SamplePercent is not (> 0 and <= 100))
        {
            throw new StingException("SampleNotUnderstood", FailureKind.InvalidArgument, $"A sample of {request.SamplePercent} % of the packs cannot be taken.", null,
                "Give a number above 0, and 100 at most.");
        }
        if ((request.OlderThan ?? request.MaxDuration) is not null && request.Level is not (IntegrityLevel.Packs or IntegrityLevel.Data))
        {
            throw new StingException("CheckLimitWithoutPacks", FailureKind.InvalidArgument, $"OlderThan and MaxDuration choose which packs are read, and level {request.Level} reads none whole.", request.Level.ToString(),
                "Verify at level Packs or Data, or leave them out.");
        }
    }
}
