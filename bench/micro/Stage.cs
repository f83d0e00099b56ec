namespace StingBackup.Micro;

/// <summary>What a benchmark is a stage of, and how its figure is told.</summary>
/// <param name="name">The stage.</param>
/// <param name="of">What it works on.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StageAttribute(string name, string of) : Attribute
{
    public string Name => name;
    public string Of => of;
    /// <summary>Bytes that a call handles: told as MB/s. Without it: what a call, or an operation of it, is counted in.</summary>
    public long Bytes { get; init; }
    /// <summary>What is counted where no bytes are: "files", "chunks".</summary>
    public string Unit { get; init; } = "";
}
