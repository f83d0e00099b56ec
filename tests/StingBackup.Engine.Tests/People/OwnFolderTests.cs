using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.People;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.People;

/// <summary>Long folders page by page, long files stretch by stretch; damage, a lost tier, and few open at once.</summary>
public sealed class OwnFolderTests : IAsyncLifetime
{
    private const int Many = 2000;
    private static readonly string Home = $"users/{PeopleFixture.Ada}", Mixed = $"{Home}/mixed";
    private readonly byte[] _long = RandomNumberGenerator.GetBytes(6 << 20);

    private PeopleFixture _test = null!;
    private OwnReserve _ada = null!;

    public async Task InitializeAsync()
    {
        _test = await PeopleFixture.StartAsync(write: people =>
        {
            for (var i = 0; i < Many; i++)
            {
                // Every third is of another class, in the same folder; folders among the files, some deep.
                people.Write($"{Mixed}/{(i % 50 == 0 ? $"d{i:d5}/deep/x{i}" : $"f{i:d5}{(i % 3 == 0 ? ".rpt" : ".txt")}")}", $"{i}");
            }
            File.WriteAllBytes(people.Full($"{Home}/long.bin"), _long);
        });
        _ada = await _test.OfAsync(PeopleFixture.Ada);
    }

    public Task DisposeAsync() => _test.DisposeAsync().AsTask();

    [Theory]
    [InlineData(1000)]
    [InlineData(97)]
    [InlineData(1)]
    public async Task Pages_of_a_folder_over_several_classes_give_each_name_once_in_order(int limit)
    {
        var expected = Directory.GetFileSystemEntries(_test.Full(Mixed)).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal).ToList();
        var found = new List<RestorePointItem>();
        string? after = null;
        do
        {
            var page = await _ada.FolderAsync("latest", Mixed, after, limit, default);
            Assert.True(page.Items.Count is > 0 && page.Items.Count <= limit && (page.Next is null || page.Items.Count == limit));
            Assert.Empty(page.Damage);
            found.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null && (limit > 1 || found.Count < 120));
        Assert.Equal(expected.Take(found.Count), found.Select(i => i.Name));
        Assert.True(limit == 1 || found.Count == expected.Count);
        Assert.Equal([DataClass.UserFiles, DataClass.Reports], found.Where(i => i.Kind == ItemKind.File).Select(i => i.DataClass).Distinct().OrderBy(c => c));
        Assert.All(found, i => Assert.Equal(i.Name[0] == 'd', i.Kind == ItemKind.Directory));
    }

    [Fact]
    public async Task A_page_reads_what_it_shows_and_little_more()
    {
        var reading = await _ada.HoldAsync(default);
        var reader = reading.Value.Repository.Reader;
        async Task<long> CostAsync(Func<ValueTask<FolderPage>> look)
        {
            var before = reader.BytesRead;
            await look();
            return reader.BytesRead - before;
        }
        await _ada.FolderAsync("latest", Home, null, 10, default);
        var whole = await CostAsync(() => _ada.FolderAsync("latest", Mixed, null, 1000, default)) + await CostAsync(() => _ada.FolderAsync("latest", Mixed, $"{Mixed}/f00999.rpt", 1000, default));
        var (first, last) = (await CostAsync(() => _ada.FolderAsync("latest", Mixed, null, 20, default)), await CostAsync(() => _ada.FolderAsync("latest", Mixed, $"{Mixed}/f01980.rpt", 20, default)));
        // Keys cut the pages: a page of 128 names in the mean may hold a thousand, once in many thousand runs.
        var most = whole * 9 / 10;
        Assert.True(first < most && last < most, $"{first} and {last} of {whole} bytes");
        // The person's own folder holds three names; what is in them is passed over.
        var top = await CostAsync(() => _ada.FolderAsync("latest", Home, null, 100, default));
        Assert.True(top < most, $"{top} of {whole} bytes");
        await reading.ReleaseAsync();
    }

    [Fact]
    public async Task A_stretch_of_a_long_file_is_read_without_what_lies_before()
    {
        var file = await _ada.FileAsync("latest", $"{Home}/long.bin", default);
        Assert.Equal(_long.Length, file.Length);
        var reading = await _ada.HoldAsync(default);
        foreach (var (offset, length) in ((int, int)[])[(0, 1), (0, _long.Length), (_long.Length - 1, 1), (_long.Length, 0), (3_000_000, 70_000), (1 << 20, 2 << 20)])
        {
            await using var stream = await file.OpenAsync(offset, length, default);
            var before = reading.Value.Repository.Reader.BytesRead;
            var bytes = new byte[length + 1];
            var read = await stream.ReadAtLeastAsync(bytes, length + 1, throwOnEndOfStream: false);
            Assert.True(_long.AsSpan(offset, length).SequenceEqual(bytes.AsSpan(0, read)));
            Assert.True(reading.Value.Repository.Reader.BytesRead - before <= length + (6 << 20) / 2, "more than the stretch and the chunks at its ends");
        }
        foreach (var (offset, length) in ((long, long)[])[(-1, 1), (0, -1), (0, _long.Length + 1L), (_long.Length, 1), (long.MaxValue, 1), (1, long.MaxValue)])
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await file.OpenAsync(offset, length, default));
        }
        await reading.ReleaseAsync();
    }

    [Fact]
    public async Task Damage_is_told_and_the_rest_is_shown()
    {
        var file = await _ada.FileAsync("latest", $"{Home}/long.bin", default);
        var reading = await _ada.HoldAsync(default);
        var tree = (await reading.Value.Trees.AtRunAsync("latest", default)).Trees.Single(t => t.Point.DataClass == DataClass.UserFiles);
        var entry = (await reading.Value.Repository.Walker.FindAsync(tree.Root, EntryPath.Parse($"{Home}/long.bin"), default))!;
        var extents = await reading.Value.Repository.Walker.ReadExtentsAsync(tree.Row.Pseudonym, entry, default);
        // Keys cut the pages, so how they lie is chance: a page that begins in the middle of the folder holds nothing on the way to anything else.
        Flip(reading.Value, (await PagesAsync(reading.Value, tree.Row.Pseudonym, tree.Row.Root)).First(p => p.First.ToString().StartsWith($"{Mixed}/f", StringComparison.Ordinal)).Page);
        Flip(reading.Value, extents[^1].Id);
        await reading.ReleaseAsync();

        var page = await _ada.FolderAsync("latest", Mixed, null, 1000, default);
        Assert.Equal(["ChunkDamaged"], page.Damage);
        Assert.True(page.Items.Count > 300, $"{page.Items.Count} items");
        Assert.Equal("TreeDamaged", (await Assert.ThrowsAsync<StingException>(async () => await _ada.FilesAsync("latest", [Mixed], null, default).ToListAsync())).ErrorId);
        var told = new List<StingException>();
        Assert.True((await _ada.FilesAsync("latest", [Mixed], told.Add, default).ToListAsync()).Count > 300);
        Assert.Equal("TreeDamaged", Assert.Single(told).ErrorId);
        // What is whole of the file can be had; what is not breaks off instead of being shorter.
        await using var stream = await file.OpenAsync(0, file.Length, default);
        Assert.Equal("ChunkDamaged", (await Assert.ThrowsAsync<StingException>(async () => await stream.CopyToAsync(Stream.Null))).ErrorId);
    }

    [Fact]
    public async Task Of_many_people_few_are_open_and_what_is_in_use_stays_open()
    {
        static Caller Looker(int i) => new() { Portal = new AccessIdentity(IdentityKind.User, $"admin{i}"), IsAccount = true };
        var file = await _ada.FileAsync("latest", $"{Home}/notes.txt", default);
        var stream = await file.OpenAsync(0, file.Length, default);
        var reading = await _ada.HoldAsync(default);
        await Parallel.ForEachAsync(Enumerable.Range(0, OwnReadings.Most + 20), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, cancel) =>
        {
            var bob = await _test.Shared.OfSubjectAsync(Looker(i), PeopleFixture.UserOf(PeopleFixture.Bob), cancel);
            Assert.Single((await bob.FolderAsync("latest", null, null, 10, cancel)).Items);
        });
        Assert.InRange(_test.Shared.Readings.Count, 1, OwnReadings.Most);
        using (var reader = new StreamReader(stream))
        {
            Assert.Equal("Ada's notes", await reader.ReadToEndAsync());
        }
        // Ada was longest away: her keys are wiped when the last who uses them lets go.
        await reading.ReleaseAsync();
        Assert.False(reading.TryHold());
        Assert.Equal("Ada's notes", await PeopleFixture.TextAsync(file));

        _test.Clock.Advance(TimeSpan.FromMinutes(16));
        await _ada.RunsAsync(null, null, default);
        Assert.Equal(1, _test.Shared.Readings.Count);
    }

    [Fact]
    public async Task What_changes_meanwhile_is_seen_next_and_what_cannot_be_opened_leaves_the_older_state()
    {
        var opened = _test.Opened;
        await _ada.RunsAsync(null, null, default);
        _test.Clock.Advance(TimeSpan.FromMinutes(10));
        await _ada.RunsAsync(null, null, default);
        Assert.Equal(opened, _test.Opened);   // nothing new: looked after, not opened
        _test.Write($"{Home}/later.txt", "later");
        await _test.BackupAsync();
        File.Move(_test.File, _test.File + ".away");
        Assert.Single(await _ada.RunsAsync(null, null, default));
        Assert.NotNull(_test.Shared.Trouble);
        File.Move(_test.File + ".away", _test.File);
        _test.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(2, (await _ada.RunsAsync(null, null, default)).Count);
        Assert.Null(_test.Shared.Trouble);
    }

    [Fact]
    public async Task A_lost_local_tier_is_read_from_the_next_one()
    {
        var far = Directory.CreateDirectory(Path.Combine(_test.Root, "far")).FullName;
        _test.Configure($"remote: {{ location: \"{far}\", at_commit: true }}");
        _test.Write($"{Home}/later.txt", "later");
        await _test.BackupAsync();
        Assert.NotEmpty(Directory.GetFiles(far, "*", SearchOption.AllDirectories));
        Assert.Equal(2, (await _ada.RunsAsync(null, null, default)).Count);

        Directory.Delete(_test.Repository, recursive: true);
        _test.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("later", await PeopleFixture.TextAsync(await _ada.FileAsync("latest", $"{Home}/later.txt", default)));
        Assert.Equal(2, (await _ada.RunsAsync(null, null, default)).Count);
        Assert.Null(_test.Shared.Trouble);
        // Where nothing can be recorded the own files come first; another's are not shown.
        var looks = new Caller { Portal = new AccessIdentity(IdentityKind.User, "root"), IsAccount = true };
        await Assert.ThrowsAsync<StingException>(async () => await _test.Shared.OfSubjectAsync(looks, PeopleFixture.UserOf(PeopleFixture.Bob), default));
    }

    private static async Task<List<TreeChild>> PagesAsync(OwnReading reading, Id16 pseudonym, Id32 under)
    {
        var pages = new List<TreeChild>();
        foreach (var child in (await reading.Repository.Reader.ReadPageAsync(pseudonym, under, default)).Children)
        {
            pages.Add(child);
            pages.AddRange(await PagesAsync(reading, pseudonym, child.Page));
        }
        return pages;
    }

    private void Flip(OwnReading reading, Id32 id)
    {
        var place = reading.Repository.Reader.Index.FindAll(id)[0];
        var file = Path.Combine(_test.Repository, place.Segment.Pack.Name);
        File.SetAttributes(file, FileAttributes.Normal);
        using var pack = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        pack.Position = place.Entry.Offset + place.Entry.StoredLength - 1;
        var last = pack.ReadByte();
        pack.Position--;
        pack.WriteByte((byte)(last ^ 1));
    }
}
