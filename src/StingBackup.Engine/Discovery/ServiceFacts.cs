namespace StingBackup.Engine.Discovery;

/// <summary>One service of STING, as a container or a compose file shows it.</summary>
/// <param name="Name">Its name among the services: <c>db</c>, <c>vault</c>, <c>knowledge</c>.</param>
/// <param name="Container">Its container's name, or null.</param>
/// <param name="Source">What says so, for people.</param>
internal sealed record ServiceFacts(string Name, string? Container, string Source)
{
    /// <summary>Its image with tag, or null.</summary>
    public string? Image { get; init; }

    /// <summary>Folders that it has.</summary>
    public IReadOnlyList<MountFacts> Mounts { get; init; } = [];

    /// <summary>Ports of this host that lead to it.</summary>
    public IReadOnlyList<PortFacts> Ports { get; init; } = [];

    /// <summary>Its address in the network of containers, or null.</summary>
    public string? Address { get; init; }
}

/// <summary>A folder that a container has.</summary>
/// <param name="Inside">Where it stands in the container.</param>
/// <param name="Path">Where it lies on the host.</param>
/// <param name="Volume">The volume's name; null for a folder of the host.</param>
internal sealed record MountFacts(string Inside, string Path, string? Volume);

/// <summary>A port that is published.</summary>
/// <param name="Inside">The container's port.</param>
/// <param name="HostAddress">The address of this host that it listens on; empty for all.</param>
/// <param name="HostPort">This host's port.</param>
internal sealed record PortFacts(int Inside, string HostAddress, int HostPort);
