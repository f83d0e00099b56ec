using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>A target whose calls can be made to fail or to wait.</summary>
internal sealed class FaultyTarget(IRestoreTarget inner) : IRestoreTarget
{
    /// <summary>Called with the verb and the path before each call that changes something.</summary>
    public Action<string, EntryPath> Before { get; init; } = (_, _) => { };

    /// <summary>Told how many bytes each write has.</summary>
    public Action<int> Written { get; init; } = _ => { };

    public string Location => inner.Location;
    public SourceEntry? Find(EntryPath path) => inner.Find(path);
    public ItemMetadata ReadMetadata(SourceEntry entry) => inner.ReadMetadata(entry);
    public ISourceFile OpenExisting(SourceEntry entry) => inner.OpenExisting(entry);

    public void CreateDirectory(EntryPath path)
    {
        Before("folder", path);
        inner.CreateDirectory(path);
    }

    public IRestoreFile CreateFile(EntryPath path, long length)
    {
        Before("create", path);
        return new File(this, path, inner.CreateFile(path, length));
    }

    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace)
    {
        Before("special", path);
        return inner.CreateSpecial(path, kind, metadata, replace);
    }

    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace)
    {
        Before("link", path);
        inner.CreateHardLink(path, existing, replace);
    }

    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata)
    {
        Before("metadata", path);
        return inner.ApplyMetadata(path, kind, metadata);
    }

    public void CleanUp(EntryPath directory) => inner.CleanUp(directory);

    public void Flush()
    {
        Before("flush", EntryPath.Root);
        inner.Flush();
    }

    public void Dispose() => inner.Dispose();

    private sealed class File(FaultyTarget target, EntryPath path, IRestoreFile inner) : IRestoreFile
    {
        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            target.Before("write", path);
            target.Written(bytes.Length);
            inner.Write(offset, bytes);
        }

        public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace)
        {
            target.Before("place", path);
            return inner.Place(name, metadata, replace);
        }

        public void Dispose() => inner.Dispose();
    }
}
