using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Keeping;

/// <summary>Buckets of one data class, filled newest first.</summary>
internal sealed class Thinning(ThinningSettings settings, TimeZoneInfo zone, DateTimeOffset now)
{
    private readonly Bucket[] _buckets =
    [
        new("hourly", settings.Hourly, time => time.Date.AddHours(time.Hour)), new("daily", settings.Daily, time => time.Date),
        new("weekly", settings.Weekly, time => time.Date.AddDays(-(((int)time.DayOfWeek + 6) % 7))), new("monthly", settings.Monthly, time => new DateTime(time.Year, time.Month, 1)),
        new("yearly", settings.Yearly, time => new DateTime(time.Year, 1, 1)),
    ];

    /// <summary>Why a restore point stays; null when it goes.</summary>
    public string? Keeps(DateTimeOffset time)
    {
        var local = TimeZoneInfo.ConvertTime(time, zone).DateTime;
        var reasons = new List<string>();
        foreach (var bucket in _buckets)
        {
            if (bucket.Takes(local))
            {
                reasons.Add(bucket.Name);
            }
        }
        return now - time < TimeSpan.FromDays(settings.AllDays) ? "" : reasons.Count > 0 ? string.Join(", ", reasons) : null;
    }

    /// <summary>The last so many hours, days, … that have a restore point; the newest of each is the one that counts.</summary>
    private sealed class Bucket(string name, int count, Func<DateTime, DateTime> start)
    {
        private int _left = count;
        private DateTime? _last;

        public string Name => name;

        public bool Takes(DateTime time)
        {
            if (_left == 0 || start(time) is var begins && begins == _last)
            {
                return false;
            }
            (_last, _left) = (start(time), _left - 1);
            return true;
        }
    }
}
