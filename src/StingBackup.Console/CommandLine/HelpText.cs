namespace StingBackup.Console.CommandLine;

/// <summary>The texts of --help.</summary>
internal static class HelpText
{
    private const int Width = 80;

    /// <summary>Between the commands, where the help of all is printed.</summary>
    public static string Rule { get; } = new('-', Width);

    private static readonly string[] First = [VerbTable.Quickstart, "init", "incremental", "status", "list", "doctor"];

    /// <summary>For who types the program's name alone: where to begin, and where the rest is.</summary>
    public static string Beginning(string program)
    {
        if (program != VerbTable.Backup)
        {
            return Of(program);
        }
        var words = First.Select(word => ($"{program} {word}", word == VerbTable.Quickstart ? QuickstartSummary : VerbTable.Find(program, word).Summary)).ToList();
        words.Add(($"{VerbTable.Restore} file", VerbTable.Find(VerbTable.Restore, "file").Summary));
        return $"""
            {program} COMMAND [--option value …]

            To begin:
            {Table(words)}

            '{program} --help' lists all commands, '{program} COMMAND --help' explains one.

            """;
    }

    private const string QuickstartSummary = "See all of it at work on a sample, in a minute";

    /// <summary>The program's help: every command in one line.</summary>
    public static string Of(string program)
    {
        var words = VerbTable.Of(program).Select(v => (v.Name, v.Summary)).ToList();
        if (program == VerbTable.Backup)
        {
            words.Add((VerbTable.Quickstart, QuickstartSummary));
        }
        var other = program == VerbTable.Backup ? $"{VerbTable.Restore} brings data back." : $"{VerbTable.Backup} makes backups, lists and verifies them.";
        return $"""
            {program} COMMAND [--option value …]

            Commands:
            {Table(words)}

            '{program} COMMAND --help' explains one, '{program} help --all' each.
            {other}
            Exit codes: 0 done, 1 failed, 2 bad usage, 3 completed with errors, 4 refused,
            5 an integrity fault was found.

            """;
    }

    /// <summary>A command's help: its options, those of every command, and command lines to copy.</summary>
    public static string Of(Verb verb, IReadOnlyList<VerbOption> options)
    {
        var own = options.Select(o => ($"--{o.Name}{(o.IsSwitch ? "" : $" {o.Placeholder}")}", o.Meaning + (o.IsList ? "; may be repeated" : ""))).ToList();
        var common = CommonOptions.All.Select(o => ($"--{o.Name}{(o.Value is null ? "" : $" {o.Value}")}", o.Meaning)).ToList();
        var parts = new List<string> { $"{verb.Program} {verb.Name}{(verb.First is { } first ? $" {first.ToUpperInvariant()}" : "")} [--option value …]", $"{verb.Summary}. In PowerShell: {verb.Cmdlet}" };
        if (own.Count > 0)
        {
            parts.Add($"Options:\n{Table(own)}");
        }
        parts.Add($"Options of every command:\n{Table(common)}");
        if (verb.Examples.Count > 0)
        {
            parts.Add($"Examples:\n{string.Join('\n', verb.Examples.Select(e => $"  {verb.Program} {e}"))}");
        }
        return string.Join("\n\n", parts) + "\n";
    }

    private static string Table(List<(string Term, string Meaning)> rows)
    {
        var width = Math.Min(rows.Select(r => r.Term.Length).DefaultIfEmpty().Max(), 30);
        return string.Join('\n', rows.SelectMany(r =>
        {
            var meaning = Rendering.TextLayout.Wrap(r.Meaning, Width - width - 4).ToList();
            var first = r.Term.Length <= width ? [$"  {r.Term.PadRight(width)}  {meaning[0]}"] : new[] { $"  {r.Term}", $"{new string(' ', width + 4)}{meaning[0]}" };
            return first.Concat(meaning.Skip(1).Select(m => new string(' ', width + 4) + m));
        }));
    }
}
