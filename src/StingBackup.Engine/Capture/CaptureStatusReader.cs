using StingBackup.Engine.Platform;
using StingBackup.Engine.Sources.PostgreSql;
using StingBackup.Engine.Sources.PostgreSql.Wal;

namespace StingBackup.Engine.Capture;

/// <summary>Tells how a capture stands: from what it says of itself, from its spool, and from the server.</summary>
internal sealed class CaptureStatusReader(CapturePlaces places, TimeProvider clock)
{
    public async ValueTask<CaptureStatus> ReadAsync(CancellationToken cancel)
    {
        var beat = StateFile.Read<CaptureHeartbeat>(places.HeartbeatFile);
        var now = clock.GetUtcNow();
        var alive = beat?.IsAlive(now) == true;
        var (view, unseen) = await AskAsync(cancel).ConfigureAwait(false);
        var told = File.Exists(places.AppliedFile);
        var (alarm, message) = alive ? (beat!.Alarm, beat.Message) : Judge(view, unseen, told, beat);
        var spool = ReadSpool();
        var sealedLog = StateFile.Read<SealedLog>(places.SealedFile);
        Lsn? confirmed = beat?.Confirmed is { } text ? Lsn.Parse(text) : null;
        var lag = view is not null && (spool.End ?? confirmed) is { } here && told ? (long)Lsn.Distance(here, view.Written) : alive ? beat!.LagBytes : (long?)null;
        return new CaptureStatus
        {
            State = alive ? beat!.State : told || view?.Waits == true ? CaptureState.NotRunning : CaptureState.Off,
            Alarm = alarm, Message = message, Time = now, Since = alive ? beat!.Since : null, ProcessId = alive ? beat!.ProcessId : null,
            Server = places.Receiver.Location, Slot = places.Capture.Slot, WhenStalled = places.PolicyName,
            SynchronousStandbyNames = view?.Standbys, CommitsWait = view?.Waits, LagBytes = lag,
            Lag = lag is 0 ? TimeSpan.Zero : alive ? beat!.Lag : lag is > 0 && beat is not null ? now - beat.Updated : null,
            Confirmed = (spool.End ?? confirmed)?.ToString(), ServerEnd = view?.Written.ToString() ?? beat?.ServerEnd, ServerKeeps = view?.Retained is { } kept ? (long)kept : null,
            OldestUnsealed = spool.Oldest(sealedLog), LastSealedBackupId = sealedLog?.BackupId,
            SpoolDirectory = places.Capture.Spool.Folder, SpoolFiles = spool.Files.Count, SpoolLength = spool.Length, SpoolRoom = Room(),
        };
    }

    private async Task<(WalServerView? View, StingException? Unseen)> AskAsync(CancellationToken cancel)
    {
        try
        {
            return (await WalServerView.ReadAsync(places.Admin, places.Capture.Slot, cancel).ConfigureAwait(false), null);
        }
        catch (StingException e)
        {
            return (null, e);
        }
    }

    private static (CaptureAlarm Alarm, string Message) Judge(WalServerView? view, StingException? unseen, bool told, CaptureHeartbeat? beat)
    {
        const string HowToGoOn = "Start-StingMetadataCapture (sting-backup capture) goes on where it stopped; Stop-StingMetadataCapture (sting-backup capture-stop) lets commits go.";
        var last = beat is { Message.Length: > 0, IsEnded: true } ? $" It last said: {beat.Message}" : "";
        return view switch
        {
            { SlotLost: true } => (CaptureAlarm.Lost, $"The server threw away log that was not received. Take a new base backup now (Invoke-StingBackup -Type Full).{last}"),
            { Waits: true } => (CaptureAlarm.Stalled, $"The capture does not run, and commits wait for it. {HowToGoOn}{last}"),
            null when unseen is not null => (CaptureAlarm.Behind, $"The server does not answer: {unseen.Message} {unseen.Remedy}"),
            _ when told => (CaptureAlarm.Degraded, $"The capture does not run: what is committed now is not protected at once. {HowToGoOn}{last}"),
            _ => (CaptureAlarm.None, ""),
        };
    }

    private long? Room()
    {
        try
        {
            return Directory.Exists(places.Capture.Spool.Folder) ? new DriveInfo(places.Capture.Spool.Folder).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private Spool ReadSpool()
    {
        try
        {
            var files = WalSpool.Files(places.Capture.Spool.Folder);
            Lsn? end = null;
            if (files is [.., var last])
            {
                end = last.Start;
                foreach (var stretch in WalSpool.ReadFile(last))
                {
                    end = stretch.End;
                }
            }
            return new Spool(files, files.Sum(f => new FileInfo(f.Path).Length), end);
        }
        catch (Exception e) when (e is StingException or IOException or UnauthorizedAccessException)
        {
            // A run or the capture tells what is wrong with it; a file may also be gone at this very moment.
            return new Spool([], 0, null);
        }
    }

    private sealed record Spool(IReadOnlyList<WalSpoolFile> Files, long Length, Lsn? End)
    {
        /// <summary>The server's time at the first record that no run holds.</summary>
        public DateTimeOffset? Oldest(SealedLog? sealedLog)
        {
            foreach (var file in Files)
            {
                var isKnown = sealedLog is not null && (file.Identity.SystemId, file.Identity.Timeline) == (sealedLog.SystemId, sealedLog.Timeline);
                var from = isKnown ? new Lsn(sealedLog!.End) : default;
                try
                {
                    foreach (var stretch in WalSpool.ReadFile(file))
                    {
                        if (stretch.Start >= from)
                        {
                            return NanosecondTime.FromNs(stretch.TimeNs, 0);
                        }
                        if (Files.Any(f => f.Start > file.Start && f.Start <= from))
                        {
                            break;   // the whole file is stored
                        }
                    }
                }
                catch (IOException)
                {
                    // A run removed it: it is stored.
                }
            }
            return null;
        }
    }
}
