namespace StingBackup.Engine.Reserve;

/// <summary>What a sample reserve is to be like.</summary>
public sealed record SampleReserveOptions
{
    /// <summary>The same seed gives the same reserve, byte for byte and time for time, on the same platform.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// Share of the full size, which is 50 people, 42 jars, about 5,000 files and 2.5 GB. Above 0, up to 100. Below 1, numbers and lengths of files both
    /// shrink by its square root, so that a small reserve still has many files and some long ones.
    /// </summary>
    public double Scale { get; init; } = 0.01;

    /// <summary>Adds what is awkward to back up: names, links, holes, attributes, depth. Half of it needs Linux; the report says what was left out.</summary>
    public bool Edges { get; init; } = true;

    /// <summary>Adds the files that two subjects hold alike (5 % of all). Without them, a program that shares content between people gains nothing by it.</summary>
    public bool CrossSubjectDuplicates { get; init; } = true;
}
