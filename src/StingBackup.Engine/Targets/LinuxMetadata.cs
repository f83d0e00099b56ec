using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>
/// Gives an item on Linux what it had: owner, mode, extended attributes, times, in this order, since each undoes something of those before
/// it (a new owner clears set-user-id and capabilities, an access list sets mode bits). What the system refuses becomes a message.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class LinuxMetadata(Accounts accounts)
{
    private const uint Unchanged = uint.MaxValue;
    private const uint FileModeUnknown = 0x1a0, FolderModeUnknown = 0x1e8;   // 0640 and 0750, for backups of systems without modes

    /// <summary>Applies it to an open item.</summary>
    /// <returns>A message for each thing that could not be applied; the item is not named in them.</returns>
    public IReadOnlyList<string> Apply(ItemHandle item, ItemKind kind, ItemMetadata metadata)
    {
        List<string>? messages = null;
        var owned = ApplyOwner(item, metadata, ref messages);
        if (kind != ItemKind.SymbolicLink)
        {
            ApplyMode(item, kind, metadata, owned, ref messages);
        }
        ApplyAttributes(item, metadata.ExtendedAttributes, ref messages);
        var result = item.SetModified(metadata.ModifiedNs);
        if (result < 0)
        {
            Tell(ref messages, $"the time of the last change could not be set: {Errno.Text(-result)}");
        }
        return messages ?? (IReadOnlyList<string>)[];
    }

    private bool ApplyOwner(ItemHandle item, ItemMetadata metadata, ref List<string>? messages)
    {
        var user = accounts.UserId(metadata.UserName, metadata.UserId);
        var group = accounts.GroupId(metadata.GroupName, metadata.GroupId);
        if (user is null && group is null)
        {
            return false;
        }
        var result = item.SetOwner(user ?? Unchanged, group ?? Unchanged);
        if (result == 0)
        {
            return true;
        }
        // Without root's rights the group may still be one of one's own.
        var groupResult = group is null ? result : item.SetOwner(Unchanged, group.Value);
        Tell(ref messages, groupResult == 0
            ? $"the owner could not be set to {Name(metadata.UserName, user)}: {Errno.Text(-result)}"
            : $"owner and group could not be set to {Name(metadata.UserName, user)}:{Name(metadata.GroupName, group)}: {Errno.Text(-result)}");
        return false;
    }

    private static void ApplyMode(ItemHandle item, ItemKind kind, ItemMetadata metadata, bool owned, ref List<string>? messages)
    {
        var mode = (metadata.Mode ?? (kind == ItemKind.Directory ? FolderModeUnknown : FileModeUnknown)) & 0xfff;
        const uint runAs = LinuxAbi.S_ISUID | LinuxAbi.S_ISGID;
        if (!owned && kind == ItemKind.File && (mode & runAs) != 0)
        {
            mode &= ~runAs;   // it would run as whoever restores
            Tell(ref messages, "the set-user-id and set-group-id bits are left out, because the owner could not be set");
        }
        var result = item.SetMode(mode);
        if (result < 0)
        {
            Tell(ref messages, $"the mode could not be set to {Convert.ToString(mode, 8)}: {Errno.Text(-result)}");
        }
    }

    private static void ApplyAttributes(ItemHandle item, IReadOnlyList<KeyValuePair<byte[], byte[]>> wanted, ref List<string>? messages)
    {
        if (item.HasAttributes())
        {
            RemoveOthers(item, wanted, ref messages);
        }
        foreach (var (name, value) in wanted)
        {
            var result = Set(item, name, value);
            if (result < 0)
            {
                Tell(ref messages, $"the extended attribute '{EntryPath.Display(name)}' could not be set: {Errno.Text(-result)}");
            }
        }
    }

    // A new file may inherit its folder's default access list, which would let in whom the backed-up file did not; a folder that stood there
    // may have attributes of its own. What labels belong to this system (security.*, trusted.*) stays.
    private static void RemoveOthers(ItemHandle item, IReadOnlyList<KeyValuePair<byte[], byte[]>> wanted, ref List<string>? messages)
    {
        if (item.ReadAttributes(out var present) < 0)
        {
            return;
        }
        foreach (var (name, _) in present)
        {
            var ours = name.AsSpan().StartsWith("user."u8) || name.AsSpan().StartsWith("system.posix_acl_"u8);
            if (ours && !wanted.Any(a => a.Key.AsSpan().SequenceEqual(name)) && Remove(item, name) is < 0 and var result)
            {
                Tell(ref messages, $"the extended attribute '{EntryPath.Display(name)}', which was not backed up, could not be removed: {Errno.Text(-result)}");
            }
        }
    }

    [SkipLocalsInit]
    private static int Set(ItemHandle item, byte[] name, byte[] value)
    {
        var text = stackalloc byte[LinuxAbi.NameMax + 1];
        return name.Length is 0 or > LinuxAbi.NameMax || name.Contains((byte)0) ? -Errno.EINVAL : item.SetAttribute(Beneath.Terminate(name, text), value);
    }

    [SkipLocalsInit]
    private static int Remove(ItemHandle item, byte[] name)
    {
        var text = stackalloc byte[LinuxAbi.NameMax + 1];
        return item.RemoveAttribute(Beneath.Terminate(name, text));
    }

    private static string Name(string? name, uint? id) => name ?? id?.ToString(CultureInfo.InvariantCulture) ?? "(unknown)";

    private static void Tell(ref List<string>? messages, string message) => (messages ??= []).Add(message);
}
