namespace StingBackup.Engine.Basics;

/// <summary>What a failure concerns and what it is called: tells those of one object or one item, behind which the others go on, from those that end the job.</summary>
internal static class Failures
{
    /// <summary>False for what every other object or item would meet too: a store that is gone, a full disk, locked keys.</summary>
    public static bool IsOfOneItem(StingException e) => e.ErrorId switch
    {
        "RestorePathUnsafe" => true,
        "StoreUnavailable" or "VaultUnreachable" or "VaultSealed" or "VaultTlsFailed" or "VaultMountMissing" => false,
        _ => e.Kind is FailureKind.Integrity or FailureKind.NotFound or FailureKind.Io or FailureKind.PermissionDenied or FailureKind.AlreadyExists
            or FailureKind.NotSupported or FailureKind.InvalidArgument,
    };

    /// <summary>The error for an object whose bytes are wrong.</summary>
    public static StingException Damaged(string name, string why, Exception? inner = null) =>
        new("ObjectDamaged", FailureKind.Integrity, $"Object '{name}' is damaged: {why}.", name,
            "Run Test-StingBackupIntegrity to see what it hits, then Repair-StingRepository.", inner);

    /// <summary>Why, without the words that name the object again and without the full stop.</summary>
    public static string Words(StingException failure)
    {
        var cause = failure.ErrorId == "ClaimDamaged" && failure.InnerException is StingException inner ? inner : failure;
        const string isDamaged = " is damaged: ";
        var at = cause.Message.StartsWith("Object '", StringComparison.Ordinal) || cause.Message.StartsWith("Claim '", StringComparison.Ordinal)
            ? cause.Message.IndexOf(isDamaged, StringComparison.Ordinal) : -1;
        return (at < 0 ? cause.Message : cause.Message[(at + isDamaged.Length)..]).TrimEnd('.');
    }

    /// <summary>The id of an error: its message may hold names.</summary>
    public static string OutcomeOf(Exception failure) => failure switch { StingException sting => sting.ErrorId, OperationCanceledException => "Cancelled", _ => "UnexpectedFailure" };
}
