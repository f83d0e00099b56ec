namespace StingBackup.Engine.Reserve;

/// <summary>Where an item of the reserve belongs.</summary>
/// <param name="IsExcluded">True when no backup holds it, nor anything below it.</param>
/// <param name="DataClass">Its data class; 0 when excluded.</param>
/// <param name="Subject">The canonical name of whom it belongs to; empty when excluded.</param>
public readonly record struct Placement(bool IsExcluded, DataClass DataClass, string Subject)
{
    /// <summary>Left out.</summary>
    public static Placement Excluded { get; } = new(true, default, "");
}
