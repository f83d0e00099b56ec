namespace StingBackup.Engine;

/// <summary>Tells failures that concern one object or one item, so that the others go on, from those that end the job.</summary>
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
}
