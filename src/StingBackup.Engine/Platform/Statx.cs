using System.Runtime.InteropServices;

namespace StingBackup.Engine.Platform;

/// <summary>The kernel's <c>struct statx</c>: 256 bytes, the same on every processor (unlike <c>struct stat</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct Statx
{
    [FieldOffset(0)] public uint Mask;
    [FieldOffset(16)] public uint Links;
    [FieldOffset(20)] public uint UserId;
    [FieldOffset(24)] public uint GroupId;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(80)] public StatxTime Born;
    [FieldOffset(96)] public StatxTime Changed;
    [FieldOffset(112)] public StatxTime Modified;
    [FieldOffset(128)] public uint NodeMajor;
    [FieldOffset(132)] public uint NodeMinor;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    /// <summary>What tells a changed file from an unchanged one.</summary>
    public readonly FileStamp Stamp => new(
        (long)Size, Modified.Nanoseconds, Changed.Nanoseconds, Inode, ((ulong)DeviceMajor << 32) | DeviceMinor, Links);

    /// <summary>Time of creation, or null where the file system keeps none.</summary>
    public readonly long? BornNs => (Mask & LinuxAbi.STATX_BTIME) != 0 ? Born.Nanoseconds : null;

    /// <summary>Number of the device that a device node stands for (major &lt;&lt; 32 | minor).</summary>
    public readonly ulong Node => ((ulong)NodeMajor << 32) | NodeMinor;

    /// <summary>What it is, or null for a format that no program makes.</summary>
    public readonly ItemKind? Kind => LinuxAbi.KindOfMode(Mode);
}

/// <summary>The kernel's <c>struct statx_timestamp</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StatxTime
{
    public long Seconds;
    public uint NanosecondPart;
    public int Reserved;

    /// <summary>Nanoseconds since 1970 UTC; a time beyond what 64 bits hold (1677 to 2262) is the nearest that they do.</summary>
    public readonly long Nanoseconds => NanosecondTime.FromParts(Seconds, NanosecondPart);
}
