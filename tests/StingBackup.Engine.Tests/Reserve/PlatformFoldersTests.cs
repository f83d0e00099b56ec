using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class PlatformFoldersTests
{
    [Fact]
    public void A_user_who_may_write_the_systems_folders_gets_them()
    {
        var folders = PlatformFolders.Of(new FakeHost().WithFolder("/var/lib").WithFolder("/var/cache").WithFolder("/var/log"));
        Assert.Equal(("/var/lib/sting-backup", "/var/cache/sting-backup", "/var/log/sting-backup", "/var/lib/sting-backup/keys"),
            (folders.State.Path, folders.Cache.Path, folders.Logs.Path, folders.Keys.Path));
        Assert.Null(folders.State.Variable);
    }

    [Fact]
    public void A_folder_that_was_made_for_this_user_counts_though_its_parent_is_closed()
    {
        var folders = PlatformFolders.Of(new FakeHost().WithFolder("/var/log", writable: false).WithFolder("/var/log/sting-backup"));
        Assert.Equal("/var/log/sting-backup", folders.Logs.Path);
        Assert.Equal("/home/ann/.local/state/sting-backup", folders.State.Path);
    }

    [Fact]
    public void A_systems_folder_of_another_user_is_passed_over_though_its_parent_is_open()
    {
        var folders = PlatformFolders.Of(new FakeHost().WithFolder("/var/lib").WithFolder("/var/lib/sting-backup", writable: false));
        Assert.Equal("/home/ann/.local/state/sting-backup", folders.State.Path);
    }

    [Fact]
    public void Other_users_get_their_own_folders_which_follow_xdg()
    {
        var host = new FakeHost();
        var folders = PlatformFolders.Of(host);
        Assert.Equal(("/home/ann/.local/state/sting-backup", "/home/ann/.cache/sting-backup", "/home/ann/.local/state/sting-backup/log", "/home/ann/.local/share/sting-backup/keys"),
            (folders.State.Path, folders.Cache.Path, folders.Logs.Path, folders.Keys.Path));
        host.Variables["XDG_STATE_HOME"] = "/s";
        host.Variables["XDG_CACHE_HOME"] = "/c";
        host.Variables["XDG_DATA_HOME"] = "/d";
        folders = PlatformFolders.Of(host);
        Assert.Equal([new("/s/sting-backup", "XDG_STATE_HOME"), new("/c/sting-backup", "XDG_CACHE_HOME"), new("/s/sting-backup/log", "XDG_STATE_HOME"), new("/d/sting-backup/keys", "XDG_DATA_HOME")],
            new[] { folders.State, folders.Cache, folders.Logs, folders.Keys });
    }

    [Fact]
    public void Windows_keeps_them_under_program_data()
    {
        var host = new FakeHost { IsWindows = true };
        host.Variables["ProgramData"] = "/pd";
        host.Variables["APPDATA"] = "/roaming";
        var folders = PlatformFolders.Of(host);
        Assert.Equal(("/pd/StingBackup/state", "/pd/StingBackup/cache", "/pd/StingBackup/logs", "/pd/StingBackup"),
            (folders.State.Path, folders.Cache.Path, folders.Logs.Path, folders.SystemConfiguration));
        Assert.Equal(new("/roaming/sting-backup", "APPDATA"), folders.UserConfiguration);
    }
}
