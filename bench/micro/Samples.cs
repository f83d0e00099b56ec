using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Engine.Sources;

namespace StingBackup.Micro;

/// <summary>What the stages work on: the same each time.</summary>
internal static class Samples
{
    public const int Chunk = 256 << 10;

    public static Id16 Reserve { get; } = new(SHA256.HashData("reserve"u8));
    public static Id16 Writer { get; } = new(SHA256.HashData("writer"u8));
    public static byte[] Key { get; } = SHA256.HashData("key"u8);

    public static byte[] Text(int length, int seed = 1)
    {
        var bytes = new byte[length];
        SampleBody.Fill(bytes, SampleFileKind.Text, SampleRandom.For(seed, "text"));
        return bytes;
    }

    public static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        SampleRandom.For(1, "noise").Fill(bytes);
        return bytes;
    }

    public static Id32 Id(int number) => new(SHA256.HashData(BitConverter.GetBytes(number)));

    public static TreeEntry Entry(int number) => new()
    {
        Path = EntryPath.Parse($"users/someone/project {number / 1000:000}/folder {number / 25:00000}/report-{number:000000}.txt"), Kind = ItemKind.File, Length = 4000,
        Metadata = new ItemMetadata { Mode = 0x1a4, UserId = 1000, GroupId = 1000, UserName = "sting", GroupName = "sting", ModifiedNs = 1_700_000_000_000_000_000 + number },
        Extents = [new Extent(Id(number / 32), number % 32 * 4000, 4000)],
    };

    /// <summary>A folder of small files, made new: 40 folders of 50.</summary>
    public static string Tree(int files)
    {
        var root = Directory.CreateTempSubdirectory("sting-micro-").FullName;
        var content = Text(4000);
        for (var i = 0; i < files; i++)
        {
            var folder = Path.Join(root, $"folder {i / 50}");
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(Path.Join(folder, $"file {i}.txt"), content);
        }
        return root;
    }
}

/// <summary>Somebody whose chunks these are.</summary>
internal sealed class SampleOwner : ISegmentOwner
{
    public Id16 Pseudonym { get; } = new(SHA256.HashData("pseudonym"u8));

    public (SegmentHeader Header, ChunkCipher? Cipher) NewSegment()
    {
        var salt = RandomNumberGenerator.GetBytes(SegmentKey.SaltSize);
        byte[] key = new byte[SegmentKey.Size], commitment = new byte[SegmentKey.CommitmentSize];
        SegmentKey.Derive(Samples.Key, salt, Samples.Reserve, Pseudonym, 1, key, commitment);
        return (new SegmentHeader { Suite = Suite.P256, Pseudonym = Pseudonym, Generation = 1, SealedKey = new byte[113], Salt = salt, Commitment = commitment }, new ChunkCipher(key));
    }
}

/// <summary>Gives pages their ids, and forgets them.</summary>
internal sealed class CountingSink : ITreePageSink, IDisposable
{
    private readonly ChunkIds _ids = new(Samples.Key);

    public Id32 Store(TreeTable table, ReadOnlySpan<byte> body) => _ids.Compute((byte)ChunkType.Tree, table.ToBytes(), body);

    public void Dispose() => _ids.Dispose();
}
