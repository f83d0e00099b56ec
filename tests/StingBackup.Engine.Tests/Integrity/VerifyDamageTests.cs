namespace StingBackup.Engine.Tests.Integrity;

/// <summary>Each object of a small repository, damaged in each region: verification names that object, and the files that a reader cannot read any more.</summary>
public sealed class VerifyDamageTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    [Fact]
    public async Task A_sound_repository_passes_at_every_level()
    {
        foreach (var level in Enum.GetValues<IntegrityLevel>().Where(l => l != IntegrityLevel.References))
        {
            var result = await Verify.RunAsync(sample, sample.Objects, level);
            Assert.Empty(result.Faults);
            Assert.Equal((level, 3L), (result.Level, result.Points));
            Assert.Equal(sample.Objects.Keys.Count(n => n[..5] is "data/" or "meta/"), result.Packs);
            Assert.True(result.Chunks > 20);
        }
    }

    [Theory]
    [InlineData("format/", 12)]
    [InlineData("writers/", 12)]
    [InlineData("subjects/", 8)]
    [InlineData("points/", 16)]
    [InlineData("sessions/", 6)]
    [InlineData("index/", 12)]
    [InlineData("audit/", 12)]
    [InlineData("approvers/", 12)]
    [InlineData("meta/", 16)]
    [InlineData("data/", 16)]
    public async Task A_changed_byte_is_named_with_what_it_hits(string prefix, int offsets)
    {
        foreach (var (name, bytes) in sample.Objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach (var at in Spread(bytes.Length, offsets))
            {
                var objects = sample.Copy();
                objects[name] = Verify.Flip(bytes, at);
                var result = await Verify.RunAsync(sample, objects);
                Assert.Equal([name], result.Faults.Select(f => f.Object));
                await Verify.AgreesWithReaderAsync(sample, objects, result);
            }
        }
    }

    /// <summary>Offsets in the first and last bytes, where headers, footers and signatures are, and all over the rest.</summary>
    private static IEnumerable<int> Spread(int length, int count)
    {
        var random = new Random(length);
        return Enumerable.Range(0, count).Select(i => (i % 4) switch
        {
            0 => random.Next(Math.Min(64, length)),
            1 => length - 1 - random.Next(Math.Min(80, length)),
            _ => random.Next(length),
        });
    }
}
