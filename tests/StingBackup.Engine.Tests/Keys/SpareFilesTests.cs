using System.Buffers.Binary;
using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>The spares of a host and their log by their bytes: what is not whole burns them all, since one might have been used already.</summary>
public sealed class SpareFilesTests : IDisposable
{
    private readonly KeyFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private static Id16 NewId() => new(RandomNumberGenerator.GetBytes(Id16.Size));

    [Fact]
    public async Task Spares_that_are_short_or_anothers_are_damage_and_those_of_an_unknown_suite_are_told_as_that()
    {
        (await _fixture.CreateAsync()).Dispose();
        using var host = HostKeys.Read(_fixture.Files, _fixture.InHost(HostKeys.FileName))!;
        var path = _fixture.InHost("spares");
        var sound = await File.ReadAllBytesAsync(path);
        byte[] payload = KeyFrame.ReadWhole(sound, KeyFileKind.Spares, path).ToArray();
        byte[] anothers = (byte[])payload.Clone(), unknown = (byte[])payload.Clone();
        anothers[2] ^= 1;
        unknown[0] = 9;
        foreach (var (wrong, why) in ((byte[], string)[])[(payload[..20], "too short"), (anothers, "another reserve's")])
        {
            await File.WriteAllBytesAsync(path, KeyFrame.Write(KeyFileKind.Spares, wrong));
            var damage = SpareShelf.Glance(_fixture.Environment, host, Path.GetDirectoryName(path)!).Damage!;
            Assert.Equal("SparesDamaged", damage.ErrorId);
            Assert.Contains(why, damage.Message, StringComparison.Ordinal);
        }
        await File.WriteAllBytesAsync(path, KeyFrame.Write(KeyFileKind.Spares, unknown));
        Assert.Equal("SuiteUnknown", (await Assert.ThrowsAsync<StingException>(async () => await OpenAsync())).ErrorId);
        await File.WriteAllBytesAsync(path, sound);
        using var shelf = await OpenAsync();   // nobody holds the lock
        Assert.Equal((KeyFixture.FewSpares, null), (shelf.Free, shelf.Damage));

        ValueTask<SpareShelf> OpenAsync() => SpareShelf.OpenAsync(_fixture.Environment, host, Path.GetDirectoryName(path)!, default);
    }

    [Fact]
    public void A_tag_that_turns_out_to_be_anothers_gives_its_spare_back()
    {
        var path = Path.Combine(_fixture.Folder, "log");
        var (tag, mine, theirs) = (NewId(), NewId(), NewId());
        var log = new SpareLog(_fixture.Files, path);
        Assert.False(log.Load());
        log.Append([new SpareEvent(mine, tag, SpareFate.Reserved)]);
        Assert.Equal((false, mine), (log.IsFree(mine), log.Reserved[tag]));
        log.Append([new SpareEvent(theirs, tag, SpareFate.Seen)]);
        foreach (var read in (SpareLog[])[log, Loaded()])
        {
            Assert.Equal((true, false), (read.IsFree(mine), read.IsFree(theirs)));
            Assert.Equal([tag], read.ClaimedTags);
            Assert.Empty(read.Reserved);
        }
        log.Append([new SpareEvent(mine, NewId(), SpareFate.Reserved), new SpareEvent(mine, NewId(), SpareFate.Returned)]);
        Assert.True(Loaded().IsFree(mine));

        SpareLog Loaded()
        {
            var loaded = new SpareLog(_fixture.Files, path);
            Assert.True(loaded.Load());
            return loaded;
        }
    }

    [Fact]
    public void A_log_ends_where_a_line_was_torn_and_a_line_of_another_fate_or_start_is_damage()
    {
        var path = Path.Combine(_fixture.Folder, "log");
        var log = new SpareLog(_fixture.Files, path);
        var pseudonym = NewId();
        log.Append([new SpareEvent(pseudonym, NewId(), SpareFate.Claimed)]);
        var sound = File.ReadAllBytes(path);
        foreach (var torn in (byte[][])[[7], new byte[30], new byte[48], new byte[96]])
        {
            File.WriteAllBytes(path, [.. sound, .. torn]);
            Assert.True(new SpareLog(_fixture.Files, path).Load());
        }
        foreach (var fate in (byte[])[0, 5])
        {
            var line = sound[8..].ToArray();
            line[32] = fate;
            SHA256.HashData(line.AsSpan(0, 40))[..8].CopyTo(line, 40);
            File.WriteAllBytes(path, [.. sound, .. line]);
            Assert.Equal("SparesDamaged", Assert.Throws<StingException>(() => new SpareLog(_fixture.Files, path).Load()).ErrorId);
        }
        File.WriteAllText(path, "no log");
        Assert.Equal("SparesDamaged", Assert.Throws<StingException>(() => new SpareLog(_fixture.Files, path).Load()).ErrorId);
    }

    [Fact]
    public async Task Entries_that_are_cut_short_or_more_than_counted_are_none()
    {
        using var keys = await _fixture.CreateAsync();
        using var reader = KeyFixture.Unlock(keys);
        using var spare = Assert.Single(await reader.Role.MintAsync(1, default));
        var entries = new byte[SpareFile.SizeOf([spare])];
        SpareFile.WriteEntries([spare], entries);
        Assert.Single(SpareFile.Parse(entries, KemSuite.P256, 1)!).Dispose();
        Assert.Null(SpareFile.Parse(entries, KemSuite.P256, 2));
        Assert.Null(SpareFile.Parse((byte[])[.. entries, .. entries[..50]], KemSuite.P256, 2));
        foreach (var hybrid in (byte[][])[[1], [9, 0, .. entries], [2, 0, .. entries]])
        {
            Assert.Null(SpareFile.Parse(hybrid, KemSuite.Hybrid, 1));
        }
        var mixed = new byte[2 + entries.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(mixed, Suite.P256);
        entries.CopyTo(mixed, 2);
        Assert.Single(SpareFile.Parse(mixed, KemSuite.Hybrid, 1)!).Dispose();
    }
}
