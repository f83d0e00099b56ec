using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Operations.Jobs;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>How everything stands, at a glance.</summary>
[PortalRule(Audience.Role, Command = "Get-StingBackupStatus")]
internal sealed class DashboardModel(AdminDesk desk, PortalContext portal) : AdminPage(desk)
{
    private const int Gigabyte = 1_000_000_000;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(700);

    /// <summary>How it stood up to a minute ago.</summary>
    public Known<Standing>? Standing { get; private set; }

    /// <summary>This month; null while it is being read.</summary>
    public Known<BackupReport>? Month { get; private set; }

    /// <summary>Why the month could not be read.</summary>
    public StingException? MonthFailure { get; private set; }

    public IReadOnlyList<Concern> Concerns { get; private set; } = [];

    public IReadOnlyList<HostJob> Running { get; private set; } = [];

    public BackupStatus Status => Standing!.Value.Status;

    public Task<IActionResult> OnGetAsync() => ShowAsync(async cancel =>
    {
        Standing = await Desk.StandingAsync(Me, cancel).ConfigureAwait(false);
        Concerns = Portal.Admin.Concerns.Of(Standing.Value);
        Running = await UseAsync((installation, _) => ValueTask.FromResult(JobReader.List(installation, new JobQuery()))).ConfigureAwait(false);
        try
        {
            Month = await Desk.TryMonthAsync(Me, AdminDesk.MonthName(Desk.Now), Moment, cancel).ConfigureAwait(false);
        }
        catch (StingException e)
        {
            MonthFailure = e;   // all else is worth to be seen
        }
    });

    /// <summary>What a tier's room costs a month by the configured prices; null where nobody knows what lies there.</summary>
    public decimal? CostOf(TierOutlook tier) => tier.Length is { } length ? Math.Round((decimal)length / Gigabyte * portal.Configuration.Prices[tier.Tier], 2) : null;

    /// <summary>How a class stands, in a word, and the word's colour.</summary>
    public (string Tone, string Text) StateOf(ClassOutlook outlook) => Status.Classes.FirstOrDefault(c => c.DataClass == outlook.DataClass) switch
    {
        { Errors: > 0 } => ("bad", "Admin.NotRead"), _ when outlook.LastSuccess is null => ("bad", "Admin.Never"), _ when outlook.IsLate => ("warn", "Admin.Late"), _ => ("good", "Admin.Ok"),
    };

    /// <summary>Shares of the month's restore points of a class in which every item could be read; null where there are none.</summary>
    public double? SuccessOf(DataClass dataClass) => Month?.Value.Classes.FirstOrDefault(c => c.DataClass == dataClass) is { } month && month.Points + month.PointsWithErrors > 0 ? (double)month.Points / (month.Points + month.PointsWithErrors) : null;
}
