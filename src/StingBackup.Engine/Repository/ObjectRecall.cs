using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Repository;

/// <summary>
/// This host's copies of a bucket's restore points, drops and index fragments: objects that never change under their names, so that a run asks for the new ones alone. A listing tells what there is; what is read
/// here is proved as what the bucket gives, by its signature. What looks for damage does not read by it. Without it everything is read from the bucket. Not safe to use from two threads at once.
/// </summary>
/// <remarks>
/// <c>signed</c>: records of name length u16 · length u32 · XXH3 of name and content u64 · name · content, of points and drops, which are never deleted; a torn end is cut off by the next that adds to it.
/// <c>fragments/</c>: an index fragment a file, named by its hash; those that no listing shows any more go.
/// </remarks>
internal sealed class ObjectRecall
{
    private const int HeadSize = 14, MaxContent = 1 << 20;
    private const string PointFolder = "points/";

    /// <summary>Points that a page of a listing shows.</summary>
    internal const int PointsInPage = 1000;

    private readonly string _signedPath, _fragmentFolder;
    private readonly Dictionary<string, byte[]> _signed = new(StringComparer.Ordinal);
    private readonly List<(string Name, byte[] Content)> _fresh = [];
    private readonly HashSet<string> _listedFragments = new(StringComparer.Ordinal);
    private long _length;

    /// <param name="folder">Of this store alone.</param>
    public ObjectRecall(string folder)
    {
        (_signedPath, _fragmentFolder) = (Path.Combine(folder, "signed"), Path.Combine(folder, "fragments"));
        try
        {
            Load(File.ReadAllBytes(_signedPath));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing to recall.
        }
    }

    /// <summary>Objects that were not asked of the store.</summary>
    public int Recalled { get; private set; }

    /// <summary>What an object says, proved by whoever opens it: from here where it is here and good, else from the store.</summary>
    /// <exception cref="StingException">As the store's, and as <paramref name="open"/>'s of what the store gave.</exception>
    public async ValueTask<T> ReadAsync<T>(IObjectStore store, ObjectInfo item, Func<byte[], T> open, CancellationToken cancel)
    {
        if (Find(item) is { } copy)
        {
            try
            {
                var known = open(copy);
                Recalled++;
                return known;
            }
            catch (StingException e) when (e.Kind is FailureKind.Integrity or FailureKind.NotSupported)
            {
                // A copy that is no good says nothing of the object.
            }
        }
        var bytes = await store.ReadAllAsync(item.Name, cancel).ConfigureAwait(false);
        var result = open(bytes);
        Keep(item.Name, bytes);
        return result;
    }

    /// <summary>
    /// The points that a tick needs: those that are here are not listed again where that takes more pages than there are writers. Of each writer the last known one is looked for, and what lies behind it; where it is not there
    /// any more, the store is another one than it was, and everything is listed.
    /// </summary>
    public async ValueTask<IReadOnlyList<ObjectInfo>> ListPointsAsync(IObjectStore store, IReadOnlyCollection<Id16> writers, CancellationToken cancel)
    {
        var known = _signed.Where(s => s.Key.StartsWith(PointFolder, StringComparison.Ordinal)).Select(s => new ObjectInfo(s.Key, s.Value.Length)).ToList();
        var points = known.ToDictionary(p => p.Name, StringComparer.Ordinal);
        foreach (var writer in known.Count > PointsInPage * writers.Count ? writers : [])
        {
            if (await TryListBehindAsync(store, $"{PointFolder}{writer}/", cancel).ConfigureAwait(false) is not { } behind)
            {
                points.Clear();
                break;
            }
            behind.ForEach(p => points[p.Name] = p);
        }
        return known.Count > PointsInPage * writers.Count && points.Count > 0 ? [.. points.Values] : await store.ListAsync(PointFolder, cancel).ToListAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>The last name of a chain, as the store lists it; null where it has none.</summary>
    public async ValueTask<string?> FindLastAsync(IObjectStore store, string prefix, CancellationToken cancel) =>
        (await TryListBehindAsync(store, prefix, cancel).ConfigureAwait(false) ?? await store.ListAsync(prefix, cancel).ToListAsync(cancel).ConfigureAwait(false)) is [.., var last] ? last.Name : null;

    /// <summary>What the store lists of a chain from the last known object on; null where that is not there. All of it where none is known.</summary>
    private async ValueTask<List<ObjectInfo>?> TryListBehindAsync(IObjectStore store, string prefix, CancellationToken cancel)
    {
        string? last = null, before = null;
        foreach (var name in _signed.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            (last, before) = string.CompareOrdinal(name, last) > 0 ? (name, last) : (last, string.CompareOrdinal(name, before) > 0 ? name : before);
        }
        if (last is null || before is null)
        {
            return await store.ListAsync(prefix, cancel).ToListAsync(cancel).ConfigureAwait(false);
        }
        var behind = await store.ListAfterAsync(prefix, before, cancel).ToListAsync(cancel).ConfigureAwait(false);
        return behind.Exists(p => p.Name == last) ? behind : null;
    }

    /// <summary>Writes what came from the store, and, where fragments were listed, lets go of those that the listing did not show. Best effort.</summary>
    public void Save(bool hasListedFragments = true)
    {
        try
        {
            if (_fresh.Count > 0)
            {
                Append();
            }
            if (hasListedFragments && Directory.Exists(_fragmentFolder))
            {
                foreach (var path in Directory.EnumerateFiles(_fragmentFolder).Where(p => !_listedFragments.Contains(Path.GetFileName(p))))
                {
                    File.Delete(path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The bucket is asked again.
        }
    }

    private static bool IsFragment(string name) => name.StartsWith("index/", StringComparison.Ordinal);

    private static string FileOf(string name) => name.Replace('/', '-');

    private byte[]? Find(ObjectInfo item)
    {
        if (!IsFragment(item.Name))
        {
            return _signed.TryGetValue(item.Name, out var content) && content.Length == item.Length ? content : null;
        }
        _listedFragments.Add(FileOf(item.Name));
        try
        {
            var path = Path.Combine(_fragmentFolder, FileOf(item.Name));
            return File.Exists(path) && new FileInfo(path).Length == item.Length ? File.ReadAllBytes(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Keep(string name, byte[] content)
    {
        if (!IsFragment(name))
        {
            _signed[name] = content;
            _fresh.Add((name, content));
            return;
        }
        try
        {
            Directory.CreateDirectory(_fragmentFolder);
            var path = Path.Combine(_fragmentFolder, FileOf(name));
            // Whoever reads it at this moment finds it whole or not there.
            File.WriteAllBytes($"{path}.new", content);
            File.Move($"{path}.new", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As in Save.
        }
    }

    private void Append()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_signedPath)!);
        using var file = new FileStream(_signedPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        if (file.Length < _length)
        {
            return;
        }
        // What another process added meanwhile is asked for again: it may be the same.
        file.SetLength(_length);
        file.Position = _length;
        foreach (var (name, content) in _fresh.Where(f => f.Content.Length <= MaxContent))
        {
            var record = new byte[HeadSize + Encoding.ASCII.GetByteCount(name) + content.Length];
            BinaryPrimitives.WriteUInt16LittleEndian(record, (ushort)name.Length);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(2), content.Length);
            Encoding.ASCII.GetBytes(name, record.AsSpan(HeadSize));
            content.CopyTo(record, HeadSize + name.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(6), XxHash3.HashToUInt64(record.AsSpan(HeadSize)));
            file.Write(record);
        }
        _length = file.Position;
        _fresh.Clear();
    }

    private void Load(byte[] bytes)
    {
        for (var rest = bytes.AsSpan(); rest.Length >= HeadSize; rest = bytes.AsSpan((int)_length))
        {
            int name = BinaryPrimitives.ReadUInt16LittleEndian(rest), length = BinaryPrimitives.ReadInt32LittleEndian(rest[2..]);
            if (length is < 0 or > MaxContent || rest.Length < HeadSize + name + length || XxHash3.HashToUInt64(rest.Slice(HeadSize, name + length)) != BinaryPrimitives.ReadUInt64LittleEndian(rest[6..]))
            {
                return;
            }
            _signed[Encoding.ASCII.GetString(rest.Slice(HeadSize, name))] = rest.Slice(HeadSize + name, length).ToArray();
            _length += HeadSize + name + length;
        }
    }
}
