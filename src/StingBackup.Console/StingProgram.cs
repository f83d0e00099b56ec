using System.Management.Automation;
using StingBackup.Console.CommandLine;
using StingBackup.Console.Hosting;
using StingBackup.Console.Quickstart;
using StingBackup.Console.Rendering;

namespace StingBackup.Console;

/// <summary>One of the two programs: from a command line to an exit code.</summary>
/// <param name="name"><c>sting-backup</c> or <c>sting-restore</c>.</param>
/// <param name="terminal">Where it prints and asks.</param>
/// <param name="modulePath">The module's folder.</param>
/// <param name="variable">Reads an environment variable.</param>
internal sealed class StingProgram(string name, Terminal terminal, string modulePath, Func<string, string?> variable) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cancel = new();
    private CommandRun? _run;

    /// <summary>Whether the process is this program's own, as when it is started; a test runs it in its own.</summary>
    public bool OwnsProcess { get; init; }

    /// <summary>Where relative paths begin; the process's own folder when null.</summary>
    public string? Folder { get; init; }

    /// <summary>Stops what runs or is about to; from any thread. False where nothing runs that could clean up, so that the process may simply end.</summary>
    public bool Stop()
    {
        lock (_lock)
        {
            _cancel.Cancel();
            _run?.Stop();
            return _run is not null && !terminal.IsAsking;
        }
    }

    /// <summary>Runs a command line.</summary>
    public ExitCode Run(IReadOnlyList<string> words)
    {
        var json = words.Contains("--json");
        var errors = new ErrorPrinter(terminal, name, json);
        try
        {
            return words switch
            {
                [] => Usage(),
                ["--help" or "-h" or "-?" or "help"] => Print(HelpText.Of(name)),
                ["--version"] => Print($"{name} {typeof(StingProgram).Assembly.GetName().Version!.ToString(3)}\n"),
                ["help", VerbTable.Quickstart] when name == VerbTable.Backup => Print(QuickstartOptions.Help),
                ["help", "--all"] => PrintAll(),
                [WordCompleter.Word, ..] => Complete([.. words.Skip(1)]),
                ["help", var word] => Run(VerbTable.Find(name, word), ["--help"], errors),
                [VerbTable.Quickstart, ..] when name == VerbTable.Backup => RunQuickstart([.. words.Skip(1)], errors),
                [var word, ..] when word.StartsWith('-') => throw new UsageException($"The command comes first, then its options. '{name} --help' lists all commands."),
                [var word, ..] => Run(VerbTable.Find(name, word), [.. words.Skip(1)], errors),
            };
        }
        catch (UsageException e)
        {
            errors.PrintUsage(e.Message);
            return ExitCode.BadUsage;
        }
        catch (StingException e)
        {
            errors.Print(e);
            return ExitCodes.Of(e);
        }
    }

    private ExitCode Run(Verb verb, IReadOnlyList<string> words, ErrorPrinter errors)
    {
        var ui = new TerminalUserInterface(terminal, words.Contains("--quiet"));
        using var session = new ModuleSession(new TerminalHost(ui, !terminal.IsInteractive, OwnsProcess), modulePath, Folder);
        var command = session.GetCommand(verb.Cmdlet);
        var options = VerbOption.Of(verb, command);
        var names = options.SelectMany(o => o.Aliases.Prepend(o.Name).Select(a => (Alias: a, Option: o)))
            .ToDictionary(n => n.Alias, n => (n.Option.Name, !n.Option.IsSwitch, n.Option.IsList), StringComparer.Ordinal);
        if (words.Any(w => w is "--help" or "-h" or "-?"))
        {
            return Print(HelpText.Of(verb, options));
        }
        var arguments = Arguments.Read(verb.Spelled(words), names);
        var parameters = Bind(verb, command, options, arguments);
        if (TryBegin(session, ui, errors) is not { } run)
        {
            return ExitCode.Failed;
        }
        var passThru = arguments.Values.ContainsKey("pass-thru");
        IResultPrinter printer = arguments.Common.Json
            ? new JsonPrinter(terminal, verb.Many || passThru)
            : new ViewPrinter(FormatFile.Read(Path.Combine(session.ModulePath, "StingBackup.Format.ps1xml")), terminal);
        printer = arguments.Common is { Json: false, Verbose: false } ? new FoldingPrinter(printer, terminal) : printer;
        var code = run.Invoke(verb.Cmdlet, parameters, printer.Print);
        printer.Finish();
        terminal.HidePane();
        return code;
    }

    // Every command's help, one behind the other: manual pages are made of it.
    private ExitCode PrintAll()
    {
        using var session = new ModuleSession(new TerminalHost(new TerminalUserInterface(terminal, true), true, OwnsProcess), modulePath);
        terminal.Write(HelpText.Of(name));
        foreach (var verb in VerbTable.Of(name))
        {
            terminal.Write($"{HelpText.Rule}\n{HelpText.Of(verb, VerbOption.Of(verb, session.GetCommand(verb.Cmdlet)))}");
        }
        return ExitCode.Done;
    }

    // A completion never fails: where something is missing, it offers nothing.
    private ExitCode Complete(string[] typed)
    {
        try
        {
            var completer = new WordCompleter(name, () => new ModuleSession(new TerminalHost(new TerminalUserInterface(terminal, true), true, OwnsProcess), modulePath));
            foreach (var (value, meaning) in completer.Complete(typed))
            {
                terminal.WriteLine(meaning.Length == 0 ? value : $"{value}\t{meaning.ReplaceLineEndings(" ")}");
            }
        }
        catch (Exception e) when (e is StingException or RuntimeException)
        {
        }
        return ExitCode.Done;
    }

    private ExitCode RunQuickstart(IReadOnlyList<string> words, ErrorPrinter errors)
    {
        if (words.Any(w => w is "--help" or "-h" or "-?"))
        {
            return Print(QuickstartOptions.Help);
        }
        var options = QuickstartOptions.Read(words);
        if (options.Clean)
        {
            var folders = QuickstartFolder.Find(options.Into);
            if (folders.Count == 0)
            {
                terminal.WriteLine($"No quickstart left anything in {options.Into}.");
            }
            foreach (var folder in folders)
            {
                if (!options.DryRun)
                {
                    folder.Remove();
                }
                terminal.WriteLine($"{(options.DryRun ? "Would remove" : "Removed")} {folder.Path}");
            }
            return ExitCode.Done;
        }
        if (options.DryRun)
        {
            return Print($"Would make a folder in {options.Into} and, within it, {(options.Reserve is null ? "a sample reserve, " : "")}a repository, its keys, two backups and a restored copy.\n");
        }
        var ui = new TerminalUserInterface(terminal, words.Contains("--quiet"));
        using var session = new ModuleSession(new TerminalHost(ui, !terminal.IsInteractive, OwnsProcess), modulePath, Folder);
        return TryBegin(session, ui, errors) is { } run ? new QuickstartRun(terminal, errors, run, _cancel.Token).Run(options) : ExitCode.Failed;
    }

    /// <summary>From here on a stop has something to stop; null where one came before.</summary>
    private CommandRun? TryBegin(ModuleSession session, TerminalUserInterface ui, ErrorPrinter errors)
    {
        lock (_lock)
        {
            return _cancel.IsCancellationRequested ? null : _run = new CommandRun(session, ui, errors);
        }
    }

    private Dictionary<string, object> Bind(Verb verb, CommandInfo command, IReadOnlyList<VerbOption> options, Arguments arguments)
    {
        var common = arguments.Common;
        var parameters = new Dictionary<string, object>(verb.Fixed, StringComparer.Ordinal);
        foreach (var (option, typed) in arguments.Values)
        {
            var own = options.Single(o => o.Name == option);
            parameters.Add(own.Parameter.Name, own.IsSwitch ? SwitchParameter.Present : own.IsSecret ? PassphraseSource.Find(Here(typed[0]), null, Warn)! : own.Convert(typed));
        }
        ParameterCheck.Require(verb, command, parameters.Keys);
        if (common.Config is { } config && command.Parameters.ContainsKey("ConfigPath"))
        {
            parameters.Add("ConfigPath", config);
        }
        if (command.Parameters.ContainsKey("Passphrase")
            && PassphraseSource.Find(Here(common.PassphraseFile), variable(PassphraseSource.Variable), Warn) is { } passphrase)
        {
            parameters.Add("Passphrase", passphrase);
        }
        // A command that changes nothing has nothing to try dry or to agree to.
        if (command.Parameters.ContainsKey("WhatIf"))
        {
            parameters.Add("WhatIf", new SwitchParameter(common.DryRun));
            if (common.Confirm)
            {
                // Consent is -Confirm:$false.
                parameters.Add("Confirm", new SwitchParameter(false));
            }
        }
        parameters.Add("Verbose", new SwitchParameter(common.Verbose));
        parameters.Add("InformationAction", common.Quiet ? ActionPreference.SilentlyContinue : ActionPreference.Continue);
        return parameters;
    }

    // The programs read these files themselves; all other paths are the module's to resolve.
    private string? Here(string? path) => path is null || Folder is null ? path : Path.GetFullPath(path, Folder);

    private void Warn(string message) => terminal.Tell($"Warning: {message}", TerminalColor.Yellow);

    private ExitCode Usage()
    {
        terminal.Tell(HelpText.Beginning(name));
        return ExitCode.BadUsage;
    }

    private ExitCode Print(string text)
    {
        terminal.Write(text);
        return ExitCode.Done;
    }

    /// <inheritdoc/>
    public void Dispose() => _cancel.Dispose();
}
