using System.Globalization;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Sources.PostgreSql.Physical;
using StingBackup.Engine.Sources.PostgreSql.Restore;
using StingBackup.Engine.Sources.PostgreSql.Wal;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>One restore of a server: base backup and log into a work folder, then <c>data</c> and <c>wal</c>, made so that a server started over them recovers to the moment by itself.</summary>
internal sealed class DatabaseRestoreRun(Installation installation, DatabaseRestorePlan plan, JobOutput output)
{
    private readonly DatabaseSelection _selection = (DatabaseSelection)plan.Exact!;
    private readonly string _work = Path.Combine(plan.Destination, DatabaseRestoreJob.WorkFolder);
    private readonly string _data = Path.Combine(plan.Destination, "data");
    private readonly string _segments = Path.Combine(plan.Destination, "wal");
    private long _files, _bytes;

    private string Log => Path.Combine(_work, ReserveMounts.Wal.ToString());

    public async Task<DatabaseRestoreResult> RunAsync(CancellationToken cancel)
    {
        var started = installation.Clock.GetUtcNow();
        output.Progress.Activity = "Restore of the database server";
        (output.Progress.TotalItems, output.Progress.TotalBytes) = (plan.Files, plan.Length);
        Begin();
        foreach (var part in _selection.Logs.Prepend(_selection.Base))
        {
            await RestoreAsync(part, cancel).ConfigureAwait(false);
        }
        AddSpool(cancel);
        output.Progress.Status = "reading the log";
        var identity = OneLog();
        var (target, last) = Choose(cancel);
        File.Delete(Path.Combine(_work, ReserveMounts.BaseBackup.ToString(), BaseBackupFacts.FileName));
        Directory.Move(Path.Combine(_work, ReserveMounts.BaseBackup.ToString()), _data);
        var end = PointInTimeRestore.Prepare(_data, WalSpool.Read(Log, null), identity, _segments, target);
        ServerFiles.Complete(_data);
        Directory.Delete(_work, recursive: true);
        return new DatabaseRestoreResult
        {
            State = output.Errors > 0 ? JobState.CompletedWithErrors : JobState.Completed, BackupIds = [.. plan.LogBackupIds.Prepend(plan.BaseBackupId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            DataDirectory = _data, Target = plan.Target, LastCommit = last is { } commit ? TimeZoneInfo.ConvertTime(commit, installation.Zone) : null, LogEnd = end.ToString(), ServerVersion = plan.ServerVersion,
            HowToStart = HowToStart(plan.ServerVersion), Files = _files, Length = _bytes, Duration = installation.Clock.GetUtcNow() - started,
        };
    }

    /// <summary>What an interrupted restore had made already may be half of it: it is made again. What it had read stays, and is compared.</summary>
    private void Begin()
    {
        Directory.CreateDirectory(_work);
        foreach (var made in (string[])[_data, _segments])
        {
            if (Directory.Exists(made))
            {
                Directory.Delete(made, recursive: true);
            }
        }
    }

    private async Task RestoreAsync(RestorePlan part, CancellationToken cancel)
    {
        var keys = await installation.UnlockAsync(cancel).ConfigureAwait(false);
        var selection = (RestoreSelection)part.Selection!;
        using var repository = new RepositoryReading(installation, selection.View, keys);
        using var target = installation.OpenTarget(part.Destination);
        var before = output.Errors;
        var result = await new RestoreRun(part, new RestoreContext(installation, part.Conflict, selection, repository, target, output), keys).RunAsync(cancel).ConfigureAwait(false);
        (output.Progress.Activity, output.Progress.TotalItems, output.Progress.TotalBytes) = ("Restore of the database server", plan.Files, plan.Length);
        _files += part.Files;
        _bytes += part.Length;
        if (output.Errors > before)
        {
            throw new StingException("DatabaseRestoreIncomplete", FailureKind.Integrity, $"{output.Errors - before} items of {string.Join(", ", result.BackupIds)} could not be restored, each named before: a server cannot be started over the rest.",
                plan.BaseBackupId, "Choose a moment after another base backup; Test-StingBackupIntegrity shows what is damaged.");
        }
    }

    /// <summary>Takes the newest log out of this host's spool, while it may be written to: the reader stops at the last whole record.</summary>
    private void AddSpool(CancellationToken cancel)
    {
        if (_selection.Spool is not { } spool)
        {
            return;
        }
        Directory.CreateDirectory(Log);
        foreach (var file in WalSpool.Files(spool))
        {
            cancel.ThrowIfCancellationRequested();
            var copy = Path.Combine(Log, Path.GetFileName(file.Path));
            try
            {
                using var source = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                if (!File.Exists(copy) || new FileInfo(copy).Length < source.Length)
                {
                    using var target = new FileStream(copy, FileMode.Create, FileAccess.Write);
                    source.CopyTo(target);
                }
            }
            catch (FileNotFoundException)
            {
                // A run has stored it at this very moment; the runs that this restore reads are older, but the log before it is whole.
            }
        }
    }

    /// <summary>Leaves out log of another cluster or timeline, and tells whose the rest is.</summary>
    private WalIdentity OneLog()
    {
        var facts = _selection.Facts;
        var files = Directory.Exists(Log) ? WalSpool.Files(Log) : [];
        foreach (var foreign in files.Where(f => f.Identity.SystemId != facts.SystemId || f.Identity.Timeline != facts.Timeline))
        {
            File.Delete(foreign.Path);
        }
        return files.FirstOrDefault(f => f.Identity.SystemId == facts.SystemId && f.Identity.Timeline == facts.Timeline)?.Identity ?? throw new StingException("WalGap", FailureKind.NotFound,
            $"There is no write-ahead log since the base backup of {plan.BaseBackupId}, which cannot be started without it.", plan.BaseBackupId,
            "Let the capture run (Start-StingMetadataCapture) and take a new base backup; an older base backup may have its log.");
    }

    /// <summary>
    /// A server refuses to start where its log holds no transaction behind the moment that it should recover to. The end of the log is the state of that moment then, and only then.
    /// </summary>
    private (RecoveryTarget Target, DateTimeOffset? LastCommit) Choose(CancellationToken cancel)
    {
        var log = new WalTransactions();
        DateTimeOffset? last = null;
        DateTimeOffset end = default;
        var goesOn = false;
        foreach (var transaction in log.Read(WalSpool.Read(Log, null).Where(s => s.End > _selection.Facts.LogStart).Select(Seen)))
        {
            cancel.ThrowIfCancellationRequested();
            goesOn |= plan.Target is { } moment && transaction.Time > moment;
            last = transaction.IsCommit && (plan.Target is null || transaction.Time <= plan.Target) && !(transaction.Time < last) ? transaction.Time : last;
        }
        if (plan.Target is not { } target)
        {
            return (RecoveryTarget.Latest, last);
        }
        if (goesOn || !log.IsUnderstood)
        {
            return (new RecoveryTarget(null, target), last);
        }
        if (end < target)
        {
            output.Warn(string.Create(CultureInfo.InvariantCulture, $"The log that was received ends at {end:O}, before the moment asked for: the server comes back as of its end. Was nothing committed in between, that is the state of that moment."));
        }
        return (RecoveryTarget.Latest, last);

        WalStretch Seen(WalStretch stretch)
        {
            end = NanosecondTime.FromNs(stretch.TimeNs, 0);
            return stretch;
        }
    }

    /// <summary>The commands that start the server; where somebody was erased, one more that erases them here too.</summary>
    private IReadOnlyList<string> HowToStart(string version)
    {
        IReadOnlyList<string> start = ServerFiles.HowToStart(_data, version);
        return installation.Ledger.Entries.Count == 0 ? start : start.Append("sting-backup erase-again   # once postgresql.host names it: whoever was erased since this moment is in it again").ToArray();
    }
}
