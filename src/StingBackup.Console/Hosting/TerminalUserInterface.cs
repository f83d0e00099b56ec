using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using StingBackup.Console.Rendering;

namespace StingBackup.Console.Hosting;

/// <summary>What a command tells and asks while it runs.</summary>
/// <param name="terminal">The terminal.</param>
/// <param name="quiet">Whether only results and errors are told.</param>
internal sealed class TerminalUserInterface(Terminal terminal, bool quiet) : PSHostUserInterface
{
    private readonly ProgressPane _progress = new(terminal);

    /// <summary>True after a question that was answered with no, or that nobody was there to answer.</summary>
    public bool WasRefused { get; private set; }

    /// <inheritdoc/>
    public override PSHostRawUserInterface? RawUI => null;

    /// <summary>Asks for consent. A hosted command asks nothing else: its choices are PowerShell's own yes, no and their like.</summary>
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        var yes = IndexOf(choices, "&Yes");
        var no = IndexOf(choices, "&No");
        terminal.Tell(message);
        if (!terminal.IsInteractive)
        {
            terminal.Tell("Nobody is here to agree: give --confirm to go on without a question.", TerminalColor.Yellow);
            WasRefused = true;
            return no;
        }
        while (true)
        {
            switch (terminal.Ask("Go on? [y/N] ")?.Trim().ToUpperInvariant())
            {
                case "Y" or "YES":
                    return yes;
                case "N" or "NO" or "" or null:
                    WasRefused = true;
                    return no;
                default:
                    continue;
            }
        }
    }

    private static int IndexOf(Collection<ChoiceDescription> choices, string label)
    {
        for (var i = 0; i < choices.Count; i++)
        {
            if (choices[i].Label == label)
            {
                return i;
            }
        }
        throw new HostException($"This program cannot ask a question without the answer {label.TrimStart('&')}.");
    }

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString() =>
        terminal.IsInteractive ? SecretPrompt.Read(terminal) : throw new HostException("Nobody is here to type a passphrase.");

    /// <inheritdoc/>
    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        if (!quiet)
        {
            _progress.Show(record);
        }
    }

    /// <inheritdoc/>
    public override void WriteWarningLine(string message) => terminal.Tell($"Warning: {ShellWords.Commands(message)}", TerminalColor.Yellow);
    /// <inheritdoc/>
    public override void WriteVerboseLine(string message) => terminal.Tell(message, TerminalColor.Grey);
    /// <inheritdoc/>
    public override void WriteDebugLine(string message) => terminal.Tell(message, TerminalColor.Grey);
    /// <inheritdoc/>
    public override void WriteErrorLine(string value) => terminal.Tell(value, TerminalColor.Red);

    // What -WhatIf, milestones and prompts write; results never come this way, so standard output stays clean.
    /// <inheritdoc/>
    public override void WriteLine(string value) => terminal.Tell(value);
    /// <inheritdoc/>
    public override void Write(string value) => terminal.TellPart(value);
    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    /// <inheritdoc/>
    public override string ReadLine() => terminal.Ask("") ?? throw new HostException("The input has ended.");
    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw new HostException("This program asks for no parameters.");
    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw new HostException("This program asks for no user name.");
    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        throw new HostException("This program asks for no user name.");
}
