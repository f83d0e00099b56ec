using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Discovery;

namespace StingBackup.Cmdlets.Commands;

/// <summary>STING installations on this host: where their data lies, and what could not be found.</summary>
[Cmdlet(VerbsCommon.Find, "StingInstallation")]
[OutputType(typeof(StingInstallation))]
public sealed class FindStingInstallationCommand : StingCmdlet
{
    /// <summary>Where to look.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "The folder that STING was installed to; without it /opt/sting-ce and ~/.sting-ce")]
    [PSDefaultValue(Help = "/opt/sting-ce and ~/.sting-ce")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Leaves Docker alone.</summary>
    [Parameter(HelpMessage = "Do not ask Docker: take volumes and ports from the compose file")]
    public SwitchParameter NoDocker { get; set; }

    private protected override void Execute()
    {
        var host = new SessionHostView(SessionState.Path.CurrentFileSystemLocation.ProviderPath);
        Emit(InstallationFinder.FindAsync(Path is null ? null : Resolve(Path), !NoDocker, host, TimeProvider.System, Cancel));
    }
}
