using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Targets;

/// <summary>The disk refuses. Each scenario runs in a process of its own whose system calls strace makes fail.</summary>
public sealed class LinuxRestoreTargetFailureTests : IDisposable
{
    private const string Traced = "trace=pwrite64,ftruncate,renameat2,linkat,syncfs,fchownat,fchmod,utimensat,mknodat,mkdirat,openat2";   // only what is traced can be made to fail
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [StraceFact]
    public async Task A_full_disk_is_named_and_leaves_nothing_behind()
    {
        Assert.StartsWith("file:f RestoreTargetFull", Assert.Single(await RunAsync(["-e", "inject=pwrite64:error=ENOSPC"], "file:f")), StringComparison.Ordinal);
        Assert.StartsWith("long:f RestoreTargetFull", Assert.Single(await RunAsync(["-e", "inject=ftruncate:error=EDQUOT"], "long:f")), StringComparison.Ordinal);
        Assert.StartsWith("hole:f RestoreTargetFull", Assert.Single(await RunAsync(["-e", "inject=ftruncate:error=EDQUOT"], "hole:f")), StringComparison.Ordinal);
        Assert.StartsWith("folder:d RestoreTargetFull", Assert.Single(await RunAsync(["-e", "inject=mkdirat:error=ENOSPC"], "folder:d")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [StraceFact]
    public async Task A_failing_disk_is_named_and_leaves_nothing_behind()
    {
        Assert.StartsWith("file:f RestoreItemFailed", Assert.Single(await RunAsync(["-e", "inject=pwrite64:error=EIO"], "file:f")), StringComparison.Ordinal);
        Assert.StartsWith("file:f RestoreItemFailed", Assert.Single(await RunAsync(["-e", "inject=renameat2:error=EIO"], "file:f")), StringComparison.Ordinal);
        Assert.StartsWith("pipe:p RestoreItemFailed", Assert.Single(await RunAsync(["-e", "inject=renameat2:error=EIO"], "pipe:p")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [StraceFact]
    public async Task An_error_of_the_last_sync_is_told()
    {
        var lines = await RunAsync(["-e", "inject=syncfs:error=EIO"], "file:f", "flush");
        Assert.Equal("file:f done", lines[0]);
        Assert.StartsWith("flush RestoreItemFailed", lines[1], StringComparison.Ordinal);
    }

    [StraceFact]
    public async Task Where_renaming_without_replacing_is_not_possible_linking_serves()
    {
        string[] inject = ["-e", "inject=renameat2:error=EINVAL"];
        var lines = await RunAsync(inject, "file:f", "pipe:p", "file:f", "pipe:p");
        Assert.Equal(["file:f done", "pipe:p done"], lines[..2]);
        Assert.All(lines[2..], line => Assert.Contains(" RestoreConflict ", line, StringComparison.Ordinal));
        Assert.Equal([_folder["f"], _folder["p"]], Directory.GetFileSystemEntries(_folder.Path).Order());
    }

    [StraceFact]
    public async Task Where_the_kernel_refuses_to_resolve_paths_they_are_walked()
    {
        Assert.Equal(["folder:a/b done", "file:a/b/f done"], await RunAsync(["-e", "inject=openat2:error=ENOSYS"], "folder:a/b", "file:a/b/f"));
        Assert.Equal(1000, new FileInfo(Path.Combine(_folder["a"], "b", "f")).Length);
    }

    [StraceFact]
    public async Task What_cannot_be_applied_is_told_and_the_file_stands()
    {
        var line = Assert.Single(await RunAsync(["-e", "inject=fchownat,fchmod,utimensat:error=EPERM"], "file:f"));
        Assert.Contains("owner and group could not be set to 1:1: operation not permitted", line, StringComparison.Ordinal);
        Assert.Contains("the mode could not be set to 644", line, StringComparison.Ordinal);
        Assert.Contains("the time of the last change could not be set", line, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["f"]));
    }

    private Task<string[]> RunAsync(string[] inject, params string[] steps) =>
        ChildProgram.RunAsync(["strace", "-f", "-qq", "-o", "/dev/null", "-e", Traced, .. inject], ["restore", _folder.Path, .. steps]);
}
