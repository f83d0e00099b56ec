using System.Management.Automation;
using StingBackup.Engine.Governance;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>A cmdlet that reads the configuration file.</summary>
public abstract class ConfiguredCmdlet : StingCmdlet
{
    private protected ConfiguredCmdlet()
    {
    }

    /// <summary>The configuration file.</summary>
    [Parameter(HelpMessage = "The configuration file; without it STING_BACKUP_CONFIG, then the usual places")]
    [PSDefaultValue(Help = "STING_BACKUP_CONFIG, ./sting-backup.yaml, the user's configuration folder, /etc/sting")]
    [ValidateNotNullOrEmpty]
    public string? ConfigPath { get; set; }

    /// <summary>The host, with the session's location as its current folder.</summary>
    private protected IHostView HostView => new SessionHostView(SessionState.Path.CurrentFileSystemLocation.ProviderPath);

    /// <summary>Finds the file, reads it, and says with -Verbose which it is; warns of what is weak.</summary>
    /// <exception cref="StingException"><c>ConfigurationNotFound</c>, <c>ConfigurationUnreadable</c></exception>
    private protected ExaminedConfiguration Examine()
    {
        var host = HostView;
        var location = new ConfigurationLocator(host).Find(ConfigPath is null ? null : Resolve(ConfigPath));
        WriteVerbose($"Configuration: {location.Path}, since {location.Reason}.");
        var examined = new ConfigurationLoader(host).Examine(location.Path);
        // Where a repository is opened, the refusal comes after that: then it can be recorded.
        if (this is not InstallationCmdlet && examined.Configuration is { } configuration)
        {
            Access.Require(configuration, MyInvocation.MyCommand.Name);
        }
        return examined;
    }
}
