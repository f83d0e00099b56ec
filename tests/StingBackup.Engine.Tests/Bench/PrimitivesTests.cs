using System.Runtime.Versioning;
using StingBackup.Bench.Corpora;
using StingBackup.Bench.Primitives;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Bench;

[SupportedOSPlatform("linux")]
public sealed class PrimitivesTests
{
    [LinuxFact]
    public void The_sum_of_primitives_reads_every_byte_of_a_tree_and_stores_each_once()
    {
        using var folder = new TempFolder();
        var tree = Path.Join(folder.Path, "tree");
        Directory.CreateDirectory(Path.Join(tree, "users", "one"));
        Directory.CreateDirectory(Path.Join(tree, "users", "two"));
        var noise = new byte[300_000];
        new Random(1).NextBytes(noise);
        File.WriteAllBytes(Path.Join(tree, "users", "one", "noise"), noise);
        File.WriteAllBytes(Path.Join(tree, "users", "one", "noise again"), noise);
        File.WriteAllBytes(Path.Join(tree, "users", "two", "small"), new byte[1000]);
        File.WriteAllBytes(Path.Join(tree, "users", "two", "empty"), []);
        using var sum = new PrimitiveSum(Path.Join(folder.Path, "out"), 2);
        sum.Run(tree);
        Assert.Equal((3, 601_000L), (sum.Files, sum.BytesRead));
        Assert.Equal(301_000, sum.BytesNew);
        Assert.Equal(sum.BytesWritten, new FileInfo(Path.Join(folder.Path, "out")).Length);
        Assert.InRange(sum.BytesWritten, 300_000, 320_000);
    }

    [LinuxFact]
    public void What_cannot_be_written_ends_the_sum_of_primitives()
    {
        using var folder = new TempFolder();
        File.WriteAllText(Path.Join(folder.Path, "out"), "");
        Assert.ThrowsAny<IOException>(() => new PrimitiveSum(Path.Join(folder.Path, "out"), 1).Run(folder.Path));
    }

    [LinuxFact]
    public void The_corpus_of_a_million_files_has_as_many_as_it_says_and_the_same_each_time()
    {
        using var folder = new TempFolder();
        var (files, length) = MillionFiles.Generate(Path.Join(folder.Path, "a"), 1, 0.001);
        Assert.Equal((files, length), MillionFiles.Generate(Path.Join(folder.Path, "b"), 1, 0.001));
        var all = Directory.GetFiles(Path.Join(folder.Path, "a"), "*", SearchOption.AllDirectories).Select(path => new FileInfo(path)).ToArray();
        Assert.Equal((1000, length), (all.Length, all.Sum(file => file.Length)));
        Assert.All(all, file => Assert.InRange(file.Length, 200, 2000));
        Assert.Equal(23, all.Select(file => file.DirectoryName).Distinct().Count());
    }
}
