using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class IntegrityTests
{
    private static string LargestPack(SampleInstallation sample) =>
        Directory.EnumerateFiles(sample["backups", "data"], "*", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)!;

    private static void Flip(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.SetAttributes(file, FileAttributes.Normal);
        File.WriteAllBytes(file, bytes);
    }

    [CulturedFact]
    public void A_sound_repository_passes_at_every_level()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        foreach (var level in Enum.GetValues<IntegrityLevel>().Where(l => l != IntegrityLevel.References))
        {
            var result = shell.Run("param($level) Test-StingBackupIntegrity -Level $level -SamplePercent 99.5", ("level", level)).Succeeded().Objects<IntegrityResult>().Single();
            Assert.True(result.Passed);
            Assert.Equal(2, result.Points);
        }
    }

    [Fact]
    public void A_sample_tells_its_number_and_takes_the_same_packs_again()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        Flip(LargestPack(sample));
        var first = shell.Run("Test-StingBackupIntegrity -Level Packs -SamplePercent 50 -InformationAction Continue");
        var told = first.Information.Single(i => i.Contains("sample number", StringComparison.Ordinal));
        var number = int.Parse(System.Text.RegularExpressions.Regex.Match(told, @"sample number (\d+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < 3; i++)
        {
            var again = shell.Run("param($seed) Test-StingBackupIntegrity -Level Packs -SamplePercent 50 -SampleSeed $seed", ("seed", number));
            Assert.Equal(first.Errors.Count, again.Errors.Count);
        }
        shell.Run("Test-StingBackupIntegrity -SampleSeed -1").FailedWith("ParameterArgumentValidationError");
    }

    [Fact]
    public void A_damaged_pack_is_an_error_that_names_object_files_and_subjects()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        var pack = LargestPack(sample);
        Flip(pack);
        var result = shell.Run("Test-StingBackupIntegrity -Level Data");
        Assert.False(result.Objects<IntegrityResult>().Single().Passed);
        var error = result.Errors[0];
        Assert.StartsWith("IntegrityFault,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.Contains(Path.GetFileName(pack), (string)error.TargetObject, StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        Assert.Matches(@"It hits \d+ files of .*jar:.*: .*backup_20240115_020000: jars/jar_123/", error.ToString());
    }

    [Fact]
    public void Without_keys_a_damaged_pack_names_its_subjects_by_pseudonym()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        Flip(LargestPack(sample));
        Assert.Matches(@"It hits data of [0-9a-f]{32}.*; level Data", shell.Run("Test-StingBackupIntegrity -Level Packs").Errors[0].ToString());
    }

    [Fact]
    public void A_date_or_a_run_limits_it()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        Assert.Equal(1, shell.Run("Test-StingBackupIntegrity -Date 2024-01-15").Succeeded().Objects<IntegrityResult>().Single().Points);
        Assert.Equal(1, shell.Run("Test-StingBackupIntegrity -BackupId backup_20240116_020000").Succeeded().Objects<IntegrityResult>().Single().Points);
        shell.Run("Test-StingBackupIntegrity -Date 2023-12-31").FailedWith("BackupNotFound");
        shell.Run("Test-StingBackupIntegrity -Date 15.01.2024").FailedWith("DateNotUnderstood");
        shell.Run("Test-StingBackupIntegrity -SamplePercent 0").FailedWith("SampleNotUnderstood");
    }

    [Fact]
    public void Only_level_Data_asks_for_the_passphrase()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        shell.Run("Test-StingBackupIntegrity -Level Packs").Succeeded();
        Assert.Empty(shell.Host.Questions);
        shell.Host.Answers.Enqueue(SampleInstallation.Passphrase);
        Assert.True(shell.Run("Test-StingBackupIntegrity -Level Data").Succeeded().Objects<IntegrityResult>().Single().Passed);
        Assert.Single(shell.Host.Questions);
    }

    [Fact]
    public void A_passphrase_comes_as_a_parameter_too_and_a_wrong_one_is_refused()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        Assert.True(shell.Run("param($secret) Test-StingBackupIntegrity -Level Data -Passphrase $secret", ("secret", SampleInstallation.SecurePassphrase))
            .Succeeded().Objects<IntegrityResult>().Single().Passed);
        shell.Host.Answers.Enqueue("wrong");
        Assert.Equal(ErrorCategory.AuthenticationError, shell.Run("Test-StingBackupIntegrity -Level Data").FailedWith("WrongPassphrase").CategoryInfo.Category);
        shell.Run("Test-StingBackupIntegrity -Level Data").FailedWith("PassphraseNeeded");
    }

    [Fact]
    public void A_background_verification_asks_before_it_starts()
    {
        using var sample = SampleInstallation.SealedCopy();
        using var shell = sample.OpenShell();
        shell.Host.Answers.Enqueue(SampleInstallation.Passphrase);
        Assert.True(shell.Run("Test-StingBackupIntegrity -Level Data -AsJob | Wait-Job | Receive-Job").Succeeded().Objects<IntegrityResult>().Single().Passed);
    }

    [CulturedFact]
    public void Nights_of_ten_minutes_are_remembered_and_shown_by_the_status()
    {
        using var sample = SampleInstallation.Copy();
        using var shell = sample.OpenShell();
        var first = shell.Run("Test-StingBackupIntegrity -Level Packs -OlderThan 30d -MaxDuration 10m").Succeeded().Objects<IntegrityResult>().Single();
        Assert.True(first.Packs > 0);
        var second = shell.Run("Test-StingBackupIntegrity -Level Packs -OlderThan 30d -MaxDuration 10m").Succeeded().Objects<IntegrityResult>().Single();
        Assert.Equal((0L, first.Packs), (second.Packs, second.PacksPassedOver));
        var status = shell.Run("Get-StingBackupStatus").Succeeded().Objects<BackupStatus>().Single();
        Assert.Equal((Tier.Local, first.Packs, 0L), (status.Checks[0].Tier, status.Checks[0].Packs, status.Checks[0].NeverChecked));
        shell.Run("Test-StingBackupIntegrity -Level Packs -OlderThan soon").FailedWith("DurationNotUnderstood");
        shell.Run("Test-StingBackupIntegrity -OlderThan 30d").FailedWith("CheckLimitWithoutPacks");
        shell.Run("Test-StingBackupIntegrity -Tier Remote").FailedWith("TierNotConfigured");
    }

    [Fact]
    public void A_damaged_pack_comes_back_from_another_tier_and_a_further_tier_is_verified_and_healed_too()
    {
        using var sample = SampleInstallation.Copy();
        var remote = sample["remote"];
        foreach (var file in Directory.EnumerateFiles(sample["backups"], "*", SearchOption.AllDirectories).Where(f => !f.Contains($"{Path.DirectorySeparatorChar}sessions{Path.DirectorySeparatorChar}", StringComparison.Ordinal)))
        {
            var copy = Path.Join(remote, Path.GetRelativePath(sample["backups"], file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        var configuration = File.ReadAllText(sample["sting-backup.yaml"]);
        var section = configuration.IndexOf("\nremote:", StringComparison.Ordinal);
        var line = configuration.IndexOf("# location:", section, StringComparison.Ordinal);
        File.WriteAllText(sample["sting-backup.yaml"], configuration[..line] + $"location: {remote}\n  " + configuration[line..]);
        using var shell = sample.OpenShell();
        Assert.True(shell.Run("Test-StingBackupIntegrity -Level Packs -Tier Remote").Succeeded().Objects<IntegrityResult>().Single() is { Passed: true, Tier: Tier.Remote });
        var pack = LargestPack(sample);
        var good = File.ReadAllBytes(pack);
        Flip(pack);
        var repaired = shell.Run("Repair-StingRepository");
        Assert.Empty(repaired.Errors);
        var result = repaired.Objects<RepairResult>().Single();
        Assert.Equal([(Tier.Local, Tier.Remote)], result.Healed.Select(h => (h.Tier, h.From)));
        Assert.Equal(good, File.ReadAllBytes(pack));
        var twin = Path.Join(remote, Path.GetRelativePath(sample["backups"], pack));
        File.Delete(twin);
        var plan = shell.Run("Repair-StingRepository -Tier Remote -WhatIf").Succeeded().Objects<RepairPlan>().Single();
        Assert.Equal([(Tier.Remote, Tier.Local)], plan.Heals.Select(h => (h.Tier, h.From)));
        Assert.False(File.Exists(twin));
        Assert.Empty(shell.Run("Repair-StingRepository -Tier Remote").Objects<RepairResult>().Single().Faults);
        Assert.Equal(good, File.ReadAllBytes(twin));
    }
}
