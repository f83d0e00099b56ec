using System.Diagnostics;

namespace StingBackup.Fuzz.Tests.Loop;

/// <summary>What became of a target.</summary>
internal sealed record FuzzOutcome(long Executions, int Edges, int Kept, IReadOnlyList<(byte[] Input, Finding Finding)> Findings);

/// <summary>Mutates what is known, keeps what takes new edges, and tells what broke something. The same seed and number of executions do the same, as long as nothing was found by time.</summary>
internal sealed class FuzzLoop(FuzzTarget target, int seed)
{
    private static readonly TimeSpan LongestInput = TimeSpan.FromSeconds(10);

    private readonly Random _random = new(seed);
    private readonly List<(byte[] Input, HashSet<int> Edges)> _queue = [];
    private readonly Dictionary<string, (byte[] Input, Finding Finding)> _findings = [];
    private long _executions;

    /// <summary>Told of an input that takes longer than any may, before the process ends.</summary>
    public Action<byte[]>? Hangs { get; init; }

    /// <summary>Told now and then how far it is.</summary>
    public Action<FuzzOutcome>? Progress { get; init; }

    public IReadOnlyList<(byte[] Input, HashSet<int> Edges)> Queue => _queue;

    public FuzzOutcome Outcome => new(_executions, Coverage.Edges, _queue.Count, [.. _findings.Values]);

    public FuzzOutcome Run(IEnumerable<byte[]> corpus, TimeSpan length, long executions = long.MaxValue)
    {
        Coverage.Reset();
        var seeds = target.Seeds().Concat(corpus).ToList();
        var clock = Stopwatch.StartNew();
        using var watch = new Watchdog(LongestInput, input => Hangs?.Invoke(input));
        foreach (var input in seeds)
        {
            Give(input, watch, keep: true);
        }
        var mutator = new Mutator(_random, target.Words);
        var told = clock.Elapsed;
        while (clock.Elapsed < length && _executions < executions)
        {
            // What came last is where something new was found: it gets half of the work.
            var from = _random.Next(2) == 0 ? _queue[_random.Next(_queue.Count)] : _queue[^(1 + _random.Next(Math.Min(_queue.Count, 16)))];
            Give(mutator.Mutate(from.Input, _queue[_random.Next(_queue.Count)].Input, target.MaxLength), watch, keep: false);
            if ((_executions & 0xff) == 0 && clock.Elapsed - told > TimeSpan.FromMinutes(1))
            {
                told = clock.Elapsed;
                Progress?.Invoke(Outcome);
            }
        }
        return Outcome;
    }

    private void Give(byte[] input, Watchdog watch, bool keep)
    {
        watch.Begin(input);
        Coverage.Begin();
        var finding = Probe.Try(target, input);
        var isNew = Coverage.End();
        watch.End();
        _executions++;
        if (finding is not null)
        {
            if (!_findings.TryGetValue(finding.Key, out var known) || known.Input.Length > input.Length)
            {
                _findings[finding.Key] = (input, finding);
            }
        }
        else if (isNew || keep)
        {
            _queue.Add((input, Coverage.Last()));
        }
    }

    /// <summary>Looks from another thread whether an input is still being read.</summary>
    private sealed class Watchdog : IDisposable
    {
        private readonly Timer _timer;
        private byte[]? _input;
        private long _since;

        public Watchdog(TimeSpan longest, Action<byte[]> hangs) => _timer = new Timer(_ =>
        {
            if (Volatile.Read(ref _input) is { } input && Stopwatch.GetElapsedTime(Volatile.Read(ref _since)) > longest)
            {
                hangs(input);
            }
        }, null, longest / 2, longest / 2);

        public void Begin(byte[] input)
        {
            Volatile.Write(ref _since, Stopwatch.GetTimestamp());
            Volatile.Write(ref _input, input);
        }

        public void End() => Volatile.Write(ref _input, null);

        public void Dispose() => _timer.Dispose();
    }
}
