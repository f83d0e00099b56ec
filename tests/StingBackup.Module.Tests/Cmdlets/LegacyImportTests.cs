using System.Management.Automation;
using System.Security;
using StingBackup.Engine.Tests.Legacy;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class LegacyImportTests : IDisposable
{
    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;

    public LegacyImportTests() => _shell = _sample.OpenShell();

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    private int Points => Directory.EnumerateFiles(_sample["backups", "points"], "*", SearchOption.AllDirectories).Count();

    private string Save(string time, string? passphrase = null)
    {
        using var old = OldArchive.Sample(time);
        var bytes = passphrase is null ? old.ToBytes() : OldArchive.Encrypt(old.ToBytes(), passphrase);
        return OldArchive.Save(_sample["old-backups"], $"sting_backup_{time}.tar.gz{(passphrase is null ? "" : ".enc")}", bytes);
    }

    private static SecureString Secure(string text)
    {
        var secret = new SecureString();
        text.ToList().ForEach(secret.AppendChar);
        return secret;
    }

    [CulturedFact]
    public void An_archive_becomes_restore_points_of_its_date()
    {
        var result = _shell.Run("Import-StingLegacyBackup ./old-backups/sting_backup_20231102_020000.tar.gz").Succeeded().Objects<LegacyImportResult>().Single();
        Assert.Equal((JobState.Completed, 1, "backup_20231102_020000"), (result.State, result.Imported, result.Archives[0].BackupId));
        var points = _shell.Run("Get-StingRestorePoint backup_20231102_020000").Succeeded().Objects<RestorePoint>();
        Assert.All(points, p => Assert.Equal((new DateTimeOffset(2023, 11, 2, 2, 0, 0, TimeSpan.Zero), "sting_backup_20231102_020000.tar.gz"), (p.Time, p.ImportedFrom)));
        Assert.All(_shell.Run("Get-StingRestorePoint latest").Succeeded().Objects<RestorePoint>(), p => Assert.Equal(SampleInstallation.SecondRun, p.BackupId));
    }

    [Fact]
    public void WhatIf_outputs_the_plan_and_writes_nothing()
    {
        var before = Points;
        var plan = _shell.Run("Import-StingLegacyBackup ./old-backups -WhatIf").Succeeded().Objects<LegacyImportPlan>().Single();
        Assert.Equal((1, LegacyArchiveState.Importable), (plan.Importable, plan.Archives[0].State));
        Assert.NotEmpty(plan.Archives[0].Lacks);
        Assert.Equal(before, Points);
    }

    [Fact]
    public void Paths_come_by_wildcard_by_folder_by_pipeline_and_as_they_are()
    {
        Save("20231201_020000");
        File.WriteAllText(_sample["old-backups", "sting_backup_20231201_020000.tar.gz.checksum"], "");
        foreach (var script in (string[])["Import-StingLegacyBackup ./old-backups/sting_*.gz -WhatIf", "Import-StingLegacyBackup ./old-backups -WhatIf",
            "'./old-backups/sting_backup_20231102_020000.tar.gz', './old-backups/sting_backup_20231201*' | Import-StingLegacyBackup -WhatIf",
            "Import-StingLegacyBackup -LiteralPath ./old-backups/sting_backup_20231102_020000.tar.gz, ./old-backups/sting_backup_20231201_020000.tar.gz -WhatIf",
            "$ExecutionContext.InvokeProvider.ChildItem.Get('./old-backups', $false) | Import-StingLegacyBackup -WhatIf"])
        {
            Assert.Equal(2, _shell.Run(script).Succeeded().Objects<LegacyImportPlan>().Single().Importable);
        }
    }

    [Fact]
    public void Twice_changes_nothing()
    {
        _shell.Run("Import-StingLegacyBackup ./old-backups").Succeeded();
        var before = Points;
        var again = _shell.Run("Import-StingLegacyBackup ./old-backups").Succeeded().Objects<LegacyImportResult>().Single();
        Assert.Equal((0, LegacyArchiveState.AlreadyImported, before), (again.Imported, again.Archives[0].State, Points));
    }

    [Fact]
    public void A_bad_archive_is_an_error_and_the_others_go_on()
    {
        var bad = Save("20231201_020000");
        File.WriteAllBytes(bad, File.ReadAllBytes(bad)[..200]);
        var result = _shell.Run("Import-StingLegacyBackup ./old-backups");
        Assert.Null(result.Failure);
        Assert.StartsWith("LegacyArchiveDamaged,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((JobState.CompletedWithErrors, 1), (result.Objects<LegacyImportResult>().Single().State, result.Objects<LegacyImportResult>().Single().Imported));
        Assert.Equal(ErrorCategory.InvalidData, _shell.Run("param($path) Import-StingLegacyBackup $path", ("path", bad)).FailedWith("LegacyArchiveDamaged").CategoryInfo.Category);
    }

    [Fact]
    public void A_path_that_leads_nowhere_is_told()
    {
        _shell.Run("Import-StingLegacyBackup ./nowhere.tar.gz").FailedWith("LegacyArchiveNotFound");
        _shell.Run("Import-StingLegacyBackup ./nowhere*").FailedWith("LegacyArchiveNotFound");
        _shell.Run("Import-StingLegacyBackup -LiteralPath './old-backups/sting*'").FailedWith("LegacyArchiveNotFound");
        _shell.Run("Import-StingLegacyBackup ./reserve").FailedWith("LegacyArchiveNotFound");
        var mixed = _shell.Run("Import-StingLegacyBackup ./nowhere.tar.gz, ./old-backups");
        Assert.Equal((null, 1, 1), (mixed.Failure, mixed.Errors.Count, mixed.Objects<LegacyImportResult>().Single().Imported));
    }

    [Fact]
    public void An_encrypted_archive_needs_its_key()
    {
        var path = Save("20231201_020000", "the key");
        Assert.Equal(ErrorCategory.AuthenticationError, _shell.Run("param($path) Import-StingLegacyBackup $path", ("path", path)).FailedWith("LegacyArchiveEncrypted").CategoryInfo.Category);
        _shell.Run("param($path, $key) Import-StingLegacyBackup $path -ArchivePassphrase $key", ("path", path), ("key", Secure("another"))).FailedWith("LegacyPassphraseWrong");
        var result = _shell.Run("param($path, $key) Import-StingLegacyBackup $path -ArchivePassphrase $key", ("path", path), ("key", Secure("the key"))).Succeeded();
        Assert.Equal(1, result.Objects<LegacyImportResult>().Single().Imported);
    }

    [Fact]
    public void A_background_import_is_a_job()
    {
        Save("20231201_020000", "the key");
        var result = _shell.Run("param($key) Import-StingLegacyBackup ./old-backups -ArchivePassphrase $key -AsJob | Wait-Job | Receive-Job", ("key", Secure("the key"))).Succeeded();
        Assert.Equal((JobState.Completed, 2), (result.Objects<LegacyImportResult>().Single().State, result.Objects<LegacyImportResult>().Single().Imported));
    }

    [Fact]
    public void Nothing_is_imported_without_consent()
    {
        _shell.Host.Answers.Enqueue("n");
        var before = Points;
        Assert.Empty(_shell.Run("Import-StingLegacyBackup ./old-backups -Confirm").Succeeded().Output);
        Assert.Equal(before, Points);
    }
}
