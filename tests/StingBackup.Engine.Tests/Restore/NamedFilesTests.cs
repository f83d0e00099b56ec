using StingBackup.Engine.Operations;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Restore;

namespace StingBackup.Engine.Tests.Restore;

/// <summary>A file that is named by its whole path costs no look at anybody else's data; whatever else is asked for is found as ever.</summary>
public sealed class NamedFilesTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private Installation _installation = null!;

    public async Task InitializeAsync()
    {
        for (var i = 0; i < 12; i++)
        {
            Write($"users/{i}/notes.txt", $"notes of {i}");
        }
        Write("users/3/folder/deep.txt", "deep");
        Write("users/3/own/users/4/notes.txt", "3's copy of 4's");
        File.CreateSymbolicLink(_folder["reserve/users/3/link"], "notes.txt");
        var configuration = _folder["sting-backup.yaml"];
        var request = new InitializeRequest
        {
            BackupRoot = _folder["repository"], Reserve = _folder["reserve"], ConfigurationFile = configuration, KeyDirectory = _folder["keys"], StateDirectory = _folder["state"], CacheDirectory = _folder["cache"], LogDirectory = _folder["logs"],
            TimeZone = "UTC", WithPassphrase = false, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        };
        await ReserveInitializer.RunAsync(await ReserveInitializer.PlanAsync(request, default), null, TimeProvider.System, default);
        _installation = await Installation.OpenAsync(new ConfigurationLoader(new HostView()).Examine(configuration), new InstallationOptions(), default);
        var plan = await Engine.Backup.BackupJob.PlanAsync(_installation, BackupType.Full, null, due: false, default);
        await TestInstallation.CompleteAsync<BackupResult>(Engine.Backup.BackupJob.RunAsync(_installation, plan, default));
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _installation.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task One_persons_tree_is_opened_for_a_file_named_by_its_path()
    {
        var plan = await PlanAsync("users/7/notes.txt");
        Assert.Equal("users/7/notes.txt", Assert.Single(plan.Preview).Path);
        Assert.Equal(plan.Preview[0].Subject, Assert.Single(SelectionOf(plan).Trees).Subject);
        Assert.Single(SelectionOf(plan).Touched);
        await TestInstallation.CompleteAsync<RestoreResult>(RestoreJob.RunAsync(_installation, plan, default));
        Assert.Equal("notes of 7", await File.ReadAllTextAsync(_folder["back/users/7/notes.txt"]));
    }

    [Fact]
    public async Task Several_files_and_links_are_found_so_each_with_its_own_person()
    {
        var plan = await PlanAsync("users/7/notes.txt", "users/3/folder/deep.txt", "users/3/link");
        Assert.Equal(["users/3/folder/deep.txt", "users/3/link", "users/7/notes.txt"], plan.Preview.Select(i => i.Path).Order(StringComparer.Ordinal));
        Assert.Equal(2, SelectionOf(plan).Trees.Count);
    }

    [Theory]
    [InlineData("users/3/folder", 2)]        // a folder may hold what is others'
    [InlineData("notes.txt", 13)]            // a name lies anywhere
    [InlineData("own/users/4/notes.txt", 1)] // within somebody's own folder
    [InlineData("users/*/notes.txt", 12)]
    public async Task Whatever_else_is_asked_for_is_looked_for_in_all_trees(string text, int items)
    {
        var plan = await PlanAsync(text);
        Assert.Equal(items, plan.Preview.Count(i => i.Kind != ItemKind.Directory || text == "users/3/folder"));
        Assert.True(SelectionOf(plan).Trees.Count >= 12);
    }

    [Fact]
    public async Task What_is_nowhere_is_refused_with_what_is_near()
    {
        var error = await Assert.ThrowsAsync<StingException>(async () => await PlanAsync("users/7/note.txt"));
        Assert.Equal("ItemNotFound", error.ErrorId);
    }

    private static RestoreSelection SelectionOf(RestorePlan plan) => (RestoreSelection)plan.Selection!;

    private ValueTask<RestorePlan> PlanAsync(params string[] files) =>
        RestoreJob.PlanAsync(_installation, new RestoreRequest { Scope = RestoreScope.File, Files = files, Destination = _folder["back"] }, default);

    private void Write(string path, string content)
    {
        var full = _folder[$"reserve/{path}"];
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }
}
