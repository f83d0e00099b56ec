using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Tests.CountedWork;

/// <summary>What may be counted at most.</summary>
/// <param name="Name">What is counted.</param>
/// <param name="Limit">The most that passes.</param>
/// <param name="Why">What the count is made of, and why it may not be more.</param>
/// <param name="Of">The count; null where the program or server that counts is not installed.</param>
internal sealed record WorkLimit(string Name, double Limit, string Why, Func<Measured, Count?> Of);

/// <summary>The specification of how much work the program may do for what it is asked. Raising a limit is a decision, to be told in the commit that does so.</summary>
internal static class WorkTable
{
    /// <remarks>
    /// System calls are counted without those that the runtime makes for itself, and fitted as the difference of two sizes: half a call above what is needed is room for what is left of the runtime's, and a
    /// call more fails. Requests are exact, and one more than counted is let pass. Of bytes, what is copied between the kernel and the program counts; a copy from buffer to buffer within it does not show, one into a new buffer does, as allocation.
    /// </remarks>
    public static IReadOnlyList<WorkLimit> Limits { get; } =
    [
        new("first backup: system calls per small file", 6.5, "what the scan must know (statx, attributes), open, read, statx to see that it did not change, close", m => m.CallsPerFile("first")),
        new("unchanged run: system calls per file", 1.5, "one look at each", m => m.CallsPerFile("unchanged")),
        new("unchanged run: system calls per folder", 5.5, "one look, open, its names and the end of them, close", m => m.CallsPerFolder("unchanged")),
        new("restore: system calls per small file", 11.5, "its folder opened and closed, made under another name, marked, written, owner, mode, attributes that its folder gave it, time, renamed, closed", m => m.CallsPerFile("restore")),
        new("restore: system calls per folder", 11.5, "made, looked at, owner, mode, attributes, time; opened from the root for each step", m => m.CallsPerFolder("restore")),
        new("first backup: bytes read and written per byte of a long file", 2.1, "read once, written once, what is added to it", m => m.BytesPerByte("first")),
        new("restore: bytes read and written per byte of a long file", 2.1, "the same", m => m.BytesPerByte("restore")),
        new("first backup: bytes allocated per small file", 4600, "what is known of an item on its way: path, metadata, entry of the tree, of the cache", m => m.AllocatedPerFile("first")),
        new("unchanged run: bytes allocated per file", 4600, "the same, and what the cache knew", m => m.AllocatedPerFile("unchanged")),
        new("restore: bytes allocated per small file", 5000, "the same, and handles", m => m.AllocatedPerFile("restore")),
        new("first backup: bytes allocated per chunk of a long file", 4000, "its id and place; a buffer for it would be some 300,000", m => m.AllocatedPerChunk("first")),
        new("restore: bytes allocated per chunk of a long file", 40_000, "buffers are rented, and some are let go by the way: less than nothing is counted at times; a buffer for each would be some 300,000", m => m.AllocatedPerChunk("restore")),
        new("tick, one file of 1,200 changed: bytes stored", 7800, "the file, two pages, a subject's row, the point, a fragment of the index, a header for each segment", m => m.Stored("tick many")),
        new("tick, nothing changed: bytes stored", 600, "the point, and the session that announces it", m => m.Stored("unchanged many")),
        new("tick: bytes written on the host per file of the reserve", 60, "the cache is written anew; it compresses as the times in it let it", m => m.WrittenPerFile("tick")),
        .. Requests("store: calls by a run, ", m => m.Store, "run", 30, 28, 37),
        .. Requests("store: calls by a sync to it, ", m => m.Store, "sync", 19, 10, 17),
        .. Requests("S3: requests by a run, ", m => m.Server, "run", 35, 26, 32),
        .. Requests("S3: requests by a sync to it, ", m => m.Server, "sync", 52, 10, 19),
    ];

    /// <summary>The table with what was counted, as docs/benchmarks.md has it.</summary>
    public static string Describe(Measured measured)
    {
        var text = new StringBuilder("| work | counted | limit | made of |\n|---|--:|--:|---|\n");
        foreach (var row in Limits)
        {
            var count = row.Of(measured);
            var parts = count is null ? "" : string.Join(", ", count.Parts.Where(p => Math.Abs(p.Value) >= 0.05).Select(p => $"{p.Key} {Number(p.Value)}"));
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {(count is null ? "–" : Number(count.Total))} | {Number(row.Limit)} | {row.Why}{(parts.Length > 0 && row.Why.Length > 0 ? ": " : "")}{parts} |\n");
        }
        return text.ToString();
    }

    public static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "#,0" : "0.##", CultureInfo.InvariantCulture);

    private static IEnumerable<WorkLimit> Requests(string name, Func<Measured, IReadOnlyDictionary<string, SortedDictionary<string, double>>?> of, string kind, params double[] limits) =>
        new[] { "first", "nothing changed", "one file" }.Select((run, i) => new WorkLimit(name + run, limits[i], "", m => of(m) is { } counted ? Count.Of(counted[$"{kind} {run}"]) : null));
}
