using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Chroma;

namespace StingBackup.Engine.Targets.Chroma;

/// <summary>
/// Chroma's folder as the place where a restore writes: as a whole, and only while no process holds it. What comes is staged in a folder within it; with the flush at the end, when all is
/// there, it takes the place of what stood there.
/// </summary>
internal sealed class ChromaFolderTarget : IRestoreTarget
{
    private const string Staged = ".sting-restoring", Replaced = ".sting-replaced";

    private readonly string _folder;
    private readonly JobOutput _output;
    private readonly long _errorsBefore;
    private readonly IRestoreTarget _staging;
    private long _begun, _placed;

    private ChromaFolderTarget(string folder, IRestoreTarget staging, JobOutput output) => (_folder, _staging, _output, _errorsBefore) = (folder, staging, output, output.Errors);

    /// <summary>Begins a restore.</summary>
    /// <param name="folder">Chroma's folder; made where it is missing.</param>
    /// <param name="plan">The restore.</param>
    /// <param name="output">Told what is not done.</param>
    /// <exception cref="StingException"><c>ChromaFolderInUse</c>, <c>ChromaFolderNotEmpty</c>, <c>ChromaFolderNotWhole</c>, and as <see cref="DirectoryRestoreTarget.Open"/></exception>
    public static ChromaFolderTarget Open(string folder, RestorePlan plan, JobOutput output)
    {
        if (plan.Request.Scope != RestoreScope.Reserve && !(IsAskedFor(plan.Request) && plan.Request.Files.Any(IsWhole)))
        {
            throw new StingException("ChromaFolderNotWhole", FailureKind.Refused, $"Single files of Chroma's folder {folder} cannot be restored into their place: its files belong together.", folder,
                $"Restore the folder as a whole, by naming '{ReserveMounts.Chroma}'; or the files to another folder, by -Destination.");
        }
        FolderHolders.Require(folder);
        var standing = Entries(folder);
        if (standing.Any(e => Path.GetFileName(e) == Replaced))
        {
            throw new StingException("ChromaFolderNotEmpty", FailureKind.Refused, $"An earlier restore of Chroma's folder {folder} broke off: what stood there before it lies in {Path.Join(folder, Replaced)}.", folder,
                "Move that back or away, so that the folder holds what you want to keep; then restore again.");
        }
        if (plan.Conflict != ConflictAction.Overwrite && standing.Any(e => Path.GetFileName(e) != Staged))
        {
            throw new StingException("ChromaFolderNotEmpty", FailureKind.Refused, $"Chroma's folder {folder} is not empty, and its files come back as a whole or not at all.", folder,
                "Name -ConflictAction Overwrite to replace all that stands there, or empty the folder.");
        }
        var staged = Path.Join(folder, Staged);
        try
        {
            if (Directory.Exists(staged))
            {
                Directory.Delete(staged, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RestoreErrors.Make(folder, EntryPath.Parse(Staged), "remove what an earlier restore left in", e);
        }
        return new ChromaFolderTarget(folder, DirectoryRestoreTarget.Open(staged), output);
    }

    /// <summary>Whether a restore names Chroma's folder, or something in it: then it means the physical capture, which is else left out.</summary>
    public static bool IsAskedFor(RestoreRequest request) =>
        request.Scope == RestoreScope.File && request.Files.Any(f => f.Trim().TrimStart('/') is var path && (path == $"{ReserveMounts.Chroma}" || path.StartsWith($"{ReserveMounts.Chroma}/", StringComparison.Ordinal)));

    private static bool IsWhole(string file) => file.Trim().Trim('/') is var path && (path == $"{ReserveMounts.Chroma}" || path == $"{ReserveMounts.Chroma}/**");

    /// <inheritdoc/>
    public string Location => _folder;

    /// <summary>What is staged already: what stands in the folder is replaced as a whole.</summary>
    public SourceEntry? Find(EntryPath path) => _staging.Find(path);
    /// <inheritdoc/>
    public ItemMetadata ReadMetadata(SourceEntry entry) => _staging.ReadMetadata(entry);
    /// <inheritdoc/>
    public ItemMetadata Holdable(EntryPath path, ItemMetadata metadata) => _staging.Holdable(path, metadata);
    /// <inheritdoc/>
    public ISourceFile OpenExisting(SourceEntry entry) => _staging.OpenExisting(entry);
    /// <inheritdoc/>
    public void CreateDirectory(EntryPath path) => _staging.CreateDirectory(path);

    /// <inheritdoc/>
    public IRestoreFile CreateFile(EntryPath path, long length)
    {
        Interlocked.Increment(ref _begun);
        return new CountedFile(this, _staging.CreateFile(path, length));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> CreateSpecial(EntryPath path, ItemKind kind, ItemMetadata metadata, bool replace) => _staging.CreateSpecial(path, kind, metadata, replace);
    /// <inheritdoc/>
    public void CreateHardLink(EntryPath path, EntryPath existing, bool replace) => _staging.CreateHardLink(path, existing, replace);
    /// <inheritdoc/>
    public IReadOnlyList<string> ApplyMetadata(EntryPath path, ItemKind kind, ItemMetadata metadata) => _staging.ApplyMetadata(path, kind, metadata);
    /// <inheritdoc/>
    public void CleanUp(EntryPath directory) => _staging.CleanUp(directory);

    /// <summary>Puts what was staged in its place. What keeps it from that is reported; then all stands as before.</summary>
    public void Flush()
    {
        try
        {
            Replace();
        }
        catch (StingException e)
        {
            _output.Failed(e);
        }
    }

    /// <summary>Removes what was not put in place.</summary>
    public void Dispose()
    {
        _staging.Dispose();
        var staged = Path.Join(_folder, Staged);
        try
        {
            if (Directory.Exists(staged))
            {
                Directory.Delete(staged, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _output.Warn($"What was staged could not be removed from '{staged}': {e.Message} Remove it by hand.");
        }
    }

    private void Replace()
    {
        _staging.Flush();
        var staged = Path.Join(_folder, Staged);
        // What failed elsewhere in the same restore counts too: nobody can tell that it would not have been in here.
        if (_begun != _placed || _output.Errors > _errorsBefore || !File.Exists(Path.Join(staged, ChromaDatabase.FileName)))
        {
            throw new StingException("ChromaFolderNotWhole", FailureKind.Integrity, $"Chroma's folder {_folder} was left as it was: not all of it could be restored.", _folder,
                "Restore it from another point, with -Date; the errors before this one say what is missing.");
        }
        FolderHolders.Require(_folder);
        var replaced = Path.Join(_folder, Replaced);
        try
        {
            Directory.CreateDirectory(replaced);
            foreach (var entry in Entries(_folder).Where(e => Path.GetFileName(e) is not (Staged or Replaced)))
            {
                Directory.Move(entry, Path.Join(replaced, Path.GetFileName(entry)));
            }
            foreach (var entry in Entries(staged))
            {
                Directory.Move(entry, Path.Join(_folder, Path.GetFileName(entry)));
            }
            Durable.SyncDirectory(_folder);
            Directory.Delete(replaced, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("ChromaFolderNotWhole", FailureKind.Io, $"Chroma's folder {_folder} could not be put in place: {e.Message} What stood there before lies in {replaced}.", _folder,
                "Mend what the message names; move what lies there back, then restore again. Do not start Chroma before.", e);
        }
    }

    private static List<string> Entries(string folder) => Directory.Exists(folder) ? [.. Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions { AttributesToSkip = 0 })] : [];

    private sealed class CountedFile(ChromaFolderTarget owner, IRestoreFile file) : IRestoreFile
    {
        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace)
        {
            var messages = file.Place(name, metadata, replace);
            Interlocked.Increment(ref owner._placed);
            return messages;
        }

        public void Dispose() => file.Dispose();
    }
}
