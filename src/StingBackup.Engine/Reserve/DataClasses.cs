namespace StingBackup.Engine.Reserve;

/// <summary>What holds for single data classes, whatever the source.</summary>
public static class DataClasses
{
    /// <summary>Days in which an erasure has reached every copy: nothing that mixes subjects is kept longer.</summary>
    public const int ErasurePromiseDays = 30;

    /// <summary>What of the classes a run takes. Archive runs leave physical captures out, since these are never on the archive tier.</summary>
    /// <param name="type">The run.</param>
    /// <param name="classes">Classes, or null or none for all.</param>
    /// <exception cref="StingException"><c>PhysicalNotArchived</c> when an archive run is asked for them by name.</exception>
    public static IReadOnlyList<DataClass> TakenBy(BackupType type, IReadOnlyList<DataClass>? classes)
    {
        IReadOnlyList<DataClass> all = classes is { Count: > 0 } ? [.. classes.Distinct().Order()] : Enum.GetValues<DataClass>();
        if (type != BackupType.Archive)
        {
            return all;
        }
        return classes?.Contains(DataClass.Physical) != true ? [.. all.Where(c => c != DataClass.Physical)]
            : throw new StingException("PhysicalNotArchived", FailureKind.InvalidArgument, "Physical captures hold many people mixed; they are never archived, or an erasure could not reach them.",
                nameof(DataClass.Physical), "Back them up by -Type Incremental or Full.");
    }
}
