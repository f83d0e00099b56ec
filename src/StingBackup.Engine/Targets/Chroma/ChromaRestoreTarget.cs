using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Sources.Chroma;

namespace StingBackup.Engine.Targets.Chroma;

/// <summary>A running Chroma as the place where a restore writes: records are put back through the HTTP API, collection by collection. Takes the client over.</summary>
internal sealed class ChromaRestoreTarget(ChromaClient client, ConflictAction conflict, string stateFolder, JobOutput output, CancellationToken cancel) : StagedRestoreTarget(stateFolder, output)
{
    /// <inheritdoc/>
    public override string Location => client.Location;

    /// <summary>Loads what was staged. A collection that fails is reported, and the others come back.</summary>
    public override void Flush()
    {
        var replaces = conflict is ConflictAction.Overwrite or ConflictAction.Newer;
        foreach (var file in Directory.EnumerateFiles(Folder).Order(StringComparer.Ordinal))
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
                Output.Failed(e);
                return;   // the next collection would meet the same
            }
            catch (StingException e)
            {
                Output.Failed(e);
            }
        }
    }

    /// <summary>Removes what was staged, and ends the client.</summary>
    public override void Dispose()
    {
        base.Dispose();
        client.Dispose();
    }

    private void Tell(CollectionReport report)
    {
        Output.Tell(FormattableString.Invariant($"Collection {report.Name}{(report.IsNew ? ", made anew" : "")}: {report.Restored} records restored, {report.Equal} stood there already, {report.Replaced} replaced."));
        if (report.Kept > 0)
        {
            Output.Warn(FormattableString.Invariant($"Collection {report.Name}: {report.Kept} records left as they stand, with other values (-ConflictAction Overwrite replaces them)."));
        }
        if (report.HasOtherMetadata)
        {
            Output.Warn($"Collection {report.Name}: its metadata stand there with other values, and were left.");
        }
        if (report.Unsendable > 0)
        {
            Output.Failed(new StingException("ChromaRequestRefused", FailureKind.NotSupported, FormattableString.Invariant($"{report.Unsendable} records of collection '{report.Name}' have a vector that holds what is no number, and no server takes it."), report.Name,
                "Embed their texts anew; they stand in the backup, which restores to a folder."), report.Unsendable);
        }
    }
}
