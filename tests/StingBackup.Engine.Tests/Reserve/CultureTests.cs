using System.Globalization;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve;

/// <summary>What is read and written does not depend on the language of the host: comma for point (German), dotless i (Turkish), another calendar (Thai, Persian), another minus (Swedish).</summary>
public sealed class CultureTests
{
    public static TheoryData<string> Cultures => ["de-DE", "tr-TR", "th-TH", "fa-IR", "sv-SE"];

    [Theory, MemberData(nameof(Cultures))]
    public void A_configuration_reads_and_shows_the_same(string culture)
    {
        const string yaml = """
            repository: {backup_root: /b}
            reserve: {path: /r, rules: [{glob: x, class: USERFILES}]}
            performance: {bandwidth_limit: 12.5MB/s, memory_limit: 1.5GIB, parallel_threads: 12}
            log: {level: INFORMATION, max_file_size: 1.5MIB}
            """;
        var expected = new ConfigurationLoader(new FakeHost()).ExamineText(yaml, "/c.yaml");
        using (new WithCulture(culture))
        {
            var examined = new ConfigurationLoader(new FakeHost()).ExamineText(yaml, "/c.yaml");
            var configuration = examined.Require();
            Assert.Equal((100_000_000L, 1_610_612_736L), (configuration.Performance.BandwidthLimit.BitsPerSecond, configuration.Performance.Limits.Memory));
            Assert.Equal(1_572_864, configuration.Log.MaxFileSize);
            Assert.Equal(expected.Describe().Select(Line), examined.Describe().Select(Line));
            Assert.Equal("100M", examined.Describe().Single(s => s.Key == "performance.bandwidth_limit").Value);
            Golden.Check("docs/configuration.md", ConfigurationReference.Render());
            var wrong = new ConfigurationLoader(new FakeHost()).ExamineText("a: 1\nperformance: {memory_limit: \"1,5G\"}", "/c.yaml");
            Assert.Contains(wrong.Findings, f => f.Key == "performance.memory_limit" && f.ToString().StartsWith("/c.yaml:2: ", StringComparison.Ordinal));
        }

        static string Line(ConfigurationSetting s) => string.Create(CultureInfo.InvariantCulture, $"{s.Key}|{s.Value}|{s.Default}|{s.Source}|{s.Description}|{s.Changed}");
    }

    [Theory, MemberData(nameof(Cultures))]
    public void A_backup_id_and_a_date_read_and_show_the_same(string culture)
    {
        using var _ = new WithCulture(culture);
        var moment = new DateTimeOffset(2024, 1, 15, 2, 0, 0, TimeSpan.Zero);
        Assert.Equal("backup_20240115_020000", BackupId.Format(moment, TimeZoneInfo.Utc));
        Assert.Equal("backup_20240115_020000_12", BackupId.Parse("backup_20240115_020000_12").ToString());
        Assert.Equal(moment.AddSeconds(1), PointInTime.Parse("2024-01-15 02:00", TimeZoneInfo.Utc).Before);
        Assert.Equal(moment.AddSeconds(1), PointInTime.Parse("2024-01-14T20:00:00-06:00", TimeZoneInfo.Utc).Before);
        Assert.Null(PointInTime.Parse("LATEST", TimeZoneInfo.Utc).Before);
    }

    [Theory, MemberData(nameof(Cultures))]
    public void A_person_is_found_the_same(string culture)
    {
        using var _ = new WithCulture(culture);
        var map = UsersMapFile.Read("/users.csv", new FakeHost().WithFile("/users.csv", "ID,EMAIL,KRATOS_ID\n12,Info.Mail@EXAMPLE.com,\n13,,0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001\n"));
        Assert.Equal("user#12", map.Resolve("INFO.MAIL@example.COM"));
        Assert.Equal("user#12", map.SubjectOfFolder("info.mail@example.com", DataClass.UserFiles));
        Assert.Equal("user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001", map.Resolve("13"));
        Assert.Contains("Info.Mail", Assert.Throws<StingException>(() => map.Resolve("info.mial@example.com")).Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Cultures))]
    public void Variables_of_the_strategys_file_read_the_same(string culture)
    {
        using var _ = new WithCulture(culture);
        var examined = new ConfigurationLoader(new FakeHost().WithFile("/c/backup-config.sh", "ARCHIVE_RETENTION_DAYS=400\nBANDWIDTH_LIMIT=1.5gbit/s").WithFile("/c/x.yaml", "repository: {backup_root: /b}\nreserve: {path: /r}")).Examine("/c/x.yaml");
        Assert.Equal((400, 1_500_000_000L), (examined.Require().Retention.ArchiveDays, examined.Require().Performance.BandwidthLimit.BitsPerSecond));
    }
}
