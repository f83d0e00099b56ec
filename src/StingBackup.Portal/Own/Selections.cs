using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace StingBackup.Portal.Own;

/// <summary>What somebody chose in a folder, to be restored.</summary>
/// <param name="Owner">Who.</param>
/// <param name="Run">As of which run.</param>
/// <param name="Jar">In which jar; null in the own reserve.</param>
/// <param name="Paths">Files and folders.</param>
/// <param name="Made">When.</param>
internal sealed record Selection(string Owner, string Run, string? Jar, IReadOnlyList<string> Paths, DateTimeOffset Made);

/// <summary>Remembers selections for an hour: a new sign-in on the way to a restore loses nothing, and no address holds a thousand names.</summary>
internal sealed class Selections(TimeProvider clock)
{
    public const int MostPaths = 1000;
    private const int MostOfOne = 20, Most = 5000;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, Selection> _kept = new(StringComparer.Ordinal);

    /// <summary>What somebody chose, looked at.</summary>
    /// <exception cref="StingException"><c>ArgumentInvalid</c></exception>
    public static Selection Of(string owner, string? run, string? jar, IReadOnlyList<string?>? paths) => paths is { Count: > 0 and <= MostPaths }
        ? new Selection(owner, Given.Run(run), Given.OptionalId(jar, "jar"), [.. paths.Select(Given.Path).Distinct(StringComparer.Ordinal)], default) : throw Given.Wrong("selection");

    /// <summary>Remembers one; its id.</summary>
    public string Keep(Selection selection)
    {
        selection = selection with { Made = clock.GetUtcNow() };
        var all = _kept.OrderBy(s => s.Value.Made).ToList();
        var own = all.Count(s => s.Value.Owner == selection.Owner);
        foreach (var (id, old) in all)
        {
            if (selection.Made - old.Made > Kept || (old.Owner == selection.Owner && own-- >= MostOfOne) || _kept.Count >= Most)
            {
                _kept.TryRemove(id, out _);
            }
        }
        var made = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _kept[made] = selection;
        return made;
    }

    /// <summary>Somebody's own selection.</summary>
    /// <exception cref="StingException"><c>SelectionNotFound</c>, for another's too</exception>
    public Selection Find(string owner, string? id) => _kept.TryGetValue(id ?? "", out var kept) && kept.Owner == owner && clock.GetUtcNow() - kept.Made <= Kept ? kept
        : throw new StingException("SelectionNotFound", FailureKind.NotFound, "What you selected is not remembered any more.", id, "Select it again.");
}
