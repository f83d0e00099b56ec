using System.Globalization;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Legacy;

/// <summary>One import: archive by archive, oldest first, each unpacked into a private spool and backed up from there as a run of its own. What fails is one archive; the others go on.</summary>
internal sealed class LegacyImportRun(Installation installation, LegacyImportPlan plan, SecretBytes? passphrase, JobOutput output)
{
    private long _bytesNew, _bytesStored;

    public async Task<LegacyImportResult> RunAsync(CancellationToken cancel)
    {
        var started = installation.Clock.GetTimestamp();
        output.Progress.TotalBytes = plan.Length;
        var imported = await LegacyImportPlanner.ImportedAsync(installation, cancel).ConfigureAwait(false);
        var done = new List<LegacyArchive>();
        foreach (var archive in plan.Archives)
        {
            cancel.ThrowIfCancellationRequested();
            done.Add(archive.State != LegacyArchiveState.Importable ? archive : await TryImportAsync(archive, imported, cancel).ConfigureAwait(false));
        }
        return new LegacyImportResult
        {
            State = StateOf(done), Archives = done, BytesNew = _bytesNew, BytesStored = _bytesStored, Errors = output.Errors + done.Count(a => a.State == LegacyArchiveState.Refused && WasRefusedBefore(a)),
            Duration = installation.Clock.GetElapsedTime(started),
        };
    }

    private JobState StateOf(List<LegacyArchive> done) =>
        done.All(a => a.State == LegacyArchiveState.Refused) ? JobState.Failed
        : output.Errors > 0 || done.Any(a => a.State == LegacyArchiveState.Refused) ? JobState.CompletedWithErrors : JobState.Completed;

    private static bool WasRefusedBefore(LegacyArchive archive) => archive.Examined is ExaminedArchive { Failure: not null };

    private async Task<LegacyArchive> TryImportAsync(LegacyArchive archive, Dictionary<string, string> imported, CancellationToken cancel)
    {
        if (archive.Examined is not ExaminedArchive { Contents: { } contents } examined)
        {
            throw new ArgumentException("The plan was not made in this process.", nameof(archive));
        }
        var hash = Convert.ToHexStringLower(examined.Hash);
        if (imported.TryGetValue(hash, out var id))
        {
            return archive with { State = LegacyArchiveState.AlreadyImported, BackupId = id };
        }
        try
        {
            var result = await ImportAsync(archive, examined, contents, cancel).ConfigureAwait(false);
            imported.Add(hash, result.BackupId!);
            _bytesNew += result.BytesNew;
            _bytesStored += result.BytesStored;
            output.Tell(string.Create(CultureInfo.InvariantCulture,
                $"{archive.Name} is {result.BackupId} of {contents.Time:yyyy-MM-dd HH:mm:ss zzz}: {result.Items:N0} items, {Display.Length(result.Length)}, below {archive.Folder}. It lacks: {string.Join("; ", contents.Lacks)}."));
            return archive with { State = LegacyArchiveState.Imported, BackupId = result.BackupId };
        }
        // What is wrong with one archive; a repository that fails would fail the next one too.
        catch (StingException e) when (e.ErrorId.StartsWith("Legacy", StringComparison.Ordinal))
        {
            output.Failed(e);
            return archive with { State = LegacyArchiveState.Refused, Problem = $"{e.Message} {e.Remedy}" };
        }
    }

    private async Task<BackupResult> ImportAsync(LegacyArchive archive, ExaminedArchive examined, LegacyContents contents, CancellationToken cancel)
    {
        output.Progress.Activity = $"Import of {archive.Name}";
        // Before the run begins, so that an archive that turns out to be unfit leaves no trace of a run.
        using var tree = Unpack(archive, examined, cancel);
        var source = new ReserveSource
        {
            Name = archive.Name, Location = archive.Path, Mount = EntryPath.Parse(archive.Folder!), Classes = contents.Classes.ToHashSet(),
            Place = (path, kind) => LegacyPlacement.Classify(path, kind, installation.Users),
            OpenAsync = (_, _) => ValueTask.FromResult<ISourceTree>(tree),
            OpenTarget = (_, _, _) => throw new NotSupportedException("An archive is not written to."),
        };
        var cut = new ImportedCut(source, contents.Time, new PointOrigin(contents.Stem + ".tar.gz", new Id32(examined.Hash)));
        var backup = new BackupPlan
        {
            Type = BackupType.Full, Classes = contents.Classes, Sources = [archive.Path], Repository = plan.Repository, Time = TimeZoneInfo.ConvertTime(contents.Time, installation.Zone),
        };
        return await new BackupRun(installation, backup, output, cut).RunAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>The archive's content in a spool of its own, once it has proved to be the one that was looked at.</summary>
    private CaptureTree Unpack(LegacyArchive archive, ExaminedArchive examined, CancellationToken cancel)
    {
        output.Progress.Status = "unpacking";
        Directory.CreateDirectory(installation.CacheFolder);
        if (installation.HostView.RoomOf(installation.CacheFolder) is var (free, _) && free < archive.Length)
        {
            throw LegacyErrors.SpoolFull(installation.CacheFolder,
                $"'{archive.Path}' unpacks to {Display.Length(archive.Length)}, and '{installation.CacheFolder}' has {Display.Length(free)} free.");
        }
        var spool = CaptureSpool.Create(installation.CacheFolder, LegacyErrors.SpoolFailed);
        try
        {
            var (tree, hash, _) = LegacyImportPlanner.Read(archive.Path, passphrase, spool, examined.KeptVolumes, cancel);
            if (!hash.AsSpan().SequenceEqual(examined.Hash))
            {
                throw LegacyErrors.Changed(archive.Path);
            }
            spool.Complete();
            var source = new CaptureTree(archive.Path, spool);
            foreach (var (path, item) in tree.Items)
            {
                switch (item.Kind)
                {
                    case ItemKind.File:
                        source.Add(path, new CapturedFile([item.Range], [item.Hash!], item.Metadata));
                        break;
                    case ItemKind.Directory:
                        source.AddFolder(path, item.Metadata);
                        break;
                    default:
                        source.AddOther(path, item.Kind, item.Metadata);
                        break;
                }
            }
            return source;
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }
}
