using StingBackup.Engine.Chroma;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Chroma;

namespace StingBackup.Engine.Restore.Chroma;

/// <summary>
/// A running Chroma as the place where a restore writes: the files of collections are staged in a private folder; with the flush at the end, when all are there, their records are put back through the HTTP
/// API, collection by collection.
/// </summary>
internal sealed class ChromaRestoreTarget(ChromaClient client, string stagingFolder, ConflictAction conflict, JobOutput output, CancellationToken cancel) : IRestoreTarget
{
    private readonly IRestoreTarget _staging = DirectoryRestoreTarget.Open(stagingFolder);

    /// <inheritdoc/>
    public string Location => client.Location;

    /// <summary>Nothing: what stands in a collection is judged record by record.</summary>
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

    /// <summary>Loads what was staged. A collection that fails is reported, and the others come back.</summary>
    public void Flush()
    {
        var replaces = conflict is ConflictAction.Overwrite or ConflictAction.Newer;
        foreach (var file in Directory.EnumerateFiles(stagingFolder).Order(StringComparer.Ordinal))
        {
            var path = EntryPath.Root.Append(System.Text.Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            try
            {
                if (ChromaPaths.CollectionOf(path) is null)
                {
                    throw ChromaErrors.CaptureDamaged(path.ToString(), "it has not the name of one");
                }
                using var reader = new CollectionFileReader(file, path.ToString());
                Tell(new CollectionRestore(client, replaces).RunAsync(reader, cancel).GetAwaiter().GetResult());
            }
            catch (StingException e) when (e.ErrorId is "ChromaUnreachable" or "ChromaDenied" or "ChromaDatabaseMissing")
            {
                output.Failed(e);
                return;   // the next collection would meet the same
            }
            catch (StingException e)
            {
                output.Failed(e);
            }
        }
    }

    /// <summary>Removes what was staged.</summary>
    public void Dispose()
    {
        _staging.Dispose();
        client.Dispose();
        try
        {
            Directory.Delete(stagingFolder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            output.Warn($"Staged collections could not be removed from '{stagingFolder}': {e.Message} Remove the folder by hand: it holds people's data.");
        }
    }

    private void Tell(CollectionReport report)
    {
        output.Tell(FormattableString.Invariant($"Collection {report.Name}{(report.IsNew ? ", made anew" : "")}: {report.Restored} records restored, {report.Equal} stood there already, {report.Replaced} replaced."));
        if (report.Kept > 0)
        {
            output.Warn(FormattableString.Invariant($"Collection {report.Name}: {report.Kept} records left as they stand, with other values (-ConflictAction Overwrite replaces them)."));
        }
        if (report.HasOtherMetadata)
        {
            output.Warn($"Collection {report.Name}: its metadata stand there with other values, and were left.");
        }
        if (report.Unsendable > 0)
        {
            output.Failed(new StingException("ChromaRequestRefused", FailureKind.NotSupported, FormattableString.Invariant($"{report.Unsendable} records of collection '{report.Name}' have a vector that holds what is no number, and no server takes it."), report.Name,
                "Embed their texts anew; they stand in the backup, which restores to a folder."), report.Unsendable);
        }
    }
}
