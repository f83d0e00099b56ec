using System.IO.Hashing;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Sources;

/// <summary>Remembers paths by a 64-bit hash, about 20 bytes each however long they are. Two of a million paths are taken for one once in 40 million times: good enough to look for what is missing, never to prove content.</summary>
internal sealed class PathSet
{
    private readonly HashSet<ulong> _hashes = [];

    public void Add(EntryPath path) => _hashes.Add(HashOf(path));

    public void Add(ulong hash) => _hashes.Add(hash);

    public bool Contains(EntryPath path) => _hashes.Contains(HashOf(path));

    public static ulong HashOf(EntryPath path) => XxHash64.HashToUInt64(path.Bytes);
}
