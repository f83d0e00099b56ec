using System.Diagnostics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Platform;

public sealed class HostAccountTests
{
    /// <summary>Only root can give a folder away, and only root is asked.</summary>
    [Fact]
    public async Task Root_is_told_whose_an_installation_is_and_backs_nothing_up_into_it()
    {
        await using var test = new TestInstallation();
        var host = Path.Combine(test.Root, "state", "host");
        Assert.Null(HostAccount.OtherThanRoot(host));   // nothing there
        Directory.CreateDirectory(host);
        Assert.Null(HostAccount.OtherThanRoot(host));   // one's own
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return;
        }
        using (var chown = Process.Start("chown", ["65534", host]))
        {
            await chown.WaitForExitAsync();
        }
        var account = HostAccount.OtherThanRoot(host);
        Assert.Contains(account, (string[])["nobody", "65534"]);
        test.Write("users/1/a", "a"u8);
        var error = await Assert.ThrowsAsync<StingException>(() => test.BackupAsync());
        Assert.Equal(("WrongAccount", FailureKind.PermissionDenied), (error.ErrorId, error.Kind));
        Assert.Contains($"runuser -u {account} --", error.Remedy, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(test.RepositoryRoot, "*", SearchOption.AllDirectories));   // no record of root's either
    }
}
