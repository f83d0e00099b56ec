using System.Text.RegularExpressions;
using StingBackup.Console.CommandLine;

namespace StingBackup.Console.Rendering;

/// <summary>
/// What a message tells people to run, in the words of the programs: the engine speaks of cmdlets, and who types <c>sting-backup</c> has none. Where a text names both, the program's
/// own words stay.
/// </summary>
internal static partial class ShellWords
{
    // What every command of the programs spells otherwise than a parameter's name would be.
    private static readonly Dictionary<string, string> Common = new(StringComparer.Ordinal)
    {
        ["ConfigPath"] = "config", ["Confirm"] = "confirm", ["Force"] = "confirm", ["Passphrase"] = "passphrase-file", ["WhatIf"] = "dry-run",
    };

    /// <summary>A remedy: commands and options.</summary>
    public static string Of(string remedy) => Option().Replace(Commands(BothOptions().Replace(remedy, "$1")), m => $"--{Spell(null, m.Groups[1].Value)}");

    /// <summary>A message, which may hold names of files: commands alone.</summary>
    public static string Commands(string message) => Cmdlet().Replace(Both().Replace(message, "$1"), m => Command(m.Groups[1].Value, m.Groups[2].Captures.Select(c => c.Value)) ?? m.Value);

    private static string? Command(string cmdlet, IEnumerable<string> arguments)
    {
        var verbs = VerbTable.All.Where(v => v.Cmdlet == cmdlet).ToList();
        if (verbs.Count == 0)
        {
            return null;
        }
        var typed = arguments.Select(a => Argument().Match(a)).Select(m => (Parameter: m.Groups[1].Value, Value: m.Groups[2].Value)).ToList();
        var verb = verbs.Find(v => v.Fixed.Count > 0 && v.Fixed.All(f => typed.Exists(t => t.Parameter == f.Key && (f.Value is true || t.Value.Trim() == f.Value.ToString())))) ?? verbs.Find(v => v.Fixed.Count == 0) ?? verbs[0];
        return $"{verb.Program} {verb.Name}{string.Concat(typed.Select(Told))}";

        // A word behind a switch is the sentence's own.
        string Told((string Parameter, string Value) t) => !verb.Fixed.TryGetValue(t.Parameter, out var set) ? $" --{Spell(verb, t.Parameter)}{t.Value}" : set is true ? t.Value : "";
    }

    private static string Spell(Verb? verb, string parameter) => Common.TryGetValue(parameter, out var word) ? word : verb?.OptionOf(parameter) ?? Verb.Spell(parameter);

    /// <summary><c>Initialize-StingRepository (sting-backup init)</c>.</summary>
    [GeneratedRegex(@"\b(?:[A-Z][a-z]+-Sting[A-Za-z]*|Get-Help)\b(?:'[^']*'|[^().;,'])*\((sting-(?:backup|restore) [^)]*)\)")]
    private static partial Regex Both();

    /// <summary><c>-ConfigPath (--config)</c>, <c>-Path, --path</c>.</summary>
    [GeneratedRegex(@"(?<![\w-])-[A-Z][A-Za-z]+(?::\$false)?(?: \((--[a-z][^)]*)\)|, (?=--[a-z]))")]
    private static partial Regex BothOptions();

    [GeneratedRegex(@"\b([A-Z][a-z]+-Sting[A-Z][A-Za-z]+)( -[A-Z][A-Za-z]+(?::\$false)?(?: [^\s.,;:()-][^\s.,;:()]*)?)*")]
    private static partial Regex Cmdlet();

    [GeneratedRegex(@"^ -([A-Z][A-Za-z]+)(?::\$false)?(.*)$", RegexOptions.Singleline)]
    private static partial Regex Argument();

    [GeneratedRegex(@"(?<![\w-])-([A-Z][A-Za-z]+)(?::\$false)?")]
    private static partial Regex Option();
}
