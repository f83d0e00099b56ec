using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>What is staged and cannot be made durable: it is told once, and comes in with no later barrier.</summary>
public sealed class StagedObjectsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private StagedObject Sound(string name) => new(name, _folder[name], new FileStream(_folder[name], FileMode.CreateNew, FileAccess.Write));

    /// <summary>A device that takes what is written, and refuses to sync it.</summary>
    private static StagedObject Failing(string name) => new(name, "/dev/none", new FileStream("/dev/full", FileMode.Open, FileAccess.Write));

    /// <summary>Whose listings must be synced before they count: not its own folder makes it so, and that of a process that died until it is swept does.</summary>
    [Fact]
    public void Others_are_there_as_long_as_they_write_or_what_they_left_is_not_swept()
    {
        using var own = new StagingArea(_folder.Path);
        Assert.False(own.OthersExist());
        own.NewPath();
        Assert.False(own.OthersExist());
        using (var other = new StagingArea(_folder.Path))
        {
            other.NewPath();
            Assert.True(own.OthersExist());
            Assert.True(other.OthersExist());
        }
        Assert.False(own.OthersExist());
        var dead = new StagingArea(_folder.Path);
        dead.NewPath();
        dead.Abandon();
        Assert.True(own.OthersExist());
        var settled = 0;
        own.Sweep(() => settled++);
        Assert.Equal((1, false), (settled, own.OthersExist()));
    }

    [LinuxFact]
    public void What_could_not_be_synced_leaves_the_batch_and_is_told()
    {
        var (sound, failing) = (Sound("a"), Failing("b"));
        failing.StartWriteback();
        List<StagedObject> batch = [sound, failing];
        Assert.Same(failing, StagedObjects.SyncAll(batch));
        Assert.Equal([sound], batch);
        Assert.IsType<IOException>(failing.Failure);
        Assert.False(failing.TrySync());   // a second sync proves nothing
        Assert.True(sound.TrySync());
        sound.StartWriteback();   // closed: nothing is left to start
        Assert.Null(StagedObjects.SyncAll(batch));
    }

    [LinuxFact]
    public void The_oldest_of_many_are_synced_before_the_barrier_and_a_failure_among_them_is_kept_for_it()
    {
        using var staged = new StagedObjects();
        var failing = Failing("first");
        staged.Add(failing);
        for (var i = 0; i < 20; i++)
        {
            staged.Add(Sound($"{i}"));
        }
        Assert.NotNull(failing.Failure);
        var all = staged.TakeAll();
        Assert.Equal(21, all.Count);
        Assert.Same(failing, StagedObjects.SyncAll(all));
        staged.PutBack(all);
        Assert.Equal(20, staged.TakeAll().Count);
        all.ForEach(one => one.Dispose());
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_file_that_cannot_be_removed_fails_nothing()
    {
        using var stuck = new StagedObject("x", _folder.Path, new FileStream(_folder["x"], FileMode.CreateNew, FileAccess.Write));
        stuck.Dispose();   // its path is a folder: it goes with the staging folder
        Assert.True(stuck.TrySync());
    }
}
