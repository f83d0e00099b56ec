using System.Management.Automation;
using StingBackup.Engine;

namespace StingBackup.Cmdlets;

/// <summary>What PowerShell calls when it has imported these cmdlets.</summary>
public sealed class ModuleStart : IModuleAssemblyInitializer
{
    /// <inheritdoc/>
    public void OnImport() => FirstUse.Prepare();
}
