using System.Management.Automation;
using System.Management.Automation.Language;
using StingBackup.Console.Hosting;

namespace StingBackup.Console.CommandLine;

/// <summary>What may follow on a command line, for shells that ask: commands, options, and values from the completers of the cmdlets.</summary>
/// <param name="program">The program.</param>
/// <param name="session">Opens the engine, which commands alone do not need.</param>
internal sealed class WordCompleter(string program, Func<ModuleSession> session)
{
    /// <summary>The word that asks. Not among the commands: shells type it, not people.</summary>
    public const string Word = "complete";

    /// <summary>Whole words in the place of the last one, each with what it means. Nothing where files may stand, or nothing fits.</summary>
    /// <param name="words">What was typed behind the program, the last word maybe in part.</param>
    public IReadOnlyList<(string Value, string Meaning)> Complete(IReadOnlyList<string> words)
    {
        var current = words.Count > 0 ? words[^1] : "";
        string[] before = [.. words.SkipLast(1)];
        if (before is [] or ["help"])
        {
            return Fitting(current, VerbTable.Of(program).Select(v => (v.Name, v.Summary)).Append(("help", "Explain a command")));
        }
        if (VerbTable.Of(program).FirstOrDefault(v => v.Name == before[0]) is not { } verb)
        {
            return [];
        }
        using var opened = session();
        var options = VerbOption.Of(verb, opened.GetCommand(verb.Cmdlet));
        var equals = current.IndexOf('=', StringComparison.Ordinal);
        if (current.StartsWith("--", StringComparison.Ordinal) && equals > 0)
        {
            var prefix = current[..(equals + 1)];
            return [.. Values(opened, verb, options, Named(options, prefix[2..^1]), current[(equals + 1)..], before).Select(v => (prefix + v.Value, v.Meaning))];
        }
        if (before.Length > 1 && before[^1].StartsWith("--", StringComparison.Ordinal) && TakesValue(options, before[^1][2..]))
        {
            return Values(opened, verb, options, Named(options, before[^1][2..]), current, before[..^1]);
        }
        if (verb.First is { } first && before.Length == 1 && !current.StartsWith('-'))
        {
            return Values(opened, verb, options, options.FirstOrDefault(o => o.Parameter.Name == first), current, before);
        }
        var given = before.Select(w => w.Split('=')[0]).ToHashSet(StringComparer.Ordinal);
        return Fitting(current, options.Where(o => o.IsList || !given.Contains($"--{o.Name}")).Select(o => ($"--{o.Name}", o.Meaning))
            .Concat(CommonOptions.All.Where(o => !given.Contains($"--{o.Name}")).Select(o => ($"--{o.Name}", o.Meaning))));
    }

    private static List<(string Value, string Meaning)> Values(ModuleSession session, Verb verb, IReadOnlyList<VerbOption> options, VerbOption? option, string typed, IReadOnlyList<string> before)
    {
        if (option is null or { IsSecret: true })
        {
            return [];
        }
        if (option.Names is { } names)
        {
            return Fitting(typed, names.Select(n => (n, "")));
        }
        // What stands before it counts: which configuration, of whom.
        var others = Typed(verb, options, before).Where(o => o.Parameter != option.Parameter.Name).Concat(verb.Fixed.Where(f => f.Value is string or Enum).Select(f => (Parameter: f.Key, Value: f.Value.ToString()!)));
        var line = $"{verb.Cmdlet} {string.Concat(others.Select(o => $"-{o.Parameter} {Quoted(o.Value)} "))}-{option.Parameter.Name} {(typed.Length > 0 ? Quoted(typed) : "")}";
        using var shell = session.CreateShell();
        return [.. CommandCompletion.CompleteInput(line, line.Length, null, shell).CompletionMatches
            .Where(m => m.ResultType == CompletionResultType.ParameterValue)
            .Select(m => (m.ListItemText, m.ToolTip == m.ListItemText ? "" : m.ToolTip))];
    }

    private static IEnumerable<(string Parameter, string Value)> Typed(Verb verb, IReadOnlyList<VerbOption> options, IReadOnlyList<string> before)
    {
        string[] words = [.. verb.Spelled([.. before.Skip(1)])];
        for (var i = 0; i < words.Length; i++)
        {
            var parts = words[i].Split('=', 2);
            var name = parts[0].TrimStart('-');
            if (!TakesValue(options, name) || (parts.Length == 1 && i + 1 == words.Length))
            {
                continue;
            }
            var value = parts.Length == 2 ? parts[1] : words[++i];
            if (name == "config")
            {
                yield return ("ConfigPath", value);
            }
            else if (Named(options, name) is { IsSecret: false } option)
            {
                yield return (option.Parameter.Name, value);
            }
        }
    }

    private static VerbOption? Named(IReadOnlyList<VerbOption> options, string name) => options.FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));

    private static bool TakesValue(IReadOnlyList<VerbOption> options, string name) =>
        CommonOptions.All.Any(o => o.Name == name && o.Value is not null) || Named(options, name) is { IsSwitch: false };

    private static List<(string Value, string Meaning)> Fitting(string typed, IEnumerable<(string Value, string Meaning)> all) => [.. all.Where(v => v.Value.StartsWith(typed, StringComparison.OrdinalIgnoreCase))];

    private static string Quoted(string value) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}
