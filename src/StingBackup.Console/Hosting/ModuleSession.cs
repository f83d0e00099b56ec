using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace StingBackup.Console.Hosting;

/// <summary>A PowerShell engine with the built module in it.</summary>
internal sealed class ModuleSession : IDisposable
{
    private readonly Runspace _runspace;

    /// <summary>Opens one.</summary>
    /// <param name="host">Who answers questions.</param>
    /// <param name="modulePath">The module's folder.</param>
    /// <param name="folder">Where relative paths begin; the process's own folder when null.</param>
    /// <exception cref="StingException"><c>ModuleMissing</c></exception>
    public ModuleSession(TerminalHost host, string modulePath, string? folder = null)
    {
        ModulePath = modulePath;
        if (!File.Exists(Path.Combine(modulePath, "StingBackup.psd1")))
        {
            throw new StingException("ModuleMissing", FailureKind.NotFound, $"The module is not at {modulePath}.", modulePath,
                "The programs and the module belong together: keep the folders bin and module side by side, as the build leaves them.");
        }
        _runspace = RunspaceFactory.CreateRunspace(host, InitialSessionState.CreateDefault2());
        _runspace.Open();
        if (folder is not null)
        {
            _runspace.SessionStateProxy.Path.SetLocation(folder);
        }
        using var shell = PowerShell.Create(_runspace);
        try
        {
            shell.AddCommand("Import-Module").AddParameter("Name", modulePath).AddParameter("ErrorAction", ActionPreference.Stop).Invoke();
        }
        catch (RuntimeException e)
        {
            throw new StingException("ModuleMissing", FailureKind.NotFound, $"The module at {modulePath} cannot be loaded: {e.Message}", modulePath,
                "Install the package anew. In a chroot PowerShell's engine finds no file unless / is a mount there: mount --bind DIR DIR before chroot DIR.", e);
        }
    }

    /// <summary>The module's folder, as the build lays it out: <c>bin</c> and <c>module</c> side by side.</summary>
    public static string DefaultPath => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "module", "StingBackup"));

    /// <summary>Where the module is.</summary>
    public string ModulePath { get; }

    /// <summary>A command of the module.</summary>
    public CommandInfo GetCommand(string name)
    {
        using var shell = PowerShell.Create(_runspace);
        var command = shell.AddCommand("Get-Command").AddParameter("Name", name).AddParameter("ErrorAction", ActionPreference.Stop).Invoke<CommandInfo>().Single();
        // Read here, where the engine is at hand; later reads find it made.
        _ = command.ParameterSets;
        return command;
    }

    /// <summary>An empty pipeline.</summary>
    public PowerShell CreateShell() => PowerShell.Create(_runspace);

    /// <inheritdoc/>
    public void Dispose() => _runspace.Dispose();
}
