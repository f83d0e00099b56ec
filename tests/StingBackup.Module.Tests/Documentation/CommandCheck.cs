using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using StingBackup.Console.CommandLine;
using StingBackup.Module.Tests.Hosting;
using StingBackup.Module.Tests.Module;

namespace StingBackup.Module.Tests.Documentation;

/// <summary>Whether a command that stands in a page is one: the word and its options, or the cmdlet and its parameters.</summary>
internal sealed partial class CommandCheck : IDisposable
{
    private readonly HostedShell _shell = HostedShell.WithModule();
    private readonly Dictionary<string, CommandInfo> _commands;

    public CommandCheck() => _commands = Commands.All(_shell).ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with the programs' commands of a line of a shell, a crontab or a unit.</summary>
    public IEnumerable<string> OfLine(string line) => ShellLines.Programs(Timed().Replace(line, "")).Select(OfWords).OfType<string>();

    /// <summary>What is wrong with a script of PowerShell's.</summary>
    public IEnumerable<string> OfScript(string script)
    {
        var tree = Parser.ParseInput(script, out _, out var errors);
        return errors.Select(e => e.Message).Concat(tree.FindAll(a => a is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>().Where(c => Cmdlet().IsMatch(c.GetCommandName() ?? "")).SelectMany(OfCommand));
    }

    private IEnumerable<string> OfCommand(CommandAst command)
    {
        if (!_commands.TryGetValue(command.GetCommandName(), out var known))
        {
            return [$"there is no command {command.GetCommandName()}"];
        }
        return command.CommandElements.OfType<CommandParameterAst>().Where(p => !known.Parameters.Keys.Concat(known.Parameters.Values.SelectMany(v => v.Aliases)).Any(k => k.StartsWith(p.ParameterName, StringComparison.OrdinalIgnoreCase)))
            .Select(p => $"{known.Name} has no -{p.ParameterName}");
    }

    private string? OfWords(IReadOnlyList<string> words)
    {
        if (words.Count == 1 || words[1] is VerbTable.Quickstart or "--help" or "--version" or "help" or "…" || words[1].StartsWith('…'))
        {
            return null;
        }
        try
        {
            var verb = VerbTable.Find(words[0], words[1]);
            var options = VerbOption.Of(verb, _commands[verb.Cmdlet]).SelectMany(o => o.Aliases.Append(o.Name).Select(a => (Alias: a, Option: o)))
                .ToDictionary(n => n.Alias, n => (n.Option.Name, !n.Option.IsSwitch, n.Option.IsList), StringComparer.Ordinal);
            Arguments.Read(verb.Spelled([.. words.Skip(2).Where(w => w is not "…" and not "...")]), options);
            return null;
        }
        catch (UsageException e)
        {
            return $"'{string.Join(' ', words)}': {e.Message}";
        }
    }

    [GeneratedRegex("^[A-Z][a-z]+-Sting")]
    private static partial Regex Cmdlet();

    // What stands before the command in a crontab (five fields, and in /etc/cron.d an account) and in a unit.
    [GeneratedRegex(@"^(\s*([\d*/,-]+\s+){5}((?!sting-)[a-z-]+\s+)?|ExecStart=)")]
    private static partial Regex Timed();

    /// <inheritdoc/>
    public void Dispose() => _shell.Dispose();
}
