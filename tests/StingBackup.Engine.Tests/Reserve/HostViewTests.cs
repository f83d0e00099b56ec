using StingBackup.Engine.Reserve;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class HostViewTests
{
    private readonly HostView _host = new();

    [Fact]
    public void It_says_what_there_is_and_leaves_it_as_it_was()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["d/one"]);
        Directory.CreateDirectory(folder["d/.two"]);
        File.WriteAllText(folder["d/file"], "abc");
        Directory.CreateSymbolicLink(folder["d/link"], folder["d/one"]);
        var time = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Directory.SetLastWriteTimeUtc(folder["d"], time);
        Assert.True(_host.DirectoryExists(folder["d"]) && _host.FileExists(folder["d/file"]) && !_host.FileExists(folder["d"]) && !_host.DirectoryExists(folder["no"]));
        Assert.True(_host.CanRead(folder["d"]) && _host.CanWrite(folder["d"]) && _host.CanRead(folder["d/file"]) && _host.CanWrite(folder["d/file"]));
        Assert.False(_host.CanRead(folder["no"]) || _host.CanWrite(folder["no"]));
        Assert.Equal([".two", "one"], _host.DirectoriesIn(folder["d"]));
        Assert.Empty(_host.DirectoriesIn(folder["no"]));
        Assert.Equal("abc"u8.ToArray(), _host.ReadFile(folder["d/file"]));
        Assert.True(_host.RoomOf(folder["d"]) is { } room && room.Free >= 0 && room.Total > room.Free);
        Assert.Equal(time, Directory.GetLastWriteTimeUtc(folder["d"]));
        Assert.Equal(4, Directory.GetFileSystemEntries(folder["d"]).Length);
    }

    [Fact]
    public void A_read_only_file_system_is_not_writable_even_for_root()
    {
        if (OperatingSystem.IsLinux() && Directory.Exists("/proc/1"))
        {
            Assert.False(_host.CanWrite("/proc/sys/kernel/ostype"));
        }
    }

    [Fact]
    public void Modes_are_told_where_there_are_any()
    {
        using var folder = new TempFolder();
        Assert.Null(_host.ModeOf(folder["no"]));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, _host.ModeOf(folder.Path));
        }
    }

    [Fact]
    public void Two_names_of_one_place_have_one_real_path()
    {
        using var folder = new TempFolder();
        var real = _host.RealPath(folder.Path);
        Directory.CreateDirectory(folder["a/b"]);
        Directory.CreateSymbolicLink(folder["link"], "a/./b");
        Directory.CreateSymbolicLink(folder["again"], folder["link"]);
        Assert.Equal(Path.Join(real, "a/b/new/file"), _host.RealPath(folder["again/new/file"]));
        Assert.Equal(Path.Join(real, "a"), _host.RealPath(folder["a/b/.."]));
        Directory.CreateSymbolicLink(folder["up"], "a/b/..");
        Assert.Equal(Path.Join(real, "a/x"), _host.RealPath(folder["up/x"]));
    }

    [Fact]
    public void A_circle_of_links_ends()
    {
        using var folder = new TempFolder();
        Directory.CreateSymbolicLink(folder["x"], folder["y"]);
        Directory.CreateSymbolicLink(folder["y"], folder["x"]);
        Assert.NotEmpty(_host.RealPath(folder["x/z"]));
    }

    [Fact]
    public void An_empty_variable_counts_as_none()
    {
        Assert.Null(_host.GetVariable("STING_TEST_NOT_SET"));
        Environment.SetEnvironmentVariable("STING_TEST_VARIABLE", "x");
        Assert.Equal("x", _host.GetVariable("STING_TEST_VARIABLE"));
        Environment.SetEnvironmentVariable("STING_TEST_VARIABLE", null);
        Assert.True(Path.IsPathRooted(_host.HomeDirectory) && Path.IsPathRooted(_host.CurrentDirectory));
    }
}
