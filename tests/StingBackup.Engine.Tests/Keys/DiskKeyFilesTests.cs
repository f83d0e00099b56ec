using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Keys;

/// <summary>Key files on a real disk: what is not there is no failure, and what fails is told with its file and what was to be done.</summary>
public sealed class DiskKeyFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly DiskKeyFiles _files;

    public DiskKeyFilesTests() => _files = new DiskKeyFiles(_clock);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_not_there_is_nothing_to_read_list_or_remove()
    {
        Assert.Null(_files.Read(_folder["none"], 0));
        Assert.Null(_files.Read(Path.Combine(_folder["none"], "below"), 0));
        Assert.Null(_files.List(_folder["none"]));
        _files.Delete(_folder["none"]);
        _files.Destroy(_folder["none"]);
        Assert.False(_files.IsExposed(_folder["none"]));
    }

    [Fact]
    public void A_file_is_read_from_an_offset_and_behind_its_end_there_is_nothing()
    {
        Assert.True(_files.Create(_folder["file"], [1, 2, 3]));
        Assert.False(_files.Create(_folder["file"], [4]));
        Assert.Equal([2, 3], _files.Read(_folder["file"], 1)!);
        Assert.Empty(_files.Read(_folder["file"], 9)!);
    }

    [Fact]
    public void An_append_cuts_off_what_stands_behind_its_place()
    {
        _files.Create(_folder["file"], [1, 2, 3, 4]);
        _files.Append(_folder["file"], 2, [9]);
        Assert.Equal([1, 2, 9], _files.Read(_folder["file"], 0)!);
    }

    [UnixFact]
    public void What_the_disk_refuses_is_told_with_the_file_and_the_deed()
    {
        var file = _folder["file"];
        File.WriteAllText(file, "");
        var below = Path.Combine(file, "below");   // a file stands where a folder would have to
        (string Verb, Action Deed)[] deeds =
        [
            ("created", () => _files.Create(below, [1])), ("replaced", () => _files.Replace(below, [1])), ("extended", () => _files.Append(below, 0, [1])),
            ("named", () => _files.Rename(file, below)), ("made", () => _files.MakeFolder(below)), ("read", () => _files.Read(_folder.Path, 0)),
        ];
        foreach (var (verb, deed) in deeds)
        {
            var error = Assert.Throws<StingException>(deed);
            Assert.Equal("KeyFileUnavailable", error.ErrorId);
            Assert.Contains($"could not be {verb}", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(FailureKind.Io, Assert.Throws<StingException>(() => _files.Append(_folder["none"], 0, [1])).Kind);
        Assert.Equal(FailureKind.PermissionDenied, Assert.Throws<StingException>(() => _files.Read(_folder.Path, 0)).Kind);   // a folder is no file
    }

    [UnixFact]
    public async Task A_file_that_another_holds_is_not_destroyed_unseen()
    {
        _files.Create(_folder["secret"], [1, 2, 3]);
        using (await _files.LockAsync(_folder["secret"], default))
        {
            Assert.Contains("could not be destroyed", Assert.Throws<StingException>(() => _files.Destroy(_folder["secret"])).Message, StringComparison.Ordinal);
        }
        _files.Destroy(_folder["secret"]);
        Assert.Null(_files.Read(_folder["secret"], 0));
    }

    [UnixFact]
    public async Task A_lock_that_cannot_be_is_told_at_once_and_one_that_is_held_after_ten_seconds()
    {
        Assert.Equal("KeyFileUnavailable", (await Assert.ThrowsAsync<StingException>(() => _files.LockAsync(Path.Combine(_folder["none"], "lock"), default).AsTask())).ErrorId);
        Assert.Equal(FailureKind.PermissionDenied, (await Assert.ThrowsAsync<StingException>(() => _files.LockAsync(_folder.Path, default).AsTask())).Kind);
        File.CreateSymbolicLink(_folder["loop"], _folder["loop"]);
        Assert.Equal("KeyFileUnavailable", (await Assert.ThrowsAsync<StingException>(() => _files.LockAsync(_folder["loop"], default).AsTask())).ErrorId);
        using var held = await _files.LockAsync(_folder["lock"], default);
        var waiting = _files.LockAsync(_folder["lock"], default).AsTask();
        while (!waiting.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.Equal("KeysBusy", (await Assert.ThrowsAsync<StingException>(() => waiting)).ErrorId);
    }
}
