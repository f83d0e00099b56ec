namespace StingBackup.Engine.Reserve;

/// <summary>Finds what a person most likely meant: the names nearest to a wrong one.</summary>
public static class NearestNames
{
    private const int LongestCompared = 256;

    /// <summary>
    /// The nearest candidates, best first, at most <paramref name="most"/>; none that differs in more than about 40 % of its letters. Letter case does not count.
    /// A candidate that starts with what was typed is always near.
    /// </summary>
    public static IReadOnlyList<string> Of(string text, IEnumerable<string> candidates, int most = 3)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(candidates);
        var wanted = text.ToUpperInvariant();
        return candidates
            .Distinct(StringComparer.Ordinal)
            .Select(c => (Name: c, Distance: DistanceTo(wanted, c.ToUpperInvariant())))
            .Where(c => c.Distance <= Math.Max(2, 2 * Math.Max(wanted.Length, c.Name.Length) / 5))
            .OrderBy(c => c.Distance).ThenBy(c => c.Name, StringComparer.Ordinal)
            .Take(most)
            .Select(c => c.Name)
            .ToArray();
    }

    /// <summary>"Did you mean …?" with the nearest candidates, or nothing when none is near.</summary>
    public static string Question(string text, IEnumerable<string> candidates)
    {
        var near = Of(text, candidates);
        return near.Count == 0 ? "" : $"Did you mean {string.Join(" or ", near.Select(n => $"'{n}'"))}?";
    }

    private static int DistanceTo(string wanted, string candidate) =>
        wanted.Length >= 3 && candidate.StartsWith(wanted, StringComparison.Ordinal) ? 1
        : wanted.Length > LongestCompared || candidate.Length > LongestCompared ? int.MaxValue
        : Distance(wanted, candidate);

    /// <summary>Edits (insert, delete, replace, swap of neighbours) that turn one text into the other.</summary>
    internal static int Distance(string a, string b)
    {
        int[] before = new int[b.Length + 1], last = new int[b.Length + 1], row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var best = Math.Min(Math.Min(last[j] + 1, row[j - 1] + 1), last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    best = Math.Min(best, before[j - 2] + 1);
                }
                row[j] = best;
            }
            (before, last, row) = (last, row, before);
        }
        return last[b.Length];
    }
}
