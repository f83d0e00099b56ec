using StingBackup.Engine.Cryptography;
namespace StingBackup.Engine.Keys;

/// <summary>What is asked of a new reserve's keys.</summary>
public sealed record KeyCreation
{
    /// <summary>This host's name, for people.</summary>
    public required string HostName { get; init; }
    /// <summary>Whether a passphrase seals the key file. Counts for nothing where a key vault does.</summary>
    public required bool WithPassphrase { get; init; }
    /// <summary>How many subjects the installation has now; spares for them come on top of the host's stock.</summary>
    public int KnownSubjects { get; init; }
    /// <summary>The host's stock of spares; null for what <see cref="KeyOptions.Spares"/> says.</summary>
    public int? Spares { get; init; }
    /// <summary>How much work it is to try one passphrase.</summary>
    public Argon2Parameters Work { get; init; } = Argon2Parameters.Default;
}

/// <summary>What making a reserve's keys would do: <c>-WhatIf</c> prints it, <see cref="ReserveKeys.CreateAsync"/> executes it.</summary>
public sealed record KeyPlan
{
    /// <summary>Where keys go.</summary>
    public required KeyOptions Options { get; init; }
    /// <summary>What was asked.</summary>
    public required KeyCreation Creation { get; init; }
    /// <summary>Files that will be made, by path.</summary>
    public required IReadOnlyList<string> Files { get; init; }
    /// <summary>How many spares will be minted.</summary>
    public required int Spares { get; init; }
    /// <summary>The key of a key vault that will wrap the key file's key; null for none.</summary>
    public KeyWrapperName? WrappedBy { get; init; }
    /// <summary>What is weaker than it should be.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
