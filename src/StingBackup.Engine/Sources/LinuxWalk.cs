using System.Buffers;
using System.Runtime.Versioning;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Sources;

/// <summary>
/// One walk through a tree on Linux: names a directory at a time, then one statx an entry relative to the open directory, at the moment the
/// entry is asked for. A bounded number of directories is open; those further up are opened again, from the root, on the way back.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class LinuxWalk(
    LinuxSourceTree tree, Accounts accounts, Func<EntryPath, ItemKind, ScanChoice> choose, Action<StingException> failed, CancellationToken cancel) : IDisposable
{
    private const int MostOpen = 32;
    private const int ListBuffer = 1 << 16;

    private readonly List<Folder> _stack = [new Folder(EntryPath.Root)];
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(ListBuffer);

    // Neighbours mostly share their owner.
    private (uint Id, string? Name) _user = (uint.MaxValue, null), _group = (uint.MaxValue, null);

    /// <summary>The next entry, or null at the end.</summary>
    /// <exception cref="OperationCanceledException">The walk was cancelled.</exception>
    public SourceEntry? Next()
    {
        while (_stack.Count > 0)
        {
            cancel.ThrowIfCancellationRequested();
            var folder = _stack[^1];
            if (!folder.IsListed)
            {
                List(folder);
            }
            if (folder.Next == folder.Names.Count)
            {
                folder.Dispose();
                _stack.RemoveAt(_stack.Count - 1);
            }
            else if (Read(folder, folder.Next++) is { } entry)
            {
                if (entry.Kind == ItemKind.Directory)
                {
                    _stack.Add(new Folder(entry.Path));
                }
                return entry;
            }
        }
        return null;
    }

    /// <summary>Closes whatever is open.</summary>
    public void Dispose()
    {
        _stack.ForEach(folder => folder.Dispose());
        _stack.Clear();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private void List(Folder folder)
    {
        folder.IsListed = true;
        folder.File = _stack.Count > 1 && _stack[^2].File is >= 0 and var parent
            ? tree.OpenFolder(parent, folder.Path.Name) : tree.OpenFolder(folder.Path);
        if (folder.File < 0)
        {
            // Gone since it was told: nothing is lost that was there at the end. Anything else is.
            if (folder.File != -Errno.ENOENT)
            {
                failed(tree.Failed(folder.Path, "open the folder", folder.File));
            }
            return;
        }
        if (_stack.Count > MostOpen)
        {
            _stack[^(MostOpen + 1)].Close();
        }
        var result = folder.Names.Read(folder.File, _buffer);
        if (result < 0 && result != -Errno.ENOENT)
        {
            failed(tree.Failed(folder.Path, "list the folder", result));   // what it gave before is still read
        }
    }

    private SourceEntry? Read(Folder folder, int index)
    {
        var name = folder.Names.Name(index);
        EntryPath path;
        try
        {
            path = folder.Path.Append(name);
        }
        catch (StingException tooLong)
        {
            failed(tooLong);
            return null;
        }
        var told = LinuxAbi.KindOfDirectoryEntry(folder.Names.Type(index));
        if (told is { } likely && choose(path, likely) == ScanChoice.Exclude)
        {
            return null;
        }
        if (folder.File < 0 && !OpenAgain(folder))
        {
            return null;
        }
        Statx stat;
        int result;
        fixed (byte* text = name)   // the byte after it is NUL
        {
            result = Libc.Stat(folder.File, text, LinuxAbi.AT_SYMLINK_NOFOLLOW | LinuxAbi.AT_NO_AUTOMOUNT, out stat);
        }
        if (result == -Errno.ENOENT)
        {
            return null;   // vanished since it was listed
        }
        if (result < 0 || stat.Kind is not { } kind)
        {
            failed(result < 0 ? tree.Failed(path, "read the attributes of", result) : SourceErrors.Unknown(tree.Location, path));
            return null;
        }
        if (kind != told && choose(path, kind) == ScanChoice.Exclude)
        {
            return null;
        }
        return Describe(path, kind, stat);
    }

    private SourceEntry Describe(EntryPath path, ItemKind kind, in Statx stat)
    {
        if (stat.UserId != _user.Id)
        {
            _user = (stat.UserId, accounts.UserName(stat.UserId));
        }
        if (stat.GroupId != _group.Id)
        {
            _group = (stat.GroupId, accounts.GroupName(stat.GroupId));
        }
        return LinuxEntry.Make(path, kind, stat, _user.Name, _group.Name);
    }

    // On the way back up: opens this folder and, in the same go, those that will be next, so that not each costs a path from the root.
    private bool OpenAgain(Folder folder)
    {
        var first = Math.Max(0, _stack.Count - MostOpen);
        for (var i = first; i < _stack.Count; i++)
        {
            var next = _stack[i];
            if (next.File < 0)
            {
                next.File = i == first ? tree.OpenFolder(next.Path) : tree.OpenFolder(_stack[i - 1].File, next.Path.Name);
            }
            if (next.File < 0)
            {
                if (next.File != -Errno.ENOENT)
                {
                    failed(tree.Failed(next.Path, "open the folder again", next.File));
                }
                folder.Next = folder.Names.Count;   // it went, or one above it, and with it what was left in it
                return false;
            }
        }
        return true;
    }

    private sealed class Folder(EntryPath path) : IDisposable
    {
        public EntryPath Path => path;
        public DirectoryReader Names { get; } = new();
        public int File { get; set; } = -1;
        public int Next { get; set; }
        public bool IsListed { get; set; }

        public void Close()
        {
            if (File >= 0)
            {
                Libc.Close(File);
                File = -1;
            }
        }

        public void Dispose()
        {
            Close();
            Names.Dispose();
        }
    }
}
