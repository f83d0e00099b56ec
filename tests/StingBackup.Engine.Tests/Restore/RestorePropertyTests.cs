using System.Text;
using CsCheck;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Restore;

public sealed class RestorePropertyTests
{
    private static readonly string[] s_folders = ["users/1", "users/1/docs", "users/1/docs/x", "users/2", "jars/a", "jars/a/docs", "etc", "users/1/docs.old"];
    private static readonly string[] s_names = ["a", "b", "a.txt", "ü", "docs", "x", "z z"];

    /// <summary>One change of a reserve: what, where, and with what content.</summary>
    private sealed record Change(int Action, string Folder, string Name, int Length, int Seed);

    private static readonly Gen<Change> s_change = Gen.Select(
        Gen.Int[0, 9], Gen.OneOfConst(s_folders), Gen.OneOfConst(s_names),
        Gen.OneOf(Gen.Const(0), Gen.Int[1, 5000], Gen.Int[65_000, 66_500], Gen.Int[100_000, 900_000]), Gen.Int[0, 5],
        (action, folder, name, length, seed) => new Change(action, folder, name, length, seed));

    private static readonly Gen<List<List<Change>>> s_runs = s_change.List[1, 25].List[3];

    [Fact]
    public async Task Whatever_is_in_a_reserve_and_happens_to_it_each_run_restores_exactly()
    {
        await s_runs.SampleAsync(async runs =>
        {
            await using var test = new TestInstallation();
            var images = new List<(string BackupId, SortedDictionary<string, string> Image)>();
            foreach (var (changes, number) in runs.Select((r, i) => (r, i)))
            {
                changes.ForEach(c => Apply(test.ReserveRoot, c));
                var backup = await test.BackupAsync(number == 2 ? BackupType.Full : BackupType.Incremental);
                images.Add((backup.BackupId!, FolderImage.Read(test.ReserveRoot)));
            }
            foreach (var (id, image) in images)
            {
                var request = test.Everything(id) with { BackupId = id };
                var result = await test.RestoreAsync(request);
                FolderImage.AssertSame(image, FolderImage.Read(request.Destination!));
                Assert.Equal((image.Count, 0L), (result.ItemsRestored, result.ItemsUnchanged));
            }
            using var catalog = new Catalog(test.Installation);
            var differences = await catalog.CompareAsync(images[0].BackupId, images[2].BackupId, null, null, null, default).ToListAsync();
            Assert.Equal(Changed(images[0].Image, images[2].Image), differences.Where(d => d.Change != DifferenceKind.Attributes).Select(d => d.Path).Order(StringComparer.Ordinal));
        }, iter: 12);
    }

    /// <summary>Paths whose kind, content or target differs.</summary>
    private static IEnumerable<string> Changed(SortedDictionary<string, string> before, SortedDictionary<string, string> after) =>
        before.Keys.Union(after.Keys).Where(p => Content(before.GetValueOrDefault(p)) != Content(after.GetValueOrDefault(p))).Order(StringComparer.Ordinal);

    /// <summary>An image's line without mode, owner and time. A further name of a file is where it leads to: what changes in the file is told at its first name.</summary>
    private static string? Content(string? line)
    {
        if (line?.IndexOf(" is ", StringComparison.Ordinal) is >= 0 and var link)
        {
            return line[link..];
        }
        var parts = line?.Split(' ');
        return parts is null ? null : string.Join(' ', parts.Where((_, i) => i is 0 or > 3));
    }

    private static void Apply(string root, Change change)
    {
        var folder = Path.Combine(root, change.Folder);
        var path = Path.Combine(folder, change.Name);
        try
        {
            Directory.CreateDirectory(folder);
            switch (change.Action)
            {
                case 0:
                    Remove(path);
                    break;
                case 1:
                    Remove(path);
                    Directory.CreateDirectory(path);
                    break;
                case 2 when !OperatingSystem.IsWindows():
                    Remove(path);
                    File.CreateSymbolicLink(path, $"../target {change.Seed}");
                    break;
                case 3 when File.Exists(path) && new FileInfo(path).LinkTarget is null:
                    using (var file = new FileStream(path, FileMode.Open))
                    {
                        file.SetLength(file.Length + change.Length);   // a hole at the end
                    }
                    break;
                case 4 when File.Exists(path):
                    File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddSeconds(change.Length));
                    break;
                case 5 when File.Exists(path) && new FileInfo(path).LinkTarget is null && OperatingSystem.IsLinux():
                    using (var raw = new RawFiles(folder))
                    {
                        var twin = path + " twin";
                        Remove(twin);
                        raw.HardLink(Encoding.UTF8.GetBytes(change.Name + " twin"), Encoding.UTF8.GetBytes(change.Name));
                    }
                    break;
                default:
                    Remove(path);
                    var content = new byte[change.Length];
                    new Random(change.Seed).NextBytes(content);
                    File.WriteAllBytes(path, content);
                    break;
            }
        }
        catch (IOException)
        {
            // A file stands where a folder is needed: nothing happens.
        }
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            Directory.Delete(path, true);
        }
        else
        {
            File.Delete(path);
        }
    }
}
