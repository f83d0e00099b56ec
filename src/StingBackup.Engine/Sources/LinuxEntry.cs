using System.Runtime.Versioning;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>An entry out of what statx gives.</summary>
[SupportedOSPlatform("linux")]
internal static class LinuxEntry
{
    /// <summary>Makes it; attributes and link target are not in a stat.</summary>
    public static SourceEntry Make(EntryPath path, ItemKind kind, in Statx stat, string? userName, string? groupName) =>
        new(path, kind, stat.Stamp, new ItemMetadata
        {
            Mode = stat.Mode & ~LinuxAbi.S_IFMT,
            UserId = stat.UserId,
            GroupId = stat.GroupId,
            UserName = userName,
            GroupName = groupName,
            ModifiedNs = stat.Modified.Nanoseconds,
            BirthNs = stat.BornNs,
            Device = kind is ItemKind.CharacterDevice or ItemKind.BlockDevice ? stat.Node : null,
        });
}
