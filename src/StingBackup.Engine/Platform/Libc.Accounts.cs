using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace StingBackup.Engine.Platform;

// Names of users and groups, as the system's own configuration (files, LDAP, …) has them.
internal static unsafe partial class Libc
{
    private const int FirstBuffer = 1024;
    private const int LargestBuffer = 1 << 20;

    /// <summary>A user's name, or null where the number has none.</summary>
    public static string? UserName(uint id) => Lookup((buffer, size) =>
    {
        PasswordEntry entry;
        PasswordEntry* found;
        return (getpwuid_r_(id, &entry, (byte*)buffer, size, &found), found is null ? null : Marshal.PtrToStringUTF8((nint)found->Name));
    });

    /// <summary>A group's name, or null where the number has none.</summary>
    public static string? GroupName(uint id) => Lookup((buffer, size) =>
    {
        GroupEntry entry;
        GroupEntry* found;
        return (getgrgid_r_(id, &entry, (byte*)buffer, size, &found), found is null ? null : Marshal.PtrToStringUTF8((nint)found->Name));
    });

    /// <summary>A user's number, or null where the name is not known.</summary>
    public static uint? UserId(string name) => Lookup((buffer, size) =>
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            PasswordEntry entry;
            PasswordEntry* found;
            return (getpwnam_r_(text, &entry, (byte*)buffer, size, &found), found is null ? (uint?)null : found->UserId);
        }
    });

    /// <summary>A group's number, or null where the name is not known.</summary>
    public static uint? GroupId(string name) => Lookup((buffer, size) =>
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            GroupEntry entry;
            GroupEntry* found;
            return (getgrnam_r_(text, &entry, (byte*)buffer, size, &found), found is null ? (uint?)null : found->GroupId);
        }
    });

    /// <summary>Numbers of the groups of this process, its own first.</summary>
    [SupportedOSPlatform("linux")]
    public static IReadOnlyList<uint> Groups()
    {
        var count = Math.Max(0, getgroups_(0, null));
        var groups = new uint[count + 1];
        fixed (uint* list = groups)
        {
            count = Math.Max(0, getgroups_(count, list + 1));
        }
        groups[0] = getegid_();
        return [.. groups[..(count + 1)].Distinct()];
    }

    // The caller brings the room for the texts; the system says when it is too little.
    private static T Lookup<T>(Func<nint, nint, (int Errno, T Result)> call)
    {
        for (nint size = FirstBuffer; ; size *= 4)
        {
            var buffer = (nint)NativeMemory.Alloc((nuint)size);
            try
            {
                var (errno, result) = call(buffer, size);
                if (errno != Errno.ERANGE || size >= LargestBuffer)
                {
                    return result;
                }
            }
            finally
            {
                NativeMemory.Free((void*)buffer);
            }
        }
    }
}
