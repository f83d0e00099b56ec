using System.Runtime.Versioning;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>
/// A directory by what .NET gives everywhere. Folders above an item are looked at before each call; .NET has no way to hold them while it
/// writes, so a link that is slipped in between the two is not noticed (on Linux it is).
/// </summary>
internal sealed class PortableRestoreTarget(string root) : IRestoreTarget
{
    private readonly TemporaryNames _names = new();
    private readonly PortableSourceTree _reader = new(root);

    /// <inheritdoc/>
    public string Location => root;

    /// <inheritdoc/>
    public SourceEntry? Find(EntryPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Guard(path, "look at", () =>
        {
            var disk = Resolve(path);
            FileSystemInfo item = Directory.Exists(disk) && new FileInfo(disk).LinkTarget is null ? new DirectoryInfo(disk) : new FileInfo(disk);
            return item.Exists || item.LinkTarget is not null ? PortablePaths.Describe(path, item) : null;
        });
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _reader.ReadMetadata(entry);

    /// <inheritdoc/>
    public ISourceFile OpenExisting(SourceEntry entry) => _reader.Open(entry);

    /// <inheritdoc/>
    public void CreateDirectory(EntryPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var folders = new Stack<EntryPath>();
        for (var next = path; !next.IsRoot; next = next.Parent)
        {
            folders.Push(next);
        }
        while (folders.TryPop(out var next))
        {
            var disk = Resolve(next);
            switch (Find(next)?.Kind)
            {
                case null:
                    Guard(next, "make the folder", () => OperatingSystem.IsWindows() ? Directory.CreateDirectory(disk)
                        : Directory.CreateDirectory(disk, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
                    break;
                case ItemKind.Directory:
                    break;
                case ItemKind.SymbolicLink:
                    throw RestoreErrors.Unsafe(root, next);
                case var other:
                    throw RestoreErrors.Conflict(root, next, $"a {other} stands where a folder is needed");
            }
        }
    }

    /// <inheritdoc/>
    public IRestoreFile CreateFile(EntryPath path, long length)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var temporary = TemporaryFor(path);
        return Guard(path, "write", () => new PortableRestoreFile(this, path, temporary, length));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(metadata);
        if (kind == ItemKind.Socket)
        {
            return [];
        }
        if (kind != ItemKind.SymbolicLink)
        {
            throw RestoreErrors.NotSupported(root, path, kind);
        }
        var target = metadata.LinkTarget is { Length: > 0 } bytes ? Wtf8.TryDecode(bytes) : null;
        if (target is null || target.Contains('\0', StringComparison.Ordinal))
        {
            throw RestoreErrors.NameNotAllowed(root, path, "the target of the link is empty or no text");
        }
        Make(path, replace, disk =>
        {
            // Windows keeps links to folders and to files apart.
            if (Directory.Exists(Path.Combine(Path.GetDirectoryName(disk)!, target)))
            {
                Directory.CreateSymbolicLink(disk, target);
            }
            else
            {
                File.CreateSymbolicLink(disk, target);
            }
        });
        return ApplyMetadata(path, kind, metadata);
    }

    /// <inheritdoc/>
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(existing);
        var source = Resolve(existing);
        Make(path, replace, disk => Durable.Link(source, disk));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(metadata);
        kind = kind == ItemKind.HardLink ? ItemKind.File : kind;
        var found = Find(path);
        return found?.Kind == kind ? Guard(path, "set the attributes of", () => Apply(Resolve(path), kind, metadata))
            : throw RestoreErrors.Conflict(root, path, $"{(found is null ? "nothing" : $"a {found.Kind}")} stands there, not a {kind}");
    }

    /// <inheritdoc/>
    public void CleanUp(EntryPath directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Guard(directory, "remove what an interrupted restore left in", () =>
        {
            var folder = new DirectoryInfo(Resolve(directory));
            foreach (var file in folder.Exists ? folder.EnumerateFiles(".sting-*.part", PortablePaths.Everything) : [])
            {
                if (TemporaryNames.IsTemporary(Wtf8.Encode(file.Name)) && !PortableRestoreFile.IsInUse(file.FullName))
                {
                    file.Delete();
                }
            }
            return true;
        });
    }

    /// <summary>Nothing is left to do: each file was flushed before it got its name, since no call here makes a whole disk durable.</summary>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    /// <summary>Gives a temporary file its name.</summary>
    internal void Move(string temporary, EntryPath path, bool replace)
    {
        var final = ResolveFree(path, replace);
        if (replace)
        {
            Durable.Replace(temporary, final);
        }
        else if (!Durable.PlaceNew(temporary, final))
        {
            throw RestoreErrors.Conflict(root, path, "it may not be replaced");
        }
    }

    /// <summary>Sets what .NET can, and tells the rest.</summary>
    internal static IReadOnlyList<string> Apply(string disk, ItemKind kind, ItemMetadata metadata)
    {
        var messages = new List<string>();
        if (metadata.UserId is not null || metadata.GroupId is not null)
        {
            messages.Add("owner and group are not restored on this system");
        }
        if (metadata.ExtendedAttributes.Count > 0)
        {
            messages.Add("extended attributes are not restored on this system");
        }
        FileSystemInfo item = kind == ItemKind.Directory ? new DirectoryInfo(disk) : new FileInfo(disk);
        if (!OperatingSystem.IsWindows() && kind != ItemKind.SymbolicLink)
        {
            ApplyMode(item, kind, metadata, messages);
        }
        item.LastWriteTimeUtc = NanosecondTime.ToUtc(metadata.ModifiedNs);
        if (OperatingSystem.IsWindows())
        {
            if (metadata.BirthNs is { } born)
            {
                item.CreationTimeUtc = NanosecondTime.ToUtc(born);
            }
            if (metadata.WindowsAttributes is { } attributes && kind != ItemKind.SymbolicLink)
            {
                const FileAttributes settable = FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System | FileAttributes.Archive | FileAttributes.NotContentIndexed;
                item.Attributes = (FileAttributes)attributes & settable;   // last: a read-only file takes no other change
            }
        }
        return messages;
    }

    [UnsupportedOSPlatform("windows")]
    private static void ApplyMode(FileSystemInfo item, ItemKind kind, ItemMetadata metadata, List<string> messages)
    {
        const uint runAs = 0xc00, withoutMode = 0x1a0, folderWithoutMode = 0x1e8;   // 06000, 0640, 0750
        var mode = (metadata.Mode ?? (kind == ItemKind.Directory ? folderWithoutMode : withoutMode)) & 0xfff;
        if (kind == ItemKind.File && (mode & runAs) != 0)
        {
            mode &= ~runAs;
            messages.Add("the set-user-id and set-group-id bits are left out, because the owner could not be set");
        }
        item.UnixFileMode = (UnixFileMode)mode;
    }

    internal T Guard<T>(EntryPath path, string action, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreErrors.Make(root, path, action, e);
        }
    }

    // Makes an item that cannot be made and then filled: under its own name when it may not replace another, so that the system sees to that.
    private void Make(EntryPath path, bool replace, Action<string> make)
    {
        var final = ResolveFree(path, replace);
        var temporary = TemporaryFor(path);
        Guard(path, "make", () =>
        {
            try
            {
                make(replace ? temporary : final);
                if (replace)
                {
                    Durable.Replace(temporary, final);
                }
                return true;
            }
            finally
            {
                File.Delete(temporary);
            }
        });
    }

    private string ResolveFree(EntryPath path, bool replace) => Find(path)?.Kind switch
    {
        ItemKind.Directory => throw RestoreErrors.Conflict(root, path, "it is a folder"),
        not null when !replace => throw RestoreErrors.Conflict(root, path, "it may not be replaced"),
        _ => Resolve(path),
    };

    // The path on disk, after a look at each name in it and each folder above it.
    private string Resolve(EntryPath path)
    {
        if (OperatingSystem.IsWindows())
        {
            foreach (var name in path.Bytes.Split((byte)'/'))
            {
                if (Wtf8.TryDecode(path.Bytes[name]) is { } text && WindowsNames.Objection(text) is { } objection)
                {
                    throw RestoreErrors.NameNotAllowed(root, path, objection);
                }
            }
        }
        for (var above = path.Parent; !above.IsRoot; above = above.Parent)
        {
            if (new FileInfo(PortablePaths.ToDisk(root, above)).LinkTarget is not null)
            {
                throw RestoreErrors.Unsafe(root, above);
            }
        }
        return PortablePaths.ToDisk(root, path);
    }

    private string TemporaryFor(EntryPath path)
    {
        if (path.IsRoot)
        {
            throw RestoreErrors.Conflict(root, path, "it is the folder that is restored to");
        }
        return Path.Join(Path.GetDirectoryName(Resolve(path)), _names.Next());
    }
}
