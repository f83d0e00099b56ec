using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>Own backups: a calendar of a month, and what ran in it or on one of its days.</summary>
[PortalRule(Audience.Person)]
internal sealed class BackupsModel(OwnPeople people, PageTimes times) : OwnPage(people)
{
    private const int MostShown = 100;

    /// <summary>The month, <c>yyyy-MM</c>; this one where it is not given.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Month { get; set; }

    /// <summary>A day of it, <c>yyyy-MM-dd</c>; null for all.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Day { get; set; }

    public DateOnly First { get; private set; }
    public DateOnly? Chosen { get; private set; }
    public IReadOnlyList<OwnRun> Runs { get; private set; } = [];
    /// <summary>Runs by day.</summary>
    public IReadOnlyDictionary<DateOnly, IReadOnlyList<OwnRun>> Days { get; private set; } = new Dictionary<DateOnly, IReadOnlyList<OwnRun>>();
    /// <summary>What the list shows of them: those that changed something go before others where there are too many.</summary>
    public IReadOnlyList<OwnRun> Shown { get; private set; } = [];
    public int Matching { get; private set; }

    /// <summary>The weeks of the calendar, each of seven days from Monday.</summary>
    public IEnumerable<DateOnly[]> Weeks()
    {
        for (var monday = First.AddDays(-(((int)First.DayOfWeek + 6) % 7)); monday < First.AddMonths(1); monday = monday.AddDays(7))
        {
            yield return [.. Enumerable.Range(0, 7).Select(monday.AddDays)];
        }
    }

    public async Task OnGetAsync()
    {
        Chosen = Day is null ? null : Parse(Day, "yyyy-MM-dd", "day");
        var month = Month is null ? Chosen ?? times.Today : Parse(Month, "yyyy-MM", "month");
        First = new DateOnly(month.Year, month.Month, 1);
        var own = await OwnAsync().ConfigureAwait(false);
        Runs = await own.RunsAsync(times.StartOf(First), times.StartOf(First.AddMonths(1)), Cancel).ConfigureAwait(false);
        Days = Runs.GroupBy(r => times.DayOf(r.Time)).ToDictionary(d => d.Key, d => (IReadOnlyList<OwnRun>)[.. d]);
        var matching = Chosen is { } day ? Days.GetValueOrDefault(day, []) : Runs;
        Matching = matching.Count;
        Shown = matching.Count <= MostShown ? matching : [.. matching.OrderByDescending(r => r.Changed).ThenByDescending(r => r.Time).Take(MostShown).OrderByDescending(r => r.Time)];
    }

    private static DateOnly Parse(string text, string format, string what) =>
        DateOnly.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1980 and < 9000 ? day : throw Given.Wrong(what);
}
