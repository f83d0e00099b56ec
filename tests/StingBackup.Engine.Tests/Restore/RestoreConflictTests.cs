using System.Runtime.Versioning;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Restore;

public sealed class RestoreConflictTests
{
    private static readonly DateTime s_time = new(2024, 1, 15, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>A reserve of one file that was written at noon, backed up, and then something else done to it.</summary>
    private static async Task<(TestInstallation Test, BackupResult Backup, string File)> ReserveAsync()
    {
        var test = new TestInstallation();
        var file = test.Write("users/7/report.tar.gz", "backed up"u8);
        File.SetLastWriteTimeUtc(file, s_time);
        return (test, await test.BackupAsync(), file);
    }

    private static void Change(string file, string content, TimeSpan later)
    {
        File.WriteAllText(file, content);
        File.SetLastWriteTimeUtc(file, s_time + later);
    }

    private static RestoreRequest InPlace(ConflictAction conflict) => new() { Scope = RestoreScope.Reserve, Conflict = conflict };

    [Fact]
    public async Task Skip_leaves_what_stands_there()
    {
        var (test, _, file) = await ReserveAsync();
        await using var _1 = test;
        Change(file, "edited since", TimeSpan.FromHours(-1));
        var result = await test.RestoreAsync(InPlace(ConflictAction.Skip));
        Assert.Equal("edited since", await File.ReadAllTextAsync(file));
        Assert.Equal((1L, 0L), (result.ItemsSkipped, result.BytesRestored));
    }

    [Fact]
    public async Task Overwrite_replaces_it_with_content_and_time()
    {
        var (test, _, file) = await ReserveAsync();
        await using var _1 = test;
        Change(file, "edited since", TimeSpan.FromHours(1));
        var result = await test.RestoreAsync(InPlace(ConflictAction.Overwrite));
        Assert.Equal(("backed up", s_time), (await File.ReadAllTextAsync(file), File.GetLastWriteTimeUtc(file)));
        Assert.Equal((0L, 9L), (result.ItemsSkipped, result.BytesRestored));
    }

    [Fact]
    public async Task Overwrite_notices_other_content_under_the_same_length_and_time()
    {
        var (test, _, file) = await ReserveAsync();
        await using var _1 = test;
        Change(file, "tampered!", TimeSpan.Zero);
        var result = await test.RestoreAsync(InPlace(ConflictAction.Overwrite));
        Assert.Equal("backed up", await File.ReadAllTextAsync(file));
        Assert.Equal(9, result.BytesRestored);
    }

    [Theory]
    [InlineData(-1, "backed up")]
    [InlineData(1, "edited since")]
    public async Task Newer_replaces_only_what_is_older_than_the_backup(int hours, string expected)
    {
        var (test, _, file) = await ReserveAsync();
        await using var _1 = test;
        Change(file, "edited since", TimeSpan.FromHours(hours));
        var result = await test.RestoreAsync(InPlace(ConflictAction.Newer));
        Assert.Equal(expected, await File.ReadAllTextAsync(file));
        Assert.Equal(hours > 0 ? 1 : 0, result.ItemsSkipped);
    }

    [Fact]
    public async Task Rename_writes_beside_it_and_finds_its_own_copy_the_next_time()
    {
        var (test, backup, file) = await ReserveAsync();
        await using var _1 = test;
        Change(file, "edited since", TimeSpan.FromHours(1));
        var beside = Path.Combine(Path.GetDirectoryName(file)!, $"report.tar ({backup.BackupId}).gz");
        await File.WriteAllTextAsync(beside, "taken too");
        var result = await test.RestoreAsync(InPlace(ConflictAction.Rename));
        var second = Path.Combine(Path.GetDirectoryName(file)!, $"report.tar ({backup.BackupId}) 2.gz");
        Assert.Equal(("edited since", "taken too", "backed up"), (await File.ReadAllTextAsync(file), await File.ReadAllTextAsync(beside), await File.ReadAllTextAsync(second)));
        Assert.Equal(9, result.BytesRestored);
        var again = await test.RestoreAsync(InPlace(ConflictAction.Rename));
        Assert.Equal(0, again.BytesRestored);
        Assert.Equal(3, Directory.GetFiles(Path.GetDirectoryName(file)!).Length);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public async Task The_same_content_under_another_mode_gets_its_attributes_back_and_is_not_rewritten()
    {
        var (test, _, file) = await ReserveAsync();
        await using var _1 = test;
        var mode = File.GetUnixFileMode(file);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Assert.Equal(1, (await test.RestoreAsync(InPlace(ConflictAction.Skip))).ItemsSkipped);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(file));
        var result = await test.RestoreAsync(InPlace(ConflictAction.Overwrite));
        Assert.Equal((mode, 0L), (File.GetUnixFileMode(file), result.BytesRestored));
    }

    [Theory]
    [InlineData(ConflictAction.Overwrite)]
    [InlineData(ConflictAction.Newer)]
    public async Task A_folder_is_never_removed_to_make_room_for_a_file(ConflictAction conflict)
    {
        var (test, _, file) = await ReserveAsync();
        await using var _1 = test;
        File.Delete(file);
        Directory.CreateDirectory(Path.Combine(file, "kept"));
        Directory.SetLastWriteTimeUtc(file, s_time.AddDays(-1));
        var errors = new List<StingException>();
        var result = await test.RestoreAsync(InPlace(conflict), errors);
        Assert.True(Directory.Exists(Path.Combine(file, "kept")));
        Assert.Equal(("RestoreConflict", JobState.CompletedWithErrors, 1L), (Assert.Single(errors).ErrorId, result.State, result.Errors));
    }

    [Fact]
    public async Task A_file_in_the_place_of_a_folder_fails_all_that_belongs_into_it_in_one_message()
    {
        await using var test = new TestInstallation();
        for (var i = 0; i < 10; i++)
        {
            test.Write($"users/7/docs/sub/{i}", "x"u8);
        }
        test.Write("users/7/other", "y"u8);
        await test.BackupAsync();
        Directory.CreateDirectory(test.Folder("out/users/7"));
        await File.WriteAllTextAsync(test.Folder("out/users/7/docs"), "in the way");
        var errors = new List<StingException>();
        var result = await test.RestoreAsync(test.Everything() with { Conflict = ConflictAction.Overwrite }, errors);
        Assert.Contains("11 items in it are not restored", Assert.Single(errors).Message, StringComparison.Ordinal);
        Assert.Equal(12, result.Errors);
        Assert.Equal("in the way", await File.ReadAllTextAsync(test.Folder("out/users/7/docs")));
        Assert.Equal("y", await File.ReadAllTextAsync(test.Folder("out/users/7/other")));
    }

    [UnixFact]
    public async Task Nothing_is_written_through_a_link()
    {
        await using var test = new TestInstallation();
        test.Write("users/7/docs/a", "a"u8);
        test.Write("users/7/b", "b"u8);
        await test.BackupAsync();
        Directory.CreateDirectory(test.Folder("elsewhere"));
        await File.WriteAllTextAsync(test.Folder("elsewhere/target"), "kept");
        Directory.CreateDirectory(test.Folder("out/users/7"));
        Directory.CreateSymbolicLink(test.Folder("out/users/7/docs"), test.Folder("elsewhere"));
        File.CreateSymbolicLink(test.Folder("out/users/7/b"), test.Folder("elsewhere/target"));
        var errors = new List<StingException>();
        await test.RestoreAsync(test.Everything() with { Conflict = ConflictAction.Overwrite }, errors);
        Assert.Equal("RestorePathUnsafe", Assert.Single(errors).ErrorId);
        Assert.Equal([test.Folder("elsewhere/target")], Directory.GetFiles(test.Folder("elsewhere")));
        Assert.Equal("kept", await File.ReadAllTextAsync(test.Folder("elsewhere/target")));
        // The link itself was in a file's place, and gave way to it.
        Assert.Null(new FileInfo(test.Folder("out/users/7/b")).LinkTarget);
        Assert.Equal("b", await File.ReadAllTextAsync(test.Folder("out/users/7/b")));
    }

    [UnixFact]
    public async Task Links_and_folders_follow_the_rule_as_files_do()
    {
        await using var test = new TestInstallation();
        Directory.CreateDirectory(test.Folder("reserve/users/7"));
        File.CreateSymbolicLink(test.Folder("reserve/users/7/link"), "old target");
        var backup = await test.BackupAsync();
        File.Delete(test.Folder("reserve/users/7/link"));
        File.CreateSymbolicLink(test.Folder("reserve/users/7/link"), "new target");
        Assert.Equal(1, (await test.RestoreAsync(InPlace(ConflictAction.Skip))).ItemsSkipped);
        await test.RestoreAsync(InPlace(ConflictAction.Rename));
        Assert.Equal("old target", new FileInfo(test.Folder($"reserve/users/7/link ({backup.BackupId})")).LinkTarget);
        Assert.Equal("new target", new FileInfo(test.Folder("reserve/users/7/link")).LinkTarget);
        await test.RestoreAsync(InPlace(ConflictAction.Overwrite));
        Assert.Equal("old target", new FileInfo(test.Folder("reserve/users/7/link")).LinkTarget);
    }
}
