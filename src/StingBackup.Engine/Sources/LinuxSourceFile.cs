using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>An open file of a tree on Linux.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxSourceFile(LinuxSourceTree tree, EntryPath path, SafeFileHandle file) : ISourceFile
{
    private const int BlockSize = 512;                   // statx counts blocks in this, whatever the file system's own are
    private const long WorthReadingAhead = 1 << 18;

    private int File => (int)file.DangerousGetHandle();

    /// <summary>Checks that it is a regular file, and has a large one read ahead.</summary>
    public void Prepare()
    {
        if (tree.StatFile(File, path).Size >= WorthReadingAhead)
        {
            Libc.AdviseSequential(File);
        }
    }

    /// <inheritdoc/>
    public FileStamp Stamp() => tree.StatFile(File, path).Stamp;

    /// <inheritdoc/>
    public IReadOnlyList<DataRange> DataRanges()
    {
        var stat = tree.StatFile(File, path);
        var length = (long)stat.Size;
        if (length == 0)
        {
            return [];
        }
        if (stat.Blocks * BlockSize >= stat.Size)
        {
            return [new DataRange(0, length)];   // as many blocks as bytes: no hole worth a call
        }
        var ranges = new List<DataRange>();
        for (long position = 0; position < length;)
        {
            var data = Libc.Seek(File, position, LinuxAbi.SEEK_DATA);
            if (data == -Errno.ENXIO || data >= length)
            {
                break;   // only a hole is left
            }
            var hole = data < 0 ? data : Libc.Seek(File, data, LinuxAbi.SEEK_HOLE);
            if (hole < 0)
            {
                return hole is -Errno.EINVAL or -Errno.EOPNOTSUPP ? [new DataRange(0, length)]   // a file system that keeps no holes
                    : hole == -Errno.ENXIO ? ranges : throw tree.Failed(path, "find the holes of", (int)hole);
            }
            hole = Math.Min(hole, length);
            ranges.Add(new DataRange(data, hole - data));
            position = hole;
        }
        return ranges;
    }

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> buffer)
    {
        var read = Libc.PRead(File, buffer, offset);
        return read >= 0 ? read : throw tree.Failed(path, "read", read);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
