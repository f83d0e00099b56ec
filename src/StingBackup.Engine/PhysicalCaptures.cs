using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.PostgreSql.Physical;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Targets;

namespace StingBackup.Engine;

/// <summary>
/// What runs take of a captured server: the log that was received, and with full runs a base backup. Spooled log goes only when the run that holds it is committed, whole, and a committed
/// base backup no longer needs it; so each run holds all log since the newest base backup.
/// </summary>
internal sealed class PhysicalCaptures(CapturePlaces places, TimeProvider clock)
{
    private static readonly IReadOnlySet<DataClass> Class = new HashSet<DataClass> { DataClass.Physical };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Whose run they are of, told apart by its output: a run that broke off must not lend its base backup to the next, which would then remove log that nothing holds.
    private (JobOutput Run, BaseBackupCapture Taken)? _base;
    private (JobOutput Run, WalSpoolTree Log)? _log;

    /// <summary>The two sources, the base backup first: the log is read when it is whole, and so reaches behind its end.</summary>
    public IEnumerable<ReserveSource> Sources =>
    [
        new ReserveSource
        {
            Name = "the base backup of PostgreSQL", Location = $"{places.Receiver.Location} (base backup)", Mount = ReserveMounts.BaseBackup, Stage = CaptureStage.Databases, Classes = Class,
            Types = new HashSet<BackupType> { BackupType.Full }, Place = Place, OpenTarget = RefuseInPlace, OpenAsync = TakeBaseAsync,
        },
        new ReserveSource
        {
            Name = "the write-ahead log of PostgreSQL", Location = places.Capture.Spool.Folder, Mount = ReserveMounts.Wal, Stage = CaptureStage.Databases, Classes = Class,
            Place = Place, OpenTarget = RefuseInPlace, OpenAsync = OpenLogAsync, Committed = Committed,
        },
    ];

    private static Placement Place(EntryPath path, ItemKind kind) => new(false, DataClass.Physical, SubjectNames.System);

    private static IRestoreTarget RefuseInPlace(RestorePlan plan, JobOutput output, CancellationToken cancel) => throw new StingException("PhysicalRestoreInPlace", FailureKind.Refused,
        "A base backup and its log cannot be restored over a server's own files.", plan.Scope, "Use Restore-StingDatabase (sting-restore database), which makes a folder to start a server over; or give a destination.");

    private BaseBackupCapture? BaseOf(JobOutput run) => _base is { } taken && taken.Run == run ? taken.Taken : null;

    private async ValueTask<ISourceTree> TakeBaseAsync(JobOutput output, CancellationToken cancel)
    {
        _base = null;
        var taken = await BaseBackupCapture.TakeAsync(places.Receiver, places.Scratch, cancel).ConfigureAwait(false);
        output.Explain($"Base backup of PostgreSQL {taken.ServerVersion}: log from {taken.Manifest.Start}, consistent at {taken.Manifest.End}.");
        _base = (output, taken);
        return taken;
    }

    private async ValueTask<ISourceTree> OpenLogAsync(JobOutput output, CancellationToken cancel)
    {
        _log = null;
        var log = await WalSpoolTree.OpenAsync(places.Capture.Spool.Folder, BaseOf(output)?.Manifest.End, Patience, clock, output.Warn, cancel).ConfigureAwait(false);
        _log = (output, log);
        return log;
    }

    private void Committed(string backupId, IReadOnlyList<PointClass> classes, JobOutput output)
    {
        var taken = BaseOf(output);
        var log = _log is { } opened && opened.Run == output ? opened.Log : null;
        (_base, _log) = (null, null);
        // Not one item of the class may have failed: whatever is removed here is nowhere else.
        if (log?.Given is not [.., var last] given || classes.FirstOrDefault(c => c.Class == DataClass.Physical) is not { Errors: 0 })
        {
            return;
        }
        try
        {
            var whose = last.File.Identity;
            StateFile.Write(places.SealedFile, new SealedLog(whose.SystemId, whose.Timeline, last.End.Value, backupId));
            if (taken is null || taken.SystemId != whose.SystemId || taken.Manifest.Timeline != whose.Timeline)
            {
                return;
            }
            var needed = taken.Manifest.Start.SegmentStart(whose.SegmentSize);
            var stored = given.Where(f => f.End <= needed).ToList();
            foreach (var file in stored)
            {
                Durable.Remove(file.File.Path);
            }
            output.Explain(string.Create(CultureInfo.InvariantCulture, $"{stored.Count} spool files are stored in {backupId} and lie before its base backup: removed from {places.Capture.Spool.Folder}."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            output.Warn($"The run is committed; what it stored of the spool {places.Capture.Spool.Folder} could not be noted or removed: {e.Message} The next full run tries again.");
        }
    }
}

/// <summary>How far the log is in the repository.</summary>
/// <param name="SystemId">The cluster.</param>
/// <param name="Timeline">Its timeline.</param>
/// <param name="End">End of the stored log.</param>
/// <param name="BackupId">The run that stored it.</param>
internal sealed record SealedLog(ulong SystemId, uint Timeline, ulong End, string BackupId);
