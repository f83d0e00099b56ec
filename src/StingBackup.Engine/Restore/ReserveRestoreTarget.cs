using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine.Restore;

/// <summary>A place of the reserve that is restored to.</summary>
/// <param name="Mount">Where it stands in the reserve.</param>
/// <param name="Target">What is written to; opened when the first item comes.</param>
internal sealed record RestoreMount(EntryPath Mount, Lazy<IRestoreTarget> Target);

/// <summary>The reserve itself as the place where a restore writes: each path goes to the source that it came from.</summary>
/// <param name="root">The reserve's folder.</param>
/// <param name="mounts">The other sources.</param>
internal sealed class ReserveRestoreTarget(IRestoreTarget root, IReadOnlyList<RestoreMount> mounts) : IRestoreTarget
{
    /// <inheritdoc/>
    public string Location => root.Location;

    /// <inheritdoc/>
    public SourceEntry? Find(EntryPath path)
    {
        var place = PlaceOf(path);
        return place.IsTop ? Top(path) : place.Target.Find(place.Inner) is { } entry ? entry with { Path = path } : null;
    }

    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry)
    {
        var place = PlaceOf(entry.Path);
        return place.IsTop ? entry.Metadata : place.Target.ReadMetadata(entry with { Path = place.Inner });
    }

    /// <inheritdoc/>
    public ItemMetadata Holdable(EntryPath path, ItemMetadata metadata)
    {
        var place = PlaceOf(path);
        return place.Target.Holdable(place.Inner, metadata);
    }

    /// <inheritdoc/>
    public ISourceFile OpenExisting(SourceEntry entry)
    {
        var place = PlaceOf(entry.Path);
        return place.Target.OpenExisting(entry with { Path = place.Inner });
    }

    /// <inheritdoc/>
    public void CreateDirectory(EntryPath path)
    {
        var place = PlaceOf(path);
        if (!place.IsTop)
        {
            place.Target.CreateDirectory(place.Inner);
        }
    }

    /// <inheritdoc/>
    public IRestoreFile CreateFile(EntryPath path, long length)
    {
        var place = PlaceOf(path);
        return new MountedFile(this, place.Target.CreateFile(place.Inner, length));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace)
    {
        var place = PlaceOf(path);
        return place.Target.CreateSpecial(place.Inner, kind, metadata, replace);
    }

    /// <inheritdoc/>
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace)
    {
        // A scan links names of one source only.
        var place = PlaceOf(path);
        place.Target.CreateHardLink(place.Inner, PlaceOf(existing).Inner, replace);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata)
    {
        var place = PlaceOf(path);
        return place.IsTop ? [] : place.Target.ApplyMetadata(place.Inner, kind, metadata);
    }

    /// <inheritdoc/>
    public void CleanUp(EntryPath directory)
    {
        var place = PlaceOf(directory);
        place.Target.CleanUp(place.Inner);
    }

    /// <summary>Files first, then what refers to them.</summary>
    public void Flush()
    {
        root.Flush();
        foreach (var mount in mounts.Where(m => m.Target.IsValueCreated))
        {
            mount.Target.Value.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        root.Dispose();
        foreach (var mount in mounts.Where(m => m.Target.IsValueCreated))
        {
            mount.Target.Value.Dispose();
        }
    }

    private static SourceEntry Top(EntryPath path) => new(path, ItemKind.Directory, default, new ItemMetadata());

    private Place PlaceOf(EntryPath path)
    {
        var mount = mounts.FirstOrDefault(m => path.IsWithin(m.Mount));
        return mount is null ? new Place(root, path, IsTop: false) : new Place(mount.Target.Value, path.RelativeTo(mount.Mount), IsTop: path == mount.Mount);
    }

    private readonly record struct Place(IRestoreTarget Target, EntryPath Inner, bool IsTop);

    private sealed class MountedFile(ReserveRestoreTarget owner, IRestoreFile file) : IRestoreFile
    {
        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace) => file.Place(owner.PlaceOf(name).Inner, metadata, replace);

        public void Dispose() => file.Dispose();
    }
}
