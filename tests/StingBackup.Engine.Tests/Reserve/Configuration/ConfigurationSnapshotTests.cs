using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

public sealed class ConfigurationSnapshotTests
{
    private static readonly DateTimeOffset Moment = new(2024, 1, 15, 2, 0, 0, TimeSpan.FromHours(1));

    private static ExaminedConfiguration Examine(string more) =>
        new ConfigurationLoader(new FakeHost()).ExamineText("repository: {backup_root: /b}\nreserve: {path: /r, exclude: [\"*.tmp\"]}\n" + more, "/c.yaml");

    [Fact]
    public void Drift_from_the_last_run_is_shown()
    {
        using var folder = new TempFolder();
        ConfigurationSnapshot.Of(Examine("performance: {parallel_threads: 2}"), "backup_20240115_020000", Moment).Save(folder["state"]);
        var last = ConfigurationSnapshot.TryLoad(folder["state"]);
        Assert.NotNull(last);
        Assert.Equal(("backup_20240115_020000", Moment), (last.BackupId, last.Time));
        var settings = Examine("performance: {compression_level: 7}").Describe(last).ToDictionary(s => s.Key);
        Assert.Equal(["performance.parallel_threads", "performance.compression_level"], settings.Values.Where(s => s.ChangedSinceLastRun).Select(s => s.Key));
        Assert.Equal(("2", false), (settings["performance.parallel_threads"].LastRunValue, settings["performance.parallel_threads"].Changed));
        Assert.Equal(("6", true), (settings["performance.compression_level"].LastRunValue, settings["performance.compression_level"].Changed));
        Assert.True(settings["reserve.exclude"] is { Changed: true, ChangedSinceLastRun: false });
    }

    [Fact]
    public void Nothing_has_drifted_right_after_a_run()
    {
        using var folder = new TempFolder();
        var examined = Examine("remote: {location: \"s3://b\"}");
        ConfigurationSnapshot.Of(examined, "backup_20240115_020000", Moment).Save(folder.Path);
        ConfigurationSnapshot.Of(examined, "backup_20240115_030000", Moment).Save(folder.Path);
        Assert.DoesNotContain(examined.Describe(ConfigurationSnapshot.TryLoad(folder.Path)), s => s.ChangedSinceLastRun);
        Assert.Equal(["last-run-configuration.json"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Without_a_run_nothing_has_drifted()
    {
        using var folder = new TempFolder();
        Assert.Null(ConfigurationSnapshot.TryLoad(folder.Path));
        Assert.Null(ConfigurationSnapshot.TryLoad(folder["none"]));
        foreach (var damaged in (string[])["", "{", "[]", "null", "{\"backup_id\": \"x\"}", "{\"backup_id\": 1, \"time\": \"x\", \"values\": {}}"])
        {
            File.WriteAllText(folder["last-run-configuration.json"], damaged);
            Assert.Null(ConfigurationSnapshot.TryLoad(folder.Path));
        }
        Assert.DoesNotContain(Examine("").Describe(), s => s.ChangedSinceLastRun);
    }

    [Fact]
    public void A_setting_that_the_last_run_did_not_know_has_not_drifted()
    {
        var last = new ConfigurationSnapshot("backup_20240115_020000", Moment, new Dictionary<string, string>());
        Assert.DoesNotContain(Examine("").Describe(last), s => s.ChangedSinceLastRun);
    }

    [Fact]
    public void A_state_folder_that_cannot_be_written_is_named()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["file"], "");
        var error = Assert.Throws<StingException>(() => ConfigurationSnapshot.Of(Examine(""), "b", Moment).Save(folder["file"]));
        Assert.Equal("StateNotWritable", error.ErrorId);
        Assert.Contains("state_directory", error.Remedy, StringComparison.Ordinal);
    }
}
