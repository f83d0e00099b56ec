using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace StingBackup.HelpBuilder;

/// <summary>The commands of a built module, read in a hosted engine.</summary>
internal sealed class BuiltModule : IDisposable
{
    private readonly Runspace _runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());

    /// <summary>Imports it.</summary>
    /// <param name="path">Its folder.</param>
    public BuiltModule(string path)
    {
        _runspace.Open();
        using var shell = PowerShell.Create(_runspace);
        shell.AddCommand("Import-Module").AddParameter("Name", path).AddParameter("ErrorAction", "Stop").Invoke();
        shell.Commands.Clear();
        Commands = [.. shell.AddCommand("Get-Command").AddParameter("Module", Path.GetFileName(path.TrimEnd('/', '\\'))).Invoke<CommandInfo>().OrderBy(c => c.Name, StringComparer.Ordinal)];
        foreach (var command in Commands)
        {
            // Parameter sets are made when first asked for, and only where the engine is at hand.
            _ = command.ParameterSets;
        }
    }

    /// <summary>Its exports, ascending by name.</summary>
    public IReadOnlyList<CommandInfo> Commands { get; }

    /// <inheritdoc/>
    public void Dispose() => _runspace.Dispose();
}
