using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>An item under a temporary name in the folder where it belongs, which stays open meanwhile. Disposed without <see cref="Place"/>, it goes.</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class LinuxTemporary : IDisposable
{
    private const uint NewMode = 0x180;   // 0600: nobody else sees it before its own mode is set

    private readonly LinuxRestoreTarget _target;
    private readonly EntryPath _path;
    private readonly SafeFileHandle _folder;
    private bool _sharesFile;   // renaming one name of a file over another of the same does nothing: the temporary one is removed in any case
    private byte[]? _name;      // ends in NUL; null while nothing stands under it

    private LinuxTemporary(LinuxRestoreTarget target, EntryPath path)
    {
        _target = target;
        _path = path;
        _folder = target.OpenFolderOf(path);
    }

    private int Folder => (int)_folder.DangerousGetHandle();

    /// <summary>Makes an empty file, open for writing and marked for as long as it is: so others know that it is no leftover.</summary>
    public static LinuxTemporary MakeFile(LinuxRestoreTarget target, EntryPath path, out SafeFileHandle file)
    {
        var temporary = new LinuxTemporary(target, path);
        var made = temporary.Make((folder, name) => Libc.OpenAt(folder, (byte*)name, LinuxAbi.O_WRONLY | LinuxAbi.O_CREAT | LinuxAbi.O_EXCL, NewMode));
        file = new SafeFileHandle(made, ownsHandle: true);
        _ = Libc.MarkInUse(made);   // where that is not possible, CleanUp takes nothing for a leftover
        return temporary;
    }

    /// <summary>Makes a link, pipe or device.</summary>
    public static LinuxTemporary MakeSpecial(LinuxRestoreTarget target, EntryPath path, ItemKind kind, ItemMetadata metadata)
    {
        var temporary = new LinuxTemporary(target, path);
        var device = metadata.Device ?? 0;
        temporary.Make((folder, name) =>
        {
            switch (kind)
            {
                case ItemKind.SymbolicLink:
                    fixed (byte* to = (byte[])[.. metadata.LinkTarget!, 0])
                    {
                        return Libc.MakeSymbolicLink(to, folder, (byte*)name);
                    }
                case ItemKind.Fifo:
                    return Libc.MakeNode(folder, (byte*)name, LinuxAbi.S_IFIFO | NewMode, 0, 0);
                case ItemKind.CharacterDevice or ItemKind.BlockDevice:
                    var format = kind == ItemKind.CharacterDevice ? LinuxAbi.S_IFCHR : LinuxAbi.S_IFBLK;
                    return Libc.MakeNode(folder, (byte*)name, format | NewMode, (uint)(device >> 32), (uint)device);
                default:
                    throw new ArgumentOutOfRangeException(nameof(kind), kind, "It is made by another call.");
            }
        });
        return temporary;
    }

    /// <summary>Makes a second name of an existing item.</summary>
    public static LinuxTemporary MakeHardLink(LinuxRestoreTarget target, EntryPath path, EntryPath existing)
    {
        var temporary = new LinuxTemporary(target, path) { _sharesFile = true };
        using var existingFolder = target.OpenFolderOf(existing);
        var from = (int)existingFolder.DangerousGetHandle();
        var text = target.NameOf(existing);
        temporary.Make((folder, name) =>
        {
            fixed (byte* source = text)
            {
                return Libc.Link(from, source, folder, (byte*)name);
            }
        });
        return temporary;
    }

    /// <summary>Opens it once more, to write past the page cache; null where its file system has no such thing.</summary>
    public SafeFileHandle? TryOpenDirect()
    {
        fixed (byte* name = _name)
        {
            var file = Libc.OpenAt(Folder, name, LinuxAbi.O_WRONLY | LinuxAbi.O_DIRECT | LinuxAbi.O_NOFOLLOW);
            return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : null;
        }
    }

    /// <summary>Opens it as a mere path, to set its attributes.</summary>
    public SafeFileHandle OpenPath()
    {
        fixed (byte* name = _name)
        {
            var file = Libc.OpenAt(Folder, name, LinuxAbi.O_PATH | LinuxAbi.O_NOFOLLOW);
            return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw _target.Failed(_path, "open the new", file);
        }
    }

    /// <summary>Gives it its final name in its folder.</summary>
    /// <exception cref="StingException"><c>RestoreConflict</c> when something stands there and may not be replaced.</exception>
    public void Place(EntryPath path, bool replace)
    {
        if (path.Parent != _path.Parent || path.IsRoot)
        {
            throw new ArgumentException($"'{path}' is not in the folder of '{_path}'.", nameof(path));
        }
        int result;
        fixed (byte* from = _name, to = _target.NameOf(path))
        {
            result = Libc.Rename(Folder, from, Folder, to, replace ? 0 : LinuxAbi.RENAME_NOREPLACE);
            if (result == -Errno.EINVAL && !replace)
            {
                result = Libc.Link(Folder, from, Folder, to);   // NFS cannot rename so, but link so; the temporary name goes with Dispose
            }
            else if (result == 0 && !_sharesFile)
            {
                _name = null;
            }
        }
        if (result < 0)
        {
            throw result switch
            {
                -Errno.EEXIST => RestoreErrors.Conflict(_target.Location, path, "it may not be replaced"),
                -Errno.EISDIR or -Errno.ENOTEMPTY => RestoreErrors.Conflict(_target.Location, path, "it is a folder"),
                _ => _target.Failed(path, "put in place", result),
            };
        }
    }

    /// <summary>Removes it unless it was placed, and closes the folder.</summary>
    public void Dispose()
    {
        if (_name is not null)
        {
            fixed (byte* name = _name)
            {
                _ = Libc.Unlink(Folder, name);   // what stays for whatever reason is removed by the next CleanUp
            }
            _name = null;
        }
        _folder.Dispose();
    }

    // Pointers cannot be arguments of a generic delegate; the second one is the name's.
    private int Make(Func<int, nint, int> make)
    {
        try
        {
            while (true)
            {
                var text = Encoding.ASCII.GetBytes(_target.Names.Next() + '\0');
                fixed (byte* name = text)
                {
                    var result = make(Folder, (nint)name);
                    if (result >= 0)
                    {
                        _name = text;
                        return result;
                    }
                    if (result != -Errno.EEXIST)
                    {
                        throw _target.Failed(_path, "write", result);
                    }
                }
            }
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }
}
