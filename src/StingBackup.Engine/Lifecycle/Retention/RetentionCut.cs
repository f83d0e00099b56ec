using System.Globalization;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Lifecycle.Retention;

/// <summary>
/// Keeping anything for fewer days than the retention run before did is a deletion, and needs the approvals of one. What was kept last stands in the audit chain, signed: not in a file that whoever
/// shortens the days could take away.
/// </summary>
internal static class RetentionCut
{
    private const string Verb = "Invoke-StingRetention";
    private const string Keeps = "Keeps ";
    private const int All = int.MaxValue;

    /// <summary>The settings as they stand in the audit chain: numbers, no names.</summary>
    public static string TextOf(RetentionSettings settings) => Keeps + string.Join(' ', ValuesOf(settings).Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Name}={(v.Number == All ? "all" : v.Number)}")));

    /// <summary>The dangerous plan where the settings keep less than before; null where they do not, or where nobody need approve.</summary>
    public static async ValueTask<DangerousPlan?> NeededAsync(Installation installation, CancellationToken cancel)
    {
        if (installation.Access.CountOf(GuardedOperation.RetentionCut) == 0 || await LastAsync(installation, cancel).ConfigureAwait(false) is not { } last)
        {
            return null;
        }
        var before = Parse(last);
        PlanFact[] cuts =
        [
            .. ValuesOf(installation.Retention).Where(v => before.TryGetValue(v.Name, out var number) && v.Number < number)
                .Select(v => new PlanFact(v.Name, string.Create(CultureInfo.InvariantCulture, $"{v.Number} in the place of {(before[v.Name] == All ? "all" : before[v.Name])}"))),
        ];
        return cuts.Length == 0 ? null : new DangerousPlan(Verb, "restore points that would be kept longer by the settings of before") { Facts = cuts };
    }

    /// <summary>Notes what is kept from now on, where that is not what stands there. Kept only where a cut needs approvals.</summary>
    public static async ValueTask NoteAsync(Installation installation, CancellationToken cancel)
    {
        if (installation.Access.CountOf(GuardedOperation.RetentionCut) > 0 && await LastAsync(installation, cancel).ConfigureAwait(false) != TextOf(installation.Retention))
        {
            await AuditLog.NoteAsync(installation, Verb, [], TextOf(installation.Retention), cancel).ConfigureAwait(false);
        }
    }

    private static async ValueTask<string?> LastAsync(Installation installation, CancellationToken cancel)
    {
        var chains = await AuditChains.LoadAsync(installation, null, cancel).ConfigureAwait(false);
        return chains.Records.Where(r => r.Verb == Verb && r.Event is AuditEvent.Noted or AuditEvent.Executed && r.Outcome.StartsWith(Keeps, StringComparison.Ordinal)).MaxBy(r => (r.TimeNs, r.Sequence))?.Outcome;
    }

    private static Dictionary<string, int> Parse(string text) => text[Keeps.Length..].Split(' ').Select(part => part.Split('=')).Where(part => part.Length == 2)
        .ToDictionary(part => part[0], part => part[1] == "all" ? All : int.TryParse(part[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0, StringComparer.Ordinal);

    private static IEnumerable<(string Name, int Number)> ValuesOf(RetentionSettings settings) =>
    [
        ("archive", settings.ArchiveDays), .. settings.ClassDays.OrderBy(c => c.Key).Select(c => (c.Key.ToString(), c.Value)), ("copies", settings.MinimumCopies),
        ("all", settings.Thinning?.AllDays ?? All), ("hourly", settings.Thinning?.Hourly ?? All), ("daily", settings.Thinning?.Daily ?? All), ("weekly", settings.Thinning?.Weekly ?? All),
        ("monthly", settings.Thinning?.Monthly ?? All), ("yearly", settings.Thinning?.Yearly ?? All),
    ];
}
