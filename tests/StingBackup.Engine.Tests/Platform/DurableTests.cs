using StingBackup.Engine.Platform;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Platform;

public sealed class DurableTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_file_gets_its_content_and_leaves_no_temporary()
    {
        Assert.True(Durable.WriteFile(_folder["key"], "content"u8, replace: false, OwnerOnly));
        Assert.Equal("content", File.ReadAllText(_folder["key"]));
        Assert.Equal([_folder["key"]], Directory.GetFileSystemEntries(_folder.Path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(_folder["key"]));
        }
    }

    [Fact]
    public void A_file_that_stands_there_is_replaced_only_when_told()
    {
        Durable.WriteFile(_folder["key"], "first and longer"u8, replace: true, OwnerOnly);
        Assert.False(Durable.WriteFile(_folder["key"], "second"u8, replace: false, OwnerOnly));
        Assert.Equal("first and longer", File.ReadAllText(_folder["key"]));
        Assert.True(Durable.WriteFile(_folder["key"], "second"u8, replace: true, OwnerOnly));
        Assert.Equal("second", File.ReadAllText(_folder["key"]));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    /// <summary>procfs, as some file systems of networks, has no fsync for folders: that is no failing disk.</summary>
    [Fact]
    public void A_folder_of_a_file_system_that_cannot_sync_folders_is_passed_over_and_one_that_is_missing_is_not()
    {
        if (OperatingSystem.IsLinux())
        {
            Durable.SyncDirectory("/proc/self");
            Assert.ThrowsAny<IOException>(() => Durable.SyncDirectory(_folder["no"]));
        }
    }

    [Fact]
    public void A_missing_folder_fails_with_dot_nets_own_exception() =>
        Assert.ThrowsAny<IOException>(() => Durable.WriteFile(Path.Combine(_folder["no"], "key"), "x"u8, replace: false, OwnerOnly));

    [Fact]
    public void Placing_never_replaces()
    {
        File.WriteAllText(_folder["a"], "a");
        File.WriteAllText(_folder["b"], "b");
        Assert.False(Durable.PlaceNew(_folder["a"], _folder["b"]));
        Assert.Equal("b", File.ReadAllText(_folder["b"]));
        Assert.True(Durable.PlaceNew(_folder["a"], _folder["c"]));
        Assert.False(File.Exists(_folder["a"]));
        Assert.Equal("a", File.ReadAllText(_folder["c"]));
        Assert.ThrowsAny<IOException>(() => Durable.PlaceNew(_folder["missing"], _folder["d"]));
    }

    [UnixFact]
    public void A_sync_that_the_system_refuses_is_told()
    {
        using var pipe = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);   // a device without fsync: EINVAL
        var error = Assert.ThrowsAny<IOException>(() => Durable.SyncFile(pipe, "/dev/null"));
        Assert.Contains("/dev/null", error.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<IOException>(() => Durable.SyncDirectory(_folder["missing"]));
    }

    [Fact]
    public void Removing_tells_whether_it_was_there()
    {
        File.WriteAllText(_folder["a"], "a");
        Assert.True(Durable.Remove(_folder["a"]));
        Assert.False(Durable.Remove(_folder["a"]));
        Assert.False(Durable.Remove(Path.Combine(_folder["no"], "a")));
    }

    [Fact]
    public void A_lock_is_held_once_and_ends_with_its_holder()
    {
        var first = FileLock.TryAcquire(_folder["lock"], out var held);
        Assert.NotNull(first);
        Assert.False(held);
        Assert.Null(FileLock.TryAcquire(_folder["lock"], out held));
        Assert.True(held);
        first.Dispose();
        using var second = FileLock.TryAcquire(_folder["lock"], out held);
        Assert.NotNull(second);
    }
}
