using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Tests.Storage;

/// <summary>What a file system says is told in the words of a store: whoever reads it must know whether to free room, give a right, mount a disk, or look at it.</summary>
public sealed class StoreErrorsTests
{
    [Theory]
    [InlineData(28, "StoreFull")]                              // ENOSPC
    [InlineData(122, "StoreFull")]                             // EDQUOT
    [InlineData(unchecked((int)0x80070070), "StoreFull")]      // Windows: the disk is full
    [InlineData(unchecked((int)0x80070027), "StoreFull")]      // Windows: the disk of a handle is full
    [InlineData(30, "StoreAccessDenied")]                      // EROFS
    [InlineData(2, "StoreUnavailable")]                        // ENOENT
    [InlineData(19, "StoreUnavailable")]                       // ENODEV
    [InlineData(6, "StoreUnavailable")]                        // ENXIO
    [InlineData(5, "StoreFailed")]                             // EIO
    [InlineData(69, "StoreFailed")]                            // a quota on macOS alone
    public void An_error_number_says_what_is_to_be_done(int number, string id)
    {
        var cause = new IOException("The disk says no.", number);
        var told = StoreErrors.Wrap(cause, "store the object 'data/x'", "data/x", "/backups");
        Assert.Equal(OperatingSystem.IsMacOS() && number == 69 ? "StoreFull" : id, told.ErrorId);
        Assert.Contains("Could not store the object 'data/x' in /backups: The disk says no.", told.Message, StringComparison.Ordinal);
        Assert.Same(cause, told.InnerException);
        Assert.NotEmpty(told.Remedy);
        Assert.True(StoreErrors.IsFileSystem(cause));
    }

    [Fact]
    public void Exceptions_of_their_own_kind_say_it_too()
    {
        Exception[] missing = [new DirectoryNotFoundException(), new FileNotFoundException(), new DriveNotFoundException()];
        Assert.All(missing, cause => Assert.Equal("StoreUnavailable", StoreErrors.Wrap(cause, "look", null, "/backups").ErrorId));
        Assert.Equal("StoreAccessDenied", StoreErrors.Wrap(new UnauthorizedAccessException(), "look", null, "/backups").ErrorId);
        Assert.Equal(("StoreUnavailable", "/backups"), (StoreErrors.Missing("/backups").ErrorId, StoreErrors.Missing("/backups").Target));
        foreach (var number in (int[])[28, 30, 2, 5])
        {
            Assert.Equal("/backups", StoreErrors.Wrap(new IOException("No.", number), "look", null, "/backups").Target);
        }
        Assert.False(StoreErrors.IsFileSystem(new InvalidOperationException()));
        // A folder that is there need not be made.
        Assert.DoesNotContain("install -d", StoreErrors.Wrap(new UnauthorizedAccessException(), "look", null, Path.GetTempPath()).Remedy, StringComparison.Ordinal);
        Assert.Equal(!OperatingSystem.IsWindows(), StoreErrors.Wrap(new UnauthorizedAccessException(), "look", null, "/backups/none").Remedy.Contains("install -d", StringComparison.Ordinal));
    }
}
