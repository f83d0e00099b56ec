using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace StingBackup.Module.Tests.Contracts;

public sealed class DisplayTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KB")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(102_298, "99.9 KB")]
    [InlineData(102_400, "100 KB")]
    [InlineData(1_048_063, "1023 KB")]
    [InlineData(1_048_064, "1.0 MB")]
    [InlineData(5_368_709_120, "5.0 GB")]
    [InlineData(long.MaxValue, "8.0 EB")]
    [InlineData(-1536, "-1.5 KB")]
    public void Lengths_read_well(long bytes, string expected) => Assert.Equal(expected, Display.Length(bytes));

    [Theory]
    [InlineData(0, "0.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(185, "3 min 5 s")]
    [InlineData(7800, "2 h 10 min")]
    [InlineData(792_000, "9 d 4 h")]
    public void Durations_have_two_units(double seconds, string expected) => Assert.Equal(expected, Display.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(-5, "now")]
    [InlineData(59, "now")]
    [InlineData(60, "1 min")]
    [InlineData(3600, "1 h")]
    [InlineData(172_799, "47 h")]
    [InlineData(172_800, "2 d")]
    public void Ages_have_one_unit(double seconds, string expected)
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2024, 1, 15, 2, 0, 0, TimeSpan.Zero));
        Assert.Equal(expected, Display.Age(clock.GetUtcNow().AddSeconds(-seconds), clock));
    }

    [Theory]
    [InlineData(ItemKind.File, 420, "-rw-r--r--")]
    [InlineData(ItemKind.Directory, 1023, "drwxrwxrwt")]
    [InlineData(ItemKind.File, 2541, "-rwsr-xr-x")]
    [InlineData(ItemKind.File, 4004, "-rwSr-Sr-T")]
    [InlineData(ItemKind.SymbolicLink, 511, "lrwxrwxrwx")]
    public void Modes_look_as_ls_shows_them(ItemKind kind, int mode, string expected) => Assert.Equal(expected, Display.Mode(kind, mode));

    [Fact]
    public void How_long_ago_is_part_of_a_sentence()
    {
        Assert.Equal("just now", Display.Ago(TimeProvider.System.GetUtcNow()));
        Assert.Equal("3 h ago", Display.Ago(TimeProvider.System.GetUtcNow().AddHours(-3.5)));
    }

    [Fact]
    public void What_is_not_known_is_nothing()
    {
        Assert.Equal("", Display.Ago(null));
        Assert.Equal("", Display.Mode(ItemKind.File, null));
        Assert.Equal("", Display.Length(null));
        Assert.Equal("", Display.Age(null));
        Assert.Equal("", Display.Time(null));
    }

    [Fact]
    public void Nothing_depends_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Equal("1.5 KB", Display.Length(1536));
            Assert.Equal("0.5 s", Display.Duration(TimeSpan.FromSeconds(0.5)));
            Assert.Equal("2024-01-15 02:00:00", Display.Time(new DateTimeOffset(2024, 1, 15, 2, 0, 0, TimeSpan.FromHours(1))));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
