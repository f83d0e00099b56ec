using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Limits;

/// <summary>What a limited job asks for.</summary>
/// <param name="Look">What the configuration says now.</param>
/// <param name="OwnsProcess">Whether the process is this program's own, so that all of it may be moved and set back; else only the job rests.</param>
/// <param name="Explain">Told of what is done, and by which means.</param>
/// <param name="Warn">Told of what could not be held.</param>
internal sealed record LimitOrder(Func<HostLimits> Look, bool OwnsProcess, Action<string> Explain, Action<string> Warn);

/// <summary>
/// Holds a process to its limits while limited jobs run in it, and takes all of it back with the last one: priorities at once, the share of the processors after the first seconds, by a control group where
/// there is a right to one, else by resting. One a process, however many jobs.
/// </summary>
internal sealed class LimitKeeper(IControlFiles files, CpuPacer pacer, TimeProvider clock, int processors)
{
    /// <summary>A job that ends sooner takes nothing from anybody for long: most ticks are over by then, and none makes and removes a group.</summary>
    public static readonly TimeSpan Free = TimeSpan.FromSeconds(3);

    /// <summary>How often the configuration is looked at.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<Lease> _leases = [];
    private Dictionary<int, (int Nice, int Io)> _before = [];
    private ControlGroup? _group;
    private HostLimits? _applied;
    private int _jobs;

    /// <summary>The one of this process.</summary>
    public static LimitKeeper OfProcess { get; } = new(new ControlFiles(), CpuPacer.OfProcess(), TimeProvider.System, Environment.ProcessorCount);

    /// <summary>Whether packets should be marked as those that may wait: a limited job runs, and its configuration says so.</summary>
    public bool MarksPackets => Volatile.Read(ref _jobs) > 0 && _applied is { BackgroundNetwork: true };

    /// <summary>Whether whoever has finished a piece of work should rest; for tests and messages.</summary>
    public CpuPacer Pacer => pacer;

    /// <summary>A limited job begins. What is returned ends it.</summary>
    public Lease Enter(LimitOrder order)
    {
        lock (_gate)
        {
            var lease = new Lease(this, order, clock.GetTimestamp());
            _leases.Add(lease);
            _jobs++;
            Apply(lease);
            return lease;
        }
    }

    private void Tick(Lease lease)
    {
        lock (_gate)
        {
            if (_leases.Contains(lease))
            {
                Apply(lease);
            }
        }
    }

    private void Exit(Lease lease)
    {
        lock (_gate)
        {
            if (!_leases.Remove(lease))
            {
                return;
            }
            _jobs--;
            if (_leases.Count > 0)
            {
                return;
            }
            LeaveGroup(lease.Order);
            pacer.Processors = 0;
            SetPriorities(0, IoClass.Unset);
            _applied = null;
        }
    }

    private void Apply(Lease lease)
    {
        var (order, wanted) = (lease.Order, lease.Order.Look());
        if (order.OwnsProcess && (_applied?.Io, _applied?.CpuPercent is not null) != (wanted.Io, wanted.CpuPercent is not null))
        {
            SetPriorities(wanted.CpuPercent is null ? 0 : ThreadPriorities.BehindOthers, wanted.Io switch { IoPriority.Low => IoClass.BestEffortLast, IoPriority.Idle => IoClass.Idle, _ => IoClass.Unset });
        }
        var changed = _applied is not null && _applied.CpuPercent != wanted.CpuPercent;
        _applied = wanted;
        if (!lease.IsHeld && clock.GetElapsedTime(lease.Started) < Free)
        {
            return;
        }
        if (!lease.IsHeld || changed)
        {
            lease.IsHeld = true;
            Hold(order, wanted.CpuPercent);
        }
        lease.WatchMemory(wanted.Memory);
    }

    /// <summary>Holds the process to its share.</summary>
    private void Hold(LimitOrder order, int? percent)
    {
        if (percent is not { } share)
        {
            LeaveGroup(order);
            pacer.Processors = 0;
            return;
        }
        var reason = "the process is somebody else's";
        if (order.OwnsProcess && TryGroup(share, out reason))
        {
            pacer.Processors = 0;
            order.Explain(string.Create(CultureInfo.InvariantCulture, $"The job has {share}% of {processors} processors (performance.cpu_limit), by a control group."));
            return;
        }
        pacer.Processors = share / 100.0 * processors;
        order.Explain(string.Create(CultureInfo.InvariantCulture, $"The job has {share}% of {processors} processors (performance.cpu_limit), by resting: {reason}."));
    }

    private bool TryGroup(int percent, out string reason)
    {
        reason = "";
        if (_group is null)
        {
            _group = ControlGroup.TryEnter(files, percent, processors, out reason);
            return _group is not null;
        }
        try
        {
            _group.SetShare(percent, processors);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reason = $"the kernel refuses the share: {e.Message}";
            return false;
        }
    }

    private void LeaveGroup(LimitOrder order)
    {
        if (_group?.Leave() == false)
        {
            order.Explain("The control group of this job could not be removed; the next job removes it.");
        }
        _group = null;
    }

    /// <summary>Sets every thread; those that come later inherit it. Back again it goes to what each was, where the system lets it: a process without the right to come forward stays behind until it ends.</summary>
    private void SetPriorities(int nice, IoClass io)
    {
        if (!ThreadPriorities.IsSupported)
        {
            return;
        }
        if (nice == 0 && io == IoClass.Unset)
        {
            if (_before.Count > 0)
            {
                var usual = _before.Values.GroupBy(p => p).MaxBy(g => g.Count())!.Key;
                foreach (var thread in ThreadPriorities.Threads())
                {
                    var (was, before) = _before.GetValueOrDefault(thread, usual);
                    ThreadPriorities.Set(thread, was, before);
                }
                _before = [];
            }
            return;
        }
        var threads = ThreadPriorities.Threads();
        if (_before.Count == 0)
        {
            _before = threads.ToDictionary(thread => thread, ThreadPriorities.Read);
        }
        foreach (var thread in threads)
        {
            var (was, before) = _before.GetValueOrDefault(thread, default);
            ThreadPriorities.Set(thread, Math.Max(nice, was), Math.Max(before, ThreadPriorities.IoValue(io)));   // the larger number stands further behind: a unit that says idle stays idle
        }
    }

    /// <summary>A limited job, from its beginning to its end.</summary>
    internal sealed class Lease : IDisposable
    {
        private readonly LimitKeeper _keeper;
        private readonly ITimer _timer;
        private bool _warned;

        internal Lease(LimitKeeper keeper, LimitOrder order, long started)
        {
            (_keeper, Order, Started) = (keeper, order, started);
            _timer = keeper.Clock.CreateTimer(_ => _keeper.Tick(this), null, LookEvery, LookEvery);
        }

        internal LimitOrder Order { get; }
        internal long Started { get; }
        internal bool IsHeld { get; set; }

        /// <summary>Rests where the job's share is used up.</summary>
        public void Rest(CancellationToken cancel) => _keeper.Pacer.Rest(cancel);

        /// <summary>Gives back what can be given back where the process takes more than it may; says so, once.</summary>
        internal void WatchMemory(long limit)
        {
            if (_warned || MemoryBudget.TakenByProcess() <= limit)
            {
                return;
            }
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            if (MemoryBudget.TakenByProcess() is var taken && taken > limit)
            {
                _warned = true;
                Order.Warn($"This process takes {Display.Length(taken)} of memory, and performance.memory_limit is {Display.Length(limit)}. Lower performance.parallel_threads, or raise the limit.");
            }
        }

        /// <summary>The job has ended, however.</summary>
        public void Dispose()
        {
            _timer.Dispose();
            _keeper.Exit(this);
        }
    }

    private TimeProvider Clock => clock;
}
