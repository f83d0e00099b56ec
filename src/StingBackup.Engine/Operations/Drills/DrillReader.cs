using System.Runtime.CompilerServices;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Governance;

namespace StingBackup.Engine.Operations.Drills;

/// <summary>Which evidence is asked for; what is null asks nothing.</summary>
public sealed record RecoveryTestQuery
{
    /// <summary>Only this one: its id, or the beginning of it.</summary>
    public string? Id { get; init; }
    /// <summary>Only this kind.</summary>
    public RecoveryTestType? Type { get; init; }
    /// <summary>Only tests of this moment or later.</summary>
    public DateTimeOffset? From { get; init; }
    /// <summary>Only tests of this moment or earlier.</summary>
    public DateTimeOffset? To { get; init; }
    /// <summary>Only the newest of each kind.</summary>
    public bool Latest { get; init; }
    /// <summary>Whether the audit chains are read too: they tell of evidence that was taken away.</summary>
    public bool WithAuditLog { get; init; }
}

/// <summary>What came of tests of recovery: for status, reports, metrics and people. Reads the evidence alone, opens no further tier, asks for no key.</summary>
public static class DrillReader
{
    private const int ShownDigits = 16;

    /// <summary>How tests stand: the calendar, and how many of the last quarter passed.</summary>
    public static ValueTask<RecoveryTestSummary> SummaryAsync(Installation installation, CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingRecoveryTest");
        return DrillCalendar.ReadAsync(installation, cancel);
    }

    /// <summary>The evidence, newest first, each with its signature verified. What is damaged, or was taken away, goes to <paramref name="damaged"/>.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="query">Which.</param>
    /// <param name="damaged">Takes evidence that is none.</param>
    /// <param name="cancel">Cancels.</param>
    public static async IAsyncEnumerable<RecoveryTest> ReadAsync(Installation installation, RecoveryTestQuery query, Action<StingException> damaged, [EnumeratorCancellation] CancellationToken cancel)
    {
        Access.Require(installation, "Get-StingRecoveryTest");
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(damaged);
        var book = await DrillBook.LoadAsync(installation, cancel).ConfigureAwait(false);
        foreach (var error in book.Damaged)
        {
            damaged(error);
        }
        HashSet<string>? chained = null;
        if (query.WithAuditLog)
        {
            chained = [.. DrillRecord.NamedBy(await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false))];
            foreach (var gone in chained.Except(book.All.Select(e => e.Name)).Except(book.Damaged.Select(e => e.Target ?? "")).Order(StringComparer.Ordinal))
            {
                damaged(new StingException("DrillEvidenceMissing", FailureKind.Integrity, $"The audit log tells of a test of recovery whose evidence '{gone}' is not there.", gone,
                    "Find out who deletes from the store; a further tier may have it: Repair-StingRepository brings it back."));
            }
        }
        var found = book.All.Where(e => Matches(e, query)).Reverse().ToList();
        if (query.Id is { } id && found.Count == 0)
        {
            throw new StingException("DrillNotFound", FailureKind.NotFound, $"There is no evidence of a test of recovery '{id}'.", id, "Get-StingRecoveryTest (sting-backup test-results) shows all of it.");
        }
        foreach (var evidence in query.Latest ? found.DistinctBy(e => e.Record.Type) : found)
        {
            yield return ToTest(evidence, installation.Zone) with { IsInAuditLog = chained?.Contains(evidence.Name) };
        }
    }

    internal static RecoveryTest ToTest(DrillEvidence evidence, TimeZoneInfo zone)
    {
        var record = evidence.Record;
        return new RecoveryTest
        {
            Id = IdOf(evidence.Name), Object = evidence.Name, Type = record.Type, Time = TimeZoneInfo.ConvertTime(evidence.Time, zone), Verdict = record.Verdict, Reasons = record.Reasons, Seed = record.Seed,
            Choices = [.. record.Choices.Select(c => new RecoveryTestChoice(Show(c.Pseudonym), Show(c.Tag), c.Items, c.Length))], Points = record.Points, Tier = record.Tier, NamedTier = record.NamedTier,
            Packs = [.. record.Packs.Select(p => new RecoveryTestPacks(p.Tier, p.Packs, p.Length))], Items = record.Items, Length = record.Length, RestoreTime = record.Recovery, ThawTime = record.Thaw, CompareTime = record.Comparison,
            ReachedTime = record.Reached, TargetTime = record.Target, LongestTime = record.Bound, Checks = [.. record.Checks.Select(c => new RecoveryTestCheck(c.Kind, c.Compared, c.Equal))],
            Differences = [.. record.Differences.Select(d => new RecoveryTestDifference(d.Kind, Show(d.Pseudonym), Show(d.Tag), d.Why))], DifferenceCount = record.DifferenceCount, Notes = record.Notes,
            Writer = record.Writer.ToString(), Actor = record.Actor,
        };
    }

    private static bool Matches(DrillEvidence evidence, RecoveryTestQuery query) =>
        (query.Id is not { } id || IdOf(evidence.Name).StartsWith(id.Trim(), StringComparison.OrdinalIgnoreCase)) && (query.Type is not { } type || evidence.Record.Type == type)
        && (query.From is not { } from || evidence.Time >= from) && (query.To is not { } to || evidence.Time <= to);

    private static string IdOf(string name) => name[DrillRecord.Prefix.Length..][..ShownDigits];

    private static string Show(Id16 id) => id == default ? "" : id.ToString();
}
