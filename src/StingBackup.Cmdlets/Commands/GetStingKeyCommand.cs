using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Lifecycle;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Every key of the reserve: what it is for, where it lies, how it is. Never a key itself.</summary>
[Cmdlet(VerbsCommon.Get, "StingKey")]
[OutputType(typeof(KeyInfo))]
public sealed class GetStingKeyCommand : InstallationCmdlet
{
    /// <summary>Only keys for these purposes.</summary>
    [Parameter(Position = 0, HelpMessage = "Only keys of these kinds; without it all")]
    [PSDefaultValue(Help = "All")]
    public KeyKind[] Kind { get; set; } = [];

    /// <summary>Only keys in these states.</summary>
    [Parameter(HelpMessage = "Only keys in these states, such as Low, Missing or Damaged")]
    [PSDefaultValue(Help = "All")]
    public KeyState[] State { get; set; } = [];

    private protected override void Execute()
    {
        var installation = Installation;
        foreach (var key in installation.Keys!.ListAsync(installation.Store, Cancel).ToBlockingEnumerable(Cancel))
        {
            if ((Kind.Length == 0 || Kind.Contains(key.Kind)) && (State.Length == 0 || State.Contains(key.State)))
            {
                WriteObject(KeyAges.WithDueTime(key, installation.Configuration?.Keys.RotateDays ?? 0));
            }
        }
    }
}
