using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Restore;

/// <summary>One subject's tree in one data class of one point.</summary>
/// <param name="Point">Where it stands.</param>
/// <param name="Row">Its pseudonym, root and size.</param>
/// <param name="Subject">The canonical name that the root page holds.</param>
/// <param name="First">Its first path.</param>
internal sealed record PointTree(ClassPoint Point, SubjectRow Row, string Subject, EntryPath First)
{
    public TreeRoot Root => new(Row.Pseudonym, Row.Root);

    /// <summary>An item as people see it.</summary>
    public RestorePointItem ToItem(TreeEntry entry) => new()
    {
        BackupId = Point.BackupId, DataClass = Point.DataClass, Subject = Subject, Path = entry.Path.ToString(), Kind = entry.Kind, Length = entry.Length,
        ModifiedTime = Point.TimeOf(entry), Mode = (int?)entry.Metadata.Mode, Owner = OwnerOf(entry), Group = GroupOf(entry), LinkTarget = LinkOf(entry),
    };

    public static string? OwnerOf(TreeEntry entry) => entry.Metadata.UserName ?? entry.Metadata.UserId?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static string? GroupOf(TreeEntry entry) => entry.Metadata.GroupName ?? entry.Metadata.GroupId?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static string? LinkOf(TreeEntry entry) => entry.HardLinkTo?.ToString() ?? (entry.Metadata.LinkTarget is { } target ? EntryPath.Display(target) : null);

    /// <summary>The folder that the tree starts with, where the subject has one of its own; else null.</summary>
    public EntryPath? OwnFolder
    {
        get
        {
            var length = First.Bytes.Length - Own(Subject, First.Bytes).Length;
            return length == 0 ? null : EntryPath.FromBytes(First.Bytes[..length].TrimEnd((byte)'/'));
        }
    }

    /// <summary>
    /// The part of a path that a subject knows as its own: what follows <c>users/&lt;id&gt;</c> or <c>jars/&lt;id&gt;</c>. The whole path for <c>system</c> and elsewhere.
    /// </summary>
    public static ReadOnlySpan<byte> Own(string subject, ReadOnlySpan<byte> path)
    {
        if (subject == SubjectNames.System || !(path.StartsWith("users/"u8) || path.StartsWith("jars/"u8)))
        {
            return path;
        }
        var rest = path[(path.IndexOf((byte)'/') + 1)..];
        var slash = rest.IndexOf((byte)'/');
        return slash < 0 ? [] : rest[(slash + 1)..];
    }
}
