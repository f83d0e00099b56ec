using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace StingBackup.Module.Tests.Hosting;

/// <summary>A host whose answers were written beforehand; a question without one fails the command.</summary>
internal sealed class ScriptedHost(CultureInfo culture) : PSHost
{
    private readonly ScriptedInterface _ui = new();

    /// <summary>Answers to come, by the letter of the choice, or a passphrase.</summary>
    public Queue<string> Answers => _ui.Answers;

    /// <summary>What is typed where a secret is asked for; the next answer when null.</summary>
    public string? Secret { get => _ui.Secret; set => _ui.Secret = value; }

    /// <summary>Every question that was asked.</summary>
    public IReadOnlyList<string> Questions => _ui.Questions;

    /// <summary>Lines written straight to the host, as -WhatIf does.</summary>
    public IReadOnlyList<string> Lines => _ui.Lines;

    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();
    /// <inheritdoc/>
    public override string Name => "tests";
    /// <inheritdoc/>
    public override Version Version { get; } = new(1, 0);
    /// <inheritdoc/>
    public override CultureInfo CurrentCulture => culture;
    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture => culture;
    /// <inheritdoc/>
    public override PSHostUserInterface UI => _ui;
    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode) => throw new InvalidOperationException("A command may not end the session.");
    /// <inheritdoc/>
    public override void EnterNestedPrompt() => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void ExitNestedPrompt() => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void NotifyBeginApplication()
    {
    }
    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
    }

    private sealed class ScriptedInterface : PSHostUserInterface
    {
        public Queue<string> Answers { get; } = new();
        public string? Secret { get; set; }
        public List<string> Questions { get; } = [];
        public List<string> Lines { get; } = [];

        private string Answer(string question)
        {
            Questions.Add(question);
            return Answers.TryDequeue(out var answer) ? answer : throw new HostException($"Nobody answers: {question}");
        }

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            var answer = Answer(message);
            return choices.Select((c, i) => (c.Label, Index: i)).First(c => c.Label.Contains($"&{answer}", StringComparison.OrdinalIgnoreCase)).Index;
        }

        public override SecureString ReadLineAsSecureString()
        {
            var secret = new SecureString();
            foreach (var c in Secret ?? Answer("secret"))
            {
                secret.AppendChar(c);
            }
            return secret;
        }

        public override string ReadLine() => Answer("line");
        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
            throw new HostException($"Missing: {string.Join(", ", descriptions.Select(d => d.Name))}");
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw new NotSupportedException();
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw new NotSupportedException();
        public override PSHostRawUserInterface? RawUI => null;
        public override void Write(string value) => Lines.Add(value);
        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Lines.Add(value);
        public override void WriteLine(string value) => Lines.Add(value);
        public override void WriteErrorLine(string value) => Lines.Add(value);
        public override void WriteDebugLine(string message)
        {
        }
        public override void WriteVerboseLine(string message)
        {
        }
        public override void WriteWarningLine(string message)
        {
        }
        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
        }
    }
}
