using System.Runtime.InteropServices;

namespace StingBackup.Engine.Platform;

/// <summary>Error numbers of Linux that callers tell apart; the same on every processor that .NET runs on.</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int ENXIO = 6;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EEXIST = 17;
    public const int ENODEV = 19;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int EMFILE = 24;
    public const int EFBIG = 27;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int EMLINK = 31;
    public const int ERANGE = 34;
    public const int ENAMETOOLONG = 36;
    public const int ENOSYS = 38;
    public const int ENOTEMPTY = 39;
    public const int ELOOP = 40;
    public const int ENODATA = 61;
    public const int EOPNOTSUPP = 95;
    public const int ESTALE = 116;
    public const int EDQUOT = 122;

    /// <summary>The system's own words for an error, first letter lower case, to stand within a sentence.</summary>
    public static string Text(int errno)
    {
        var text = Marshal.GetPInvokeErrorMessage(errno);
        return text.Length > 1 && char.IsUpper(text[0]) && !char.IsUpper(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;
    }

    /// <summary>The kind of failure that an error is to a caller.</summary>
    public static FailureKind Kind(int errno) => errno switch
    {
        EPERM or EACCES or EROFS => FailureKind.PermissionDenied,
        ENOENT => FailureKind.NotFound,
        EEXIST or ENOTEMPTY => FailureKind.AlreadyExists,
        ENOSPC or EDQUOT or EMFILE or EFBIG => FailureKind.ResourceExhausted,
        EOPNOTSUPP or ENOSYS => FailureKind.NotSupported,
        _ => FailureKind.Io,
    };
}
