using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

public sealed class ShellConfigurationTests
{
    private const string Shell = "/etc/sting/backup-config.sh", Yaml = "/etc/sting/sting-backup.yaml";

    /// <summary>The strategy's own file, word for word.</summary>
    private const string Strategy = """
        #!/bin/bash
        # /etc/sting/backup-config.sh

        BACKUP_ROOT="/var/backups/sting"
        REMOTE_BACKUP="s3://sting-backups"
        ARCHIVE_STORAGE="glacier://sting-archives"

        # Retention policies
        LOCAL_RETENTION_DAYS=7
        REMOTE_RETENTION_DAYS=30
        ARCHIVE_RETENTION_DAYS=365

        # Encryption settings
        ENCRYPTION_KEY_ID="sting-backup-key"
        ENCRYPTION_ALGORITHM="AES256"

        # Performance settings
        PARALLEL_THREADS=4
        COMPRESSION_LEVEL=6  # 1-9, higher = better compression
        BANDWIDTH_LIMIT="100M"  # Limit backup bandwidth
        """;

    private static ConfigurationFinding Error(string line) =>
        Assert.Single(Examine("BACKUP_ROOT=/b\n" + line).Findings, f => f.Severity == FindingSeverity.Error && f.Key != "reserve.path");

    private static ExaminedConfiguration Examine(string shell) => new ConfigurationLoader(new FakeHost().WithFile(Shell, shell)).Examine(Shell);

    [Fact]
    public void The_strategys_file_is_read_beside_a_yaml_file()
    {
        var host = new FakeHost().WithFile(Shell, Strategy).WithFile(Yaml, "reserve: {path: /var/sting}");
        var examined = new ConfigurationLoader(host).Examine(Yaml);
        var configuration = examined.Require();
        Assert.Equal("/var/backups/sting", configuration.Repository.BackupRoot);
        Assert.Equal(("s3://sting-backups", "glacier://sting-archives", "sting-backup-key"), (configuration.RemoteLocation, configuration.ArchiveLocation, configuration.EncryptionKeyId));
        Assert.Equal((7, 30, 365), (configuration.Retention.LocalDays, configuration.Retention.RemoteDays, configuration.Retention.ArchiveDays));
        Assert.Equal((4, 6, 100_000_000L), (configuration.Performance.ParallelThreads, configuration.Performance.CompressionLevel, configuration.Performance.BandwidthLimit.BitsPerSecond));
        var settings = examined.Describe().ToDictionary(s => s.Key);
        Assert.Equal($"{Shell}:4", settings["repository.backup_root"].Source);
        Assert.Equal($"{Yaml}:1", settings["reserve.path"].Source);
    }

    [Fact]
    public void The_strategys_own_values_are_the_defaults()
    {
        var settings = Examine(Strategy).Describe();
        foreach (var key in (string[])["retention.local_days", "retention.remote_days", "retention.archive_days", "encryption.algorithm", "performance.parallel_threads", "performance.compression_level", "performance.bandwidth_limit"])
        {
            var setting = settings.Single(s => s.Key == key);
            Assert.False(setting.Changed, key);
            Assert.StartsWith(Shell, setting.Source, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Alone_it_lacks_only_the_reserve()
    {
        var error = Assert.Single(Examine(Strategy).Findings, f => f.Severity == FindingSeverity.Error);
        Assert.Equal("reserve.path", error.Key);
        Assert.Contains("sting-backup.yaml beside this file", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_files_that_say_the_same_thing_differently_are_refused_with_both_places()
    {
        var host = new FakeHost().WithFile(Shell, "PARALLEL_THREADS=8\nCOMPRESSION_LEVEL=6\n")
            .WithFile(Yaml, "repository: {backup_root: /b}\nreserve: {path: /r}\nperformance:\n  parallel_threads: 2\n  compression_level: 6");
        var error = Assert.Single(new ConfigurationLoader(host).Examine(Yaml).Findings);
        Assert.Equal((FindingSeverity.Error, Shell, 1, "performance.parallel_threads"), (error.Severity, error.File, error.Line, error.Key));
        Assert.Contains("PARALLEL_THREADS says 8", error.Problem, StringComparison.Ordinal);
        Assert.Contains($"{Yaml}:4 says performance.parallel_threads: 2", error.Problem, StringComparison.Ordinal);
        Assert.Contains("Keep one of the two", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_init_would_write_beside_it_is_held_against_it_first()
    {
        var host = new FakeHost().WithFile(Shell, "BACKUP_ROOT=/other\n");
        var text = new ConfigurationWriter().Set(Settings.BackupRoot, "/b").Set(Settings.ReservePath, "/r").Render();
        Assert.Contains("BACKUP_ROOT says /other", Assert.Single(new ConfigurationLoader(host).ExamineText(text, Yaml).Findings).Problem, StringComparison.Ordinal);
        Assert.Empty(new ConfigurationLoader(host).ExamineText(text, "/etc/elsewhere/sting-backup.yaml").Findings);
    }

    [Fact]
    public void One_value_written_in_two_ways_is_no_contradiction()
    {
        var host = new FakeHost().WithFile(Shell, "BANDWIDTH_LIMIT=100M\nENCRYPTION_ALGORITHM=AES256\n")
            .WithFile(Yaml, "repository: {backup_root: /b}\nreserve: {path: /r}\nperformance: {bandwidth_limit: 12.5MB/s}\nencryption: {algorithm: AES-256-GCM}");
        Assert.NotNull(new ConfigurationLoader(host).Examine(Yaml).Configuration);
    }

    [Theory]
    [InlineData("'single # quoted'", "single # quoted")]
    [InlineData("\"with \\\"quotes\\\" and \\\\\"", "with \"quotes\" and \\")]
    [InlineData("plain/path-1.2", "plain/path-1.2")]
    [InlineData("a#b", null)]
    [InlineData("\"\" # empty", "")]
    [InlineData("x   # comment", "x")]
    public void Values_are_read_as_a_shell_reads_them(string written, string? value)
    {
        var findings = new FindingList();
        var read = ShellAssignments.Read($"export A={written}\r\n", "f", findings);
        Assert.Equal(value, read.Count == 0 ? null : read[0].Value);
        Assert.Equal(value is null, findings.HasErrors);
    }

    [Theory]
    [InlineData("PARALLEL_THREADS=$(nproc)", "'$' would be expanded")]
    [InlineData("PARALLEL_THREADS=\"${N}\"", "'$' would be expanded")]
    [InlineData("PARALLEL_THREADS='$N'", "'$' would be expanded")]
    [InlineData("PARALLEL_THREADS=`nproc`", "'`' would be expanded")]
    [InlineData("PARALLEL_THREADS=\"`nproc`\"", "'`' would be expanded")]
    [InlineData("PARALLEL_THREADS=4;rm", "';' means something")]
    [InlineData("PARALLEL_THREADS=4&&x", "'&' means something")]
    [InlineData("PARALLEL_THREADS=a*", "'*' means something")]
    [InlineData("PARALLEL_THREADS=~/x", "'~' means something")]
    [InlineData("PARALLEL_THREADS=4 rm", "something stands after")]
    [InlineData("PARALLEL_THREADS=\"4\"5", "something stands after")]
    [InlineData("PARALLEL_THREADS=\"4\"#5", "something stands after")]
    [InlineData("PARALLEL_THREADS=\"4", "the closing \" is missing")]
    [InlineData("PARALLEL_THREADS=\"a\\n\"", "'\\'")]
    public void What_a_shell_would_do_more_with_is_refused_with_its_line(string line, string problem)
    {
        var error = Error(line);
        Assert.Equal((Shell, 2, "PARALLEL_THREADS"), (error.File, error.Line, error.Key));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains("never run", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rm -rf /")]
    [InlineData("if true; then")]
    [InlineData("source other.sh")]
    [InlineData("PARALLEL_THREADS =4")]
    [InlineData("1X=4")]
    [InlineData("A+=4")]
    public void A_line_that_is_no_assignment_is_refused(string line) => Assert.Contains("not an assignment", Error(line).Problem, StringComparison.Ordinal);

    [Fact]
    public void An_unknown_variable_is_refused_with_the_nearest()
    {
        var error = Error("PARALEL_THREADS=4");
        Assert.Contains("no setting for the variable PARALEL_THREADS", error.Problem, StringComparison.Ordinal);
        Assert.Contains("'PARALLEL_THREADS'", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_that_is_set_twice_is_refused() => Assert.Contains("line 1", Error("BACKUP_ROOT=/c").Problem, StringComparison.Ordinal);

    [Fact]
    public void A_bad_value_is_refused_with_the_settings_words()
    {
        var error = Error("COMPRESSION_LEVEL=12");
        Assert.Equal(("performance.compression_level", 2), (error.Key, error.Line));
        Assert.Contains("1 to 9", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_value_sets_nothing() => Assert.Equal("default", Examine("BACKUP_ROOT=/b\nPARALLEL_THREADS=\n").Describe().Single(s => s.Key == "performance.parallel_threads").Source);
}
