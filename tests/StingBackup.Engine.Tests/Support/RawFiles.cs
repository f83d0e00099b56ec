using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Tests.Support;

/// <summary>Makes on Linux what .NET cannot: names of any bytes, pipes, owners, nanoseconds, holes. Paths are relative to an open folder.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class RawFiles : IDisposable
{
    private const int RenameExchange = 2;
    private readonly int _folder;

    public RawFiles(string folder) => _folder = With(Encoding.UTF8.GetBytes(folder), p => Libc.OpenAt(LinuxAbi.AT_FDCWD, p, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY));

    private RawFiles(int folder) => _folder = folder;

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    public int Descriptor => _folder;

    /// <summary>Goes into a folder, which is made when it is missing.</summary>
    public RawFiles Enter(ReadOnlySpan<byte> name)
    {
        With(name, p => Libc.MakeDirectory(_folder, p, 0x1ed), -Errno.EEXIST);
        return new RawFiles(With(name, p => Libc.OpenAt(_folder, p, LinuxAbi.O_RDONLY | LinuxAbi.O_DIRECTORY)));
    }

    public RawFiles MakeFolder(ReadOnlySpan<byte> name)
    {
        Enter(name).Dispose();
        return this;
    }

    public RawFiles Write(ReadOnlySpan<byte> name, ReadOnlySpan<byte> content, long offset = 0, long? length = null)
    {
        var file = With(name, p => Libc.OpenAt(_folder, p, LinuxAbi.O_WRONLY | LinuxAbi.O_CREAT, 0x1a4));
        Check(Libc.PWriteAll(file, content, offset));
        if (length is { } end)
        {
            Check(Libc.Truncate(file, end));
        }
        Libc.Close(file);
        return this;
    }

    public RawFiles Link(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        var text = Terminated(target);
        fixed (byte* start = text)
        {
            var pointer = (nint)start;
            With(name, p => Libc.MakeSymbolicLink((byte*)pointer, _folder, p));
        }
        return this;
    }

    public RawFiles HardLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> existing)
    {
        var text = Terminated(existing);
        fixed (byte* start = text)
        {
            var pointer = (nint)start;
            With(name, p => Libc.Link(_folder, (byte*)pointer, _folder, p));
        }
        return this;
    }

    public RawFiles Node(ReadOnlySpan<byte> name, uint mode, uint major = 0, uint minor = 0)
    {
        With(name, p => Libc.MakeNode(_folder, p, mode, major, minor));
        return this;
    }

    public RawFiles Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool exchange = false)
    {
        var text = Terminated(to);
        fixed (byte* start = text)
        {
            var pointer = (nint)start;
            With(from, p => Libc.Rename(_folder, p, _folder, (byte*)pointer, exchange ? RenameExchange : 0));
        }
        return this;
    }

    public RawFiles Owner(ReadOnlySpan<byte> name, uint user, uint group) => Open(name, f => Libc.SetOwner(f, user, group));

    public RawFiles Mode(ReadOnlySpan<byte> name, uint mode) => Open(name, f => new ItemHandle(f, isPath: true).SetMode(mode));

    public RawFiles Modified(ReadOnlySpan<byte> name, long time) => Open(name, f => new ItemHandle(f, isPath: true).SetModified(time));

    public RawFiles Attribute(ReadOnlySpan<byte> name, string attribute, byte[] value) => Open(name, f =>
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(attribute + '\0'))
        {
            return new ItemHandle(f, isPath: true).SetAttribute(text, value);
        }
    });

    public void Dispose() => Libc.Close(_folder);

    private RawFiles Open(ReadOnlySpan<byte> name, Func<int, int> act)
    {
        var file = With(name, p => Libc.OpenAt(_folder, p, LinuxAbi.O_PATH | LinuxAbi.O_NOFOLLOW));
        Check(act(file));
        Libc.Close(file);
        return this;
    }

    private delegate int Call(byte* path);

    private static int With(ReadOnlySpan<byte> name, Call call, int tolerated = 0)
    {
        fixed (byte* path = Terminated(name))
        {
            return Check(call(path), tolerated);
        }
    }

    private static byte[] Terminated(ReadOnlySpan<byte> text) => [.. text, 0];

    private static int Check(int result, int tolerated = 0) =>
        result >= 0 || result == tolerated ? result : throw new IOException(Errno.Text(-result), -result);
}

/// <summary>Takes root's rights over files from this thread until it is disposed of; does nothing where they are not root's.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class Unprivileged : IDisposable
{
    private const int Nobody = 65534;

    public Unprivileged()
    {
        if (RawFiles.IsRoot)
        {
            _ = setfsgid_(Nobody);
            _ = setfsuid_(Nobody);   // Linux drops the capabilities over files with it
        }
    }

    public void Dispose()
    {
        if (RawFiles.IsRoot)
        {
            _ = setfsuid_(0);
            _ = setfsgid_(0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int setfsuid_(int user);
    [LibraryImport("libc", EntryPoint = "setfsgid")]
    private static partial int setfsgid_(int group);
}
