using System.Runtime.Versioning;
using System.Text;
using StingBackup.Bench.Trees;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Sample;
using StingBackup.Engine.Tests.Reserve;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Bench;

[SupportedOSPlatform("linux")]
public sealed class TreeHashTests : IDisposable
{
    private readonly SampleFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LinuxFact]
    public void Two_sample_reserves_of_one_seed_have_one_hash_edges_and_all()
    {
        foreach (var name in (string[])["a", "b"])
        {
            SampleReserve.Generate(_folder.Of(name), new SampleReserveOptions { Scale = 0.002 });
        }
        Assert.Equal(TreeHash.Items(_folder.Of("a")).Select(Text), TreeHash.Items(_folder.Of("b")).Select(Text));
        Assert.Equal(TreeHash.Of(_folder.Of("a")), TreeHash.Of(_folder.Of("b")));
        SampleReserve.Change(_folder.Of("b"), seed: 1, fraction: 0.00001);
        Assert.NotEqual(TreeHash.Of(_folder.Of("a")), TreeHash.Of(_folder.Of("b")));
    }

    [LinuxFact]
    public void It_tells_every_kind_of_difference()
    {
        var time = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        (string What, Action<string> Change)[] changes =
        [
            ("content", root => Rewrite($"{root}/folder/file", "other con")),
            ("length", root => Rewrite($"{root}/folder/file", "content and more")),
            ("mode", root => File.SetUnixFileMode($"{root}/folder/file", UnixFileMode.UserRead)),
            ("time", root => File.SetLastWriteTimeUtc($"{root}/folder/file", time.AddTicks(1))),
            ("name", root => File.Move($"{root}/folder/file", $"{root}/folder/elif")),
            ("mode of a folder", root => File.SetUnixFileMode($"{root}/folder", UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite)),
            ("target of a link", root => Relink(root, "elsewhere")),
            ("a new file", root => File.WriteAllText($"{root}/folder/new", "")),
            ("an empty folder", root => Directory.CreateDirectory($"{root}/folder/new")),
            ("hard link instead of a copy", root => { File.Delete($"{root}/folder/copy"); SampleLinks.MakeHardLink($"{root}/folder/file", $"{root}/folder/copy"); }),
        ];
        var seen = new HashSet<string> { HashAfter(_ => { }) };
        Assert.All(changes, change => Assert.True(seen.Add(HashAfter(change.Change)), change.What));

        string HashAfter(Action<string> change)
        {
            var root = Directory.CreateTempSubdirectory("sting-hash-").FullName;
            try
            {
                Directory.CreateDirectory($"{root}/folder");
                Rewrite($"{root}/folder/file", "content");
                Rewrite($"{root}/folder/copy", "content");
                Relink(root, "folder/file");
                change(root);
                Directory.SetLastWriteTimeUtc($"{root}/folder", time);
                return TreeHash.Of(root);
            }
            finally
            {
                Directory.Delete(root, recursive: true);
            }
        }

        void Rewrite(string path, string content)
        {
            File.WriteAllText(path, content);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.SetLastWriteTimeUtc(path, time);
        }

        void Relink(string root, string target)
        {
            File.Delete($"{root}/link");
            File.CreateSymbolicLink($"{root}/link", target);
            File.SetLastWriteTimeUtc($"{root}/link", time);
        }
    }

    [LinuxFact]
    public void A_hole_and_written_zeros_are_the_same_content()
    {
        var hashes = ((bool[])[true, false]).Select(sparse =>
        {
            var root = Directory.CreateDirectory(_folder.Of($"sparse {sparse}")).FullName;
            using (var file = File.OpenHandle($"{root}/disk", FileMode.CreateNew, FileAccess.Write))
            {
                if (!sparse)
                {
                    RandomAccess.Write(file, new byte[3 << 20], 0);
                }
                RandomAccess.Write(file, [1], (3 << 20) + 5);
            }
            File.SetLastWriteTimeUtc($"{root}/disk", DateTime.UnixEpoch);
            return TreeHash.Of(root);
        }).ToArray();
        Assert.Equal(hashes[0], hashes[1]);
    }

    [LinuxFact]
    public void A_file_that_cannot_be_read_gives_no_hash()
    {
        Assert.Contains("nowhere", Assert.Throws<IOException>(() => TreeHash.Of(_folder.Of("nowhere"))).Message, StringComparison.Ordinal);
    }

    private static string Text(TreeItem item) => $"{Encoding.Latin1.GetString(item.Path)} {item.Line}";
}
