namespace StingBackup;

/// <summary>What giving the key file another protection would do: <c>-WhatIf</c> prints it.</summary>
public sealed record KeyProtectionPlan
{
    /// <summary>The key file.</summary>
    public required string KeyFile { get; init; }
    /// <summary>How it is protected now.</summary>
    public required KeyProtection From { get; init; }
    /// <summary>How it would be.</summary>
    public required KeyProtection To { get; init; }
    /// <summary>The key of Vault that seals it now, or null.</summary>
    public string? FromKey { get; init; }
    /// <summary>The Vault and the key that would, or null.</summary>
    public string? ToKey { get; init; }
    /// <summary>The version of the key that wraps it now; null where none does.</summary>
    public long? FromVersion { get; init; }
    /// <summary>The version that would; null where none would.</summary>
    public long? ToVersion { get; init; }
    /// <summary>Whether only the file key is wrapped anew.</summary>
    public bool IsRewrap { get; init; }
    /// <summary>How the approval of it stands; a rewrap needs none.</summary>
    public ApprovalState Approval { get; init; }
    /// <summary>What is weaker than it should be.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = Indexable.Of(value); } = [];
}

/// <summary>A key file with its new protection.</summary>
public sealed record KeyProtectionResult
{
    /// <summary>The key file.</summary>
    public required string KeyFile { get; init; }
    /// <summary>How it was protected.</summary>
    public required KeyProtection From { get; init; }
    /// <summary>How it is.</summary>
    public required KeyProtection To { get; init; }
    /// <summary>The Vault and the key that seal it, or null.</summary>
    public string? Key { get; init; }
    /// <summary>The version of that key, or null.</summary>
    public long? KeyVersion { get; init; }
    /// <summary>What to do next.</summary>
    public required string Next { get; init; }
}
