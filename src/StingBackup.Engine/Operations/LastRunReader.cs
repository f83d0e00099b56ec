using StingBackup.Engine.Basics;
using StingBackup.Engine.Integrity;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Operations;

/// <summary>Finds the newest run of this host: its newest point, or the announcement of one that has none. What was imported is no run of the host's backups.</summary>
internal sealed class LastRunReader(Installation installation, PointCheck points, ObjectProbe probe)
{
    public async ValueTask<LastRun?> ReadAsync(CancellationToken cancel)
    {
        var own = installation.Host?.Writer;
        var runs = points.Valid.Where(p => !p.Record.IsImported).ToList();
        var mine = runs.Where(p => p.Record.Writer == own).ToList();
        var open = points.OpenRuns.Where(r => r.Writer == own).ToList();
        if (mine.Count == 0 && open.Count == 0)
        {
            (mine, open) = (runs, [.. points.OpenRuns]);
        }
        var announced = new List<LastRun>();
        foreach (var run in open)
        {
            var (started, ok) = await StartOfAsync(run.Writer, run.Sequence, cancel).ConfigureAwait(false);
            if (ok)
            {
                announced.Add(OfOpen(run.Writer, run.Sequence, started));
            }
        }
        return announced.Concat(mine.TakeLast(1).Select(p => OfPoint(p.Record))).MaxBy(r => r.StartedTime);
    }

    private LastRun OfOpen(Id16 writer, long sequence, long startedNs) => new()
    {
        BackupId = null, Type = null, State = writer == installation.Host?.Writer && !installation.IsBackupRunning() ? JobState.Failed : null,
        StartedTime = TimeZoneInfo.ConvertTime(NanosecondTime.FromNs(startedNs, 0), installation.Zone), CompletedTime = null, Errors = 0, Writer = writer.ToString(), Sequence = sequence,
    };

    private static LastRun OfPoint(PointRecord point)
    {
        var errors = point.Classes.Sum(c => c.Errors);
        return new LastRun
        {
            BackupId = point.IsVoid ? null : point.Name, Type = point.IsVoid ? null : point.Type, State = point.IsVoid ? JobState.Failed : StatusReader.StateOf(errors),
            StartedTime = StatusReader.TimeOf(point), CompletedTime = point.IsVoid ? null : NanosecondTime.FromNs(point.CompletedNs, point.OffsetMinutes), Errors = errors,
            Writer = point.Writer.ToString(), Sequence = point.Sequence,
        };
    }

    private async ValueTask<(long StartedNs, bool Ok)> StartOfAsync(Id16 writer, long sequence, CancellationToken cancel)
    {
        var name = SessionRecord.NameOf(writer, sequence);
        long started = 0;
        var ok = await probe.CheckAsync(name, bytes => started = SessionRecord.Check(name, bytes, installation.Reserve, installation.Writers.SigningKeyOf), cancel).ConfigureAwait(false);
        return (started, ok);
    }
}
