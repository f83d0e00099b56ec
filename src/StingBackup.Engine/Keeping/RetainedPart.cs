using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Keeping;

/// <summary>One data class of one point that stands.</summary>
/// <param name="Point">The point.</param>
/// <param name="Part">The data class in it.</param>
internal sealed record RetainedPart(PointRecord Point, PointClass Part)
{
    /// <summary>The moment of the cut.</summary>
    public DateTimeOffset Time => NanosecondTime.FromNs(Point.TimeNs, Point.OffsetMinutes);
}
