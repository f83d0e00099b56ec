using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Integrity;

/// <summary>Objects that are missing, cut short, exchanged, or strange.</summary>
public sealed class VerifyLossTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    [Fact]
    public async Task A_missing_object_is_named_with_what_it_hits()
    {
        foreach (var name in sample.Objects.Keys)
        {
            var objects = sample.Copy();
            objects.Remove(name);
            var result = await Verify.RunAsync(sample, objects);
            Assert.Equal(NameOfLoss(name), result.Faults.Select(f => f.Object));
            if (result.Faults.Count > 0 && !name.StartsWith("points/", StringComparison.Ordinal) && !name.StartsWith("index/", StringComparison.Ordinal))
            {
                Assert.Contains("missing", result.Faults[0].Problem, StringComparison.Ordinal);
                await Verify.AgreesWithReaderAsync(sample, objects, result);
            }
        }
    }

    [Fact]
    public async Task An_object_that_was_cut_short_is_named()
    {
        foreach (var (name, bytes) in sample.Objects)
        {
            foreach (var length in (int[])[0, 11, bytes.Length / 2, bytes.Length - 1])
            {
                var objects = sample.Copy();
                objects[name] = bytes[..length];
                var result = await Verify.RunAsync(sample, objects);
                Assert.Equal([name], result.Faults.Select(f => f.Object));
                if (!name.StartsWith("points/", StringComparison.Ordinal))
                {
                    await Verify.AgreesWithReaderAsync(sample, objects, result);
                }
            }
        }
    }

    [Fact]
    public async Task Two_objects_that_were_exchanged_are_both_named()
    {
        foreach (var pair in sample.Objects.Keys.GroupBy(n => n[..n.IndexOf('/', StringComparison.Ordinal)]).Select(g => g.Take(2).ToArray()).Where(p => p.Length == 2))
        {
            if (pair[0].StartsWith("format/", StringComparison.Ordinal))
            {
                continue;   // both slots hold the same bytes
            }
            var objects = sample.Copy();
            (objects[pair[0]], objects[pair[1]]) = (objects[pair[1]], objects[pair[0]]);
            var result = await Verify.RunAsync(sample, objects);
            Assert.Equal(pair, result.Faults.Select(f => f.Object));
            await Verify.AgreesWithReaderAsync(sample, objects, result);
        }
    }

    [Fact]
    public async Task A_stranger_in_the_store_is_named()
    {
        foreach (var name in (string[])["notes.txt", "points/latest", "meta/00/readme", "data/ab/" + new string('0', 64), "index/0/x"])
        {
            var objects = sample.Copy();
            objects[name] = "something"u8.ToArray();
            Assert.Equal([name], (await Verify.RunAsync(sample, objects, IntegrityLevel.Structure)).Faults.Select(f => f.Object));
        }
    }

    [Fact]
    public async Task A_whole_pack_that_no_index_names_and_no_point_needs_is_no_fault()
    {
        // What a run leaves that died before it wrote its index.
        var first = sample.Objects.First(o => o.Key.StartsWith("data/", StringComparison.Ordinal)).Value.ToArray();
        first[44] ^= 1;   // the number of the run
        var objects = sample.Copy();
        var id = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(first));
        objects[$"data/{id[..2]}/{id}"] = first;
        Assert.Empty((await Verify.RunAsync(sample, objects)).Faults);
        first[^100] ^= 1;
        Assert.Equal([$"data/{id[..2]}/{id}"], (await Verify.RunAsync(sample, objects, IntegrityLevel.Packs)).Faults.Select(f => f.Object));
    }

    [Fact]
    public async Task A_lost_index_hits_no_file_and_hides_no_damage()
    {
        var objects = sample.Copy();
        foreach (var name in objects.Keys.Where(n => n.StartsWith("index/", StringComparison.Ordinal)).ToList())
        {
            objects[name] = Verify.Flip(objects[name], 70);
        }
        var fragments = objects.Keys.Where(n => n.StartsWith("index/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var result = await Verify.RunAsync(sample, objects);
        Assert.Equal(fragments, result.Faults.Select(f => f.Object));
        Assert.All(result.Faults, f => Assert.Equal(0, f.FileCount));

        var pack = objects.Keys.First(n => n.StartsWith("data/", StringComparison.Ordinal));
        objects[pack] = Verify.Flip(objects[pack], 2000);
        result = await Verify.RunAsync(sample, objects);
        Assert.Equal(fragments.Prepend(pack), result.Faults.Select(f => f.Object));
        Assert.NotEmpty(result.Faults[0].Files);
        await Verify.AgreesWithReaderAsync(sample, objects, result);
    }

    [Fact]
    public async Task An_empty_store_has_nothing_but_its_format_to_miss()
    {
        var result = await Verify.RunAsync(sample, new Dictionary<string, ReadOnlyMemory<byte>>());
        var approver = sample.Objects.Keys.Single(n => n.StartsWith("approvers/", StringComparison.Ordinal));
        Assert.Equal([approver, "format/1", "format/2", $"writers/{sample.Keys.WriterId}"], result.Faults.Select(f => f.Object));
        Assert.False(result.Passed);
    }

    /// <summary>What is named when an object is gone: mostly itself.</summary>
    private string[] NameOfLoss(string name)
    {
        var last = sample.Objects.Keys.Last(n => n.StartsWith("points/", StringComparison.Ordinal));
        return name switch
        {
            // A session serves no purpose once its run has a point; the last point's loss looks like a run in progress.
            _ when name.StartsWith("sessions/", StringComparison.Ordinal) => [],
            _ when name == last => [],
            // The name of a fragment is the hash of what is lost.
            _ when name.StartsWith("index/", StringComparison.Ordinal) => ["index/"],
            _ => [name],
        };
    }
}
