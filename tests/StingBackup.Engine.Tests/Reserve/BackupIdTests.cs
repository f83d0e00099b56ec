using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class BackupIdTests
{
    private static readonly DateTimeOffset Moment = new(2024, 1, 15, 1, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_run_is_named_by_the_clock_of_the_configured_zone()
    {
        Assert.Equal("backup_20240115_010000", BackupId.Format(Moment, TimeZoneInfo.Utc));
        Assert.Equal("backup_20240115_020000", BackupId.Format(Moment, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")));
        Assert.Equal("backup_20240115_020000", BackupId.Format(Moment.ToOffset(TimeSpan.FromHours(-7)).AddMilliseconds(999), TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")));
    }

    [Fact]
    public void A_name_that_is_taken_gets_the_next_free_number()
    {
        HashSet<string> taken = [];
        for (var i = 1; i <= 3; i++)
        {
            var name = BackupId.NextFree(Moment, TimeZoneInfo.Utc, taken.Contains);
            Assert.Equal(i == 1 ? "backup_20240115_010000" : $"backup_20240115_010000_{i}", name);
            Assert.True(taken.Add(name));
        }
    }

    [Fact]
    public void The_repeated_hour_gives_one_name_twice_so_the_second_gets_a_number()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var first = new DateTimeOffset(2024, 10, 27, 0, 30, 0, TimeSpan.Zero);
        Assert.Equal(BackupId.Format(first, zone), BackupId.Format(first.AddHours(1), zone));
        Assert.Equal("backup_20241027_023000_2", BackupId.NextFree(first.AddHours(1), zone, name => name == BackupId.Format(first, zone)));
    }

    [Theory]
    [InlineData("backup_20240115_020000", "", 1)]
    [InlineData("backup_20240115_020000_2", "", 2)]
    [InlineData("backup_20240115_020000_137", "", 137)]
    [InlineData("backup_20240115_020000_kqvm", "kqvm", 1)]
    [InlineData("backup_20240115_020000_kqvmb_12", "kqvmb", 12)]
    public void What_is_written_reads_back(string text, string host, int number)
    {
        var id = BackupId.Parse(text);
        Assert.Equal((new DateTime(2024, 1, 15, 2, 0, 0, DateTimeKind.Unspecified), host, number), (id.Local, id.Host, id.Number));
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("backup_")]
    [InlineData("backup_20240115")]
    [InlineData("backup_20241315_020000")]
    [InlineData("backup_20240115_020000_")]
    [InlineData("backup_20240115_020000_1")]
    [InlineData("backup_20240115_020000_02")]
    [InlineData("backup_20240115_020000_+2")]
    [InlineData("backup_20240115_020000-2")]
    [InlineData("backup_20240115_020000_kq2")]
    [InlineData("backup_20240115_020000_Kqvm")]
    [InlineData("backup_20240115_020000_kqvm_1")]
    [InlineData("backup_20240115_020000_2_kqvm")]
    [InlineData("Backup_20240115_020000")]
    [InlineData(" backup_20240115_020000")]
    public void What_is_no_name_is_refused(string text)
    {
        var error = Assert.Throws<StingException>(() => BackupId.Parse(text));
        Assert.Equal(("BackupIdNotUnderstood", FailureKind.InvalidArgument, text), (error.ErrorId, error.Kind, error.Target));
    }
}
