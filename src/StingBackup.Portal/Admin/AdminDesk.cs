using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StingBackup.Engine;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Costs;
using StingBackup.Engine.Operations.Drills;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;

namespace StingBackup.Portal.Admin;

/// <summary>How everything stands.</summary>
/// <param name="Status">As Get-StingBackupStatus -Detailed has it.</param>
/// <param name="Objectives">What is reached of the strategy's objectives.</param>
/// <param name="Drills">When recovery is tested, and how that went.</param>
/// <param name="OpenApprovals">Requests that wait for an approver.</param>
internal sealed record Standing(BackupStatus Status, IReadOnlyList<RecoveryObjective> Objectives, RecoveryTestSummary Drills, int OpenApprovals);

/// <summary>What the backups cost.</summary>
/// <param name="Now">As they are.</param>
/// <param name="ToCome">If the reserve goes on as it is; null where that cannot be told.</param>
/// <param name="NoForecast">Why it cannot.</param>
internal sealed record Costs(CostReport Now, CostForecast? ToCome, StingException? NoForecast);

/// <summary>What administrators' pages and routes work with: the engine as whoever asks, and what is slow to read kept for a minute. Rights are the engine's to judge.</summary>
internal sealed class AdminDesk(PortalContext portal, SharedReserve reserve)
{
    private const int MostMonths = 24;
    private static readonly int[] ForecastDays = [30, 90, 365];

    private readonly Kept<Standing> _standing = new(portal.Clock);
    private readonly Kept<AuditLogCheck> _audit = new(portal.Clock);
    private readonly Kept<Costs> _costs = new(portal.Clock);
    private readonly OpenedSubjects _opened = new(portal.Clock);
    private readonly ConcurrentDictionary<string, Kept<BackupReport>> _months = new(StringComparer.Ordinal);

    public TimeProvider Clock => portal.Clock;

    /// <summary>Now, in the configured zone.</summary>
    public DateTimeOffset Now => TimeZoneInfo.ConvertTime(portal.Clock.GetUtcNow(), portal.Configuration.TimeZone);

    /// <summary>Does something with the engine as whoever asks.</summary>
    public ValueTask<T> UseAsync<T>(PortalUser user, Func<Installation, CancellationToken, ValueTask<T>> act, CancellationToken cancel) => reserve.UseAsync(user.ToCaller(), act, cancel);

    /// <summary>Opens what a subject has in the backups, once the audit log says who looks; this session may look into it for a quarter of an hour.</summary>
    public async ValueTask<OwnReserve> OpenSubjectAsync(PortalUser user, string subject, CancellationToken cancel)
    {
        var opened = await reserve.OfSubjectAsync(user.ToCaller(), subject.Trim(), cancel).ConfigureAwait(false);
        _opened.Keep(user, opened);
        return opened;
    }

    /// <summary>What this session has opened; null where it has not.</summary>
    public OwnReserve? OpenedSubject(PortalUser user, string subject) => _opened.Find(user, subject);

    /// <summary>When the portal's own certificate ends; null where it has none, or it cannot be read.</summary>
    public DateTimeOffset? CertificateEnds()
    {
        try
        {
            using var certificate = portal.Options.Certificate is { } files ? X509CertificateLoader.LoadCertificateFromFile(files.File) : null;
            return certificate?.NotAfter;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>How everything stands, up to a minute ago.</summary>
    public Task<Known<Standing>> StandingAsync(PortalUser user, CancellationToken cancel) => _standing.GetAsync(() => UseAsync(user, ReadStandingAsync, CancellationToken.None).AsTask(), cancel);

    /// <summary>Whether the audit log is sound, up to a minute ago.</summary>
    public Task<Known<AuditLogCheck>> AuditAsync(PortalUser user, CancellationToken cancel) => _audit.GetAsync(() => UseAsync(user, AuditReader.TestAsync, CancellationToken.None).AsTask(), cancel);

    /// <summary>What the backups cost and will cost, up to a minute ago.</summary>
    public Task<Known<Costs>> CostsAsync(PortalUser user, CancellationToken cancel) => _costs.GetAsync(() => UseAsync(user, ReadCostsAsync, CancellationToken.None).AsTask(), cancel);

    /// <summary>A month's report, up to a minute old.</summary>
    /// <param name="user">Who asks.</param>
    /// <param name="month"><c>yyyy-MM</c>.</param>
    /// <param name="cancel">Cancels.</param>
    public Task<Known<BackupReport>> MonthAsync(PortalUser user, string month, CancellationToken cancel) => MonthOf(month).GetAsync(() => ReadMonthAsync(user, month), cancel);

    /// <summary>The same; null while it is being read.</summary>
    public Task<Known<BackupReport>?> TryMonthAsync(PortalUser user, string month, TimeSpan patience, CancellationToken cancel) => MonthOf(month).TryGetAsync(() => ReadMonthAsync(user, month), patience, cancel);

    /// <summary>The months that can be chosen, the newest first.</summary>
    public IReadOnlyList<string> Months => [.. Enumerable.Range(0, MostMonths).Select(back => MonthName(Now.AddMonths(-back)))];

    public static string MonthName(DateTimeOffset time) => time.ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Something was changed: what is kept is read anew.</summary>
    public void Changed()
    {
        _standing.Forget();
        _audit.Forget();
    }

    // Of whatever else is asked for nothing is kept: texts from outside must not fill the memory.
    private Kept<BackupReport> MonthOf(string month) => Months.Contains(month) ? _months.GetOrAdd(month, _ => new Kept<BackupReport>(portal.Clock)) : new Kept<BackupReport>(portal.Clock);

    private Task<BackupReport> ReadMonthAsync(PortalUser user, string month) => UseAsync(user, (installation, cancel) => ReportReader.ReadAsync(installation, month, cancel), CancellationToken.None).AsTask();

    private static async ValueTask<Costs> ReadCostsAsync(Installation installation, CancellationToken cancel)
    {
        var now = await CostReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        try
        {
            return new Costs(now, await CostForecaster.ReadAsync(installation, ForecastDays, cancel).ConfigureAwait(false), null);
        }
        catch (StingException e) when (e.Kind is not FailureKind.Refused)
        {
            return new Costs(now, null, e);   // what it costs now is worth to be seen
        }
    }

    private static async ValueTask<Standing> ReadStandingAsync(Installation installation, CancellationToken cancel)
    {
        var status = await StatusDetailReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        var objectives = await TargetReader.ReadAsync(installation, cancel).ConfigureAwait(false);
        var drills = await DrillReader.SummaryAsync(installation, cancel).ConfigureAwait(false);
        var requests = await ApprovalDesk.ListAsync(installation, all: false, cancel).ConfigureAwait(false);
        return new Standing(status, objectives, drills, requests.Count(r => r.State == ApprovalState.Open));
    }
}
