namespace StingBackup.Fixtures.Sting;

/// <summary>What an imitated installation is to be like.</summary>
internal sealed record StingSiteOptions
{
    /// <summary>The same seed gives the same installation, byte for byte, but for times and numbers that servers give.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Share of the full size: 50 people, 42 jars, 3,000 uploads and their like, 2 GB. Numbers and lengths both shrink by its square root.</summary>
    public double Scale { get; init; } = 0.01;

    /// <summary>Adds the names, links, holes and attributes of a sample reserve, a file over 5 GB that is mostly holes among them.</summary>
    public bool Edges { get; init; } = true;

    /// <summary>Share of the uploads that STING has encrypted; a third of these under an earlier master key.</summary>
    public double Encrypted { get; init; } = 0.25;
}
