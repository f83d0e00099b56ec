using System.Security.Cryptography;
using CsCheck;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Cryptography;

/// <summary>Data keys, segment keys, chunk ids and chunk ciphers. The golden values freeze the format: computed once by another implementation.</summary>
public sealed class SegmentCryptoTests
{
    private static readonly byte[] DataKey = Ascending(32, 0x00);
    private static readonly byte[] Salt = Ascending(32, 0x20);
    private static readonly Id16 Reserve = new(Ascending(16, 0x40));
    private static readonly Id16 Pseudonym = new(Ascending(16, 0x50));
    private static readonly byte[] WriterKey = Ascending(32, 0x60);
    private static readonly byte[] Raw = "The quick brown fox jumps over the lazy dog"u8.ToArray();
    private static readonly byte[] Table = Ascending(64, 0x80);

    [Fact]
    public void Segment_key_and_commitment_have_their_golden_values()
    {
        var (key, commitment) = Derive(3);
        Assert.Equal("937090e7a49c03d5271ead83b134bf446e47a7981c8d6761db7ed553033a7e4b", Hex(key));
        Assert.Equal("84ee3f668a541cd0191766b7d586827181160a135a74c108e31e30ac4200d309", Hex(commitment));
    }

    [Fact]
    public void A_segment_key_derives_only_under_its_commitment()
    {
        var (key, commitment) = Derive(3);
        var derived = new byte[32];
        Assert.True(SegmentKey.TryDerive(DataKey, Salt, Reserve, Pseudonym, 3, commitment, derived));
        Assert.Equal(key, derived);
        Assert.False(SegmentKey.TryDerive(DataKey, Salt, Reserve, Pseudonym, 4, commitment, derived));
        Assert.Equal(new byte[32], derived);
        Assert.False(SegmentKey.TryDerive(DataKey, Salt, Pseudonym, Reserve, 3, commitment, derived));
        Assert.False(SegmentKey.TryDerive(Salt, DataKey, Reserve, Pseudonym, 3, commitment, derived));
        Assert.False(SegmentKey.TryDerive(DataKey, Salt, Reserve, Pseudonym, 3, [], derived));
    }

    [Fact]
    public void Id_key_and_cut_key_have_their_golden_values()
    {
        Assert.Equal("a8301f70893f283646c77ed27f7aefb5f875f9faae9055ec9854e7287ce56a94", Hex(WriterSecret.IdKey(WriterKey)));
        Assert.Equal("18c30633259237af3d93261505961d97f83f848ca9e89327dbccd8ca2d9291f4", Hex(WriterSecret.CutKey(WriterKey)));
    }

    [Fact]
    public void Ids_have_their_golden_values()
    {
        using var ids = new ChunkIds(DataKey);
        Assert.Equal("86e26694a4904e1f010fe77b21101d85f4a3824130401febfbaab59c1946ac8d", ids.Compute(1, Raw).ToString());
        Assert.Equal("5e4519e8bf6de87340c5b3bc66ad85af9f5dafa449964be296c40846f344e31e", ids.Compute(2, Table, Raw).ToString());
        Assert.Equal("9b4c8120a4823a95f47cde17a244f4507244ee6e3957d1fab9fa29b44d3829b7", ids.Compute(1, []).ToString());
        Assert.Equal(ids.Compute(1, Raw), ChunkIds.Compute(DataKey, 1, Raw));
    }

    [Fact]
    public void An_id_depends_on_its_type_and_nothing_before_it()
    {
        using var ids = new ChunkIds(DataKey);
        var first = ids.Compute(1, Raw);
        Assert.NotEqual(first, ids.Compute(2, Raw));
        Assert.Equal(first, ids.Compute(1, Raw));
        Assert.NotEqual(first, ChunkIds.Compute(Salt, 1, Raw));
    }

    [Fact]
    public void A_sealed_chunk_has_its_golden_value()
    {
        using var cipher = new ChunkCipher(DataKey);
        var target = new byte[Raw.Length + ChunkCipher.TagSize];
        Assert.Equal(target.Length, cipher.Seal(Head(7), [], Raw, target));
        Assert.Equal("bab3aacaf41cb205b053a979a373609a245ae8ae3f8cb5092a30e29abc830c530fa1a63340c5cf1f4de257ad3cb427b84e43fbb0201f25f1c7e744", Hex(target));
        cipher.Seal(Head(0x01020304), Table, Raw, target);
        Assert.Equal("5b33004a8a0362d4183e89e41bc55860c37a3638070abed8a6141c87b008fe0a27630edc29256f71f7061b79eca840367d9f8f768e9e1b2c84618b", Hex(target));
    }

    [Fact]
    public void What_was_sealed_opens_whatever_it_is()
    {
        Gen.Select(Gen.Byte.Array[0, 3000], Gen.Byte.Array[0, 300], Gen.Byte, Gen.Byte, Gen.UInt, Gen.UInt).Sample((content, table, type, codec, ordinal, length) =>
        {
            using var cipher = new ChunkCipher(DataKey);
            var head = new ChunkHead(type, codec, ordinal, length, new Id32(Salt));
            var target = new byte[content.Length + ChunkCipher.TagSize];
            cipher.Seal(head, table, content, target);
            var opened = new byte[content.Length];
            return cipher.TryOpen(head, table, target, opened) && opened.AsSpan().SequenceEqual(content);
        }, iter: 200);
    }

    [Fact]
    public void A_chunk_opens_only_beside_the_head_and_table_it_was_sealed_with()
    {
        using var cipher = new ChunkCipher(DataKey);
        var head = Head(7);
        var target = new byte[Raw.Length + ChunkCipher.TagSize];
        cipher.Seal(head, Table, Raw, target);
        var opened = new byte[Raw.Length];
        Assert.True(cipher.TryOpen(head, Table, target, opened));
        ChunkHead[] others =
        [
            head with { Type = 2 }, head with { Codec = 0 }, head with { Ordinal = 8 }, head with { RawLength = 44 }, head with { Id = new Id32(DataKey) },
        ];
        Assert.All(others, other => Assert.False(cipher.TryOpen(other, Table, target, opened)));
        Assert.False(cipher.TryOpen(head, Table.AsSpan(1), target, opened));
        Assert.False(cipher.TryOpen(head, [], target, opened));
        using var stranger = new ChunkCipher(Salt);
        Assert.False(stranger.TryOpen(head, Table, target, opened));
        Assert.All(opened, b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_chunk_with_any_byte_changed_or_cut_off_does_not_open()
    {
        using var cipher = new ChunkCipher(DataKey);
        var target = new byte[Raw.Length + ChunkCipher.TagSize];
        cipher.Seal(Head(7), [], Raw, target);
        var opened = new byte[Raw.Length];
        for (var i = 0; i < target.Length; i++)
        {
            target[i] ^= 0x80;
            Assert.False(cipher.TryOpen(Head(7), [], target, opened), $"byte {i}");
            target[i] ^= 0x80;
            Assert.False(cipher.TryOpen(Head(7), [], target.AsSpan(0, i), opened), $"length {i}");
        }
    }

    [Theory]
    [InlineData(7u)]
    [InlineData(6u)]
    [InlineData(0u)]
    public void A_nonce_that_would_repeat_is_refused(uint ordinal)
    {
        using var cipher = new ChunkCipher(DataKey);
        var target = new byte[Raw.Length + ChunkCipher.TagSize];
        cipher.Seal(Head(7), [], Raw, target);
        Assert.Throws<InvalidOperationException>(() => cipher.Seal(Head(ordinal), [], Raw, target));
        cipher.Seal(Head(8), [], Raw, target);
    }

    [Fact]
    public void The_hot_path_allocates_nothing()
    {
        using var cipher = new ChunkCipher(DataKey);
        using var ids = new ChunkIds(DataKey);
        var target = new byte[Raw.Length + ChunkCipher.TagSize];
        var opened = new byte[Raw.Length];
        var ordinal = 0u;
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                ids.Compute(2, Table, Raw);
                cipher.Seal(Head(ordinal), Table, Raw, target);
                cipher.TryOpen(Head(ordinal++), Table, target, opened);
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(round == 0 || allocated == 0, $"{allocated} bytes in 100 rounds");
        }
    }

    [Fact]
    public void A_data_key_opens_only_for_its_subject_reserve_and_generation()
    {
        using var subject = AgreementKey.Generate();
        using var other = AgreementKey.Generate();
        var message = DataKeys.Seal(subject.PublicKey.Span, Reserve, Pseudonym, 1, DataKey);
        Assert.Equal(DataKeys.SealedSize(KemSuite.P256), message.Length);
        Assert.Equal(113, message.Length);
        var opened = new byte[32];
        Assert.True(DataKeys.TryOpen(subject, Reserve, Pseudonym, 1, message, opened));
        Assert.Equal(DataKey, opened);
        Assert.False(DataKeys.TryOpen(other, Reserve, Pseudonym, 1, message, opened));
        Assert.False(DataKeys.TryOpen(subject, Pseudonym, Pseudonym, 1, message, opened));
        Assert.False(DataKeys.TryOpen(subject, Reserve, Reserve, 1, message, opened));
        Assert.False(DataKeys.TryOpen(subject, Reserve, Pseudonym, 2, message, opened));
    }

    [Fact]
    public void A_data_key_sealed_by_another_program_opens()
    {
        using var subject = AgreementKey.FromScalar(Ascending(32, 0x01));
        var opened = new byte[32];
        Assert.True(DataKeys.TryOpen(subject, Reserve, Pseudonym, 3, Convert.FromHexString("04d178b55f9499484fbe58a1620255dc12cbef7378d08d56bf20e81a957a1737c502402d8f9f89982c44a24a9235479293585eb4d42659ef876a516bd1ecdad691806c2196aa8488c47ecd782eadf3fc530c0538bafa5f3adcd6618936d64eb35ba7f901f69fb7331ff0eda20a65f71683"), opened));
        Assert.Equal(DataKey, opened);
    }

    private static ChunkHead Head(uint ordinal) => new(1, 1, ordinal, (uint)Raw.Length, new Id32(Salt));

    private static (byte[] Key, byte[] Commitment) Derive(uint generation)
    {
        var key = new byte[32];
        var commitment = new byte[32];
        SegmentKey.Derive(DataKey, Salt, Reserve, Pseudonym, generation, key, commitment);
        return (key, commitment);
    }

    private static byte[] Ascending(int length, byte first) => [.. Enumerable.Range(first, length).Select(i => (byte)i)];

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
