using StingBackup.Bench.Scale;
using StingBackup.Bench.Scale.Simulation;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Bench;

public sealed class ScaleTests
{
    [Theory]
    [InlineData(1.0)]
    [InlineData(1.6)]
    [InlineData(2.0)]
    public void A_fit_takes_the_fixed_cost_apart_and_finds_the_slope(double slope)
    {
        // A fixed part that hides the growth of the smallest size.
        var fit = PowerFit.Of([.. new[] { 1e3, 1e4, 1e5, 1e6 }.Select(n => (n, 0.5 + 1e-4 * Math.Pow(n / 1e3, slope) * 10))]);
        Assert.True(fit.Grows);
        // What is not linear is told flatter than it is, never as linear.
        Assert.InRange(fit.Slope, 1 + 0.6 * (slope - 1) - 1e-6, slope + 1e-6);
        Assert.InRange(fit.Fixed, 0.45, 0.501);
        Assert.InRange(fit.Error, 0, 0.2);
    }

    [Fact]
    public void What_costs_the_same_at_all_sizes_does_not_grow()
    {
        var fit = PowerFit.Of([(100, 0.50), (1000, 0.55), (10_000, 0.58)]);
        Assert.False(fit.Grows);
        Assert.Equal(0.55, fit.Fixed, 3);
        Assert.Throws<ArgumentException>(() => PowerFit.Of([(1, 1), (1, 2)]));
    }

    [Fact]
    public void What_grows_faster_than_linearly_is_called_a_defect()
    {
        var folder = Directory.CreateTempSubdirectory("scale").FullName;
        try
        {
            var (results, machine, document) = (Path.Join(folder, "r.tsv"), Path.Join(folder, "m.txt"), Path.Join(folder, "d.md"));
            File.WriteAllText(machine, "a machine");
            File.WriteAllText(document, $"before\n{GrowthReport.Begin}\nold\n{GrowthReport.End}\nafter\n");
            string[] linear = [.. new[] { 100, 1000, 10_000 }.Select(n => $"points\t{n}\tlist\t{n * 0.001}\t{n * 0.001}\t100000\t{n}")];
            File.WriteAllLines(results, linear);
            Assert.Equal(0, GrowthReport.Run(results, machine, document));
            File.WriteAllLines(results, [.. linear, .. new[] { 100, 1000, 10_000 }.Select(n => $"points\t{n}\ttick\t1\t{n * (double)n * 1e-6}\t100000\t-")]);
            Assert.Equal(1, GrowthReport.Run(results, machine, document));
            var text = File.ReadAllText(document);
            Assert.StartsWith("before\n", text, StringComparison.Ordinal);
            Assert.EndsWith("after\n", text, StringComparison.Ordinal);
            Assert.DoesNotContain("old", text, StringComparison.Ordinal);
            Assert.Equal(2, text.Split("**defect**").Length);
            Assert.Contains("<polyline", File.ReadAllText(Path.Join(folder, "plots", "scale-points.svg")), StringComparison.Ordinal);
            File.WriteAllText(document, "no markers");
            Assert.Throws<FormatException>(() => GrowthReport.Run(results, machine, document));
            File.WriteAllText(results, "points\tmany\n");
            Assert.Throws<FormatException>(() => GrowthReport.Run(results, machine, null));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The simulation's model of a run against the engine itself: requests and bytes of real ticks, within a tenth.</summary>
    [Fact]
    public async Task The_model_of_a_run_is_what_a_run_asks_of_its_store()
    {
        const int Files = 3, FileLength = 200_000, Ticks = 6;
        var counting = new CountingStore(new MemoryObjectStore());
        await using var test = new TestInstallation(counting) { Recalls = true };
        var random = new Random(1);
        for (var i = 0; i < 40; i++)
        {
            test.Write($"users/7/old {i}.bin", Bytes(random, 70_000));
        }
        await test.BackupAsync();
        for (var tick = 1; tick <= Ticks; tick++)
        {
            for (var i = 0; i < Files; i++)
            {
                test.Write($"users/7/{tick}-{i}.bin", Bytes(random, FileLength));
            }
            var (points, fragments) = (await CountAsync(counting, "points/"), await CountAsync(counting, "index/"));
            counting.Take();
            await test.BackupAsync();
            var real = counting.Take();
            // What was stored is read off the fragment: how many chunks and pages, not their bytes.
            var (chunks, pages, subjectPages, pageBytes) = await NewestAsync(counting, test.Keys.Writers, test.Keys.Reserve);
            counting.Take();
            var shape = new RunShape
            {
                OwnPoints = points, Points = points, NewPoints = 1, Fragments = fragments, NewFragments = 1, NewFragmentChunks = chunks + pages + subjectPages, ChangedSubjects = 1, Chunks = chunks, ChunkBytes = Files * FileLength,
                TreePages = pages, TreeBytes = pageBytes, SubjectPages = subjectPages, SubjectPageBytes = 4 + SubjectRow.Size,
            };
            var model = RunModel.Predict(shape);
            if (tick == 1)
            {
                continue;   // Its fragment of before is the first run's.
            }
            Near(real.Puts, model.Puts, "PUT");
            Near(real.Gets, model.Gets, "GET");
            Near(real.Lists, model.Lists, "LIST");
            Near(real.BytesPut, model.BytesPut, "bytes written");
            Near(real.BytesGot, model.BytesGot, "bytes read");
        }
    }

    [Fact]
    public void The_simulation_is_the_same_for_a_seed_and_finds_what_it_should()
    {
        Assert.Equal(SimulationCommand.Tables(1), SimulationCommand.Tables(1));
        // 1,000 hosts of 10 million chunks each are beyond what one index numbers from the first day; one host is not in ten years.
        Assert.Equal(1, LimitFinder.Find(Design.Today, new FleetOptions())[0].Day);
        Assert.Null(LimitFinder.Find(Design.Today, new FleetOptions { Hosts = 1 })[0].Day);
        Assert.Null(LimitFinder.Find(Design.ByWriter, new FleetOptions())[0].Day);
        var fleet = new Fleet(new FleetOptions { Hosts = 10 });
        var day = FleetDay.Play(Design.Today, fleet, 30);
        var ticks = fleet.Hosts.Select(h => Designs.TickOf(Design.Today, fleet, h, 30).Requests * Fleet.TicksPerDay).Aggregate((a, b) => a + b);
        Assert.Equal(ticks.Gets, day.Requests.Gets, 3);
        Assert.True(FleetDay.Play(Design.Today, new Fleet(new FleetOptions { Hosts = 10, Aligned = true }), 30).PeakReads > day.PeakReads);
    }

    /// <summary>Within a tenth. Of two kilobytes that are read that is less than what compression gives or takes by the chance of keys.</summary>
    private static void Near(double real, double model, string what) => Assert.True(Math.Abs(model - real) <= Math.Max(0.1 * real, what.StartsWith("bytes", StringComparison.Ordinal) ? 400 : 0), $"{what}: {real} really, {model} by the model");

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task<int> CountAsync(CountingStore store, string prefix)
    {
        var count = 0;
        await foreach (var _ in store.ListAsync(prefix, default))
        {
            count++;
        }
        return count;
    }

    private static async Task<(int Chunks, int Pages, int SubjectPages, int PageBytes)> NewestAsync(CountingStore store, Engine.Cryptography.EnrolledWriters writers, Id16 reserve)
    {
        IndexFragment? newest = null;
        await foreach (var item in store.ListAsync("index/", default))
        {
            var fragment = IndexFragment.Read(item.Name, await store.ReadAllAsync(item.Name, default), reserve, writers.SigningKeyOf);
            newest = newest is null || fragment.Sequence > newest.Sequence ? fragment : newest;
        }
        int chunks = 0, pages = 0, tables = 0, bytes = 0;
        for (var i = 0; i < newest!.Count; i++)
        {
            var segment = newest.Segments[newest[i].Segment];
            if (segment.Pack.Kind == ObjectKind.DataPack)
            {
                chunks++;
            }
            else if (segment.Header.Suite == SegmentHeader.ClearSuite)
            {
                tables++;
            }
            else
            {
                (pages, bytes) = (pages + 1, bytes + newest[i].StoredLength - ChunkHeader.Size - ChunkHeader.TagSize);
            }
        }
        return (chunks, pages, tables, bytes);
    }
}
