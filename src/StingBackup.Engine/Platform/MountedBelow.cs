using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Engine.Platform;

/// <summary>
/// The file systems mounted below a directory (a container's volumes, for example), held open from the start: what was written to them is
/// made durable with the directory's own, and errors since the start are told.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class MountedBelow : IDisposable
{
    private readonly List<SafeFileHandle> _roots = [];

    private MountedBelow()
    {
    }

    /// <summary>How many there are.</summary>
    public int Count => _roots.Count;

    /// <summary>Finds them. Where /proc is missing or a mount cannot be opened, it is left to the system's own time.</summary>
    public static MountedBelow Open(int directory)
    {
        var found = new MountedBelow();
        try
        {
            var root = new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory}")).LinkTarget?.TrimEnd('/');
            foreach (var line in root is null ? [] : File.ReadLines("/proc/self/mountinfo"))
            {
                var point = MountText.Unescape(line.Split(' ')[4]);
                if (point.Length > root!.Length + 1 && point.StartsWith(root + '/', StringComparison.Ordinal))
                {
                    found.Add(point);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No /proc: a sandbox, in which nothing can be mounted below either.
        }
        return found;
    }

    /// <summary>Makes each durable; 0, or the first error negated.</summary>
    public int Sync()
    {
        var result = 0;
        foreach (var root in _roots)
        {
            var synced = Libc.SyncFileSystem((int)root.DangerousGetHandle());
            result = result == 0 ? synced : result;
        }
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _roots.ForEach(root => root.Dispose());

    private void Add(string point)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(point + '\0'))
        {
            var file = Libc.OpenAt(LinuxAbi.AT_FDCWD, path, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY);
            if (file >= 0)
            {
                _roots.Add(new SafeFileHandle(file, ownsHandle: true));
            }
        }
    }
}
