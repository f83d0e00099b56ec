using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Restore;

/// <summary>Says what a damaged tree page hides.</summary>
internal static class TreeDamage
{
    /// <summary><c>TreeDamaged</c>, with the paths between which items are not known.</summary>
    public static StingException Describe(PointTree tree, PageDamage damage)
    {
        var range = (damage.From, damage.To) switch
        {
            (null, null) => "",
            ({ } from, null) => $" from '{from}' on",
            (null, { } to) => $" before '{to}'",
            ({ } from, { } to) => $" from '{from}' to before '{to}'",
        };
        return new StingException("TreeDamaged", damage.Error.Kind,
            $"Items of '{tree.Subject}' in {tree.Point.BackupId} ({tree.Point.DataClass}){range} are not known: {damage.Error.Message}", damage.Error.Target,
            "Take another point, or another tier's copy; Test-StingBackupIntegrity tells what else the damage hits.", damage.Error);
    }
}
