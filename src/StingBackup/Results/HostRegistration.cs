namespace StingBackup;

/// <summary>A step in the enrolment of a host that only writes.</summary>
public enum HostStep
{
    /// <summary>On the new host: makes its keys and a request.</summary>
    Request,
    /// <summary>On the key role's machine: enrols it, and makes its package.</summary>
    Enrol,
    /// <summary>On the key role's machine: makes a package of further spares for a host that is enrolled.</summary>
    TopUp,
    /// <summary>On the host: takes a package in.</summary>
    Join,
}

/// <summary>What <c>Register-StingHost</c> would do: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record HostRegistrationPlan
{
    /// <summary>Which step.</summary>
    public required HostStep Step { get; init; }
    /// <summary>The host's name, for people.</summary>
    public required string HostName { get; init; }
    /// <summary>Who it is, or will be, in the repository; null where its keys are made only now.</summary>
    public string? WriterId { get; init; }
    /// <summary>
    /// SHA-256 of the host's signing key; where a package is taken in, of the key role's. Compare it with what the other machine shows, over a way that
    /// the file did not take; null where the key is made only now.
    /// </summary>
    public string? Fingerprint { get; init; }
    /// <summary>The file that is read; null when none is.</summary>
    public string? InputFile { get; init; }
    /// <summary>The file that is written; null when none is.</summary>
    public string? OutputFile { get; init; }
    /// <summary>Spare keys that the host gets.</summary>
    public int Spares { get; init; }
    /// <summary>Where the repository lies; null for steps that do not touch it.</summary>
    public string? Repository { get; init; }
}

/// <summary>What <c>Register-StingHost</c> did.</summary>
public sealed record HostRegistrationResult
{
    /// <summary>Which step.</summary>
    public required HostStep Step { get; init; }
    /// <summary>The host's name.</summary>
    public required string HostName { get; init; }
    /// <summary>Who it is in the repository.</summary>
    public required string WriterId { get; init; }
    /// <summary>As in the plan.</summary>
    public required string Fingerprint { get; init; }
    /// <summary>The file that was written; null when none was.</summary>
    public string? OutputFile { get; init; }
    /// <summary>Spare keys that the host got.</summary>
    public int Spares { get; init; }
    /// <summary>Claims of subjects that were sealed to the host as well.</summary>
    public int Claims { get; init; }
    /// <summary>What to do next, for people.</summary>
    public required string Next { get; init; }
}

/// <summary>What <c>Unregister-StingHost</c> would do: printed by <c>-WhatIf</c>, executed by the run.</summary>
public sealed record HostRevocationPlan
{
    /// <summary>The host's name, for people.</summary>
    public required string HostName { get; init; }
    /// <summary>Who it is in the repository.</summary>
    public required string WriterId { get; init; }
    /// <summary>The number of the last of its runs that counts; 0 for none.</summary>
    public required long LastGoodSequence { get; init; }
    /// <summary>Its last restore point that counts; null when none does.</summary>
    public string? LastGoodPoint { get; init; }
    /// <summary>Restore points of it that are listed no more.</summary>
    public required IReadOnlyList<string> LostPoints { get; init => field = Indexable.Of(value); }
    /// <summary>How its approval stands.</summary>
    public ApprovalState Approval { get; init; }
    /// <summary>Where the repository lies.</summary>
    public required string Repository { get; init; }
}

/// <summary>What <c>Unregister-StingHost</c> did.</summary>
public sealed record HostRevocationResult
{
    /// <summary>The host's name.</summary>
    public required string HostName { get; init; }
    /// <summary>Who it was in the repository.</summary>
    public required string WriterId { get; init; }
    /// <summary>The number of the last of its runs that counts; 0 for none.</summary>
    public required long LastGoodSequence { get; init; }
    /// <summary>Restore points of it that are listed no more; their objects stay in the repository.</summary>
    public required IReadOnlyList<string> LostPoints { get; init => field = Indexable.Of(value); }
    /// <summary>Claims of subjects that the host had made and this one signed anew.</summary>
    public required int Claims { get; init; }
}
