using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace StingBackup.Console.Hosting;

/// <summary>The program as a PowerShell host.</summary>
/// <param name="ui">The person before it.</param>
/// <param name="isUnattended">Whether nobody is before it.</param>
/// <param name="ownsProcess">Whether the process is the program's own.</param>
internal sealed class TerminalHost(TerminalUserInterface ui, bool isUnattended, bool ownsProcess) : PSHost
{
    /// <summary>What the module asks about the process that it runs in.</summary>
    public override PSObject PrivateData { get; } = Facts(isUnattended, ownsProcess);

    private static PSObject Facts(bool isUnattended, bool ownsProcess)
    {
        var facts = new PSObject();
        facts.Properties.Add(new PSNoteProperty("StingUnattended", isUnattended));
        facts.Properties.Add(new PSNoteProperty("StingOwnsProcess", ownsProcess));
        return facts;
    }

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
