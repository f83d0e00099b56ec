using System.Runtime.Versioning;
using System.Security.Cryptography;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Restore;

[SupportedOSPlatform("linux")]
public sealed class RestoreLinkTests
{
    /// <summary>One file under three names, long or short.</summary>
    private static async Task<(TestInstallation Test, byte[] Content)> ReserveAsync(int length)
    {
        var test = new TestInstallation();
        var content = RandomNumberGenerator.GetBytes(length);
        test.Write("users/7/a", content);
        test.Write("users/7/z", "z"u8);
        using var folder = new RawFiles(test.Folder("reserve/users/7"));
        folder.HardLink("b"u8, "a"u8).HardLink("c"u8, "a"u8);
        await test.BackupAsync();
        return (test, content);
    }

    private static Dictionary<string, string> Image(TestInstallation test, string folder = "out") => new(FolderImage.Files(test.Folder(folder), "users/7"));

    [LinuxTheory]
    [InlineData(1000)]
    [InlineData(20_000_000)]
    public async Task Names_whose_first_one_is_not_selected_are_restored_with_the_content_and_linked_to_each_other(int length)
    {
        var (test, content) = await ReserveAsync(length);
        await using var _1 = test;
        var request = new RestoreRequest { Scope = RestoreScope.File, Subject = "7", Files = ["b", "c"], Destination = test.Folder("out") };
        var plan = await RestoreJob.PlanAsync(test.Installation, request, default);
        Assert.Equal((2L, 1L, (long)length), (plan.Items, plan.Files, plan.Length));
        var result = await test.RunAsync(plan);
        Assert.Equal((2L, (long)length), (result.ItemsRestored, result.BytesRestored));
        Assert.Equal(content, await File.ReadAllBytesAsync(test.Folder("out/users/7/b")));
        Assert.EndsWith(" is users/7/b", Image(test)["users/7/c"], StringComparison.Ordinal);
        Assert.False(File.Exists(test.Folder("out/users/7/a")));
        var again = await test.RunAsync(plan);
        Assert.Equal((0L, 2L), (again.ItemsRestored, again.ItemsUnchanged));
    }

    [LinuxTheory]
    [InlineData(ConflictAction.Skip, false)]
    [InlineData(ConflictAction.Rename, true)]
    public async Task When_the_first_name_is_left_to_other_content_the_others_do_not_become_names_of_that(ConflictAction conflict, bool renamed)
    {
        var (test, content) = await ReserveAsync(1000);
        await using var _1 = test;
        Directory.CreateDirectory(test.Folder("out/users/7"));
        await File.WriteAllTextAsync(test.Folder("out/users/7/a"), "other content");
        await test.RestoreAsync(test.Everything() with { Conflict = conflict });
        Assert.Equal("other content", await File.ReadAllTextAsync(test.Folder("out/users/7/a")));
        Assert.Equal(content, await File.ReadAllBytesAsync(test.Folder("out/users/7/b")));
        var first = renamed ? Image(test).Keys.Single(k => k.Contains("backup_", StringComparison.Ordinal)) : "users/7/b";
        Assert.Equal(renamed ? 3 : 2, Image(test).Values.Count(v => v.Contains(Convert.ToHexStringLower(SHA256.HashData(content)), StringComparison.Ordinal)));
        Assert.EndsWith($" is {first}", Image(test)["users/7/c"], StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_name_that_is_a_file_of_its_own_meanwhile_is_treated_by_the_conflict_rule()
    {
        var (test, content) = await ReserveAsync(1000);
        await using var _1 = test;
        await test.RestoreAsync(test.Everything());
        var whole = Image(test);
        File.Delete(test.Folder("out/users/7/b"));
        await File.WriteAllTextAsync(test.Folder("out/users/7/b"), "apart");
        Assert.Equal(1, (await test.RestoreAsync(test.Everything())).ItemsSkipped);
        Assert.Equal("apart", await File.ReadAllTextAsync(test.Folder("out/users/7/b")));
        Assert.Equal(2, (await test.RestoreAsync(test.Everything() with { Conflict = ConflictAction.Overwrite })).ItemsRestored);   // and the time of its folder
        Assert.Equal(whole, Image(test));
        Assert.Equal(content, await File.ReadAllBytesAsync(test.Folder("out/users/7/b")));
    }

    [LinuxFact]
    public async Task Links_across_folders_of_one_subject_come_back_as_one_file()
    {
        await using var test = new TestInstallation();
        test.Write("users/7/x/deep/first", "content"u8);
        Directory.CreateDirectory(test.Folder("reserve/users/7/a"));
        Directory.CreateDirectory(test.Folder("reserve/users/8"));
        using (var folder = new RawFiles(test.Folder("reserve/users")))
        {
            folder.HardLink("7/a/link"u8, "7/x/deep/first"u8).HardLink("8/other"u8, "7/x/deep/first"u8);
        }
        await test.BackupAsync();
        await test.RestoreAsync(test.Everything());
        Assert.EndsWith(" is users/7/a/link", FolderImage.Files(test.Folder("out"))["users/7/x/deep/first"], StringComparison.Ordinal);
        // Another subject's name of the same file is a file of its own: no key of one opens anything of the other.
        Assert.Equal("content", await File.ReadAllTextAsync(test.Folder("out/users/8/other")));
    }
}
