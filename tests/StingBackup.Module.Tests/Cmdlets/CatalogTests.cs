using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class CatalogTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public CatalogTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private IReadOnlyList<T> Run<T>(string script) => _shell.Run(script).Succeeded().Objects<T>();

    [CulturedFact]
    public void Points_are_listed_oldest_first_and_narrowed_by_run_class_and_time()
    {
        var points = Run<RestorePoint>("Get-StingRestorePoint");
        Assert.Equal([SampleInstallation.FirstRun, SampleInstallation.SecondRun], points.Select(p => p.BackupId).Distinct());
        Assert.All(Run<RestorePoint>("Get-StingRestorePoint backup_20240115_020000"), p => Assert.Equal(SampleInstallation.FirstRun, p.BackupId));
        Assert.Equal([DataClass.UserFiles, DataClass.HoneyJars], Run<RestorePoint>("Get-StingRestorePoint -Latest -DataClass HoneyJars, UserFiles").Select(p => p.DataClass));
        Assert.All(Run<RestorePoint>("Get-StingRestorePoint -To 2024-01-15"), p => Assert.Equal(SampleInstallation.FirstRun, p.BackupId));
        Assert.All(Run<RestorePoint>("Get-StingRestorePoint -From 2024-01-16"), p => Assert.Equal(SampleInstallation.SecondRun, p.BackupId));
        Assert.All(Run<RestorePoint>("Get-StingRestorePoint -From '2024-01-15 02:00' -To '2024-01-15 02:00'"), p => Assert.Equal(SampleInstallation.FirstRun, p.BackupId));
        Assert.Empty(Run<RestorePoint>("Get-StingRestorePoint -From '2024-01-15 02:01' -To '2024-01-16 01:59'"));
    }

    [CulturedFact]
    public void Items_are_listed_by_folder_subject_and_class()
    {
        Assert.Equal(["conf", "jars", "users"], Run<RestorePointItem>("Get-StingRestorePointItem backup_20240115_020000").Select(i => i.Path));
        Assert.Equal(
            ["users/user@example.com/document.pdf", "users/user@example.com/notes", "users/user@example.com/notes/todo.txt"],
            Run<RestorePointItem>("Get-StingRestorePointItem backup_20240115_020000 -Subject USER@example.com -Recurse").Select(i => i.Path));
        Assert.All(Run<RestorePointItem>("Get-StingRestorePoint backup_20240115_020000 -DataClass HoneyJars | Get-StingRestorePointItem -Recurse"), i => Assert.Equal(DataClass.HoneyJars, i.DataClass));
        _shell.Run("Get-StingRestorePointItem backup_20240115_020000 nowhere").FailedWith("ItemNotFound");
        _shell.Run("Get-StingRestorePointItem backup_19990101_000000").FailedWith("BackupNotFound");
    }

    [CulturedFact]
    public void Every_version_of_a_file_is_found()
    {
        var versions = Run<ItemVersion>("Find-StingItem document.pdf user@example.com");
        Assert.Equal([SampleInstallation.FirstRun, SampleInstallation.SecondRun], versions.Select(v => v.BackupId));
        Assert.Single(Run<ItemVersion>("Find-StingItem document.pdf -To 2024-01-15"));
        Assert.Equal(2, Run<ItemVersion>("Find-StingItem readme.md").Count);
    }

    [CulturedFact]
    public void Differences_say_what_happened()
    {
        var changes = Run<RestorePointDifference>("Compare-StingRestorePoint backup_20240115_020000 backup_20240116_020000 -DataClass UserFiles").Select(d => (d.Change, d.Path)).ToList();
        Assert.Contains((DifferenceKind.Modified, "users/user@example.com/document.pdf"), changes);
        Assert.Contains((DifferenceKind.Removed, "users/user@example.com/notes/todo.txt"), changes);
        Assert.Equal(["jars/jar_123/new.md"], Run<RestorePointDifference>("Compare-StingRestorePoint backup_20240115_020000 backup_20240116_020000 -Subject jar_123 | Where-Object Change -EQ Added").Select(d => d.Path));
    }

    [Fact]
    public void An_address_is_completed_without_quotes() =>
        Assert.Equal(["user@example.com"], _shell.Run("(TabExpansion2 'Restore-StingUser use' 21).CompletionMatches.CompletionText").Succeeded().Objects<string>());

    [Fact]
    public void A_wrong_name_is_answered_with_the_nearest()
    {
        var error = _shell.Run("Get-StingRestorePointItem backup_20240115_020000 -Subject usr@example.com").Failure!.ErrorRecord;
        Assert.Contains("user@example.com", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
    }

    [Fact]
    public void Lists_of_points_need_no_passphrase_and_items_do()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        Assert.NotEmpty(shell.Run("Get-StingRestorePoint").Succeeded().Output);
        Assert.Empty(shell.Host.Questions);
        shell.Run("Get-StingRestorePointItem backup_20240115_020000").FailedWith("PassphraseNeeded");
        shell.Host.Answers.Enqueue(SampleInstallation.Passphrase);
        Assert.NotEmpty(shell.Run("Get-StingRestorePointItem backup_20240115_020000").Succeeded().Output);
    }

    [Fact]
    public void A_damaged_point_is_an_error_and_the_others_are_listed()
    {
        var point = Directory.EnumerateFiles(_sample["backups", "points"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        File.SetAttributes(point, FileAttributes.Normal);
        var bytes = File.ReadAllBytes(point);
        bytes[^1] ^= 1;
        File.WriteAllBytes(point, bytes);
        var result = _shell.Run("Get-StingRestorePoint");
        Assert.Null(result.Failure);
        Assert.NotEmpty(result.Errors);
        Assert.All(result.Objects<RestorePoint>(), p => Assert.Equal(SampleInstallation.SecondRun, p.BackupId));
        Assert.NotEmpty(result.Output);
    }

    [Fact]
    public void A_downstream_command_that_has_enough_gets_no_more() =>
        Assert.Single(Run<RestorePoint>("foreach ($i in 1) { Get-StingRestorePoint | ForEach-Object { $_; break } }"));

    [Theory]
    [InlineData("Restore-StingReserve -BackupId ", new[] { "backup_20240116_020000", "backup_20240115_020000" })]
    [InlineData("Restore-StingUser -User ", new[] { "other@example.com", "user@example.com" })]
    [InlineData("Restore-StingHoneyJar -Id jar_4", new[] { "jar_456" })]
    [InlineData("Find-StingItem x -Subject u", new[] { "user@example.com" })]
    public void Ids_people_and_jars_are_completed(string typed, string[] expected)
    {
        var found = _shell.Run("param($typed) (TabExpansion2 $typed $typed.Length).CompletionMatches", ("typed", typed)).Succeeded().Objects<CompletionResult>();
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Select(c => c.CompletionText.Trim('\'')).Order(StringComparer.Ordinal));
        Assert.All(found, c => Assert.NotEmpty(c.ToolTip));
    }
}
