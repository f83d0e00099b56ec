using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Repository;

/// <summary>An index fragment comes back as it was written, and is refused when anything of it is not what it should be. The look-up table over fragments knows what is replaced and what is gone.</summary>
public sealed class IndexFragmentTests : IDisposable
{
    private readonly EcdsaSigner _signer = EcdsaSigner.Generate();
    private static readonly Id16 Reserve = TestSubject.Reserve, Writer = TestTree.Writer;

    public void Dispose() => _signer.Dispose();

    private static Id32 Id(string text) => new(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(text)));

    private static SegmentHeader Header => new() { Suite = Suite.P256, Generation = 3, Pseudonym = Writer, Salt = new byte[32], Commitment = new byte[32], SealedKey = new byte[113] };

    /// <summary>Two packs with a segment each, and three chunks, the ids in no order.</summary>
    private static IndexContent Content(string prefix = "", params string[] removes)
    {
        var content = new IndexContent();
        foreach (var (pack, kind, chunks) in ((string, ObjectKind, string[])[])[("p1", ObjectKind.DataPack, ["c", "a"]), ("p2", ObjectKind.MetaPack, ["b"])])
        {
            var info = new PackInfo(Id(prefix + pack), kind, 0x1_0000_0001);
            content.Add(new PackTables(info, [new SegmentInfo(info, 52, Header)], [.. chunks.Select((c, i) => new ChunkEntry(Id(prefix + c), 0, 265 + i, 40, 7 + i))]));
        }
        content.Removes.AddRange(removes.Select(Id));
        return content;
    }

    private byte[] Signed(IndexContent content, int level = 2) => IndexFragment.Write(content, Reserve, Writer, 9, level, _signer);

    private IndexFragment Read(byte[] bytes, Id16? reserve = null, string name = "index/2/x") => IndexFragment.Read(name, bytes, reserve ?? Reserve, id => id == Writer ? _signer.PublicKey : default(ReadOnlyMemory<byte>?));

    private byte[] Changed(byte[] bytes, Action<byte[]> change, bool sign = true)
    {
        var changed = bytes.ToArray();
        change(changed);
        if (sign)
        {
            _signer.Sign(changed.AsSpan(0, changed.Length - 64)).CopyTo(changed.AsSpan(changed.Length - 64));
        }
        return changed;
    }

    private static void Put(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);

    [Fact]
    public void What_was_written_comes_back()
    {
        var content = Content("", "gone");
        content.Supersedes.Add(new FragmentName(1, Id("older")));
        var read = Read(Signed(content));
        Assert.Equal((Writer, 9L, 2, true, 3), (read.Writer, read.Sequence, read.Level, read.IsSigned, read.Count));
        Assert.Equal(content.Packs, read.Packs);
        Assert.Equal([Id("gone")], read.Removes);
        Assert.Equal([$"index/1/{Id("older")}"], read.Supersedes.Select(s => s.Name));
        Assert.Equal([(content.Packs[0], 52), (content.Packs[1], 52)], read.Segments.Select(s => (s.Pack, s.Offset)));
        var entries = content.Entries.OrderBy(e => e.Id).ToList();
        for (var rank = 0; rank < 3; rank++)
        {
            Assert.Equal(entries[rank], read[rank]);
            Assert.Equal((entries[rank].Id, entries[rank].Segment, entries[rank].StoredLength), (read.IdAt(rank), read.SegmentAt(rank), read.StoredLengthAt(rank)));
        }
        Assert.Equal([0, 0, 1], content.Entries.Select(e => e.Segment));
        var bare = read.WithoutRows();
        Assert.Equal((0, 0, 2, 1, true), (bare.Count, bare.Segments.Count, bare.Packs.Count, bare.Removes.Count, bare.IsSigned));
    }

    [Fact]
    public void Without_a_signer_it_says_that_nobody_signed_it()
    {
        var bytes = IndexFragment.Write(Content(), Reserve, Writer, 9, 0, null);
        var read = Read(bytes);
        Assert.Equal((false, default(Id16)), (read.IsSigned, read.Writer));
        Assert.Equal(new byte[64], bytes[^64..]);
    }

    [Fact]
    public void What_nobody_signed_replaces_no_fragment_and_takes_no_pack_away()
    {
        var signed = Read(Signed(Content("old"), 0), name: $"index/0/{Id("f0")}");
        var content = Content("new", "oldp1", "oldp2");
        content.Supersedes.Add(new FragmentName(0, Id("f0")));
        var forged = Read(IndexFragment.Write(content, Reserve, default, 0, 1, null), name: $"index/1/{Id("f1")}");
        var index = new RepositoryIndex([forged, signed]);
        Assert.Empty(index.Superseded);
        Assert.Equal(2, index.FindAll(Id("olda")).Concat(index.FindAll(Id("oldb"))).Count());
        Assert.Single(index.FindAll(Id("newa")));
        Assert.Equal(4, index.Packs.Count());
    }

    [Fact]
    public void What_is_not_as_it_should_be_is_refused()
    {
        var content = Content("", "gone");
        content.Supersedes.Add(new FragmentName(1, Id("older")));
        var bytes = Signed(content);
        string Why(byte[] changed, Id16? reserve = null) => Assert.Throws<StingException>(() => Read(changed, reserve)) is { ErrorId: "ObjectDamaged", Target: "index/2/x" } e ? e.Message : "another error";
        Assert.Contains("too short", Why(bytes[..143]), StringComparison.Ordinal);
        Assert.Contains("another reserve", Why(bytes, Writer), StringComparison.Ordinal);
        Assert.Contains("not enrolled", Why(Changed(bytes, b => b[28]++)), StringComparison.Ordinal);
        Assert.Contains("signature", Why(Changed(bytes, b => b[44]++, sign: false)), StringComparison.Ordinal);
        Assert.Contains("signature", Why(Changed(bytes, b => b[^1]++, sign: false)), StringComparison.Ordinal);
        for (var count = 0; count < 5; count++)
        {
            Assert.Contains("no sense", Why(Changed(bytes, b => Put(b, 60 + (4 * count), -1))), StringComparison.Ordinal);
            Assert.Contains("no sense", Why(Changed(bytes, b => Put(b, 60 + (4 * count), b.Length))), StringComparison.Ordinal);
            Assert.Contains("no sense", Why(Changed(bytes, b => b[60 + (4 * count)]++)), StringComparison.Ordinal);
            Assert.Contains("no sense", Why(Changed(bytes, b => b[60 + (4 * count)]--)), StringComparison.Ordinal);
        }
        var packs = 80 + 36 + 32;
        Assert.Contains("no sense", Why(Changed(bytes, b => b[packs + 40] = (byte)ObjectKind.Point)), StringComparison.Ordinal);
        var segments = packs + (2 * PackInfo.Size);
        Assert.Contains("no sense", Why(Changed(bytes, b => Put(b, segments, 2))), StringComparison.Ordinal);
        Assert.Contains("no sense", Why(Changed(bytes, b => Put(b, segments, -1))), StringComparison.Ordinal);
        Assert.Contains("no sense", Why(Changed(bytes, b => b[segments + 8]++)), StringComparison.Ordinal);
        // One that claims to be unsigned is read, and says so: it proves nothing, and writers do not trust it.
        Assert.False(Read(Changed(bytes, b => b[56] = 1, sign: false)).IsSigned);
    }

    [Fact]
    public void Fragments_that_are_replaced_and_packs_that_are_gone_do_not_count()
    {
        var old = Read(Signed(Content("old"), 0), name: $"index/0/{Id("f0")}");
        var merged = Content("new", "newp2");
        merged.Supersedes.Add(new FragmentName(0, Id("f0")));
        merged.Supersedes.Add(new FragmentName(0, Id("unknown")));
        var newer = Read(Signed(merged), name: $"index/1/{Id("f1")}");
        var index = new RepositoryIndex([newer, old]);
        Assert.Equal([old.Name], index.Superseded);
        Assert.Equal([newer.Name], index.Fragments.Select(f => f.Name));
        Assert.Equal([old.Name, $"index/0/{Id("unknown")}"], index.Replacing[newer.Name]);
        Assert.Equal([Id("newp1")], index.Packs.Select(p => p.Id));
        Assert.Equal(3, index.Count);
        Assert.False(index.TryFind(Id("olda"), out _));
        Assert.True(index.TryFind(Id("newa"), out var place));
        Assert.Equal((Id("newp1"), 8), (place.Segment.Pack.Id, place.Entry.RawLength));
        Assert.False(index.TryFind(Id("newb"), out _));
        Assert.Empty(index.FindAll(Id("newb")));
        Span<int> ranks = stackalloc int[4];
        Assert.Equal(0, index.FindRanks(Id("newb"), ranks));
        Assert.Equal(1, index.FindRanks(Id("newa"), ranks));
        Assert.True(index.TryPlaceAt(ranks[0], out var same) && same == place);
        Assert.False(index.Without([Id("newp1")]).TryFind(Id("newa"), out _));
        Assert.Empty(index.Without([Id("newp1")]).Packs);
        Assert.Same(index, index.Without([]));
    }

    [Fact]
    public void A_writer_adopts_a_chunk_only_from_whom_it_trusts()
    {
        var signed = Read(Signed(Content("s")));
        var unsigned = Read(IndexFragment.Write(Content("u"), Reserve, Writer, 9, 0, null), name: "index/0/u");
        var index = new RepositoryIndex([signed, unsigned], [Id("sp2")]);
        var trusted = new HashSet<Id16> { Writer, default };
        Assert.True(index.TryFindTrusted(Id("sa"), trusted, out var place) && place.Segment.Pack.Id == Id("sp1"));
        Assert.False(index.TryFindTrusted(Id("sa"), new HashSet<Id16> { Reserve }, out _));
        Assert.False(index.TryFindTrusted(Id("ua"), trusted, out _));   // no signature, however trusted whoever it names is
        Assert.False(index.TryFindTrusted(Id("sb"), trusted, out _));   // its pack is gone
        Assert.False(index.TryFindTrusted(Id("none"), trusted, out _));
        Assert.True(index.TryFind(Id("ua"), out _));
    }

    [Fact]
    public void A_chunk_that_lies_twice_has_two_places_and_ranks_across_fragments_that_name_nothing()
    {
        var fragments = (IndexFragment[])[Read(Signed(Content()), name: "index/0/a"), Read(Signed(new IndexContent()), name: "index/0/b"), Read(Signed(Content()), name: "index/0/c")];
        var index = new RepositoryIndex(fragments);
        Assert.Equal((6, 2), ((int)index.Count, index.FindAll(Id("a")).Count));
        Assert.Equal(2, index.Packs.Count());
        Span<int> ranks = stackalloc int[2];
        Assert.Equal(2, index.FindRanks(Id("a"), ranks));
        Assert.Equal(1, index.FindRanks(Id("a"), ranks[..1]));
        for (var rank = 0; rank < 6; rank++)
        {
            Assert.True(index.TryPlaceAt(rank, out var place));
            Assert.Equal(fragments[0].IdAt(rank % 3), place.Entry.Id);
        }
    }

    [Fact]
    public void Each_of_many_chunks_is_found_and_none_that_is_not_there()
    {
        var content = new IndexContent();
        var info = new PackInfo(Id("p"), ObjectKind.DataPack, 1 << 20);
        content.Add(new PackTables(info, [new SegmentInfo(info, 52, Header)], [.. Enumerable.Range(0, 5000).Select(i => new ChunkEntry(Id($"{i}"), 0, 265, 40, i))]));
        var index = new RepositoryIndex([Read(Signed(content))]);
        for (var i = 0; i < 5000; i++)
        {
            Assert.True(index.TryFind(Id($"{i}"), out var place) && place.Entry.RawLength == i);
            Assert.False(index.TryFind(Id($"no {i}"), out _));
        }
    }
}
