using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class RestoreTests : IDisposable
{
    private const string First = "%PDF-1.7 the first version";
    private const string Second = "%PDF-1.7 the second version, which is longer";

    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public RestoreTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private string Pdf => _sample["reserve", "users", "user@example.com", "document.pdf"];

    private RestoreResult Run(string script) => _shell.Run(script).Succeeded().Objects<RestoreResult>().Single();

    [CulturedFact]
    public void A_file_comes_back_beside_the_one_that_is_there()
    {
        var result = Run("Restore-StingFile -User user@example.com -File document.pdf -Date 2024-01-15");
        Assert.Equal(1, result.ItemsRestored);
        Assert.Equal(Second, File.ReadAllText(Pdf));
        var beside = Assert.Single(Directory.EnumerateFiles(Path.GetDirectoryName(Pdf)!, $"*{SampleInstallation.FirstRun}*"));
        Assert.Equal(First, File.ReadAllText(beside));
        Assert.Empty(_shell.Host.Questions);
    }

    [Fact]
    public void A_file_goes_to_another_folder_under_its_path()
    {
        Run("Restore-StingFile document.pdf user@example.com -BackupId backup_20240115_020000 -Destination ./restored");
        Assert.Equal(First, File.ReadAllText(_sample["restored", "users", "user@example.com", "document.pdf"]));
    }

    [Theory]
    [InlineData("y", First)]
    [InlineData("n", Second)]
    public void Overwriting_is_asked_about_with_its_plan(string answer, string content)
    {
        _shell.Host.Answers.Enqueue(answer);
        _shell.Run("Restore-StingFile document.pdf user@example.com -Date 2024-01-15 -ConflictAction Overwrite").Succeeded();
        Assert.Equal(content, File.ReadAllText(Pdf));
        var question = Assert.Single(_shell.Host.Questions);
        Assert.Contains("users/user@example.com/document.pdf", question, StringComparison.Ordinal);
        Assert.Contains("1 pack", question, StringComparison.Ordinal);
    }

    [Fact]
    public void Overwriting_into_an_empty_folder_is_not_asked_about()
    {
        Run("Restore-StingFile document.pdf -Destination ./restored -ConflictAction Overwrite");
        Assert.Empty(_shell.Host.Questions);
    }

    [Fact]
    public void A_person_comes_back_with_everything()
    {
        Directory.Delete(_sample["reserve", "users", "user@example.com"], recursive: true);
        var result = Run("Restore-StingUser -User user@example.com -Date 2024-01-15");
        Assert.Equal(JobState.Completed, result.State);
        Assert.Equal(First, File.ReadAllText(Pdf));
        Assert.Equal("buy honey", File.ReadAllText(_sample["reserve", "users", "user@example.com", "notes", "todo.txt"]));
    }

    [Fact]
    public void Points_of_one_run_restore_a_honey_jar_once()
    {
        var result = _shell.Run("Get-StingRestorePoint backup_20240115_020000 | Restore-StingHoneyJar -Id jar_123 -Destination ./restored").Succeeded();
        Assert.Single(result.Objects<RestoreResult>());
        Assert.True(File.Exists(_sample["restored", "jars", "jar_123", "report.csv"]));
        Assert.False(Directory.Exists(_sample["restored", "users"]));
    }

    [Fact]
    public void Items_pipe_into_a_restore_of_exactly_these()
    {
        _shell.Run("Get-StingRestorePointItem backup_20240115_020000 jars/jar_123 | Restore-StingFile -Destination ./restored").Succeeded();
        Assert.Equal(["readme.md", "report.csv"], Directory.EnumerateFiles(_sample["restored", "jars", "jar_123"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_version_pipes_into_a_restore_of_that_version()
    {
        _shell.Run("Find-StingItem document.pdf | Where-Object BackupId -EQ backup_20240115_020000 | Restore-StingFile -Destination ./restored").Succeeded();
        Assert.Equal(First, File.ReadAllText(_sample["restored", "users", "user@example.com", "document.pdf"]));
    }

    [Fact]
    public void A_whole_reserve_asks_first_and_then_is_as_it_was()
    {
        _shell.Host.Answers.Enqueue("y");
        var result = Run("Restore-StingReserve -BackupId backup_20240115_020000");
        Assert.Equal(JobState.Completed, result.State);
        Assert.Equal(First, File.ReadAllText(Pdf));
        Assert.Single(_shell.Host.Questions);
    }

    [Theory]
    [InlineData("-Force")]
    [InlineData("-Confirm:$false")]
    public void Consent_beforehand_is_enough(string consent)
    {
        Run($"Restore-StingReserve -BackupId backup_20240115_020000 {consent}");
        Assert.Empty(_shell.Host.Questions);
    }

    [Fact]
    public void WhatIf_outputs_the_plan_and_writes_nothing()
    {
        var plan = _shell.Run("Restore-StingReserve -BackupId backup_20240115_020000 -WhatIf -Force").Succeeded().Objects<RestorePlan>().Single();
        Assert.Equal(7, plan.Files);
        Assert.True(plan.InPlace);
        Assert.InRange(plan.Packs, 1, 100);
        Assert.Equal(Second, File.ReadAllText(Pdf));
    }

    [Fact]
    public void Data_classes_narrow_it()
    {
        Run("Restore-StingReserve -DataClass HoneyJars -Destination ./restored -Force");
        Assert.Equal(["jars"], Directory.EnumerateDirectories(_sample["restored"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Running_it_again_writes_nothing_twice()
    {
        Run("Restore-StingUser user@example.com -Destination ./restored");
        var again = Run("Restore-StingUser user@example.com -Destination ./restored");
        Assert.Equal(0, again.BytesRestored);
        Assert.True(again.ItemsUnchanged > 0);
    }

    [Fact]
    public void A_background_restore_asks_before_it_starts()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        shell.Host.Answers.Enqueue(SampleInstallation.Passphrase);
        var result = shell.Run("Restore-StingUser user@example.com -Destination ./restored -AsJob | Wait-Job | Receive-Job").Succeeded().Objects<RestoreResult>().Single();
        Assert.Equal(JobState.Completed, result.State);
    }

    [Fact]
    public void Damage_is_named_and_everything_else_is_restored()
    {
        foreach (var pack in Directory.EnumerateFiles(_sample["backups", "data"], "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length > 3_000))
        {
            File.SetAttributes(pack, FileAttributes.Normal);
            var bytes = File.ReadAllBytes(pack);
            bytes[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(pack, bytes);
        }
        var result = _shell.Run("Restore-StingReserve -BackupId backup_20240115_020000 -Destination ./restored -Force");
        Assert.Null(result.Failure);
        Assert.StartsWith("RestoreItemDamaged,", result.Errors[0].FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(JobState.CompletedWithErrors, result.Objects<RestoreResult>().Single().State);
        Assert.NotEmpty(Directory.EnumerateFiles(_sample["restored"], "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("Restore-StingUser nobody@example.com", "UserNotFound")]
    [InlineData("Restore-StingHoneyJar -Id jar_999", "JarNotFound")]
    [InlineData("Restore-StingFile none.txt", "ItemNotFound")]
    [InlineData("Restore-StingReserve -BackupId backup_19990101_000000 -Force", "BackupNotFound")]
    [InlineData("Restore-StingUser user@example.com -Date soon", "DateNotUnderstood")]
    public void What_is_not_there_is_named(string script, string error)
    {
        Assert.NotEqual(ErrorCategory.NotSpecified, _shell.Run(script).FailedWith(error).CategoryInfo.Category);
    }

    [Fact]
    public void A_date_and_a_run_do_not_go_together() =>
        Assert.IsType<ParameterBindingException>(_shell.Run("Restore-StingUser user@example.com -Date latest -BackupId x").Failure, exactMatch: false);
}
