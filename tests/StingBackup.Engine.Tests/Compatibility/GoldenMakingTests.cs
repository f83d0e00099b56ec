using System.Runtime.Versioning;
using System.Security.Cryptography;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Compatibility;

/// <summary>That golden repositories stay as they were made, and how a new one is made.</summary>
[SupportedOSPlatform("linux")]
public sealed class GoldenMakingTests
{
    /// <summary>SHA-256 of each file, for ever: a line is added for a new one, none is ever changed.</summary>
    private static readonly Dictionary<string, string> Kept = File.ReadAllLines(Path.Join(Path.GetDirectoryName(GoldenSite.FileOf("x")), "SHA256SUMS"))
        .ToDictionary(line => line[66..^7], line => line[..64], StringComparer.Ordinal);

    [LinuxFact]
    public async Task A_golden_repository_is_made_once_and_never_again()
    {
        // Only the make.sh of a new version sets this: it names one that is not there yet.
        if (Environment.GetEnvironmentVariable("STING_MAKE_GOLDEN") is { Length: > 0 } wanted)
        {
            await GoldenMaker.MakeAsync(wanted, wanted.EndsWith("-hybrid", StringComparison.Ordinal) ? KeySuite.Hybrid : KeySuite.P256);
        }
        foreach (var name in GoldenSite.Names)
        {
            var before = File.ReadAllBytes(GoldenSite.FileOf(name));
            Assert.Contains("is made once", (await Assert.ThrowsAsync<InvalidOperationException>(() => GoldenMaker.MakeAsync(name, KeySuite.P256))).Message, StringComparison.Ordinal);
            Assert.Equal(before, File.ReadAllBytes(GoldenSite.FileOf(name)));
        }
    }

    [Fact]
    public void Each_is_the_file_that_was_made_and_small()
    {
        Assert.Equal(Kept.Keys.Order(StringComparer.Ordinal), GoldenSite.Names.Order(StringComparer.Ordinal));
        Assert.Equal(GoldenSite.Names.Order(StringComparer.Ordinal), Directory.GetFiles(Path.GetDirectoryName(GoldenSite.FileOf("x"))!, "*.tar.gz").Select(f => Path.GetFileName(f)[..^7]).Order(StringComparer.Ordinal));
        foreach (var (name, hash) in Kept)
        {
            var bytes = File.ReadAllBytes(GoldenSite.FileOf(name));
            Assert.Equal((name, hash), (name, Convert.ToHexStringLower(SHA256.HashData(bytes))));
            Assert.InRange(bytes.Length, 1, 640 << 10);
        }
    }
}
