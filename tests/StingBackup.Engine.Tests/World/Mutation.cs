using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.World;

/// <summary>A protocol that is wrong in one place: put between the engine and the world, so that the engine that is checked has no switch for it.</summary>
internal abstract class Mutation
{
    /// <summary>What is put between a host and a tier.</summary>
    public virtual IObjectStore Wrap(SimulatedWorld world, WorldHost host, HostStore store) => store;

    /// <summary>What is put between a host and its key files.</summary>
    public virtual HostKeyFiles Files(SimulatedDisk disk, Gate gate) => new(disk, gate);

    /// <summary>Another time of grace.</summary>
    public virtual TimeSpan? Grace => null;

    /// <summary>What a host does before a verb.</summary>
    public virtual Func<SimulatedWorld, WorldHost, RunningVerb, Installation, Task>? BeforeAsync => null;
}
