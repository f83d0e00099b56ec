using System.Security.Cryptography;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

/// <summary>An attack as an administrator meets it: told, looked into, restored from, settled.</summary>
public sealed class AnomalyTests : IDisposable
{
    private const string Victim = "users/user@example.com/work";

    private readonly SampleInstallation _sample = SampleInstallation.Copy();
    private readonly HostedShell _shell;
    private readonly string _clean;

    public AnomalyTests()
    {
        Directory.CreateDirectory(_sample[Path.Combine("reserve", Victim)]);
        for (var i = 0; i < 25; i++)
        {
            File.WriteAllText(PathOf(i), string.Join('\n', Enumerable.Range(i, 400).Select(n => $"line {n} of letter {i}")));
        }
        _shell = _sample.OpenShell();
        _clean = Backup().BackupId!;
        for (var i = 0; i < 25; i++)
        {
            File.WriteAllBytes(PathOf(i), RandomNumberGenerator.GetBytes(5000));
        }
        Attacked = Backup();
    }

    private BackupResult Attacked { get; }

    public void Dispose()
    {
        _shell.Dispose();
        _sample.Dispose();
    }

    [Fact]
    public void The_run_and_the_listing_name_whom_it_hit_and_why()
    {
        Assert.Equal(Attacked.BackupId, Assert.Single(Attacked.Suspicious).BackupId);
        var anomaly = Assert.Single(Anomalies());
        Assert.True(anomaly is { IsOpen: true, IsSuspicious: true, Scrambled: >= 20 }, anomaly.ToString());   // noise may look like something
        Assert.Contains($"{anomaly.Scrambled} of", _shell.Run("(Get-StingAnomaly).Evidence[0]").Succeeded().Output.Single().ToString(), StringComparison.Ordinal);
        Assert.Single(_shell.Run("Get-StingAnomaly user@example.com").Succeeded().Output);
        Assert.Empty(_shell.Run("Get-StingAnomaly jar_123").Succeeded().Output);
        Assert.True(_shell.Run("Get-StingAnomaly -All").Succeeded().Output.Count > 1);
        Assert.Equal("Ransomware", Assert.Single(_shell.Run("Update-StingAlert").Succeeded().Objects<StingAlert>(), a => a.Rule == "Ransomware").Rule);
    }

    [Fact]
    public void Each_subject_has_its_own_clean_point_and_a_restore_takes_it_from_there()
    {
        var points = _shell.Run("Find-StingCleanRestorePoint -All -DataClass UserFiles").Succeeded().Objects<CleanRestorePoint>().ToList();
        Assert.Equal((_clean, true), (points[0].BackupId, points[0].IsSuspect));
        Assert.All(points.Skip(1), p => Assert.Equal((Attacked.BackupId, false), (p.BackupId, p.IsSuspect)));
        Assert.Equal(_clean, _shell.Run("(Find-StingCleanRestorePoint user@example.com -DataClass UserFiles).BackupId").Succeeded().Output.Single().ToString());
        Assert.All(_shell.Run("Find-StingCleanRestorePoint -HoneyJar jar_123").Succeeded().Objects<CleanRestorePoint>(), p => Assert.False(p.IsSuspect));
        var result = _shell.Run("Restore-StingReserve -CleanPoint -Destination ./clean -Force").Succeeded().Objects<RestoreResult>().Single();
        Assert.Equal(25, result.QuarantinedCount);
        Assert.StartsWith("line 0 of letter 0", File.ReadAllText(_sample["clean", Victim, "letter00.txt"]), StringComparison.Ordinal);
        Assert.True(File.Exists(_sample["clean", "jars", "jar_123", "readme.md"]));
        Assert.Equal(25, _shell.Run("Restore-StingUser user@example.com -CleanPoint -Destination ./one -WhatIf").Succeeded().Objects<RestorePlan>().Single().QuarantinedCount);
    }

    [Fact]
    public void The_window_of_a_file_is_found_by_its_name_a_hash_or_a_script()
    {
        CorruptionWindow One(string command) => _shell.Run(command).Succeeded().Objects<CorruptionWindow>().Single();
        var expected = (CorruptionVerdict.Found, _clean, Attacked.BackupId!);
        var window = One("Find-StingCorruption letter03.txt");
        Assert.Equal(expected, (window.Verdict, window.LastGoodBackupId!, window.FirstBadBackupId!));
        window = One("Find-StingCorruption letter03.txt -Test { [System.IO.File]::ReadAllText($_).StartsWith('line') }");
        Assert.Equal(expected, (window.Verdict, window.LastGoodBackupId!, window.FirstBadBackupId!));
        window = One("Find-StingCorruption letter03.txt -Test { if (-not ([System.IO.File]::ReadAllText($args[0])).StartsWith('line')) { throw 'no letter' }; $true }");
        Assert.Equal(expected, (window.Verdict, window.LastGoodBackupId!, window.FirstBadBackupId!));
        Assert.Contains("no letter", window.Problem, StringComparison.Ordinal);
        Assert.Equal(CorruptionVerdict.AlwaysBad, One($"Find-StingCorruption letter03.txt -Sha256 {new string('0', 64)}").Verdict);
        Assert.Equal(25, _shell.Run("Find-StingCorruption -User user@example.com").Succeeded().Output.Count);
        _shell.Run("Find-StingCorruption letter03.txt | Restore-StingFile -Destination ./back").Succeeded();
        Assert.StartsWith("line 3 of letter 3", File.ReadAllText(Directory.EnumerateFiles(_sample["back"], "letter03.txt", SearchOption.AllDirectories).Single()), StringComparison.Ordinal);
        _shell.Run("Find-StingCorruption").FailedWith("RestoreRequestInvalid");
        _shell.Run("Find-StingCorruption nothing.here").FailedWith("ItemNotFound");
    }

    [Fact]
    public void What_is_settled_is_open_no_more_and_the_next_run_says_so_to_all()
    {
        Assert.Equal(Assert.Single(Anomalies()).Pseudonym, _shell.Run("Confirm-StingAnomaly user@example.com -WhatIf").Succeeded().Objects<AnomalySettlement>().Single().Pseudonym);
        Assert.True(Assert.Single(Anomalies()).IsOpen);
        Assert.Equal("restored", _shell.Run("Get-StingAnomaly | Confirm-StingAnomaly -Comment restored").Succeeded().Objects<AnomalySettlement>().Single().Comment);
        Assert.False(Assert.Single(Anomalies()).IsOpen);
        Backup();
        Assert.False(Assert.Single(Anomalies()).IsOpen);
        Assert.All(_shell.Run("Find-StingCleanRestorePoint -All").Succeeded().Objects<CleanRestorePoint>(), p => Assert.False(p.IsSuspect));
        _shell.Run("Confirm-StingAnomaly user@example.com").FailedWith("AnomalyNotFound");
        Assert.Contains(_shell.Run("Get-StingAuditEvent").Succeeded().Output, e => e.ToString()!.Contains("Confirm-StingAnomaly", StringComparison.Ordinal) || e.Properties["Command"]?.Value as string == "Confirm-StingAnomaly");
        Assert.Contains("all", _shell.Run("(TabExpansion2 'Confirm-StingAnomaly a' 22).CompletionMatches.CompletionText").Succeeded().Output.Select(o => o.ToString()));
    }

    private string PathOf(int number) => _sample["reserve", Victim, $"letter{number:00}.txt"];

    private BackupResult Backup() => _shell.Run("Invoke-StingBackup").Succeeded().Objects<BackupResult>().Single();

    private List<StingAnomaly> Anomalies() => [.. _shell.Run("Get-StingAnomaly").Succeeded().Objects<StingAnomaly>()];
}
