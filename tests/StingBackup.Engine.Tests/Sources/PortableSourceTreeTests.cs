using System.Runtime.Versioning;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Sources;

public sealed class PortableSourceTreeTests : SourceTreeConformance
{
    private protected override ISourceTree Open(string root) => new PortableSourceTree(root);

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public void A_folder_that_cannot_be_listed_is_told_and_the_walk_goes_on()
    {
        Make("a/x");
        Make("b");
        File.SetUnixFileMode(Root, (UnixFileMode)0x1ff);
        File.SetUnixFileMode(Path.Combine(Root, "a"), UnixFileMode.None);
        var failures = new List<StingException>();
        using (new Unprivileged())
        {
            using var tree = Open(Root);
            Assert.Equal(["a", "b"], tree.Scan((_, _) => ScanChoice.Include, failures.Add, default).Select(e => e.Path.ToString()));
        }
        var error = Assert.Single(failures);
        Assert.Equal(("SourceItemUnreadable", FailureKind.PermissionDenied), (error.ErrorId, error.Kind));
    }
}

public sealed class Wtf8Tests
{
    [Theory]
    [InlineData("0070 006c 0061 0069 006e", "706c61696e")]
    [InlineData("00e9 6f22", "c3a9e6bca2")]
    [InlineData("d83d de00", "f09f9880")]
    [InlineData("d83d", "eda0bd")]
    [InlineData("de00 0078", "edb88078")]
    [InlineData("0061 d83d 0062", "61eda0bd62")]
    [InlineData("", "")]
    public void A_name_of_windows_becomes_bytes_and_comes_back(string units, string hex)
    {
        // Units of UTF-16, because half a pair is no text that a test's argument could be.
        var name = string.Concat(units.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(unit => (char)Convert.ToInt32(unit, 16)));
        Assert.Equal(hex, Convert.ToHexStringLower(Wtf8.Encode(name)));
        Assert.Equal(name, Wtf8.TryDecode(Convert.FromHexString(hex)));
    }

    [Theory]
    [InlineData("ff")]
    [InlineData("61c3")]
    [InlineData("eda0")]
    [InlineData("c080")]
    [InlineData("eda0bdedb880")]
    public void Bytes_that_are_no_name_of_windows_do_not_decode(string hex) => Assert.Null(Wtf8.TryDecode(Convert.FromHexString(hex)));
}

public sealed class NanosecondTimeTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1_705_284_000, 123_456_789, 1_705_284_000_123_456_789)]
    [InlineData(-1, 999_999_999, -1)]
    [InlineData(-2, 0, -2_000_000_000)]
    [InlineData(long.MaxValue / 1_000_000_000 + 5, 0, long.MaxValue)]
    [InlineData(long.MinValue, 0, long.MinValue)]
    public void Seconds_and_their_parts_become_one_number(long seconds, uint part, long expected) => Assert.Equal(expected, NanosecondTime.FromParts(seconds, part));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(-1_999_999_999)]
    [InlineData(1_705_284_000_123_456_789)]
    public void It_splits_and_joins_again(long time)
    {
        var (seconds, part) = NanosecondTime.ToParts(time);
        Assert.InRange(part, 0, 999_999_999);
        Assert.Equal(time, NanosecondTime.FromParts(seconds, (uint)part));
    }

    [Fact]
    public void A_time_of_dot_net_keeps_its_ticks()
    {
        foreach (var time in new[] { DateTime.UnixEpoch, DateTime.UnixEpoch.AddTicks(-1), new DateTime(2024, 2, 29, 23, 59, 59, DateTimeKind.Utc).AddTicks(9_999_999) })
        {
            Assert.Equal(time, NanosecondTime.ToUtc(NanosecondTime.FromUtc(time)));
        }
        Assert.Equal(long.MinValue, NanosecondTime.FromUtc(new DateTime(1601, 1, 1, 0, 0, 0, DateTimeKind.Utc)));
    }
}
