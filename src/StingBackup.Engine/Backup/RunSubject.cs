using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chunking;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Backup;

/// <summary>A subject during one run: its write keys, its chunker, and the run's data key for it, made when its first new byte is stored.</summary>
internal sealed class RunSubject : ISegmentOwner, IDisposable
{
    private readonly Id16 _reserve;
    private readonly RandomNumberGenerator _random;
    private readonly Lazy<(SecretBytes Key, byte[] Sealed)> _dataKey;

    public RunSubject(SubjectWriteKeys keys, Id16 reserve, RandomNumberGenerator random)
    {
        Keys = keys;
        _reserve = reserve;
        _random = random;
        var gear = new GearTable(keys.CutKey);
        Cutter = new FastCdc(gear, ChunkSizes.Documents);
        Seed = gear.Seed;
        Mark = BinaryPrimitives.ReadUInt64LittleEndian(HMACSHA256.HashData(keys.IdKey, "sting1 mark"u8));
        _dataKey = new(() =>
        {
            var key = SecretBytes.Random(DataKeys.Size, random);
            return (key, DataKeys.Seal(keys.PublicKey, reserve, keys.Pseudonym, keys.Generation, key.Span));
        });
    }

    public SubjectWriteKeys Keys { get; }
    public FastCdc Cutter { get; }
    /// <summary>Seed of where this subject's tree pages and bundles end.</summary>
    public ulong Seed { get; }
    /// <summary>Tells one writer secret from another in the host's cache, and nothing else of it.</summary>
    public ulong Mark { get; }
    public Id16 Pseudonym => Keys.Pseudonym;
    private long _bytesNew, _bytesStored;

    /// <summary>Bytes of its content that the repository did not have before this run.</summary>
    public long BytesNew => Interlocked.Read(ref _bytesNew);
    /// <summary>What they were compressed to.</summary>
    public long BytesStored => Interlocked.Read(ref _bytesStored);

    /// <summary>Content was new.</summary>
    public void AddNew(long bytes, long stored)
    {
        Interlocked.Add(ref _bytesNew, bytes);
        Interlocked.Add(ref _bytesStored, stored);
    }

    public (SegmentHeader Header, ChunkCipher? Cipher) NewSegment()
    {
        var (dataKey, sealedKey) = _dataKey.Value;
        var salt = new byte[SegmentKey.SaltSize];
        _random.GetBytes(salt);
        var commitment = new byte[SegmentKey.CommitmentSize];
        Span<byte> key = stackalloc byte[SegmentKey.Size];
        SegmentKey.Derive(dataKey.Span, salt, _reserve, Pseudonym, Keys.Generation, key, commitment);
        var cipher = new ChunkCipher(key);
        CryptographicOperations.ZeroMemory(key);
        return (new SegmentHeader
        {
            Suite = KemSuite.OfPublicKey(Keys.PublicKey).Number, Pseudonym = Pseudonym, Generation = Keys.Generation, SealedKey = sealedKey, Salt = salt, Commitment = commitment,
        }, cipher);
    }

    public void Dispose()
    {
        if (_dataKey.IsValueCreated)
        {
            _dataKey.Value.Key.Dispose();
        }
    }
}
