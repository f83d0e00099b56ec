using StingBackup.Engine.Platform;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Platform;

public sealed class FileLockTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static StingException Busy() => new("Busy", FailureKind.Busy, "It is held.", null, "Wait.");

    [Fact]
    public void Who_comes_second_is_told_that_it_is_held_and_who_comes_later_gets_it()
    {
        using (FileLock.Take(_folder["lock"], Busy))
        {
            Assert.Equal("Busy", Assert.Throws<StingException>(() => FileLock.Take(_folder["lock"], Busy)).ErrorId);
            Assert.True(FileLock.IsHeld(Assert.Throws<IOException>(() => File.OpenHandle(_folder["lock"], FileMode.Open, FileAccess.ReadWrite, FileShare.None))));
        }
        using var mine = FileLock.Take(_folder["lock"], Busy);
        Assert.NotNull(mine);
    }

    [UnixFact]
    public void What_cannot_be_opened_is_named_and_held_by_nobody()
    {
        Directory.CreateDirectory(_folder["folder"]);
        File.CreateSymbolicLink(_folder["loop"], _folder["loop"]);
        foreach (var path in (string[])[_folder["folder"], _folder["loop"], Path.Combine(_folder["none"], "lock")])
        {
            var error = Assert.Throws<StingException>(() => FileLock.Take(path, Busy));
            Assert.Equal(("LockUnusable", path), (error.ErrorId, error.Target));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
        }
        Assert.False(FileLock.IsHeld(Assert.ThrowsAny<IOException>(() => File.OpenHandle(_folder["loop"], FileMode.Open, FileAccess.ReadWrite, FileShare.None))));
    }
}
