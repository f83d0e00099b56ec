using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Backup;

/// <summary>What stands in the packs of many runs, of those too that died: no key serves two segments, no nonce two chunks, and nothing tells that two subjects hold the same.</summary>
public sealed class KeyUseTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_key_with_a_nonce_is_used_twice_over_runs_and_crashes(int seed)
    {
        var memory = new MemoryObjectStore();
        var store = new FaultyStore(memory);
        await using var test = new TestInstallation(store);
        var random = new Random(seed);
        var died = 0;
        for (var run = 0; run < 24; run++)
        {
            for (var i = 0; i < 6; i++)
            {
                test.Write($"users/{random.Next(4)}/f{random.Next(12)}", RandomNumberGenerator.GetBytes(random.Next(1, 400_000)));
            }
            var calls = 0;
            var dies = run % 2 == 0 ? random.Next(1, 12) : int.MaxValue;
            store.Before = (verb, name) =>
            {
                if (verb is "stage" or "put" or "barrier" && ++calls >= dies)
                {
                    throw new StingException("StoreFull", FailureKind.ResourceExhausted, $"No room for {name}.", name, "Make room.");
                }
            };
            try
            {
                await test.BackupAsync(random.Next(3) == 0 ? BackupType.Full : BackupType.Incremental);
            }
            catch (StingException)
            {
                died++;
            }
        }
        Assert.InRange(died, 4, 12);
        store.Before = (_, _) => { };

        var keys = new HashSet<string>();
        var salts = new HashSet<string>();
        long chunks = 0;
        foreach (var (tables, bytes) in await PacksAsync(memory, test.Keys.Reserve))
        {
            foreach (var (segment, number) in tables.Segments.Select((s, i) => (s, i)).Where(s => s.s.Header.Suite != SegmentHeader.ClearSuite))
            {
                Assert.True(keys.Add(Convert.ToHexString(KeyOf(test, segment.Header))), "one key for two segments");
                Assert.True(salts.Add(Convert.ToHexString(segment.Header.Salt.Span)), "one salt for two segments");
                var ordinals = tables.Entries.Where(entry => entry.Segment == number).Select(entry => ChunkHeader.Read(bytes.AsSpan(entry.Offset)).Ordinal).ToList();
                Assert.Equal(ordinals.Count, ordinals.Distinct().Count());
                chunks += ordinals.Count;
            }
        }
        Assert.True(keys.Count > 40 && chunks > 150, $"{keys.Count} segments, {chunks} chunks");
    }

    [Fact]
    public async Task Two_subjects_with_the_same_file_have_no_id_no_key_and_no_cut_in_common()
    {
        var memory = new MemoryObjectStore();
        await using var test = new TestInstallation(memory);
        var content = RandomNumberGenerator.GetBytes(12 << 20);
        test.Write("users/ada/film.mov", content);
        test.Write("users/bob/film.mov", content);
        await test.BackupAsync();
        var bySubject = new Dictionary<Id16, (HashSet<Id32> Ids, HashSet<string> Keys, List<int> Lengths)>();
        foreach (var (tables, _) in await PacksAsync(memory, test.Keys.Reserve))
        {
            foreach (var entry in tables.Entries.Where(_ => tables.Pack.Kind == ObjectKind.DataPack))
            {
                var header = tables.Segments[entry.Segment].Header;
                if (!bySubject.TryGetValue(header.Pseudonym, out var found))
                {
                    bySubject.Add(header.Pseudonym, found = ([], [], []));
                }
                found.Ids.Add(entry.Id);
                found.Keys.Add(Convert.ToHexString(KeyOf(test, header)));
                found.Lengths.Add(entry.RawLength);
            }
        }
        var (ada, bob) = (bySubject.Values.First(), bySubject.Values.Last());
        Assert.Equal(2, bySubject.Count);
        Assert.Empty(ada.Ids.Intersect(bob.Ids));
        Assert.Empty(ada.Keys.Intersect(bob.Keys));
        Assert.Equal(content.Length, ada.Lengths.Sum());
        Assert.Equal(content.Length, bob.Lengths.Sum());
        // Lengths that occur in both by chance are few: with cuts in common most would.
        Assert.True(ada.Lengths.Intersect(bob.Lengths.Where(length => length != 1 << 20)).Count() <= 2, "the same cuts");
    }

    private static byte[] KeyOf(TestInstallation test, SegmentHeader header)
    {
        var dataKey = test.Keys.OpenDataKey(header.Pseudonym, header.Generation, header.SealedKey.Span);
        var key = new byte[SegmentKey.Size];
        Assert.True(SegmentKey.TryDerive(dataKey, header.Salt.Span, test.Keys.Reserve, header.Pseudonym, header.Generation, header.Commitment.Span, key));
        return key;
    }

    private static async Task<List<(PackTables Tables, byte[] Bytes)>> PacksAsync(MemoryObjectStore store, Id16 reserve)
    {
        var packs = new List<(PackTables, byte[])>();
        await foreach (var pack in PackFooters.ListAsync(store, default))
        {
            var bytes = await store.ReadAllAsync(pack.Name, default);
            packs.Add((PackReader.ReadTables(pack, bytes, reserve), bytes));
        }
        return packs;
    }
}
