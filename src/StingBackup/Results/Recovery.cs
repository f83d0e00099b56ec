using System.Globalization;

namespace StingBackup;

/// <summary>A copy of a host's configuration, as it lies sealed with its backups.</summary>
public sealed record KeptConfiguration
{
    /// <summary>The host.</summary>
    public required string HostName { get; init; }
    /// <summary>Its writer id.</summary>
    public required string WriterId { get; init; }
    /// <summary>From 1; the newest of the host.</summary>
    public required long Revision { get; init; }
    /// <summary>Since when the settings are these.</summary>
    public required DateTimeOffset Time { get; init; }
    /// <summary>Where the file lay on that host.</summary>
    public required string File { get; init; }
    /// <summary>Whether the host may maintain the repository, as the one that made it.</summary>
    public bool MayMaintain { get; init; }
    /// <summary>Whether the host was revoked: what it says is believed only where its name is given.</summary>
    public bool IsRevoked { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{HostName}, revision {Revision} of {Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC{(IsRevoked ? ", revoked" : "")}");
}

/// <summary>What bringing a configuration back would write: <c>-WhatIf</c> prints it. The shares were found good.</summary>
public sealed record ConfigurationImportPlan
{
    /// <summary>Where it was found.</summary>
    public required string Location { get; init; }
    /// <summary>Files and folders with the shares.</summary>
    public required IReadOnlyList<string> Path { get; init => field = Indexable.Of(value); }
    /// <summary>The escrow that they open.</summary>
    public required string EscrowId { get; init; }
    /// <summary>The reserve.</summary>
    public required string ReserveId { get; init; }
    /// <summary>Fingerprint of the key role.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>The copy that is taken.</summary>
    public required KeptConfiguration Chosen { get; init; }
    /// <summary>The newest of every host that has one.</summary>
    public required IReadOnlyList<KeptConfiguration> Found { get; init => field = Indexable.Of(value); }
    /// <summary>The file that is written.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>What of it is another than in the copy.</summary>
    public required IReadOnlyList<string> Changed { get; init => field = Indexable.Of(value); }
    /// <summary>The first tier.</summary>
    public required string BackupRoot { get; init; }
    /// <summary>The reserve's folder.</summary>
    public required string Reserve { get; init; }
    /// <summary>Where the keys will lie.</summary>
    public required string KeyDirectory { get; init; }
    /// <summary>Copies of the key store and places of the epoch's secret: one of each must be at hand before anything can be read.</summary>
    public required IReadOnlyList<string> KeyPlaces { get; init => field = Indexable.Of(value); }
    /// <summary>Files that it names, which hold secrets and are not in it.</summary>
    public required IReadOnlyList<string> SecretFiles { get; init => field = Indexable.Of(value); }
    /// <summary>What is to be looked at.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>A configuration that came back.</summary>
public sealed record ConfigurationImportResult
{
    /// <summary>The file.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>The copy that was taken.</summary>
    public required KeptConfiguration Chosen { get; init; }
    /// <summary>The reserve.</summary>
    public required string ReserveId { get; init; }
    /// <summary>Fingerprint of the key role.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>What of it is another than in the copy.</summary>
    public required IReadOnlyList<string> Changed { get; init => field = Indexable.Of(value); }
    /// <summary>Files that it names, which hold secrets and are not there yet.</summary>
    public required IReadOnlyList<string> MissingFiles { get; init => field = Indexable.Of(value); }
    /// <summary>What to do next.</summary>
    public required string Next { get; init; }
}

/// <summary>What writing a configuration anew would do: <c>-WhatIf</c> prints it.</summary>
public sealed record ConfigurationExportPlan
{
    /// <summary>The file that it is made of.</summary>
    public required string From { get; init; }
    /// <summary>The file that is written.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>What of it is another.</summary>
    public required IReadOnlyList<string> Changed { get; init => field = Indexable.Of(value); }
}

/// <summary>A configuration that was written anew.</summary>
public sealed record ConfigurationExportResult
{
    /// <summary>The file.</summary>
    public required string ConfigurationFile { get; init; }
    /// <summary>What of it is another.</summary>
    public required IReadOnlyList<string> Changed { get; init => field = Indexable.Of(value); }
}

/// <summary>What locking or unlocking the tiers would do: <c>-WhatIf</c> prints it.</summary>
public sealed record TierLockdownPlan
{
    /// <summary>Why.</summary>
    public required string Reason { get; init; }
    /// <summary>Tiers, and where each lies.</summary>
    public required IReadOnlyList<string> Tiers { get; init => field = Indexable.Of(value); }
    /// <summary>What is refused from then on.</summary>
    public required IReadOnlyList<string> Stops { get; init => field = Indexable.Of(value); }
    /// <summary>Tiers that other tools with this host's credentials could still delete from.</summary>
    public required IReadOnlyList<Tier> WithoutObjectLock { get; init => field = Indexable.Of(value); }
    /// <summary>Since when they are locked; null where they are not.</summary>
    public DateTimeOffset? Since { get; init; }
    /// <summary>How its approval stands; null where none is needed.</summary>
    public ApprovalState? Approval { get; init; }
}

/// <summary>Whether this host's tiers are locked.</summary>
public sealed record TierLockdown
{
    /// <summary>Whether they are.</summary>
    public required bool IsLocked { get; init; }
    /// <summary>Why.</summary>
    public string? Reason { get; init; }
    /// <summary>Since when.</summary>
    public DateTimeOffset? Since { get; init; }
    /// <summary>Tiers that other tools with this host's credentials could still delete from.</summary>
    public IReadOnlyList<Tier> WithoutObjectLock { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>A right of this host elsewhere, and whether it ended. Never the credential itself.</summary>
public sealed record RevokedAccess
{
    /// <summary>What it is: a token, an AppRole, a key of a bucket.</summary>
    public required string Kind { get; init; }
    /// <summary>Where it counts.</summary>
    public required string Place { get; init; }
    /// <summary>Where it lies, for people.</summary>
    public required string Credential { get; init; }
    /// <summary>Whether it ended.</summary>
    public bool IsRevoked { get; init; }
    /// <summary>What somebody with the right must run; null where nothing is left to do.</summary>
    public string? Command { get; init; }
    /// <summary>What kept it from ending, or null.</summary>
    public string? Problem { get; init; }
}

/// <summary>What this host may do elsewhere, and how each of it ends: <c>-WhatIf</c> prints it.</summary>
public sealed record AccessRevocationPlan
{
    /// <summary>Each right; those with a command are left to somebody who has the right to it, unless the host can end them itself.</summary>
    public required IReadOnlyList<RevokedAccess> Access { get; init => field = Indexable.Of(value); }
}
