using StingBackup.Engine.People;

namespace StingBackup.Engine.Tests.People;

/// <summary>What a person sees of the own reserve.</summary>
public sealed class OwnReserveTests : IAsyncLifetime
{
    private PeopleFixture _test = null!;

    public async Task InitializeAsync() => _test = await PeopleFixture.StartAsync();

    public Task DisposeAsync() => _test.DisposeAsync().AsTask();

    [Fact]
    public async Task Runs_folders_and_files_are_the_person_s_own()
    {
        var ada = await _test.OfAsync(PeopleFixture.Ada);
        var first = Assert.Single(await ada.RunsAsync(null, null, default));
        Assert.Equal((true, true, 4L), (first.Changed, first.IsWhole, first.Items));

        _test.Write($"users/{PeopleFixture.Bob}/new.txt", "Bob's own");
        var unchanged = await _test.BackupAsync();
        _test.Write($"users/{PeopleFixture.Ada}/notes.txt", "Ada's notes, longer");
        var changed = await _test.BackupAsync();
        var runs = await ada.RunsAsync(null, null, default);
        Assert.Equal([(changed, true), (unchanged, false), (first.BackupId, true)], runs.Select(r => (r.BackupId, r.Changed)));
        Assert.Equal([(unchanged, false)], (await ada.RunsAsync(runs[1].Time, runs[0].Time, default)).Select(r => (r.BackupId, r.Changed)));

        var page = await ada.FolderAsync(changed, null, null, 100, default);
        Assert.Equal(($"users/{PeopleFixture.Ada}", (string?)null), (page.Path, page.Next));
        Assert.Equal([(ItemKind.Directory, "letters"), (ItemKind.File, "notes.txt")], page.Items.Select(i => (i.Kind, i.Name)));
        Assert.Equal(["users"], (await ada.FolderAsync(changed, "", null, 100, default)).Items.Select(i => i.Path));
        Assert.Equal([PeopleFixture.Ada], (await ada.FolderAsync(changed, "users", null, 100, default)).Items.Select(i => i.Name));

        var path = $"users/{PeopleFixture.Ada}/notes.txt";
        var (old, same, now) = (await ada.FileAsync(first.BackupId, path, default), await ada.FileAsync(unchanged, path, default), await ada.FileAsync(changed, path, default));
        Assert.Equal(("Ada's notes", "Ada's notes, longer"), (await PeopleFixture.TextAsync(old), await PeopleFixture.TextAsync(now)));
        Assert.Equal(old.ETag, same.ETag);
        Assert.NotEqual(old.ETag, now.ETag);
    }
}
