using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>What levels Structure and Packs tell on a host that can open nothing.</summary>
public sealed class VerifyWithoutKeysTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    [Theory]
    [InlineData(IntegrityLevel.Structure)]
    [InlineData(IntegrityLevel.Packs)]
    public async Task Keys_are_not_asked_for(IntegrityLevel level)
    {
        await using var store = new MemoryObjectStore(sample.Objects);
        await using var opened = await sample.OpenAsync(store, Verify.NewState());
        var installation = Sealed(opened);
        Assert.True((await Verify.RunAsync(installation, new VerifyRequest { Level = level })).Passed);
        var refused = await Assert.ThrowsAsync<StingException>(() => Verify.RunAsync(installation, new VerifyRequest { Level = IntegrityLevel.Data }));
        Assert.Equal("PassphraseNeeded", refused.ErrorId);
    }

    [Fact]
    public async Task Level_Packs_finds_any_changed_byte_of_a_pack_and_names_its_subjects_by_pseudonym()
    {
        foreach (var (name, bytes) in sample.Objects.Where(o => o.Key.StartsWith("data/", StringComparison.Ordinal)))
        {
            foreach (var at in (int[])[3, 60, bytes.Length / 2, bytes.Length - 3])
            {
                var objects = sample.Copy();
                objects[name] = Verify.Flip(bytes, at);
                var fault = Assert.Single((await Verify.RunAsync(sample, objects, IntegrityLevel.Packs)).Faults);
                Assert.Equal(name, fault.Object);
                Assert.NotEmpty(fault.Subjects);
                Assert.All(fault.Subjects, s => Assert.Matches("^[0-9a-f]{32}$", s));
                Assert.Empty(fault.Files);
            }
        }
    }

    [Fact]
    public async Task Level_Structure_finds_missing_and_short_packs_but_not_changed_content()
    {
        foreach (var (name, bytes) in sample.Objects.Where(o => o.Key.StartsWith("data/", StringComparison.Ordinal)))
        {
            var objects = sample.Copy();
            objects[name] = Verify.Flip(bytes, bytes.Length / 3);
            Assert.Empty((await Verify.RunAsync(sample, objects, IntegrityLevel.Structure)).Faults);
            objects[name] = bytes[..^1];
            Assert.Equal([name], (await Verify.RunAsync(sample, objects, IntegrityLevel.Structure)).Faults.Select(f => f.Object));
            objects.Remove(name);
            var fault = Assert.Single((await Verify.RunAsync(sample, objects, IntegrityLevel.Structure)).Faults);
            Assert.Equal((name, "it is missing"), (fault.Object, fault.Problem));
            Assert.NotEmpty(fault.Subjects);
        }
    }

    [Fact]
    public async Task A_sample_reads_so_many_packs_and_the_same_ones_for_the_same_number()
    {
        var packs = sample.Objects.Keys.Count(n => n[..5] is "data/" or "meta/");
        var request = new VerifyRequest { Level = IntegrityLevel.Packs, SamplePercent = 40, SampleSeed = 7 };
        var first = await Verify.RunAsync(sample, sample.Objects, IntegrityLevel.Packs, request);
        Assert.Equal((long)Math.Ceiling(packs * 0.4), first.Packs);

        // Every pack damaged: a sample names the packs that it took.
        var objects = sample.Copy();
        foreach (var name in objects.Keys.Where(n => n.StartsWith("data/", StringComparison.Ordinal)).ToList())
        {
            objects[name] = Verify.Flip(objects[name], 500);
        }
        async Task<List<string>> NamedAsync(int seed) =>
            [.. (await Verify.RunAsync(sample, objects, IntegrityLevel.Packs, request with { SampleSeed = seed })).Faults.Select(f => f.Object)];
        Assert.Equal(await NamedAsync(7), await NamedAsync(7));
        var choices = new HashSet<string>();
        for (var seed = 0; seed < 12; seed++)
        {
            choices.Add(string.Join(' ', await NamedAsync(seed)));
        }
        Assert.True(choices.Count > 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(100.5)]
    [InlineData(double.NaN)]
    public async Task A_sample_that_makes_no_sense_is_refused(double percent)
    {
        var error = await Assert.ThrowsAsync<StingException>(() => Verify.RunAsync(sample, sample.Objects, IntegrityLevel.Packs, new VerifyRequest { SamplePercent = percent }));
        Assert.Equal("SampleNotUnderstood", error.ErrorId);
    }

    /// <summary>The same installation where nobody gives the passphrase.</summary>
    private static Installation Sealed(Installation opened) => new()
    {
        Reserve = opened.Reserve, ReserveRoot = opened.ReserveRoot, Map = opened.Map, Store = opened.Store, Host = opened.Host, Writers = opened.Writers, Keys = opened.Keys,
        UnlockAsync = _ => throw new StingException("PassphraseNeeded", FailureKind.Authentication, "The key file is sealed.", null, "Give its passphrase."),
        StateFolder = opened.StateFolder, CacheFolder = opened.CacheFolder, Threads = 2, ZstdLevel = 3, Zone = opened.Zone, Clock = opened.Clock,
    };
}
