using System.Globalization;
using System.Text;

namespace StingBackup.Bench.Report;

/// <summary>What the program is to reach, and whether it does: the first table of the report.</summary>
internal sealed class Goals(Comparison comparison)
{
    private const double BaseMemory = 300e6, ChunkMemory = 48;
    private const double MostStartSeconds = 0.3, FilesASecond = 100_000, MostSecondsForOne = 1;

    private static readonly string[] Main = ["fixture", "small", "large"];

    private readonly StringBuilder _text = new();

    /// <summary>The table; empty when nothing was measured that has a goal.</summary>
    public string ToMarkdown()
    {
        Faster(Main, "first", "first backup", 3);
        foreach (var corpus in Main)
        {
            Against(corpus, "first", "first backup", "tar", 1.5, "≥ 1.5×");
        }
        foreach (var corpus in Main)
        {
            Against(corpus, "first", "first backup", "primitives", 0.7, "≥ 0.7×");
        }
        Faster(Main, "restore", "full restore", 3);
        Faster(["small", "million"], "unchanged", "unchanged", 2);
        Rate("small", "unchanged");
        Rate("million", "unchanged");
        Faster(Main, "changed", "5 % changed", 2);
        Faster(Main, "verify", "verify with data", 2);
        Faster(["million"], "onefile", "one file of many, cold process", 3);
        AtMost("million", "onefile", "one file of many, cold process", MostSecondsForOne);
        Size("fixture", "apart");
        Size("small", "size");
        Size("large", "size");
        foreach (var corpus in (ReadOnlySpan<string>)[.. Main, "million"])
        {
            Memory(corpus);
        }
        Start("module", "bare", "`Import-Module` and first `Get-StingRestorePoint`, hosted engine");
        Start("pwsh-module", "pwsh", "the same in pwsh");
        return _text.Length == 0 ? "" : $"### Against the goals\n\n| what | corpus | sting-backup | against | | goal |\n|---|---|--:|--:|--:|:--|\n{_text}\n";
    }

    private void Faster(IEnumerable<string> corpora, string step, string title, double factor)
    {
        foreach (var corpus in corpora)
        {
            if (comparison.Best(corpus, step, series => series.MedianSeconds) is { } best)
            {
                Ratio(title, corpus, comparison.Of(corpus, Comparison.Ours, step), best.Tool, best.Value, factor, Invariant($"≥ {factor:0.#}×"));
            }
        }
    }

    private void Against(string corpus, string step, string title, string tool, double factor, string goal)
    {
        if (comparison.Of(corpus, tool, step) is { IsValid: true } other)
        {
            Ratio(title, corpus, comparison.Of(corpus, Comparison.Ours, step), tool, other.MedianSeconds, factor, goal);
        }
    }

    private void Ratio(string title, string corpus, Series our, string tool, double other, double factor, string goal)
    {
        if (our.IsValid)
        {
            var ratio = other / our.MedianSeconds;
            Row(title, corpus, Invariant($"{our.MedianSeconds:F2} s"), Invariant($"{tool}, {other:F2} s"), Invariant($"{ratio:F2}×"), ratio >= factor, goal);
        }
    }

    private void Rate(string corpus, string step)
    {
        if (comparison.Of(corpus, Comparison.Ours, step) is { IsValid: true } our && comparison.Of(corpus, Comparison.Ours, "files") is { Count: > 0 } files)
        {
            var rate = files.MedianBytes / our.MedianSeconds;
            Row("unchanged, files a second", corpus, Invariant($"{rate:N0}"), "", "", rate >= FilesASecond, Invariant($"≥ {FilesASecond:N0}"));
        }
    }

    private void AtMost(string corpus, string step, string title, double seconds)
    {
        if (comparison.Of(corpus, Comparison.Ours, step) is { IsValid: true } our)
        {
            Row(title, corpus, Invariant($"{our.MedianSeconds:F2} s"), "", "", our.MedianSeconds <= seconds, Invariant($"≤ {seconds:0.#} s"));
        }
    }

    private void Size(string corpus, string step)
    {
        if (comparison.Of(corpus, Comparison.Ours, step) is { IsValid: true } our && comparison.Best(corpus, step, series => series.MedianBytes) is { } best)
        {
            var ratio = our.MedianBytes / best.Value;
            Row("repository without duplicates across subjects", corpus, Invariant($"{our.MedianBytes / 1e6:F1} MB"), Invariant($"{best.Tool}, {best.Value / 1e6:F1} MB"), Invariant($"{ratio:F3}×"), ratio <= 1, "≤ 1.00×");
        }
    }

    private void Memory(string corpus)
    {
        var peak = comparison.Peak(corpus, Comparison.Ours);
        if (peak.Count > 0 && comparison.Of(corpus, Comparison.Ours, "chunks") is { Count: > 0 } chunks)
        {
            var most = BaseMemory + ChunkMemory * chunks.MedianBytes;
            Row("peak memory", corpus, Invariant($"{peak.PeakBytes / 1e6:F0} MB"), "", Invariant($"{chunks.MedianBytes:N0} chunks"), peak.PeakBytes <= most, Invariant($"≤ 300 MB + 48 bytes a chunk = {most / 1e6:F0} MB"));
        }
    }

    private void Start(string with, string without, string title)
    {
        if (comparison.Of("start", with, "start") is { IsValid: true } module && comparison.Of("start", without, "start") is { IsValid: true } bare)
        {
            var over = module.MedianSeconds - bare.MedianSeconds;
            Row(title, "start", Invariant($"{module.MedianSeconds * 1000:F0} ms"), Invariant($"bare, {bare.MedianSeconds * 1000:F0} ms"), Invariant($"+{over * 1000:F0} ms"), over <= MostStartSeconds, Invariant($"≤ {MostStartSeconds * 1000:0} ms over it"));
        }
    }

    private void Row(string title, string corpus, string our, string other, string ratio, bool reached, string goal) =>
        _text.Append(CultureInfo.InvariantCulture, $"| {title} | {corpus} | {our} | {other} | {ratio} | {goal}: {(reached ? "reached" : "**missed**")} |\n");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
