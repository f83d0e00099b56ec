using System.Globalization;
using Microsoft.AspNetCore.Mvc;

namespace StingBackup.Portal.Admin;

/// <summary>What is looked for in the audit log. Texts are found anywhere, whatever their case.</summary>
internal sealed record AuditWish
{
    private const int Usual = 50, Most = 200;

    [FromQuery(Name = "from")]
    public DateOnly? From { get; init; }
    [FromQuery(Name = "to")]
    public DateOnly? To { get; init; }
    [FromQuery(Name = "event")]
    public AuditEvent? Event { get; init; }
    [FromQuery(Name = "command")]
    public string? Command { get; init; }
    [FromQuery(Name = "actor")]
    public string? Actor { get; init; }
    [FromQuery(Name = "outcome")]
    public string? Outcome { get; init; }
    [FromQuery(Name = "request")]
    public string? Request { get; init; }
    /// <summary>The cursor of the page before; null for the newest.</summary>
    [FromQuery(Name = "after")]
    public string? After { get; init; }
    /// <summary>The most records of a page; 50 where it is not said.</summary>
    [FromQuery(Name = "limit")]
    public int? Limit { get; init; }

    internal int Size => Math.Clamp(Limit ?? Usual, 1, Most);

    public bool Fits(AuditEntry entry) =>
        (Event is null || entry.Event == Event) && Has(entry.Command, Command) && Has(entry.Actor, Actor) && Has(entry.Outcome, Outcome) && (string.IsNullOrWhiteSpace(Request) || Has(entry.RequestId ?? "", Request))
        && (From is null || DayOf(entry) >= From) && (To is null || DayOf(entry) <= To);

    private static bool Has(string text, string? wanted) => string.IsNullOrWhiteSpace(wanted) || text.Contains(wanted.Trim(), StringComparison.OrdinalIgnoreCase);

    private static DateOnly? DayOf(AuditEntry entry) => entry.Time is { } time ? DateOnly.FromDateTime(time.DateTime) : null;
}

/// <summary>A page of audit records, newest first.</summary>
/// <param name="Entries">The records.</param>
/// <param name="Found">How many fit in all.</param>
/// <param name="Next">The cursor of the next page; null on the last.</param>
internal sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, int Found, string? Next);

internal static class AuditSearch
{
    /// <summary>The page that is wished for.</summary>
    /// <param name="entries">All records, oldest first.</param>
    /// <param name="wish">What is looked for.</param>
    /// <exception cref="StingException"><c>CursorInvalid</c></exception>
    public static AuditPage Find(IReadOnlyList<AuditEntry> entries, AuditWish wish)
    {
        // The cursor is a record's place in its chain: records that come meanwhile move nothing.
        var rest = entries.Reverse();
        if (wish.After is { } after)
        {
            var found = rest.SkipWhile(e => CursorOf(e) != after).ToList();
            rest = found.Count > 0 ? found.Skip(1) : throw new StingException("CursorInvalid", FailureKind.InvalidArgument, "This page of the audit log does not exist.", after, "Search anew.");
        }
        var page = rest.Where(wish.Fits).Take(wish.Size + 1).ToList();
        var all = entries.Count(wish.Fits);
        return page.Count > wish.Size ? new AuditPage(page[..wish.Size], all, CursorOf(page[wish.Size - 1])) : new AuditPage(page, all, null);
    }

    private static string CursorOf(AuditEntry entry) => string.Create(CultureInfo.InvariantCulture, $"{entry.Writer}.{entry.Sequence}");
}
