using System.Runtime.Versioning;
using System.Security.Cryptography;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Restore;

public sealed class RestoreRoundTripTests
{
    /// <summary>Every kind of item, name, attribute and content that a backup can meet.</summary>
    [SupportedOSPlatform("linux")]
    internal static void FillZoo(TestInstallation test)
    {
        using var root = new RawFiles(test.ReserveRoot);
        using var users = root.Enter("users"u8);
        using var ann = users.Enter("7"u8);
        ann.Write("empty.txt"u8, []).Write("small.txt"u8, "hello"u8).Write("a\\b 'c' \"d\" ünï.txt"u8, "odd"u8).Write([0xff, 0xfe, (byte)'x'], "raw name"u8)
            .Write(System.Text.Encoding.UTF8.GetBytes(new string('n', 200)), "long name"u8).Write("new\nline"u8, "control"u8)
            .Write("random.bin"u8, RandomNumberGenerator.GetBytes(3_000_000)).Write("long.bin"u8, RandomNumberGenerator.GetBytes(30_000_000))
            .Write("text.txt"u8, System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the same line again\n", 100_000))))
            .Write("sparse.img"u8, RandomNumberGenerator.GetBytes(100_000), offset: 6L << 30, length: 7L << 30).Write("hole.img"u8, [], length: 1 << 20)
            .Link("link"u8, "small.txt"u8).Link("dangling"u8, "../../no/where"u8).Link("raw link"u8, [0xc3, 0x28])
            .HardLink("small again"u8, "small.txt"u8).HardLink("a small"u8, "small.txt"u8).HardLink("long again"u8, "long.bin"u8)
            .Node("pipe"u8, 0x1000 | 0x1a4)
            .MakeFolder("empty folder"u8).MakeFolder("closed"u8);
        using (var closed = ann.Enter("closed"u8))
        {
            closed.Write("secret"u8, "x"u8).Mode("secret"u8, 0x100).Modified("secret"u8, 1_234_567_890_123_456_789);
        }
        ann.Mode("closed"u8, 0x1c0).Modified("closed"u8, 1_000_000_000_000_000_001).Modified("empty folder"u8, -5_000_000_000)
            .Mode("small.txt"u8, 0x9a0).Modified("small.txt"u8, 1_700_000_000_987_654_321).Modified("link"u8, 1_600_000_000_000_000_007)
            .Attribute("small.txt"u8, "user.color", "blue"u8.ToArray());
        if (RawFiles.IsRoot)
        {
            ann.Node("null"u8, 0x2000 | 0x1b6, 1, 3).Node("disk"u8, 0x6000 | 0x1b0, 7, 300).Owner("random.bin"u8, 1234, 5678).Owner("link"u8, 77, 88).Owner("closed"u8, 1234, 5678);
        }
        using var jars = root.Enter("jars"u8);
        using var jar = jars.Enter("jar_123"u8);
        using var deep = jar.Enter("docs"u8);
        for (var i = 0; i < 400; i++)
        {
            deep.Write(System.Text.Encoding.UTF8.GetBytes($"note {i:d3}.md"), RandomNumberGenerator.GetBytes(i * 37));
        }
        root.Write("settings.json"u8, "{}"u8).MakeFolder("logs"u8);
        test.Write(string.Join('/', Enumerable.Range(0, 60).Select(i => $"d{i}")) + "/bottom.txt", "deep"u8);
        root.Modified("users"u8, 1_111_111_111_111_111_111);
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public async Task A_whole_reserve_comes_back_as_it_was_to_the_last_attribute()
    {
        await using var test = new TestInstallation();
        FillZoo(test);
        var backup = await test.BackupAsync();
        var before = FolderImage.Read(test.ReserveRoot);
        var plan = await RestoreJob.PlanAsync(test.Installation, test.Everything(), default);
        var result = await test.RunAsync(plan);
        FolderImage.AssertSame(before, FolderImage.Read(test.Folder("out")));
        Assert.Equal((JobState.Completed, backup.Items, 0L, 0L, 0L), (result.State, result.ItemsRestored, result.ItemsUnchanged, result.ItemsSkipped, result.Errors));
        Assert.Equal((backup.Items, backup.Length), (plan.Items, plan.Length));
        Assert.Equal([backup.BackupId!], result.BackupIds);
    }

    [LinuxFact]
    [SupportedOSPlatform("linux")]
    public async Task Run_again_it_finds_everything_in_place_and_writes_nothing()
    {
        await using var test = new TestInstallation();
        FillZoo(test);
        var backup = await test.BackupAsync();
        foreach (var conflict in Enum.GetValues<ConflictAction>())
        {
            var request = test.Everything($"out-{conflict}") with { Conflict = conflict };
            await test.RestoreAsync(request);
            var image = FolderImage.Read(request.Destination!);
            var again = await test.RestoreAsync(request);
            Assert.Equal((conflict, backup.Items, 0L, 0L, 0L), (conflict, again.ItemsUnchanged, again.ItemsRestored, again.ItemsSkipped, again.BytesRestored));
            FolderImage.AssertSame(image, FolderImage.Read(request.Destination!));
        }
    }
}
