using StingBackup.Engine.Basics;
using StingBackup.Engine.Changes;

namespace StingBackup.Engine.Tests.Changes;

public sealed class ChangeSetTests
{
    private static EntryPath P(string path) => EntryPath.Parse(path);

    [Fact]
    public void A_folder_that_changed_is_visited_with_what_lies_right_in_it_and_the_way_to_it()
    {
        var changes = new ChangeSet();
        changes.AddFolder(P("users/7/docs"));
        Assert.True(changes.Visits(P("users")));
        Assert.True(changes.Visits(P("users/7")));
        Assert.True(changes.Visits(P("users/7/docs")));
        Assert.True(changes.Visits(P("users/7/docs/a.txt")));
        Assert.False(changes.Visits(P("users/7/docs/deep/a.txt")));
        Assert.False(changes.Visits(P("users/7/a.txt")));
        Assert.False(changes.Visits(P("users/7/docs2/a.txt")));
        Assert.False(changes.Visits(P("other")));
    }

    [Fact]
    public void What_came_went_or_moved_is_visited_with_all_beneath_it()
    {
        var changes = new ChangeSet();
        changes.AddTree(P("jars/new"));
        Assert.True(changes.Visits(P("jars/new")));
        Assert.True(changes.Visits(P("jars/new/a/b/c")));
        Assert.True(changes.Visits(P("jars")));
        Assert.False(changes.Visits(P("jars/new2")));
        Assert.False(changes.Visits(P("jars/old")));
    }

    [Fact]
    public void The_root_as_a_folder_is_what_lies_right_in_it()
    {
        var changes = new ChangeSet();
        Assert.False(changes.Visits(P("a")));
        changes.AddFolder(EntryPath.Root);
        Assert.True(changes.Visits(P("a")));
        Assert.False(changes.Visits(P("a/b")));
        changes.AddTree(EntryPath.Root);
        Assert.True(changes.Visits(P("a/b/c")));
    }

    [Fact]
    public void A_stretch_is_touched_when_anything_that_could_stand_in_it_is_visited()
    {
        var random = new Random(3);
        // All paths of four levels over two names, in order: what could stand in a stretch.
        var all = new List<EntryPath>();
        void Add(string prefix, int levels)
        {
            foreach (var name in (string[])["a", "b"])
            {
                all.Add(P(prefix + name));
                if (levels > 1)
                {
                    Add($"{prefix}{name}/", levels - 1);
                }
            }
        }
        Add("", 4);
        all.Sort();
        var touched = 0;
        for (var round = 0; round < 3000; round++)
        {
            var changes = new ChangeSet();
            if (random.Next(2) == 0)
            {
                changes.AddFolder(random.Next(8) == 0 ? EntryPath.Root : all[random.Next(all.Count)]);
            }
            else
            {
                changes.AddTree(all[random.Next(all.Count)]);
            }
            var (from, to) = (random.Next(all.Count), random.Next(all.Count));
            (from, to) = (Math.Min(from, to), Math.Max(from, to));
            var expected = Enumerable.Range(from, to - from + 1).Any(i => changes.Visits(all[i]));
            var told = changes.Touches(all[from], all[to]);
            // To say it where nothing is does no harm; not to say it would lose a change.
            Assert.True(told || !expected, $"{all[from]} to {all[to]}");
            touched += told && !expected ? 1 : 0;
        }
        Assert.InRange(touched, 0, 300);
    }

    [Fact]
    public void Neighbours_answer_as_the_plain_rule_does()
    {
        var random = new Random(7);
        string Path() => string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => "abc"[random.Next(3)]));
        for (var round = 0; round < 200; round++)
        {
            var changes = new ChangeSet();
            List<string> folders = [], trees = [];
            for (var i = random.Next(4); i > 0; i--)
            {
                folders.Add(Path());
                changes.AddFolder(P(folders[^1]));
            }
            for (var i = random.Next(3); i > 0; i--)
            {
                trees.Add(Path());
                changes.AddTree(P(trees[^1]));
            }
            for (var i = 0; i < 100; i++)
            {
                var path = Path();
                var parent = path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : "";
                var expected = folders.Contains(parent) || folders.Concat(trees).Any(f => f == path || f.StartsWith(path + "/", StringComparison.Ordinal)) || trees.Any(t => path.StartsWith(t + "/", StringComparison.Ordinal));
                Assert.True(expected == changes.Visits(P(path)), $"{path} in [{string.Join(' ', folders)}] [{string.Join(' ', trees)}]");
            }
        }
    }
}
