using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets;

/// <summary>
/// A service as the place where a restore writes: what comes is staged as files in a private folder; with the flush at the end, when all is there, it is loaded. The folder goes with the
/// restore; what one that was killed left, in the clear, goes with the next.
/// </summary>
internal abstract class StagedRestoreTarget : IRestoreTarget
{
    private const string FolderName = "restoring", LockEnding = ".lock";

    private readonly IRestoreTarget _staging;
    private readonly FileLock? _lock;
    private readonly string _lockFile;
    private readonly long _errorsBefore;

    /// <param name="stateFolder">The host's state folder, below which things are staged.</param>
    /// <param name="output">Told what cannot be done.</param>
    protected StagedRestoreTarget(string stateFolder, JobOutput output)
    {
        Output = output;
        _errorsBefore = output.Errors;
        var parent = Path.Join(stateFolder, FolderName);
        DirectoryRestoreTarget.Open(parent).Dispose();   // makes it, for this user alone
        RemoveLeftovers(parent);
        Folder = Path.Join(parent, Guid.NewGuid().ToString("n"));
        _lockFile = Folder + LockEnding;
        _lock = FileLock.TryAcquire(_lockFile, out _);
        _staging = DirectoryRestoreTarget.Open(Folder);
    }

    /// <inheritdoc/>
    public abstract string Location { get; }

    /// <summary>Where things are staged.</summary>
    protected string Folder { get; }

    /// <summary>Told what cannot be done.</summary>
    protected JobOutput Output { get; }

    /// <summary>Whether anything of this restore has failed, here or elsewhere: what is staged may then lack something.</summary>
    protected bool HasFailures => Output.Errors > _errorsBefore;

    /// <summary>Nothing: what stands in the service is judged when all is there.</summary>
    public SourceEntry? Find(EntryPath path) => _staging.Find(path) is { Kind: ItemKind.Directory } folder ? folder : null;
    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _staging.ReadMetadata(entry);
    /// <inheritdoc/>
    public ISourceFile OpenExisting(SourceEntry entry) => _staging.OpenExisting(entry);
    /// <inheritdoc/>
    public void CreateDirectory(EntryPath path) => _staging.CreateDirectory(path);
    /// <inheritdoc/>
    public IRestoreFile CreateFile(EntryPath path, long length) => _staging.CreateFile(path, length);
    /// <inheritdoc/>
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace) => _staging.CreateSpecial(path, kind, metadata, replace);
    /// <inheritdoc/>
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace) => _staging.CreateHardLink(path, existing, replace);
    /// <summary>Nothing: attributes of staged files serve nobody.</summary>
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata) => [];
    /// <inheritdoc/>
    public void CleanUp(EntryPath directory) => _staging.CleanUp(directory);
    /// <inheritdoc/>
    public abstract void Flush();

    /// <summary>Removes what was staged.</summary>
    public virtual void Dispose()
    {
        _staging.Dispose();
        Remove(Folder);
        _lock?.Dispose();
        File.Delete(_lockFile);
    }

    /// <summary>What restores left that ended before they could clean up: nobody holds its lock any more.</summary>
    private void RemoveLeftovers(string parent)
    {
        foreach (var folder in Directory.EnumerateDirectories(parent))
        {
            using var abandoned = FileLock.TryAcquire(folder + LockEnding, out _);
            if (abandoned is not null)
            {
                Remove(folder);
                File.Delete(folder + LockEnding);
            }
        }
    }

    private void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Output.Warn($"What was staged for a restore could not be removed from '{folder}': {e.Message} Remove the folder by hand: it holds people's data.");
        }
    }
}
