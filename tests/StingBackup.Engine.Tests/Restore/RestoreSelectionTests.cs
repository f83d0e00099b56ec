using System.Runtime.Versioning;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Restore;

public sealed class RestoreSelectionTests
{
    private static readonly Guid s_ann = Guid.Parse("0b7c9d4e-1111-4222-8333-444455556666");

    private static TestInstallation Reserve() => new()
    {
        Users = UsersMap.Of([new UserEntry(s_ann, 7, "ann@example.com", "ann-files", "Ann", 1)]),
    };

    private static void Fill(TestInstallation test)
    {
        test.Write("users/ann-files/docs/report.pdf", "report"u8);
        test.Write("users/ann-files/docs/old/report.pdf", "old report"u8);
        test.Write("users/ann-files/docs/report[1].pdf", "bracket"u8);
        test.Write("users/ann-files/docs/report1.pdf", "one"u8);
        test.Write("users/ann-files/notes.txt", "notes"u8);
        test.Write("users/bob/report.pdf", "bob's"u8);
        test.Write("jars/jar_123/doc.md", "jar"u8);
        test.Write("jars/jar_9/doc.md", "other jar"u8);
        test.Write("settings.json", "{}"u8);
    }

    private static async Task<string[]> RestoredAsync(TestInstallation test, RestoreRequest request)
    {
        var folder = test.Folder("out-" + Guid.NewGuid().ToString("N"));
        await test.RestoreAsync(request with { Destination = folder });
        return [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    private static RestoreRequest FilesOf(string? subject, params string[] files) => new() { Scope = RestoreScope.File, Subject = subject, Files = files };

    [Theory]
    [InlineData("ann@example.com")]
    [InlineData("ANN@example.com")]
    [InlineData("7")]
    [InlineData("ann-files")]
    [InlineData("0b7c9d4e-1111-4222-8333-444455556666")]
    [InlineData("user:0b7c9d4e-1111-4222-8333-444455556666")]
    public async Task A_person_is_found_by_every_name(string name)
    {
        await using var test = Reserve();
        Fill(test);
        await test.BackupAsync();
        var files = await RestoredAsync(test, new RestoreRequest { Scope = RestoreScope.User, Subject = name });
        Assert.Equal(5, files.Length);
        Assert.All(files, f => Assert.StartsWith("users/ann-files/", f, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_person_whose_folder_is_gone_is_still_found_by_what_the_points_hold()
    {
        await using var test = new TestInstallation();
        test.Write("users/carol@example.com/a", "a"u8);
        await test.BackupAsync();
        Directory.Delete(test.Folder("reserve/users/carol@example.com"), true);
        Assert.Equal(["users/carol@example.com/a"], await RestoredAsync(test, new RestoreRequest { Scope = RestoreScope.User, Subject = "carol@example.com" }));
        var error = await test.FailsAsync(new RestoreRequest { Scope = RestoreScope.User, Subject = "karol@example.com" }, "UserNotFound");
        Assert.Contains("carol@example.com", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_from_before_a_person_was_in_the_users_map_belong_to_that_person_too()
    {
        await using var before = new TestInstallation();
        before.Write("users/ann-files/a", "a"u8);
        await before.BackupAsync();
        var mapped = before.Open(Reserve().Users);
        var plan = await RestoreJob.PlanAsync(mapped, new RestoreRequest { Scope = RestoreScope.User, Subject = "ann-files", Destination = before.Folder("out") }, default);
        Assert.Equal(1, plan.Files);
    }

    [Theory]
    [InlineData("report.pdf", 2)]                             // a name, in any folder
    [InlineData("docs/report.pdf", 1)]                        // a path from the own folder
    [InlineData("users/ann-files/docs/report.pdf", 1)]        // a path from the reserve's root
    [InlineData("docs/report[1].pdf", 1)]                     // what exists as written is no glob
    [InlineData("docs/report?.pdf", 1)]
    [InlineData("*.pdf", 4)]
    [InlineData("docs/*.pdf", 3)]
    [InlineData("docs/**/*.pdf", 4)]
    [InlineData("docs", 4)]                                   // a folder brings what is in it
    [InlineData("docs/old/", 1)]
    [InlineData("{notes,other}.txt", 1)]
    public async Task Names_paths_and_globs_select_files(string file, int expected)
    {
        await using var test = Reserve();
        Fill(test);
        await test.BackupAsync();
        var files = await RestoredAsync(test, FilesOf("ann@example.com", file));
        Assert.Equal((file, expected), (file, files.Length));
        Assert.All(files, f => Assert.StartsWith("users/ann-files/", f, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_subject_files_are_looked_for_in_the_whole_reserve()
    {
        await using var test = Reserve();
        Fill(test);
        await test.BackupAsync();
        Assert.Equal(["users/ann-files/docs/old/report.pdf", "users/ann-files/docs/report.pdf", "users/bob/report.pdf"], await RestoredAsync(test, FilesOf(null, "report.pdf")));
        Assert.Equal(["jars/jar_123/doc.md", "settings.json"], await RestoredAsync(test, FilesOf(null, "settings.json", "jars/jar_123/doc.md")));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_answered_with_the_nearest_names_and_with_the_days_when_it_was()
    {
        await using var test = Reserve();
        Fill(test);
        var first = await test.BackupAsync();
        File.Delete(test.Folder("reserve/users/ann-files/notes.txt"));
        await test.BackupAsync();
        var error = await test.FailsAsync(FilesOf("ann@example.com", "notes.txt"), "ItemNotFound");
        Assert.Contains($"notes.txt on {first.StartedTime:yyyy-MM-dd HH:mm} ({first.BackupId})", error.Message, StringComparison.Ordinal);
        Assert.Contains(first.BackupId!, error.Remedy, StringComparison.Ordinal);
        var typo = await test.FailsAsync(FilesOf("ann@example.com", "docs/raport.pdf"), "ItemNotFound");
        Assert.Contains("report.pdf", typo.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("existed", typo.Message, StringComparison.Ordinal);
        Assert.Equal(["users/ann-files/notes.txt"], await RestoredAsync(test, FilesOf("ann@example.com", "notes.txt") with { BackupId = first.BackupId }));
    }

    [Fact]
    public async Task A_jar_comes_with_its_contributors()
    {
        var contributor = $"jar:jar_123/user:{s_ann}";
        await using var test = new TestInstallation { Settings = new ReserveSettings { Path = "/", Rules = [new ClassRule("jars/jar_123/ann/**", DataClass.HoneyJars, contributor)] } };
        test.Write("jars/jar_123/doc.md", "jar"u8);
        test.Write("jars/jar_123/ann/own.md", "contributed"u8);
        test.Write("jars/jar_1234/doc.md", "another"u8);
        await test.BackupAsync();
        foreach (var name in (string[])["jar_123", "jar:jar_123"])
        {
            Assert.Equal(["jars/jar_123/ann/own.md", "jars/jar_123/doc.md"], await RestoredAsync(test, new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = name }));
        }
        Assert.Equal(["jars/jar_123/ann/own.md"], await RestoredAsync(test, new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = contributor }));
        await test.FailsAsync(new RestoreRequest { Scope = RestoreScope.HoneyJar, Subject = "jar_124" }, "JarNotFound");
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public async Task Folders_on_the_way_to_a_single_file_are_as_closed_as_they_were_and_those_that_stand_there_stay_as_they_are()
    {
        await using var test = Reserve();
        Fill(test);
        File.SetUnixFileMode(test.Folder("reserve/users/ann-files"), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        File.SetUnixFileMode(test.Folder("reserve/users/ann-files/docs"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await test.BackupAsync();
        var open = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite | UnixFileMode.OtherRead;
        Directory.CreateDirectory(test.Folder("out/users/ann-files"));
        File.SetUnixFileMode(test.Folder("out/users/ann-files"), open);
        var result = await test.RestoreAsync(FilesOf("7", "docs/report.pdf") with { Destination = test.Folder("out") });
        Assert.Equal(1, result.ItemsRestored);
        Assert.Equal(open, File.GetUnixFileMode(test.Folder("out/users/ann-files")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(test.Folder("out/users/ann-files/docs")));
    }

    [Theory]
    [InlineData("latest", "third")]
    [InlineData("2024-01-16", "second")]
    [InlineData("2024-01-15", "first")]
    [InlineData("2024-01-16 01:00", "first")]
    [InlineData("2024-01-16T03:30:00+02:00", "first")]
    [InlineData("2024-01-16T03:30:00Z", "second")]
    public async Task A_date_means_the_last_state_until_then(string date, string expected)
    {
        await using var test = new TestInstallation(clock: new DateTimeOffset(2024, 1, 15, 22, 0, 0, TimeSpan.Zero)) { Zone = TimeZoneInfo.Utc };
        foreach (var (content, wait) in ((string, double)[])[("first", 4), ("second", 24), ("third", 0)])
        {
            test.Write("users/7/a.txt", System.Text.Encoding.UTF8.GetBytes(content));
            await test.BackupAsync();   // 22:01 on the 15th, 02:02 on the 16th, 02:03 on the 17th
            test.Clock.Advance(TimeSpan.FromHours(wait));
        }
        await test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.User, Subject = "7", Date = date, Destination = test.Folder("out") });
        Assert.Equal(expected, await File.ReadAllTextAsync(test.Folder("out/users/7/a.txt")));
    }

    [Fact]
    public async Task A_moment_before_the_first_backup_and_an_unknown_backup_are_refused_with_what_there_is()
    {
        await using var test = new TestInstallation();
        await test.FailsAsync(test.Everything(), "BackupNotFound");
        test.Write("a", "a"u8);
        var backup = await test.BackupAsync();
        Assert.Contains(backup.BackupId!, (await test.FailsAsync(test.Everything() with { Date = "2001-01-01" }, "BackupNotFound")).Message, StringComparison.Ordinal);
        Assert.Contains(backup.BackupId!, (await test.FailsAsync(test.Everything() with { BackupId = backup.BackupId![..^1] }, "BackupNotFound")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_each_class_its_newest_point_at_or_before_the_run_counts_and_a_class_without_one_is_refused()
    {
        await using var test = new TestInstallation();
        test.Write("users/7/a", "1"u8);
        test.Write("jars/j/b", "1"u8);
        var onlyUsers = await test.BackupAsync(classes: [DataClass.UserFiles]);
        test.Write("users/7/a", "22"u8);
        var all = await test.BackupAsync();
        test.Write("users/7/a", "333"u8);
        test.Write("jars/j/b", "333"u8);
        var usersAgain = await test.BackupAsync(classes: [DataClass.UserFiles]);

        var plan = await RestoreJob.PlanAsync(test.Installation, test.Everything() with { BackupId = usersAgain.BackupId }, default);
        Assert.Empty(plan.MissingClasses);
        await test.RunAsync(plan);
        Assert.Equal(("333", "1"), (await File.ReadAllTextAsync(test.Folder("out/users/7/a")), await File.ReadAllTextAsync(test.Folder("out/jars/j/b"))));

        var early = test.Everything("early") with { BackupId = onlyUsers.BackupId };
        var error = await test.FailsAsync(early, "RestoreIncomplete");
        Assert.Contains("HoneyJars", error.Message, StringComparison.Ordinal);
        var partial = await RestoreJob.PlanAsync(test.Installation, early with { AllowPartial = true }, default);
        Assert.Equal((8, 1L), (partial.MissingClasses.Count, partial.Files));
        Assert.Equal(1, (await RestoreJob.PlanAsync(test.Installation, early with { Classes = [DataClass.UserFiles] }, default)).Files);
        // What is of no interest to one person does not stop that person's restore.
        Assert.Equal(1, (await RestoreJob.PlanAsync(test.Installation, early with { Scope = RestoreScope.User, Subject = "7" }, default)).Files);
        Assert.Equal(2, (await RestoreJob.PlanAsync(test.Installation, early with { BackupId = all.BackupId }, default)).Files);
    }

    [Fact]
    public async Task A_subject_that_did_not_exist_at_that_moment_is_told_when_it_did()
    {
        await using var test = new TestInstallation();
        test.Write("users/7/a", "1"u8);
        var first = await test.BackupAsync();
        test.Write("users/8/a", "1"u8);
        var second = await test.BackupAsync();
        var error = await test.FailsAsync(new RestoreRequest { Scope = RestoreScope.User, Subject = "8", BackupId = first.BackupId }, "SubjectNotInPoint");
        Assert.Contains(second.BackupId!, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_make_no_sense_are_refused()
    {
        await using var test = new TestInstallation();
        foreach (var request in (RestoreRequest[])[
            FilesOf("7"), new() { Scope = RestoreScope.User }, new() { Scope = RestoreScope.HoneyJar }, new() { Scope = RestoreScope.Reserve, Subject = "7" },
            new() { Scope = RestoreScope.User, Subject = "7", Files = ["a"] }, new() { Scope = RestoreScope.Reserve, Date = "latest", BackupId = "backup_20240115_020000" },
            new() { Scope = RestoreScope.Reserve, Destination = " " }, new() { Scope = RestoreScope.Reserve, Destination = Path.Combine(test.RepositoryRoot, "data") }])
        {
            await test.FailsAsync(request, "RestoreRequestInvalid");
        }
        test.Write("a", "a"u8);
        await test.BackupAsync();
        await test.FailsAsync(new RestoreRequest { Scope = RestoreScope.Reserve, Date = "yesterday" }, "DateNotUnderstood");
        await test.FailsAsync(FilesOf(null, "a/../b"), "FileNotUnderstood");
    }

    [Fact]
    public async Task Restored_in_place_the_reserve_is_as_it_was()
    {
        await using var test = Reserve();
        Fill(test);
        await test.BackupAsync();
        var before = FolderImage.Files(test.ReserveRoot);
        Directory.Delete(test.Folder("reserve/users"), true);
        test.Write("settings.json", "broken"u8);
        var plan = await RestoreJob.PlanAsync(test.Installation, new RestoreRequest { Scope = RestoreScope.Reserve, Conflict = ConflictAction.Overwrite }, default);
        Assert.True(plan.InPlace);
        await test.RunAsync(plan);
        FolderImage.AssertSame(before, FolderImage.Files(test.ReserveRoot));
        Directory.Delete(test.ReserveRoot, true);
        await test.RestoreAsync(new RestoreRequest { Scope = RestoreScope.Reserve });
        FolderImage.AssertSame(before, FolderImage.Files(test.ReserveRoot));
    }

    [Fact]
    public async Task A_plan_tells_what_will_be_done_and_a_plan_that_crossed_a_process_does_the_same()
    {
        await using var test = Reserve();
        Fill(test);
        var backup = await test.BackupAsync();
        var plan = await RestoreJob.PlanAsync(test.Installation, test.Everything() with { Date = "latest" }, default);
        Assert.Equal((9L, 9, 3), (plan.Files, plan.Points.Count, plan.Points.Count(p => p.Items > 0)));
        Assert.Equal(plan.Items, plan.Preview.Count);
        Assert.True(plan is { Packs: > 0, PackBytes: > 0, InPlace: false, Scope: "the whole reserve in its latest state" });
        var copy = plan with { Selection = null };
        Assert.Equal(plan.Items, (await test.RunAsync(copy)).ItemsRestored);
        test.Write("new", "new"u8);
        await test.BackupAsync();
        var error = await Assert.ThrowsAsync<StingException>(() => test.RunAsync(copy));
        Assert.Equal("RestorePlanOutdated", error.ErrorId);
        // The plan itself still means what it meant.
        Assert.Equal([backup.BackupId!], (await test.RunAsync(plan)).BackupIds);
        Assert.False(File.Exists(test.Folder("out/new")));
    }
}
