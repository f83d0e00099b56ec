namespace StingBackup.Engine.Tests.Faults;

/// <summary>A verb of the engine, and what to expect of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="World">The state at which it begins.</param>
/// <param name="RunAsync">Runs it, as a process of its own.</param>
internal sealed record FaultVerb(string Name, string World, Func<FaultWorld, FaultScript?, FaultTold, Task> RunAsync)
{
    /// <summary>What is done before it, undisturbed: approvals.</summary>
    public Func<FaultWorld, Task> PrepareAsync { get; init; } = _ => Task.CompletedTask;
    /// <summary>Whether a second run must change nothing.</summary>
    public bool IsMaintenance { get; init; }
    /// <summary>Whether it only reads: then nothing may change at all.</summary>
    public bool OnlyReads { get; init; }
    /// <summary>Whether it begins with damage: until it is done there must be nothing less than before, and no more is asked.</summary>
    public bool Mends { get; init; }
    /// <summary>Kinds of objects that a verification names as missing after the verb has told of a failure: it takes them away and puts them anew, has them on the host and not yet in the repository, or could not copy them.</summary>
    public IReadOnlyList<string> MayLack { get; init; } = [];
    /// <summary>What a verification may say of the repository after the verb has told of a failure: the deed is begun, and the next run ends it.</summary>
    public string? MaySay { get; init; }
    /// <summary>What a rerun may be refused with, where the deed had been done and only the answer was lost.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];
    /// <summary>Who is erased once it is done.</summary>
    public string? Erases { get; init; }
    /// <summary>Whether it lists what it has just stored, and takes for granted that the local tier shows it: then a stale listing there is no case. Every store that the program takes shows what it has confirmed.</summary>
    public bool ListsOwnWrites { get; init; }
    /// <summary>What runs behind it every day, and takes what it could not reach to further tiers; null for nothing.</summary>
    public Func<FaultWorld, FaultScript?, FaultTold, Task>? ThenAsync { get; init; }
    /// <summary>The engine's public methods that it goes through.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];
}
