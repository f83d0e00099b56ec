using System.Security.Cryptography;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Operations.Reports;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Operations.Reports;

/// <summary>What runs say of whole files and blocks that they need not store is told again here, from trees and index alone.</summary>
public sealed class DeduplicationTests : IAsyncDisposable
{
    private readonly TestInstallation _test = new(new MemoryObjectStore(), new DateTimeOffset(2026, 5, 4, 20, 0, 0, TimeSpan.Zero));

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    /// <summary>The files of each restore point by path: their extents, as its trees hold them.</summary>
    private async Task<List<Dictionary<string, IReadOnlyList<Extent>>>> FilesAsync()
    {
        var view = await RepositoryView.LoadAsync(_test.Store, _test.Keys.Reserve, _test.Keys.Writers, default);
        using var reader = new ChunkReader(_test.Store, view.Index, _test.Keys.Reserve, _test.Keys);
        var walker = new TreeWalker(reader);
        var points = new List<Dictionary<string, IReadOnlyList<Extent>>>();
        foreach (var point in view.Backups.OrderBy(p => p.Record.Sequence))
        {
            var files = new Dictionary<string, IReadOnlyList<Extent>>(StringComparer.Ordinal);
            foreach (var page in point.Record.Classes.SelectMany(c => c.SubjectPages))
            {
                foreach (var row in await reader.ReadSubjectPageAsync(page, default))
                {
                    await foreach (var entry in walker.WalkAsync(new TreeRoot(row.Pseudonym, row.Root), EntryPath.Root, null, default))
                    {
                        if (entry is { Kind: ItemKind.File, Length: > 0 })
                        {
                            files.Add(entry.Path.ToString(), [.. (await walker.ReadExtentsAsync(row.Pseudonym, entry, default)).Where(x => !x.IsHole)]);
                        }
                    }
                }
            }
            points.Add(files);
        }
        return points;
    }

    /// <summary>By the definition: a file is known whole when the run before has the same content, under any path where it is long, else under its own; or this run under another one. The rest is new by chunk, or not.</summary>
    private static PointDeduplication Again(Dictionary<string, IReadOnlyList<Extent>>? before, Dictionary<string, IReadOnlyList<Extent>> now, HashSet<Id32> had)
    {
        static string Content(IReadOnlyList<Extent> extents) => string.Join(',', extents);
        long whole = 0, total = 0, added = 0;
        var seen = new HashSet<string>(before?.Values.Where(x => x.Sum(e => e.Length) >= 65536).Select(Content) ?? [], StringComparer.Ordinal);
        foreach (var (path, extents) in now)
        {
            var (content, length) = (Content(extents), extents.Sum(x => x.Length));
            total += length;
            var isKnown = before?.TryGetValue(path, out var old) == true && Content(old) == content;
            whole += isKnown || (length >= 65536 && !seen.Add(content)) ? length : 0;
        }
        foreach (var (id, length) in now.Values.SelectMany(x => x).GroupBy(x => x.Id).Select(g => (g.Key, g.First())))
        {
            added += had.Add(id) ? length.Offset == 0 ? now.Values.SelectMany(x => x).Where(x => x.Id == id).Max(x => x.Offset + x.Length) : length.Length : 0;
        }
        return new PointDeduplication(whole, total - whole - added, added);
    }

    [Fact]
    public async Task Whole_files_and_blocks_are_counted_apart_as_the_trees_show_them()
    {
        var (one, two) = (RandomNumberGenerator.GetBytes(6_000_000), RandomNumberGenerator.GetBytes(3_000_000));
        _test.Write("users/1/one.bin", one);
        _test.Write("users/1/copy of one.bin", one);
        _test.Write("users/1/small.txt", "small"u8);
        await _test.BackupAsync();
        // Nothing changed but one file's end; another moved; one is new and has two known stretches in it.
        _test.Write("users/1/one.bin", [.. one.AsSpan(0, 5_900_000), .. RandomNumberGenerator.GetBytes(50_000)]);
        File.Move(Path.Combine(_test.ReserveRoot, "users/1/copy of one.bin"), Path.Combine(_test.ReserveRoot, "users/1/a moved.bin"));
        _test.Write("users/1/two.bin", two);
        await _test.BackupAsync();
        await _test.BackupAsync(BackupType.Full);   // all is read again, and all is known
        _test.Write("users/1/three.bin", [.. two, .. one]);
        await _test.BackupAsync();

        var points = await RepositoryView.LoadPointsAsync(_test.Store, _test.Keys.Reserve, _test.Keys.Writers, default);
        var told = points.OrderBy(p => p.Sequence).Select(p => p.Deduplication!).ToList();
        var files = await FilesAsync();
        var had = new HashSet<Id32>();
        for (var i = 0; i < told.Count; i++)
        {
            Assert.Equal(Again(i == 0 ? null : files[i - 1], files[i], had), told[i]);
        }
        // And as anybody would count: a copy; a moved file and the untouched; everything; everything but the new one. A chunk has a megabyte at most, so most of a stretch that is known lies in known ones.
        Assert.Equal((6_000_000L, 0L, 6_000_005L), (told[0].WholeFiles, told[0].Blocks, told[0].New));
        Assert.Equal(6_000_005, told[1].WholeFiles);
        Assert.InRange(told[1].Blocks, 5_900_000 - (2 << 20), 5_950_000);
        Assert.Equal((14_950_005L, 0L, 0L), (told[2].WholeFiles, told[2].Blocks, told[2].New));
        Assert.Equal(14_950_005, told[3].WholeFiles);
        Assert.InRange(told[3].Blocks, 3_000_000 - (1 << 20), 9_000_000);
        Assert.Equal(9_000_000, told[3].Blocks + told[3].New);

        _test.Clock.Advance(TimeSpan.FromMinutes(1));
        var report = await ReportReader.ReadAsync(_test.Installation, null, default);
        Assert.Equal((4L, told.Sum(t => t.WholeFiles), told.Sum(t => t.Blocks), told.Sum(t => t.New)), report.Deduplication is { } d ? (d.Runs, d.WholeFiles, d.Blocks, d.New) : default);
        Assert.Equal(told.Select(t => (long?)t.New), report.RunList.Select(run => run.BytesNew));
        var markdown = ReportWriter.Write(report, ReportFormat.Markdown);
        Assert.Contains($"(file level) | {Display.Length(report.Deduplication!.WholeFiles)}", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_cache_makes_nothing_that_is_known_new()
    {
        _test.Write("users/1/one.bin", RandomNumberGenerator.GetBytes(700_000));
        await _test.BackupAsync();
        Directory.Delete(Path.Combine(_test.Root, "cache"), recursive: true);
        var result = await _test.BackupAsync();
        // Nobody knows any more that it was one file; its blocks are known all the same.
        Assert.Equal((0L, 700_000L, 0L), (result.BytesOfKnownFiles, result.BytesOfKnownBlocks, result.BytesNew));
    }
}
