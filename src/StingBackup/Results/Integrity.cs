namespace StingBackup;

/// <summary>What to verify, and how deep.</summary>
public sealed record VerifyRequest
{
    /// <summary>How deep.</summary>
    public IntegrityLevel Level { get; init; } = IntegrityLevel.Structure;
    /// <summary>
    /// Limits it to the points that a restore to this day or moment would use: of each data class the newest before its end
    /// (<c>2024-01-15</c>, <c>2024-01-15 14:30</c>, <c>latest</c>). Null for all.
    /// </summary>
    public string? Date { get; init; }
    /// <summary>Limits it to one run. Null for all.</summary>
    public string? BackupId { get; init; }
    /// <summary>How many of the packs are read, in percent: more than 0, at most 100. At least one pack is.</summary>
    public double SamplePercent { get; init; } = 100;
    /// <summary>Chooses which packs a sample takes: the same number, the same packs. Null for a new number each time, which the job tells.</summary>
    public int? SampleSeed { get; init; }
    /// <summary>Which tier's repository is verified.</summary>
    public Tier Tier { get; init; } = Tier.Local;
    /// <summary>Reads only packs that were not read whole at this level for so long; null for all.</summary>
    public TimeSpan? OlderThan { get; init; }
    /// <summary>Begins to read no further pack after so long; null for no limit. Those that were read longest ago come first.</summary>
    public TimeSpan? MaxDuration { get; init; }
}

/// <summary>An object that is damaged or missing on a tier, and the tier that has it whole, or whose parity gives it.</summary>
public sealed record HealedObject
{
    /// <summary>The object's name.</summary>
    public required string Object { get; init; }
    /// <summary>The tier that gets it.</summary>
    public required Tier Tier { get; init; }
    /// <summary>The tier that gives it; its own where its parity does.</summary>
    public required Tier From { get; init; }
    /// <summary>What was wrong.</summary>
    public required string Problem { get; init; }
    /// <summary>Its bytes.</summary>
    public required long Length { get; init; }
}

/// <summary>What a repair would do: printed by <c>-WhatIf</c>, executed by the repair.</summary>
public sealed record RepairPlan
{
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
    /// <summary>Packs that will be read whole and proved.</summary>
    public required long Packs { get; init; }
    /// <summary>Their bytes.</summary>
    public required long PackBytes { get; init; }
    /// <summary>What is known to be wrong before any pack is read, as a verification at level Structure finds it.</summary>
    public required IReadOnlyList<IntegrityFault> Faults { get; init => field = Indexable.Of(value); }
    /// <summary>The tier that is repaired.</summary>
    public Tier Tier { get; init; } = Tier.Local;
    /// <summary>What another tier has of what is known to be damaged or missing. It is verified before it replaces anything.</summary>
    public IReadOnlyList<HealedObject> Heals { get; init => field = Indexable.Of(value); } = [];
    /// <summary>
    /// Whether keys will be used, so that the restore role must be at hand: chunks are then vouched for and the new index is signed; claims can be made anew.
    /// </summary>
    public bool UseKeys { get; init; } = true;
}
