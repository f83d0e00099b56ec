namespace StingBackup.Engine.Repository;

/// <summary>Tells a failure of one object, behind which a job goes on, from one of the whole store, which ends it.</summary>
internal static class ObjectDamage
{
    /// <summary>
    /// True when the object cannot be used and others may: its bytes are wrong or too new, it is gone, or its disk or server cannot give it (a bad sector, a file
    /// of another owner).
    /// </summary>
    public static bool IsOfOneObject(StingException failure) =>
        failure.ErrorId is "StoreFailed" or "StoreAccessDenied" || failure.Kind is FailureKind.Integrity or FailureKind.NotSupported or FailureKind.NotFound;
}
