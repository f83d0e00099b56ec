namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What to do when the receiver cannot keep up.</summary>
public enum StallPolicy
{
    /// <summary>Commits wait: nothing acknowledged is ever lost, and the database stands while the receiver does.</summary>
    Block,
    /// <summary>After a while commits no longer wait, which is told; they wait again as soon as the receiver has caught up.</summary>
    Degrade,
}
