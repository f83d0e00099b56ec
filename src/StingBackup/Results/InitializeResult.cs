namespace StingBackup;

/// <summary>What making a repository would do: printed by <c>-WhatIf</c>, executed by the next call.</summary>
public sealed record InitializePlan
{
    /// <summary>The key of a Vault that will wrap the key file's key, or null.</summary>
    public string? KeyVault { get; init; }
    /// <summary>What was asked.</summary>
    public required InitializeRequest Request { get; init; }
    /// <summary>The configuration file that will be written.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>The repository's folder.</summary>
    public required string BackupRoot { get; init; }
    /// <summary>The folder that will be protected.</summary>
    public required string Reserve { get; init; }
    /// <summary>Key files that will be made.</summary>
    public required IReadOnlyList<string> KeyFiles { get; init => field = Indexable.Of(value); }
    /// <summary>Subjects that the reserve has now.</summary>
    public required int Subjects { get; init; }
    /// <summary>Keys that will be minted ahead.</summary>
    public required int Spares { get; init; }
    /// <summary>What is weaker than it should be.</summary>
    public required IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); }
    /// <summary>Settings that the file gets for a STING installation.</summary>
    public IReadOnlyList<ProposedSetting> Settings { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What is still to be done before the first run.</summary>
    public IReadOnlyList<string> Tasks { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What of a STING installation could not be found, or is not backed up.</summary>
    public IReadOnlyList<StingGap> NotFound { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>A repository that was made.</summary>
public sealed record InitializeResult
{
    /// <summary>The reserve's id, 32 hexadecimal digits.</summary>
    public required string ReserveId { get; init; }
    /// <summary>The repository's folder.</summary>
    public required string BackupRoot { get; init; }
    /// <summary>The folder that is protected.</summary>
    public required string Reserve { get; init; }
    /// <summary>The configuration file that was written.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>Where the keys lie. Whoever loses them loses every backup.</summary>
    public required string KeyDirectory { get; init; }
    /// <summary>SHA-256 of the key role's public key.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>Whether a passphrase seals the key file.</summary>
    public required bool HasPassphrase { get; init; }
    /// <summary>Keys minted ahead.</summary>
    public required int Spares { get; init; }
    /// <summary>What is still to be done before the first run.</summary>
    public IReadOnlyList<string> Tasks { get; init => field = Indexable.Of(value); } = [];
    /// <summary>What of a STING installation could not be found, or is not backed up.</summary>
    public IReadOnlyList<StingGap> NotFound { get; init => field = Indexable.Of(value); } = [];
}
