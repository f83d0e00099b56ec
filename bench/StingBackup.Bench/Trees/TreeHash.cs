using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace StingBackup.Bench.Trees;

/// <summary>One item of a tree, as its line of the listing.</summary>
/// <param name="Path">Relative to the root, raw bytes.</param>
/// <param name="Line">Kind, mode, owner, group, time, length, content, link, attributes: for people and for the hash.</param>
internal sealed record TreeItem(byte[] Path, string Line);

/// <summary>
/// One number for a tree of files: names, kinds, contents, modes, owners, times, link targets, which names are one file, users' attributes. The root's own
/// mode and time are left out, since a restore goes to a folder that somebody else made. Meant to find what differs by mistake, not by malice.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class TreeHash
{
    private const int BufferLength = 1 << 20, BlockLength = 64 << 10;
    private const int KindMask = 0xF000, Folder = 0x4000, RegularFile = 0x8000, SymbolicLink = 0xA000;

    /// <summary>Hash of the whole tree, 32 hexadecimal digits.</summary>
    public static string Of(string root) => Of(Items(root));

    /// <summary>Hash of a listing.</summary>
    public static string Of(IEnumerable<TreeItem> items)
    {
        var hash = new XxHash128();
        foreach (var item in items)
        {
            hash.Append(item.Path);
            hash.Append([0]);
            hash.Append(Encoding.UTF8.GetBytes(item.Line));
            hash.Append([10]);
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Every item below the root, in the order of its bytes.</summary>
    /// <exception cref="IOException">Something cannot be read: then there is no hash.</exception>
    public static IReadOnlyList<TreeItem> Items(string root)
    {
        var start = Encoding.UTF8.GetBytes(System.IO.Path.GetFullPath(root));
        var found = new List<(byte[] Path, RawFiles.Stat Stat)>();
        Walk(start, start.Length + 1, found);
        found.Sort((a, b) => a.Path.AsSpan().SequenceCompareTo(b.Path));
        var firstNames = FirstNames(found);
        var lines = new TreeItem[found.Count];
        // Long files first, so that none of them is left over for one thread at the end.
        var order = Enumerable.Range(0, found.Count).OrderByDescending(i => found[i].Stat.Size).ToArray();
        Parallel.ForEach(System.Collections.Concurrent.Partitioner.Create(order, loadBalance: true), i =>
        {
            var (path, stat) = found[i];
            byte[] full = [.. start, (byte)'/', .. path];
            lines[i] = new TreeItem(path, Describe(full, stat, firstNames.GetValueOrDefault((stat.Device, stat.Inode))));
        });
        return lines;
    }

    private static void Walk(byte[] folder, int skip, List<(byte[] Path, RawFiles.Stat Stat)> found)
    {
        foreach (var name in RawFiles.List(folder))
        {
            byte[] path = [.. folder, (byte)'/', .. name];
            var stat = RawFiles.StatOf(path);
            found.Add((path[skip..], stat));
            if ((stat.Mode & KindMask) == Folder)
            {
                Walk(path, skip, found);
            }
        }
    }

    // Of files with several names: the first of them within the tree.
    private static Dictionary<(ulong, ulong), string> FirstNames(List<(byte[] Path, RawFiles.Stat Stat)> found)
    {
        var names = new Dictionary<(ulong, ulong), string>();
        foreach (var (path, stat) in found)
        {
            if (stat.Links > 1 && (stat.Mode & KindMask) != Folder)
            {
                names.TryAdd((stat.Device, stat.Inode), Encoding.Latin1.GetString(path));
            }
        }
        return names;
    }

    private static string Describe(byte[] path, RawFiles.Stat stat, string? firstName)
    {
        var line = new StringBuilder();
        var kind = stat.Mode & KindMask;
        line.Append(CultureInfo.InvariantCulture, $"{Convert.ToString(stat.Mode, 8)} {stat.UserId}:{stat.GroupId} {stat.ModifiedSeconds}.{stat.ModifiedNanoseconds:000000000}");
        if (kind == RegularFile)
        {
            line.Append(CultureInfo.InvariantCulture, $" {stat.Size} {ContentHash(path, stat.Size)}");
        }
        else if (kind == SymbolicLink)
        {
            line.Append(" -> ").Append(Encoding.Latin1.GetString(RawFiles.ReadLink(path)));
        }
        if (firstName is not null)
        {
            line.Append(" = ").Append(firstName);
        }
        foreach (var (name, value) in RawFiles.UserAttributes(path))
        {
            line.Append(' ').Append(name).Append('=').Append(Convert.ToHexStringLower(value));
        }
        return line.ToString();
    }

    // Blocks of zeros are passed over, whether they are holes or written: a hole that a restore filled is the same content.
    private static string ContentHash(byte[] path, long expected)
    {
        var hash = new XxHash128();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        Span<byte> place = stackalloc byte[sizeof(long)];
        try
        {
            using SafeFileHandle file = RawFiles.OpenToRead(path);
            long offset = 0;
            while (offset < expected && RawFiles.NextData(file, offset) is { } data)
            {
                offset = data / BufferLength * BufferLength;
                var length = FillBuffer(file, buffer.AsSpan(0, (int)Math.Min(BufferLength, expected - offset)), offset);
                if (length == 0)
                {
                    throw new IOException($"'{Encoding.UTF8.GetString(path)}' became shorter while it was read.");
                }
                for (var start = 0; start < length; start += BlockLength)
                {
                    var block = buffer.AsSpan(start, Math.Min(BlockLength, length - start));
                    if (block.ContainsAnyExcept((byte)0))
                    {
                        BinaryPrimitives.WriteInt64LittleEndian(place, offset + start);
                        hash.Append(place);
                        hash.Append(block);
                    }
                }
                offset += length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static int FillBuffer(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var length = 0;
        while (length < buffer.Length && RandomAccess.Read(file, buffer[length..], offset + length) is var read and > 0)
        {
            length += read;
        }
        return length;
    }
}
