using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Legacy;

/// <summary>
/// Reads one archive from its beginning to its end, once: entries into a tree, contents into a spool or nowhere. Memory is bounded by the number of entries. Names are taken as data: nothing is
/// ever opened by them.
/// </summary>
/// <param name="archive">The archive, for messages.</param>
/// <param name="spool">Takes contents; null where only what there is is asked.</param>
/// <param name="limits">How much it may unpack to.</param>
/// <param name="cancel">Cancels.</param>
internal sealed class LegacyReader(string archive, CaptureSpool? spool, LegacyLimits limits, CancellationToken cancel)
{
    private const int DumpStart = 512;

    /// <summary>Longest path that is taken, in characters: what a system takes. Each folder above is looked up, so that one of a million would never end.</summary>
    private const int LongestPath = 4096;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(256 << 10);

    /// <summary>Volumes that are kept as files, since a look at them has shown that they are damaged; null while looking.</summary>
    public IReadOnlySet<string>? KeptVolumes { get; init; }

    /// <summary>Reads a gzip-compressed archive; gives what is in it, and the SHA-256 of its packed bytes.</summary>
    /// <exception cref="StingException"><c>LegacyArchiveDamaged</c>, <c>LegacyEntryUnsafe</c>, <c>LegacyEntryUnsupported</c>, <c>LegacyArchiveTooLarge</c></exception>
    public (LegacyTree Tree, byte[] Hash) Read(Stream packed) => Read(packed, null);

    private (LegacyTree Tree, byte[] Hash) Read(Stream packed, EntryPath? volume)
    {
        var tree = new LegacyTree(archive);
        try
        {
            using var gzip = new LegacyGzip(packed, archive, limits);
            using var tar = new TarReader(gzip, leaveOpen: true);
            try
            {
                ReadEntries(tree, gzip, tar, volume);
            }
            catch (StingException e) when (e.ErrorId is "LegacyEntryUnsafe" or "LegacyEntryUnsupported")
            {
                // Bytes that are damaged may look like anything: nobody is accused before the archive has proved to be as it was written.
                gzip.Finish(_buffer, volume);
                throw;
            }
            return (tree, gzip.Finish(_buffer, volume));
        }
        // What the framework says of bytes that are no archive, or one that ends too early.
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or OverflowException or CryptographicException)
        {
            throw LegacyErrors.Damaged(archive, volume, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LegacyErrors.Unreadable(archive, e);
        }
    }

    private void ReadEntries(LegacyTree tree, LegacyGzip gzip, TarReader tar, EntryPath? volume)
    {
        for (gzip.EnterHeader(); tar.GetNextEntry(copyData: false) is { } entry; gzip.EnterHeader())
        {
            cancel.ThrowIfCancellationRequested();
            limits.AddEntry();
            gzip.EnterContent();
            Add(tree, entry, volume);
            // What an entry's reader left is passed over here, so that nothing but headers follows.
            Drain(entry.DataStream);
        }
    }

    private void Add(LegacyTree tree, TarEntry entry, EntryPath? volume)
    {
        if (entry.EntryType == TarEntryType.GlobalExtendedAttributes || PathOf(entry.Name, entry.Name, volume) is not { IsRoot: false } path)
        {
            return;   // attributes of all entries; or the folder itself that was packed
        }
        if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal))
        {
            tree.Notes.Add($"The name of '{path}' is not UTF-8; what could not be read of it stands as U+FFFD.");
        }
        if (entry is PaxTarEntry pax && pax.ExtendedAttributes.Keys.Any(k => k.StartsWith("GNU.sparse.", StringComparison.Ordinal)))
        {
            throw LegacyErrors.Unsupported(archive, path.ToString(), "a sparse file");
        }
        var metadata = MetadataOf(entry);
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                tree.Put(path, new LegacyItem(ItemKind.Directory, metadata));
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                AddFile(tree, path, entry, metadata, volume);
                break;
            case TarEntryType.SymbolicLink:
                tree.Put(path, new LegacyItem(ItemKind.SymbolicLink, metadata with { LinkTarget = Encoding.UTF8.GetBytes(entry.LinkName) }));
                break;
            case TarEntryType.HardLink:
                var target = PathOf(entry.LinkName, entry.Name, volume);
                tree.Put(path, tree.Items.GetValueOrDefault(target) is { Kind: ItemKind.File } first ? first
                    : throw LegacyErrors.Unsafe(archive, path.ToString(), $"a second name of '{target}', which is no file before it in the archive"));
                break;
            case TarEntryType.Fifo:
                tree.Put(path, new LegacyItem(ItemKind.Fifo, metadata));
                break;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice:
                tree.Put(path, new LegacyItem(entry.EntryType == TarEntryType.BlockDevice ? ItemKind.BlockDevice : ItemKind.CharacterDevice, metadata));
                break;
            default:
                throw LegacyErrors.Unsupported(archive, path.ToString(), entry.EntryType == TarEntryType.SparseFile ? "a sparse file" : $"an entry of type {entry.EntryType}");
        }
    }

    private void AddFile(LegacyTree tree, EntryPath path, TarEntry entry, ItemMetadata metadata, EntryPath? volume)
    {
        if (volume is null && LegacyFormat.VolumeIn(path) is { } name && KeptVolumes?.Contains(name) != true && entry.DataStream is { } packed)
        {
            var folder = EntryPath.Parse($"{LegacyFormat.VolumesFolder}/{name}");
            try
            {
                var (inner, _) = new LegacyReader(archive, spool, limits, cancel).Read(packed, path);
                // One that an earlier restore left in the installation's folder may stand before it.
                tree.RemoveBelow(folder);
                tree.Put(folder, new LegacyItem(ItemKind.Directory, new ItemMetadata { ModifiedNs = metadata.ModifiedNs }));
                tree.Merge(folder, inner);
                tree.Volumes.Add(name);
                tree.DamagedVolumes.Remove(name);
                return;
            }
            // STING's script goes on where tar could not read a volume whole, so a whole archive may hold half a volume. Then the file is kept as it is.
            catch (StingException e) when (KeptVolumes is null && e.ErrorId == "LegacyArchiveDamaged")
            {
                tree.DamagedVolumes[name] = e.InnerException?.Message ?? "it is cut off";
                tree.Volumes.Remove(name);
                Drain(entry.DataStream);
                tree.Put(path, new LegacyItem(ItemKind.File, metadata, entry.Length));
                return;
            }
        }
        tree.Put(path, Keep(path, entry, metadata, volume is null ? tree.DumpStarts : null));
    }

    private LegacyItem Keep(EntryPath path, TarEntry entry, ItemMetadata metadata, Dictionary<EntryPath, byte[]>? dumps)
    {
        var length = 0L;
        var isDump = dumps is not null && LegacyFormat.TimeOfDump(path) is not null;
        for (int read; entry.DataStream is { } data && (read = data.Read(_buffer)) > 0; length += read)
        {
            cancel.ThrowIfCancellationRequested();
            if (isDump && length == 0)
            {
                dumps![path] = _buffer[..Math.Min(read, DumpStart)];
            }
            spool?.Write(_buffer.AsSpan(0, read));
        }
        var (range, hash) = spool?.EndRange() ?? default;
        return new LegacyItem(ItemKind.File, metadata, length, range, hash);
    }

    private void Drain(Stream? content)
    {
        while (content?.Read(_buffer) > 0)
        {
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A name in the archive as a path within it.</summary>
    private EntryPath PathOf(string name, string entry, EntryPath? volume)
    {
        var shown = volume is null ? entry : $"{volume}/{entry}";
        if (name.Length > LongestPath)
        {
            throw LegacyErrors.Unsafe(archive, shown[..80] + "…", "whose path is longer than a system takes");
        }
        if (name.StartsWith('/'))
        {
            throw LegacyErrors.Unsafe(archive, shown, "whose path leaves the archive: it begins at the root");
        }
        var parts = name.Split('/').Where(p => p is not ("" or ".")).ToList();
        if (parts.Contains(".."))
        {
            throw LegacyErrors.Unsafe(archive, shown, "whose path leaves the archive by '..'");
        }
        if (name.Contains('\0', StringComparison.Ordinal))
        {
            throw LegacyErrors.Unsafe(archive, shown.Replace("\0", "\\x00", StringComparison.Ordinal), "whose name no file can have");
        }
        return EntryPath.FromBytes(Encoding.UTF8.GetBytes(string.Join('/', parts)));
    }

    private static ItemMetadata MetadataOf(TarEntry entry)
    {
        var posix = entry as PosixTarEntry;
        return new ItemMetadata
        {
            Mode = (uint)entry.Mode & 0b111_111_111_111, UserId = (uint)entry.Uid, GroupId = (uint)entry.Gid,
            UserName = posix?.UserName is { Length: > 0 } user ? user : null, GroupName = posix?.GroupName is { Length: > 0 } group ? group : null,
            ModifiedNs = NanosecondTime.FromUtc(entry.ModificationTime.UtcDateTime),   // a year beyond 2262 is the last that can be told
            Device = entry.EntryType is TarEntryType.CharacterDevice or TarEntryType.BlockDevice && posix is not null ? (ulong)posix.DeviceMajor << 32 | (uint)posix.DeviceMinor : null,
        };
    }
}
