using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Restore;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql.Logical;

namespace StingBackup.Engine.Operations.Verification;

/// <summary>
/// Proves that a state of the reserve is whole in itself: every file that its database rows name is in it, and every chunk of that file is in the repository.
/// One walk over the trees remembers the files (<see cref="PathSet"/>) and reads the rows; memory grows by that and by what the rows name.
/// </summary>
internal sealed class ReferenceRun(Installation installation, VerifyRequest request, JobOutput output)
{
    private const int MostFaults = 1000;

    private readonly PathSet _whole = new();
    private readonly List<(FileReference Reference, string BackupId, string Subject)> _references = [];
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);

    public async Task<IntegrityResult> RunAsync(CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        output.Progress.Activity = "Verify (References)";
        using var repository = await RepositoryReading.OpenAsync(installation, cancel).ConfigureAwait(false);
        var state = request.BackupId is { } id ? repository.Finder.AtRun(id, null) : repository.Finder.AtDate(request.Date, null);
        var trees = await repository.Subjects.AllAsync(state.Classes, cancel).ConfigureAwait(false);
        foreach (var failure in trees.Failures)
        {
            output.Failed(failure.Error, failure.Items);
        }
        await foreach (var (tree, entry) in new MergedTrees(repository.Walker, trees.Trees).WalkAsync(EntryPath.Root, true, null, cancel).ConfigureAwait(false))
        {
            Take(repository, tree, entry, cancel);
        }
        var lacking = _references.Where(IsLacking).ToList();
        // STING keeps rows of temporary files longer than the files are worth; those that are too old no run takes.
        var temporary = installation.TempFilesAge > TimeSpan.Zero ? lacking.Where(r => IsTemporary(r.Reference)).ToHashSet() : [];
        var faults = lacking.Where(r => !temporary.Contains(r)).Select(Judge).ToList();
        if (_references.Count == 0)
        {
            output.Warn("No row of a database in this state names a file: nothing is proved. Databases are backed up where postgresql.host is set.");
        }
        else
        {
            output.Tell(string.Create(CultureInfo.CurrentCulture, $"{_references.Count} rows name files; {faults.Count} of these files are not in this state."));
        }
        if (temporary.Count > 0)
        {
            output.Tell(string.Create(CultureInfo.CurrentCulture, $"{temporary.Count} rows name temporary files that are not in this state: runs leave those out that did not change for {Display.Duration(installation.TempFilesAge)} (reserve.temp_files_age)."));
        }
        return new IntegrityResult
        {
            Level = request.Level, Tier = installation.AtTier, Points = state.Classes.DistinctBy(c => c.BackupId).LongCount(), Packs = 0, Chunks = _references.Count,
            BytesRead = repository.Reader.BytesRead, Faults = [.. faults.Take(MostFaults)], Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    private void Take(RepositoryReading repository, PointTree tree, TreeEntry entry, CancellationToken cancel)
    {
        if (entry.Kind != ItemKind.File)
        {
            return;
        }
        output.Progress.Add(1, 0);
        if (entry.Path.IsWithin(ReserveMounts.PostgreSql))
        {
            if (CapturePath.ParseRows(entry.Path.RelativeTo(ReserveMounts.PostgreSql).ToString()) is { } rows && FileReferences.AreIn(rows.Table))
            {
                using var stream = new TreeFileStream(repository.Reader, tree.Row.Pseudonym, entry, cancel);
                _references.AddRange(FileReferences.Read(rows, stream, f => _files.Add(f)).Select(r => (r, tree.Point.BackupId, tree.Subject)));
            }
            return;
        }
        // A file of many chunks has its pages checked by level Structure; here the chunks of its entry count.
        if (entry.Extents.All(x => x.IsHole || repository.View.Index.TryFind(x.Id, out _)))
        {
            _whole.Add(entry.Path);
        }
    }

    private bool IsLacking((FileReference Reference, string BackupId, string Subject) named) =>
        named.Reference.Path is { } path ? !_whole.Contains(path) : !_files.Contains(named.Reference.FileId!);

    private static bool IsTemporary(FileReference reference) =>
        reference.Path is { } path && path.IsWithin(ReserveMounts.Vault) && Sources.Vault.VaultPaths.Classify(path.RelativeTo(ReserveMounts.Vault), UsersMap.Empty).DataClass == DataClass.TempFiles;

    private static IntegrityFault Judge((FileReference Reference, string BackupId, string Subject) named)
    {
        var what = named.Reference.Path?.ToString() ?? $"file_assets {named.Reference.FileId}";
        return new IntegrityFault
        {
            Object = named.Reference.Row, Tier = Tier.Local, Problem = $"it names {what}, which is not in this state", Subjects = [named.Subject], Files = [$"{named.BackupId}: {what}"], FileCount = 1,
            Remedy = "Run a backup: what the sources still have is taken. Where they have it no more, restore it from an older point.",
        };
    }
}
