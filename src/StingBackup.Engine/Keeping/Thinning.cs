using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Keeping;

/// <summary>Buckets of one data class, filled newest first.</summary>
internal sealed class Thinning(ThinningSettings settings, TimeZoneInfo zone, DateTimeOffset now)
{
    private readonly Bucket[] _buckets = [.. ThinningPeriod.Of(settings).Select(period => new Bucket(period))];

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
    private sealed class Bucket(ThinningPeriod period)
    {
        private int _left = period.Count;
        private DateTime? _last;

        public string Name => period.Name;

        public bool Takes(DateTime time)
        {
            if (_left == 0 || period.Start(time) is var begins && begins == _last)
            {
                return false;
            }
            (_last, _left) = (begins, _left - 1);
            return true;
        }
    }
}
