using System.Globalization;
using System.Management.Automation.Host;

namespace StingBackup.Console.Hosting;

/// <summary>The program as a PowerShell host.</summary>
/// <param name="ui">The person before it.</param>
internal sealed class TerminalHost(TerminalUserInterface ui) : PSHost
{
    /// <inheritdoc/>
    public override Guid InstanceId { get; } = Guid.NewGuid();
    /// <inheritdoc/>
    public override string Name => "StingBackup";
    /// <inheritdoc/>
    public override Version Version => typeof(TerminalHost).Assembly.GetName().Version!;
    /// <inheritdoc/>
    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;
    /// <inheritdoc/>
    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;
    /// <inheritdoc/>
    public override PSHostUserInterface UI => ui;

    /// <inheritdoc/>
    public override void SetShouldExit(int exitCode)
    {
    }

    /// <inheritdoc/>
    public override void NotifyBeginApplication()
    {
    }

    /// <inheritdoc/>
    public override void NotifyEndApplication()
    {
    }

    /// <inheritdoc/>
    public override void EnterNestedPrompt() => throw new NotSupportedException("There is no prompt to enter.");
    /// <inheritdoc/>
    public override void ExitNestedPrompt() => throw new NotSupportedException("There is no prompt to leave.");
}
