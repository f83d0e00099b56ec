namespace StingBackup;

/// <summary>What kind of failure it is. Maps to PowerShell's ErrorCategory and to the exit code.</summary>
public enum FailureKind
{
    /// <summary>The user's words or configuration are wrong. Exit 2.</summary>
    InvalidArgument,
    /// <summary>A configuration is wrong. Exit 2.</summary>
    InvalidConfiguration,
    /// <summary>What was named is not there. Exit 1.</summary>
    NotFound,
    /// <summary>It stands there already. Exit 1.</summary>
    AlreadyExists,
    /// <summary>A right, an approval or a consent is missing. Exit 4.</summary>
    Refused,
    /// <summary>A passphrase or key does not open what it should. Exit 4.</summary>
    Authentication,
    /// <summary>The operating system denied access. Exit 1.</summary>
    PermissionDenied,
    /// <summary>Stored bytes are damaged or were tampered with. Exit 5.</summary>
    Integrity,
    /// <summary>A disk, server or device failed. Exit 1.</summary>
    Io,
    /// <summary>Out of room, spares or another resource. Exit 1.</summary>
    ResourceExhausted,
    /// <summary>Another job is in the way. Exit 1.</summary>
    Busy,
    /// <summary>This version or platform cannot do it. Exit 1.</summary>
    NotSupported,
}

/// <summary>The one exception of this product: what failed, on what, why, and what to do next.</summary>
public sealed class StingException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="errorId">Stable id without spaces; listed in about_StingBackup_Errors.</param>
    /// <param name="kind">The kind of failure.</param>
    /// <param name="message">What failed and why; names file, line, key or object.</param>
    /// <param name="target">The item it failed on, or null.</param>
    /// <param name="remedy">What to do next.</param>
    /// <param name="inner">The cause.</param>
    public StingException(string errorId, FailureKind kind, string message, string? target, string remedy, Exception? inner = null)
        : base(message, inner)
    {
        ErrorId = errorId;
        Kind = kind;
        Target = target;
        Remedy = remedy;
    }

    /// <summary>Stable id; see about_StingBackup_Errors.</summary>
    public string ErrorId { get; }
    /// <summary>The kind of failure.</summary>
    public FailureKind Kind { get; }
    /// <summary>The item it failed on.</summary>
    public string? Target { get; }
    /// <summary>What to do next.</summary>
    public string Remedy { get; }
}
