using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

public sealed class ConfigurationLocatorTests
{
    private static readonly string[] InOrder =
    [
        "/srv/here/sting-backup.yaml", "/home/ann/.config/sting-backup/sting-backup.yaml", "/etc/sting/sting-backup.yaml", "/etc/sting/backup-config.sh",
    ];

    [Fact]
    public void The_first_file_that_there_is_is_used_and_the_places_before_it_are_told()
    {
        var host = new FakeHost();
        for (var i = InOrder.Length - 1; i >= 0; i--)
        {
            host.WithFile(InOrder[i], "");
            var found = new ConfigurationLocator(host).Find();
            Assert.Equal(InOrder[i], found.Path);
            Assert.Equal(InOrder[..(i + 1)], found.LookedAt);
            Assert.NotEmpty(found.Reason);
        }
    }

    [Fact]
    public void The_variable_wins_over_the_folders_and_the_path_over_the_variable()
    {
        var host = new FakeHost();
        host.Variables["STING_BACKUP_CONFIG"] = "mine.yaml";
        foreach (var path in InOrder.Append("/srv/here/mine.yaml").Append("/srv/named.yaml"))
        {
            host.WithFile(path, "");
        }
        Assert.Equal("/srv/here/mine.yaml", new ConfigurationLocator(host).Find().Path);
        Assert.Equal("/srv/named.yaml", new ConfigurationLocator(host).Find("../named.yaml").Path);
    }

    [Fact]
    public void A_file_that_is_named_and_missing_is_never_passed_over()
    {
        var host = new FakeHost().WithFile(InOrder[0], "");
        var error = Assert.Throws<StingException>(() => new ConfigurationLocator(host).Find("/no.yaml"));
        Assert.Equal(("ConfigurationNotFound", FailureKind.NotFound, "/no.yaml"), (error.ErrorId, error.Kind, error.Target));
        host.Variables["STING_BACKUP_CONFIG"] = "/neither.yaml";
        Assert.Contains("/neither.yaml", Assert.Throws<StingException>(() => new ConfigurationLocator(host).Find()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_is_none_every_place_is_named()
    {
        var error = Assert.Throws<StingException>(() => new ConfigurationLocator(new FakeHost()).Find());
        Assert.All(InOrder, path => Assert.Contains(path, error.Message, StringComparison.Ordinal));
        Assert.Contains("init", error.Remedy, StringComparison.Ordinal);
        Assert.Null(new ConfigurationLocator(new FakeHost()).TryFind(null, out var looked));
        Assert.Equal(InOrder, looked);
    }

    [Fact]
    public void The_users_folder_follows_xdg()
    {
        var host = new FakeHost().WithFile("/xdg/sting-backup/sting-backup.yaml", "");
        host.Variables["XDG_CONFIG_HOME"] = "/xdg";
        Assert.Equal("/xdg/sting-backup/sting-backup.yaml", new ConfigurationLocator(host).Find().Path);
        host.Variables["XDG_CONFIG_HOME"] = "relative";   // to be ignored, the specification says
        Assert.Throws<StingException>(() => new ConfigurationLocator(host).Find());
    }

    [Fact]
    public void Init_writes_where_it_may()
    {
        var host = new FakeHost();
        Assert.Equal("/home/ann/.config/sting-backup/sting-backup.yaml", new ConfigurationLocator(host).PathForNew());
        host.WithFolder("/etc");
        Assert.Equal("/etc/sting/sting-backup.yaml", new ConfigurationLocator(host).PathForNew());
        host.WithFolder("/etc/sting", writable: false);
        Assert.Equal("/home/ann/.config/sting-backup/sting-backup.yaml", new ConfigurationLocator(host).PathForNew());
        host.Variables["STING_BACKUP_CONFIG"] = "v.yaml";
        Assert.Equal("/srv/here/v.yaml", new ConfigurationLocator(host).PathForNew());
        Assert.Equal("/srv/here/p.yaml", new ConfigurationLocator(host).PathForNew("p.yaml"));
    }
}
