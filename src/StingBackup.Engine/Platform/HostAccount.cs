using System.Globalization;
using System.Text;

namespace StingBackup.Engine.Platform;

/// <summary>Whose an installation's folders are. Root may do everything in another account's, and leaves files there that this account cannot read.</summary>
internal static class HostAccount
{
    /// <summary>The account that a folder is of, where this process is root and that is another; null otherwise, and where nobody can tell.</summary>
    public static unsafe string? OtherThanRoot(string folder)
    {
        if (!Libc.IsSupported || !Environment.IsPrivilegedProcess)
        {
            return null;
        }
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            return Libc.Stat(LinuxAbi.AT_FDCWD, path, 0, out var there) == 0 && there.UserId != 0 ? Libc.UserName(there.UserId) ?? there.UserId.ToString(CultureInfo.InvariantCulture) : null;
        }
    }
}
