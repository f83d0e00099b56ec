using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

public sealed class ConfigurationLoaderTests
{
    private const string File = "/etc/sting/sting-backup.yaml";
    private const string Minimal = "repository:\n  backup_root: /var/backups/sting\nreserve:\n  path: /var/sting\n";

    private static ExaminedConfiguration Examine(string yaml, FakeHost? host = null)
    {
        host ??= new FakeHost();
        host.WithFile(File, yaml);
        return new ConfigurationLoader(host).Examine(File);
    }

    private static ConfigurationFinding Error(string yaml, FakeHost? host = null) =>
        Assert.Single(Examine(yaml, host).Findings, f => f.Severity == FindingSeverity.Error);

    [Fact]
    public void Two_lines_are_enough()
    {
        var configuration = Examine(Minimal).Require();
        Assert.Equal("/var/backups/sting", configuration.Repository.BackupRoot);
        Assert.Null(configuration.Repository.ReserveId);
        Assert.Equal("/var/sting", configuration.Reserve.Path);
        Assert.Equal(4, configuration.Performance.ParallelThreads);
        Assert.Equal(3, configuration.Performance.ZstdLevel);
        Assert.Equal(12_500_000, configuration.Performance.BandwidthLimit.BytesPerSecond);
        Assert.Equal((7, 30, 365), (configuration.Retention.LocalDays, configuration.Retention.RemoteDays, configuration.Retention.ArchiveDays));
        Assert.Equal(1096, configuration.Retention.ClassDays[DataClass.AuditLogs]);
        Assert.Equal(Enum.GetValues<DataClass>(), configuration.Retention.ClassDays.Keys.Order());
        Assert.Equal(TimeZoneInfo.Local, configuration.TimeZone);
        Assert.Equal(TimeSpan.FromHours(48), configuration.Reserve.TempFilesAge);
        Assert.Equal(Enum.GetValues<DataClass>(), configuration.Priority.Order());
        Assert.True(configuration.Priority.Index().First(p => p.Item == DataClass.UserFiles).Index < configuration.Priority.Index().First(p => p.Item == DataClass.Settings).Index);
        Assert.Equal(File, configuration.File);
    }

    [Theory]
    [InlineData(DataClass.UserFiles, 365)]
    [InlineData(DataClass.Metadata, 365)]
    [InlineData(DataClass.Embeddings, 90)]
    [InlineData(DataClass.AuditLogs, 1096)]   // three years hold at most one leap day
    [InlineData(DataClass.Physical, 14)]
    [InlineData(DataClass.TempFiles, 2)]      // 48 hours
    public void The_strategys_retention_of_each_class_is_the_default(DataClass dataClass, int days) =>
        Assert.Equal(days, Examine(Minimal).Require().Retention.ClassDays[dataClass]);

    /// <summary>The archive is the last tier: its days end what no class has days of its own for.</summary>
    [Fact]
    public void The_archives_days_end_the_classes_that_have_none_of_their_own()
    {
        var days = Examine(Minimal + "retention: {archive_days: 500, metadata_days: 400}\n").Require().Retention.ClassDays;
        Assert.Equal((500, 500, 400), (days[DataClass.UserFiles], days[DataClass.Secrets], days[DataClass.Metadata]));
        Assert.Equal((90, 1096, 2, 14), (days[DataClass.Embeddings], days[DataClass.AuditLogs], days[DataClass.TempFiles], days[DataClass.Physical]));
        // A regulation is held against what counts, and the message names it.
        var finding = Assert.Single(Examine(Minimal + "retention: {archive_days: 2500, metadata_days: 2100, embeddings_days: 2500, audit_logs_days: 2500, profiles: [HIPAA]}\n").Findings, f => f.Severity == FindingSeverity.Error);
        Assert.Equal("retention.metadata_days", finding.Key);
    }

    [Fact]
    public void Classes_that_priority_does_not_name_come_behind_those_that_it_names()
    {
        var configuration = Examine(Minimal + "  temp_files_age: any\nschedule:\n  priority: [settings, Reports]\n").Require();
        Assert.Equal([DataClass.Settings, DataClass.Reports, DataClass.UserFiles], configuration.Priority.Take(3));
        Assert.Equal(Enum.GetValues<DataClass>(), configuration.Priority.Order());
        Assert.Equal(TimeSpan.Zero, configuration.Reserve.TempFilesAge);
    }

    [Fact]
    public void Every_key_can_be_set()
    {
        var configuration = Examine("""
            repository: {backup_root: backups, reserve_id: 00112233445566778899AABBCCDDEEFF, key_fingerprint: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}
            reserve:
              path: ~/sting
              users_map: ./people.csv
              rules:
                - {glob: "reports/**", class: reports}
                - glob: honey-reserve/*/**
                  class: user_files
                  subject: user:{2}
              exclude: ["*.tmp"]
              exclude_system: []
            keys: {directory: /keys, replicas: [/keys2], epoch_places: [/e1, /e2], allow_under_backup_root: yes}
            retention: {local_days: 8, remote_days: 31, archive_days: 366, embeddings_days: 14}
            remote: {location: "s3://bucket/prefix"}
            archive: {location: glacier://vault}
            encryption: {algorithm: aes256, key_id: sting-backup-key}
            performance: {parallel_threads: 2, compression_level: 9, bandwidth_limit: 2.5MB/s, memory_limit: 1GiB}
            time_zone: Europe/Berlin
            state_directory: /s
            cache_directory: /c
            log_directory: /l
            log: {level: debug, keep_days: 5, keep_files: 6, max_file_size: 1MB, max_total_size: 7MB}
            """).Require();
        Assert.Equal("/etc/sting/backups", configuration.Repository.BackupRoot);
        Assert.Equal("00112233445566778899aabbccddeeff", configuration.Repository.ReserveId.ToString());
        Assert.Equal("/home/ann/sting", configuration.Reserve.Path);
        Assert.Equal("/etc/sting/people.csv", configuration.Reserve.UsersMap);
        Assert.Equal([new("reports/**", DataClass.Reports, null), new("honey-reserve/*/**", DataClass.UserFiles, "user:{2}")], configuration.Reserve.Rules);
        Assert.Equal(["*.tmp"], configuration.Reserve.Exclude);
        Assert.Empty(configuration.Reserve.ExcludeSystem);
        Assert.Equal(("/keys", "/keys2"), (configuration.Keys.Directory, configuration.Keys.Replicas.Single()));
        Assert.Equal(["/e1", "/e2"], configuration.Keys.EpochPlaces);
        Assert.Equal(14, configuration.Retention.ClassDays[DataClass.Embeddings]);
        Assert.Equal(("s3://bucket/prefix", "glacier://vault", "sting-backup-key"), (configuration.RemoteLocation, configuration.ArchiveLocation, configuration.EncryptionKeyId));
        Assert.Equal((2, 19, 1L << 30), (configuration.Performance.ParallelThreads, configuration.Performance.ZstdLevel, configuration.Performance.Limits.Memory));
        Assert.Equal(20_000_000, configuration.Performance.BandwidthLimit.BitsPerSecond);
        Assert.Equal("Europe/Berlin", configuration.TimeZone.Id);
        Assert.Equal(("/s", "/c"), (configuration.StateDirectory, configuration.CacheDirectory));
        Assert.Equal(new LogSettings("/l", LogDetail.Debug, 5, 6, 1_000_000, 7_000_000), configuration.Log);
    }

    [Theory]
    [InlineData(1, 1), InlineData(2, 1), InlineData(3, 2), InlineData(4, 2), InlineData(5, 3), InlineData(6, 3), InlineData(7, 6), InlineData(8, 12), InlineData(9, 19)]
    public void A_compression_level_stands_for_a_zstd_level(int level, int zstd) =>
        Assert.Equal(zstd, Examine(Minimal + $"performance: {{compression_level: {level}}}").Require().Performance.ZstdLevel);

    [Theory]
    [InlineData("performance:\n  paralel_threads: 2", 6, "performance.paralel_threads", "no setting", "performance.parallel_threads")]
    [InlineData("performance:\n  threads: 2", 6, "performance.threads", "no setting", "Get-StingBackupConfig")]
    [InlineData("parallel_threads: 2", 5, "parallel_threads", "no setting", "performance.parallel_threads")]
    [InlineData("log:\n  log_directory: /x", 6, "log.log_directory", "no setting", "log_directory")]
    [InlineData("performance:\n  compression_level: 10", 6, "performance.compression_level", "out of range", "1 to 9")]
    [InlineData("performance:\n  compression_level: 0", 6, "performance.compression_level", "out of range", "1 to 9")]
    [InlineData("performance:\n  parallel_threads: four", 6, "performance.parallel_threads", "not a whole number", "whole number")]
    [InlineData("performance:\n  parallel_threads: [1, 2]", 6, "performance.parallel_threads", "a list stands", "one value")]
    [InlineData("performance:\n  bandwidth_limit: 100", 6, "performance.bandwidth_limit", "not a bandwidth", "100M")]
    [InlineData("performance:\n  memory_limit: 5M", 6, "performance.memory_limit", "out of range", "512M")]
    [InlineData("performance:\n  memory_limit: 1,5G", 6, "performance.memory_limit", "not a size", "400M")]
    [InlineData("performance:\n  cpu_limit: 25", 6, "performance.cpu_limit", "no share", "25%")]
    [InlineData("performance:\n  cpu_limit: 101%", 6, "performance.cpu_limit", "no share", "none")]
    [InlineData("performance:\n  io_priority: high", 6, "performance.io_priority", "not one of", "idle")]
    [InlineData("performance: fast", 5, "performance", "is a section", "below it")]
    [InlineData("time_zone: Europe/Berln", 5, "time_zone", "no time zone 'Europe/Berln'", "Europe/Berlin")]
    [InlineData("keys:\n  allow_under_backup_root: maybe", 6, "keys.allow_under_backup_root", "neither true nor false", "true or false")]
    [InlineData("keys:\n  replicas: [/a, /b, /c]", 6, "keys.replicas", "3 values stand here", "at most 2")]
    [InlineData("encryption:\n  algorithm: AES-128", 6, "encryption.algorithm", "not one of", "AES-256-GCM")]
    [InlineData("encryption:\n  key_id: my key", 6, "encryption.key_id", "not a key name", "sting-backup-key")]
    [InlineData("remote:\n  location: ftp://x", 6, "remote.location", "not a place", "s3://")]
    [InlineData("remote:\n  location: s3://id:topsecret@bucket", 6, "remote.location", "***@bucket' holds credentials", "never stand")]
    [InlineData("log:\n  level: verbose", 6, "log.level", "not one of", "information")]
    [InlineData("state_directory: ' '", 5, "state_directory", "empty", "default")]
    [InlineData("schedule:\n  priority: [Reports, user_files, reports]", 6, "schedule.priority", "Reports stands in it twice", "once")]
    [InlineData("schedule:\n  priority: [Reprts]", 6, "schedule.priority", "'Reprts' is not a data class", "Reports")]
    [InlineData("retention:\n  physical_days: 31", 6, "retention.physical_days", "none may outlive the days in which an erasure is done", "1 to 30")]
    public void A_bad_key_or_value_is_refused_with_file_line_key_and_remedy(string yaml, int line, string key, string problem, string remedy)
    {
        var error = Error(Minimal + yaml);
        Assert.Equal((File, line, key), (error.File, error.Line, error.Key));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("topsecret", error.ToString() + error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  rules: [{glob: \"[x\", class: Reports}]", "the glob '[x' is not well formed", "quotes")]
    [InlineData("  rules: [{glob: x, class: Reprts}]", "'Reprts' is not a data class", "Reports")]
    [InlineData("  rules: [{glob: x}]", "the rule has no class", "class:")]
    [InlineData("  rules: [{class: Reports}]", "the rule has no glob", "glob:")]
    [InlineData("  rules: [{glob: x, class: Reports, subjekt: system}]", "a rule has no key 'subjekt'", "'subject'")]
    [InlineData("  rules: [{glob: x, class: Reports, subject: \"user:bob\"}]", "'user:bob' is not a subject", "user:{2}")]
    [InlineData("  rules: [{glob: x, class: Reports, subject: \"path:Nope/{2}\"}]", "is not a subject", "path:Reports")]
    [InlineData("  rules: [x]", "a rule is written with its keys", "{glob:")]
    [InlineData("  exclude: [ok, \"{a\"]", "a '{' has no '}'", "Globs")]
    public void A_bad_rule_is_refused_with_its_line(string yaml, string problem, string remedy)
    {
        var error = Error(Minimal + yaml);
        Assert.Equal(5, error.Line);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("log:\n  level: [unclosed", "not YAML")]
    [InlineData("log:\n\tlevel: debug", "not YAML")]
    [InlineData("log: &anchor\n  level: debug", "anchors and aliases")]
    [InlineData("time_zone: *zone", "anchors and aliases")]
    [InlineData("time_zone: !!str UTC", "the tag")]
    [InlineData("---\ntime_zone: UTC", "second document")]
    [InlineData("? [a, b]\n: c", "a single word")]
    public void Yaml_that_says_more_than_settings_is_refused_by_line(string yaml, string problem)
    {
        var error = Examine(Minimal + yaml).Findings.First(f => f.Severity == FindingSeverity.Error);
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.InRange(error.Line, 4, 8);
        Assert.Equal(File, error.File);
    }

    [Fact]
    public void A_file_that_is_a_list_is_refused() => Assert.Contains("sections", Examine("- a\n- b").Findings[0].Problem, StringComparison.Ordinal);

    [Fact]
    public void A_key_that_stands_twice_is_refused_with_both_lines()
    {
        var error = Error(Minimal + "time_zone: UTC\nlog: {level: debug}\ntime_zone: UTC");
        Assert.Equal(7, error.Line);
        Assert.Contains("line 5", error.Problem, StringComparison.Ordinal);
        error = Error(Minimal + "log:\n  level: debug\n  level: error");
        Assert.Equal(7, error.Line);
    }

    [Fact]
    public void A_key_without_a_value_is_not_set()
    {
        var examined = Examine(Minimal + "time_zone:\nlog:\nremote:\n  location: null\n");
        Assert.DoesNotContain(examined.Findings, f => f.Severity != FindingSeverity.Information);
        Assert.Equal("default", examined.Describe().Single(s => s.Key == "time_zone").Source);
    }

    [Fact]
    public void What_is_required_is_asked_for()
    {
        var examined = Examine("log: {level: debug}");
        Assert.Equal(["repository.backup_root", "reserve.path"], examined.Findings.Select(f => f.Key));
        Assert.Null(examined.Configuration);
        Assert.All(examined.Findings, f => Assert.Contains("Write it", f.Remedy, StringComparison.Ordinal));
        Assert.Equal(2, Examine("").Findings.Count);
    }

    [Fact]
    public void A_required_key_with_a_bad_value_is_told_once() =>
        Assert.Equal("repository.backup_root", Error("repository: {backup_root: []}\nreserve: {path: /r}").Key);

    [Fact]
    public void A_run_hears_of_every_error_at_once()
    {
        var error = Assert.Throws<StingException>(() => Examine(Minimal + "tme_zone: UTC\nperformance: {compression_level: 77}").Require());
        Assert.Equal(("ConfigurationInvalid", FailureKind.InvalidConfiguration), (error.ErrorId, error.Kind));
        Assert.Contains($"{File}:5: tme_zone", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{File}:6: performance.compression_level", error.Message, StringComparison.Ordinal);
        Assert.Contains("Test-StingBackupConfig", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void What_nothing_acts_on_yet_is_told_where_it_is_set()
    {
        var finding = Assert.Single(Examine(Minimal + "encryption:\n  key_id: sting-backup-key").Findings);
        Assert.Equal((FindingSeverity.Information, "encryption.key_id", 6), (finding.Severity, finding.Key, finding.Line));
        Assert.Empty(Examine(Minimal).Findings);
    }

    [Fact]
    public void What_jobs_leave_to_others_is_the_strategy_s_and_comes_back_as_it_is_written()
    {
        Assert.Equal(new HostLimits(25, 2_000_000_000, IoPriority.Low, true, false), Examine(Minimal).Require().Performance.Limits);
        Assert.Equal(new HostLimits(null, 512_000_000, IoPriority.Idle, false, true),
            Examine(Minimal + "performance: {cpu_limit: none, memory_limit: 512M, io_priority: idle, network_priority: normal, limit_attended: true}").Require().Performance.Limits);
        foreach (var (written, read) in (ReadOnlySpan<(string, int?)>)[("none", null), ("1%", 1), ("100%", 100)])
        {
            var share = Examine(Minimal + $"performance:\n  cpu_limit: {written}").Require().Performance.Limits.CpuPercent;
            Assert.Equal(read, share);
            Assert.Equal(written, LimitSettings.CpuLimit.Type.Write(new CpuShare(share)).Trim('"'));
        }
    }

    [Fact]
    public void Every_setting_tells_where_its_value_comes_from()
    {
        var host = new FakeHost();
        host.Variables["XDG_STATE_HOME"] = "/xdg/state";
        var settings = Examine(Minimal + "performance:\n  parallel_threads: 4\n  compression_level: 7\n", host).Describe().ToDictionary(s => s.Key);
        Assert.Equal(("default", false), (settings["time_zone"].Source, settings["time_zone"].Changed));
        Assert.Equal(($"{File}:6", false, 4L), (settings["performance.parallel_threads"].Source, settings["performance.parallel_threads"].Changed, settings["performance.parallel_threads"].Value));
        Assert.Equal(($"{File}:7", true, 7L, 6L),
            (settings["performance.compression_level"].Source, settings["performance.compression_level"].Changed, settings["performance.compression_level"].Value, settings["performance.compression_level"].Default));
        Assert.Equal(("environment XDG_STATE_HOME", "/xdg/state/sting-backup"), (settings["state_directory"].Source, settings["state_directory"].Value));
        Assert.Contains("cache/", Assert.IsType<string[]>(settings["reserve.exclude_system"].Value));
        Assert.Equal("100M", settings["performance.bandwidth_limit"].Value);
        Assert.Equal(Settings.All.Select(s => s.Key), Examine(Minimal).Describe().Select(s => s.Key));
    }

    [Fact]
    public void A_file_that_is_not_there_or_may_not_be_read_is_named()
    {
        var host = new FakeHost();
        Assert.Equal("ConfigurationNotFound", Assert.Throws<StingException>(() => new ConfigurationLoader(host).Load("/no.yaml")).ErrorId);
        host.WithFile("/closed.yaml", "").Unreadable.Add("/closed.yaml");
        var error = Assert.Throws<StingException>(() => new ConfigurationLoader(host).Load("/closed.yaml"));
        Assert.Equal(("ConfigurationUnreadable", FailureKind.PermissionDenied), (error.ErrorId, error.Kind));
    }

    [Fact]
    public void A_file_in_another_encoding_or_far_too_large_is_refused()
    {
        var host = new FakeHost();
        host.Files[File] = [(byte)'a', 0xff, 0xfe];
        Assert.Contains("UTF-8", new ConfigurationLoader(host).Examine(File).Findings[0].Problem, StringComparison.Ordinal);
        host.Files[File] = new byte[(1 << 20) + 1];
        Assert.Contains("larger", new ConfigurationLoader(host).Examine(File).Findings[0].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_does_no_harm() => Assert.NotNull(Examine("\uFEFF" + Minimal).Configuration);
}
