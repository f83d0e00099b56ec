using System.Management.Automation;
using System.Management.Automation.Host;
using StingBackup.Engine;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>What the programs of this product tell the module of the process that it runs in, by their host's private data; any other host is a session in which somebody waits.</summary>
internal static class HostFacts
{
    /// <summary>The process as jobs see it.</summary>
    public static HostingProcess ProcessOf(PSHost host) => new(Is(host, "StingUnattended"), Is(host, "StingOwnsProcess"));

    private static bool Is(PSHost host, string name) => host.PrivateData?.Properties[name]?.Value is true;
}
