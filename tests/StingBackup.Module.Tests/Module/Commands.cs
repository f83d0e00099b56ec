using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Module;

/// <summary>The built module's commands, for tests that hold of each.</summary>
internal static class Commands
{
    /// <summary>Ascending by name.</summary>
    public static IReadOnlyList<CommandInfo> All(HostedShell shell) =>
        [.. shell.Run("Get-Command -Module StingBackup").Succeeded().Objects<CommandInfo>().OrderBy(c => c.Name, StringComparer.Ordinal)];

    /// <summary>Its own parameters, without those that PowerShell adds.</summary>
    public static IReadOnlyList<ParameterMetadata> Parameters(CommandInfo command) =>
        [.. command.Parameters.Values.Where(p => !Cmdlet.CommonParameters.Contains(p.Name) && !Cmdlet.OptionalCommonParameters.Contains(p.Name))];

    /// <summary>Verbs that change nothing.</summary>
    public static bool OnlyReads(CommandInfo command) =>
        command is CmdletInfo { Verb: "Get" or "Find" or "Compare" or "Test" or "Measure", Name: not "Test-StingRecovery" };   // that one restores, and keeps evidence
}
