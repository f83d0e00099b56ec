using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Integrity;

/// <summary>A point that cannot be trusted, and what it still seems to say.</summary>
/// <param name="Fault">Its fault.</param>
/// <param name="Guess">Its content, unproved.</param>
internal sealed record DoubtfulPoint(Fault Fault, PointRecord Guess);

/// <summary>Points and sessions: every signature, and that each writer's chain is whole: no number missing, each point following the one before, none rolled back.</summary>
internal sealed class PointCheck(ObjectProbe probe, Census census, EnrolledWriters writers, Id16 reserve, FaultBook book)
{
    private readonly Dictionary<(Id16 Writer, long Sequence), StoredPoint> _valid = [];
    private readonly HashSet<(Id16 Writer, long Sequence)> _sessions = [];
    private readonly List<DoubtfulPoint> _doubtful = [];
    private readonly DropBook _drops = new();

    /// <summary>Points whose bytes are as their writer signed them, oldest first; a revoked writer's up to his last good number.</summary>
    public IReadOnlyList<StoredPoint> Valid { get; private set; } = [];

    /// <summary>Damaged points that still say something.</summary>
    public IReadOnlyList<DoubtfulPoint> Doubtful => _doubtful;

    /// <summary>Points that cannot be trusted or read.</summary>
    public int Damaged { get; private set; }

    /// <summary>Runs that announced themselves and have no point: in progress, or died and not yet closed by their host's next run.</summary>
    public IReadOnlyList<(Id16 Writer, long Sequence)> OpenRuns { get; private set; } = [];

    /// <summary>Data classes of points that retention let go.</summary>
    public int LetGo => _drops.Count;

    /// <summary>Points of revoked writers behind their last good number, which do not count.</summary>
    public int Revoked { get; private set; }

    public async ValueTask RunAsync(CancellationToken cancel)
    {
        foreach (var name in census.Points)
        {
            await ReadPointAsync(name, cancel).ConfigureAwait(false);
        }
        foreach (var name in census.Under("sessions/").Where(n => ObjectKinds.Of(n) == ObjectKind.Session))
        {
            if (await probe.CheckAsync(name, bytes => SessionRecord.Check(name, bytes, reserve, writers.SigningKeyOf), mayVanish: true, cancel).ConfigureAwait(false))
            {
                _sessions.Add(ObjectKinds.RunIn(name));
            }
        }
        foreach (var (run, point) in _valid)
        {
            CheckPrevious(run, point);
        }
        await CheckMaintenanceAsync(cancel).ConfigureAwait(false);
        await CheckSeenAsync(cancel).ConfigureAwait(false);
        await CheckNumbersAsync(cancel).ConfigureAwait(false);
        var counted = _valid.Values.Where(p => writers.Find(p.Record.Writer)?.LastGoodSequence is not { } last || p.Record.Sequence <= last).ToList();
        Revoked = _valid.Count - counted.Count;
        Valid = RunNames.Settle([.. counted.Select(_drops.Trim).OrderBy(p => p.Record.TimeNs).ThenBy(p => p.Record.Sequence)]);
    }

    /// <summary>What retention let go is looked at no more; and whoever let go or marked something must have had the right to.</summary>
    private async ValueTask CheckMaintenanceAsync(CancellationToken cancel)
    {
        foreach (var name in census.Under(DropRecord.Prefix).Where(n => ObjectKinds.Of(n) == ObjectKind.Drop))
        {
            await probe.CheckAsync(name, bytes =>
            {
                if (DropRecord.Read(name, bytes, reserve, writers) is var drop && Maintenance.Counts(writers, drop.Writer, drop.Sequence))
                {
                    _drops.Add(drop);
                }
            }, cancel).ConfigureAwait(false);
        }
        foreach (var name in census.Under(MarkRecord.Prefix).Where(n => ObjectKinds.Of(n) == ObjectKind.Mark))
        {
            await probe.CheckAsync(name, bytes => MarkRecord.Read(name, bytes, reserve, writers), mayVanish: true, cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask ReadPointAsync(string name, CancellationToken cancel)
    {
        PointRecord? guess = null;
        var sound = await probe.CheckAsync(name, bytes =>
        {
            guess = PointRecord.Guess(bytes);
            var point = PointRecord.Read(name, bytes, reserve, writers.SigningKeyOf);
            _valid[(point.Writer, point.Sequence)] = new StoredPoint(point, PointRecord.HashOf(bytes));
        }, cancel).ConfigureAwait(false);
        Damaged += sound ? 0 : 1;
        if (!sound && guess is { IsVoid: false })
        {
            _doubtful.Add(new DoubtfulPoint(book.Add(name, "nothing that only this point names can be restored"), guess));
        }
    }

    /// <summary>A point that is not the one which its successor was written after was replaced, or the chain has two branches.</summary>
    private void CheckPrevious((Id16 Writer, long Sequence) run, StoredPoint point)
    {
        if (run.Sequence == 1)
        {
            if (!point.Record.Previous.IsZero)
            {
                book.Add(point.Record.ObjectName, "it is the first of its writer and names one before it");
            }
        }
        else if (_valid.TryGetValue((run.Writer, run.Sequence - 1), out var before) && before.Hash != point.Record.Previous)
        {
            book.Add(before.Record.ObjectName, $"it is not the point that '{point.Record.ObjectName}' was written after: the chain was forked, or the point replaced");
        }
    }

    /// <summary>What other writers saw must still be there: this is how rolling one writer back shows.</summary>
    private async ValueTask CheckSeenAsync(CancellationToken cancel)
    {
        foreach (var (run, point) in _valid.OrderBy(v => v.Key.Sequence))
        {
            foreach (var head in point.Record.Seen)
            {
                var name = PointRecord.NameOf(head.Writer, head.Sequence);
                if (_valid.TryGetValue((head.Writer, head.Sequence), out var seen))
                {
                    if (seen.Hash != head.Hash)
                    {
                        book.Add(name, $"writer {run.Writer} saw another point of this number: the chain was rolled back and written anew, or forked");
                    }
                }
                else if (!book.Holds(name) && !await ExistsAsync(name, cancel).ConfigureAwait(false))
                {
                    book.Miss(name, $"it is missing, and writer {run.Writer} saw it: it was deleted, or its chain rolled back");
                }
            }
        }
    }

    private async ValueTask CheckNumbersAsync(CancellationToken cancel)
    {
        var present = census.Points.Select(ObjectKinds.RunIn).ToLookup(p => p.Writer, p => p.Sequence);
        var open = new List<(Id16, long)>();
        foreach (var writer in _valid.Keys.Concat(_sessions).Select(r => r.Writer).Distinct().Order().ToList())
        {
            // Only what is validly signed says how far the chain went; a forged name does not.
            var lastPoint = _valid.Keys.Where(p => p.Writer == writer).Select(p => p.Sequence).DefaultIfEmpty().Max();
            var lastSession = _sessions.Where(s => s.Writer == writer).Select(s => s.Sequence).DefaultIfEmpty().Max();
            var end = Math.Max(lastPoint, lastSession - 1);
            var next = 1L;
            foreach (var number in present[writer].Where(n => n <= end).Order().Append(end + 1))
            {
                if (number > next)
                {
                    await AddGapAsync(writer, next, number - 1, cancel).ConfigureAwait(false);
                }
                next = number + 1;
            }
            if (!present[writer].Contains(lastSession) && lastSession > lastPoint && !await ExistsAsync(PointRecord.NameOf(writer, lastSession), cancel).ConfigureAwait(false))
            {
                open.Add((writer, lastSession));
            }
        }
        OpenRuns = open;
    }

    /// <summary>One fault for a run of missing numbers.</summary>
    private async ValueTask AddGapAsync(Id16 writer, long first, long last, CancellationToken cancel)
    {
        var name = PointRecord.NameOf(writer, first);
        // A run may have committed between the two listings.
        if (!await ExistsAsync(name, cancel).ConfigureAwait(false))
        {
            book.Miss(name, last == first
                ? "it is missing, although its writer went on: his next run begins only when this number has a point"
                : $"it and the {last - first} points behind it are missing, although their writer went on");
        }
    }

    private async ValueTask<bool> ExistsAsync(string name, CancellationToken cancel) => await probe.Store.GetLengthAsync(name, cancel).ConfigureAwait(false) is not null;
}
