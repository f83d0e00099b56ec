using System.Collections.Immutable;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.World;

/// <summary>
/// Hosts, tiers, disks and time in memory. Nothing happens by itself: each decision lets something happen, and then what must hold is looked at. A step is one call of a host to the world (a request to a store, a write
/// of a key file), or a decision of another kind.
/// </summary>
internal sealed partial class SimulatedWorld : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 1, 15, 2, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan Grace = TimeSpan.FromHours(24), ErasureDelay = TimeSpan.FromHours(1);
    public static readonly RetentionSettings Retention = new(2, 60, 365, Enum.GetValues<DataClass>().ToDictionary(c => c, _ => 4));
    public static readonly ReserveMap Map = ReserveMap.Compile(new ReserveSettings { Path = "/" }, UsersMap.Empty);
    public static readonly StoreRetry Retry = new(new HastyClock(), pause: TimeSpan.FromTicks(1));

    private readonly WorldTemplate _template;
    private readonly string _folder;
    private readonly Dictionary<(Tier, string), byte[]> _damaged = [];
    private readonly HashSet<(Tier Tier, ObjectKind? Kind)> _touched = [];
    private readonly Dictionary<string, long> _order = new(StringComparer.Ordinal);
    private DateTimeOffset _now = Start;
    private long _stamp = 1_000_000_000;
    private int _people = 5;
    private bool _keysTouched;

    public SimulatedWorld(WorldTemplate template, WorldShape shape, Mutation? mutation)
    {
        (_template, Shape, Mutation) = (template, shape, mutation);
        Disk = template.Disk.Copy();
        _folder = WorldTemplate.NewFolder();
        Book = new ReachBook(template.Reserve, template.Enrolled);
        Tiers = (shape.HasRemote ? (Tier[])[Tier.Local, Tier.Remote] : [Tier.Local]).ToDictionary(tier => tier, tier => new SimulatedTier(tier) { Changed = Changed });
        foreach (var (name, bytes) in template.Store.Objects)
        {
            Tiers[Tier.Local].Put(name, bytes);
        }
        Hosts = [.. Enumerable.Range(0, shape.Hosts).Select(number => new WorldHost(this, number, template.Hosts[number], Path.Combine(_folder, $"host{number}")))];
        foreach (var host in Hosts)
        {
            Directory.CreateDirectory(host.Folder);
            if (Path.Combine(template.Folder, $"host{host.Number}") is var before && Directory.Exists(before))
            {
                WorldHost.CopyFolder(before, host.Folder);
            }
            for (var file = 0; file < 9; file++)
            {
                Write(host, file * 7919, file);
            }
        }
        _touched.Clear();
    }

    public WorldShape Shape { get; }
    public Mutation? Mutation { get; }
    public SimulatedDisk Disk { get; }
    public IReadOnlyDictionary<Tier, SimulatedTier> Tiers { get; }
    public IReadOnlyList<WorldHost> Hosts { get; }
    public ReachBook Book { get; }
    public DateTimeOffset Now => _now;

    /// <summary>Steps so far.</summary>
    public long Steps { get; private set; }
    /// <summary>Verbs that ended well.</summary>
    public SortedDictionary<string, long> Done { get; } = new(StringComparer.Ordinal);
    /// <summary>Verbs that failed, by what they said, and whether something had been done to them.</summary>
    public SortedDictionary<string, long> Refused { get; } = new(StringComparer.Ordinal);
    /// <summary>What was looked at: a check that looks at nothing finds nothing.</summary>
    public SortedDictionary<string, long> Looked { get; } = new(StringComparer.Ordinal);
    /// <summary>What was done to hosts and stores.</summary>
    public SortedDictionary<string, long> Faults { get; } = new(StringComparer.Ordinal);
    /// <summary>What happened, a line a step, for whoever looks at a failure; null where nobody does.</summary>
    public List<string>? Trace { get; set; }

    /// <summary>Lets one decision happen; one that means nothing now is passed over.</summary>
    public async Task ApplyAsync(Decision decision)
    {
        var host = Hosts[decision.Who % Hosts.Count];
        switch (decision.Act)
        {
            case Act.Start when host.Running is null && MayBegin((Verb)decision.What): await BeginAsync(host, (Verb)decision.What, decision.More); break;
            case Act.Go when host.Running is { } running: await GoAsync(host, running, decision.What); break;
            case Act.Fault when host.Running is { } running: await FaultAsync(host, running, (Fault)decision.What, decision.More); break;
            case Act.Crash when host.Running is not null:
                Count(Faults, "crash");
                Tell(host, "crashes");
                await host.CrashAsync(new Random(decision.More));
                Step();
                break;
            case Act.Pass:
                Count(Faults, "time passes");
                _now += TimeSpan.FromMinutes(decision.What);
                Step();
                break;
            case Act.Skew:
                Count(Faults, "clock wrong");
                host.Clock.Ahead = TimeSpan.FromMinutes(decision.What);
                Step();
                break;
            case Act.Write when host.Running is null:
                Write(host, decision.What, decision.More);
                Step();
                break;
            case Act.Unmount: Unmount(decision.What); break;
            case Act.Mount: Mount(decision.What); break;
            case Act.Damage: Damage(Tiers.Values.ElementAt(decision.Who % Tiers.Count), decision.What, decision.More); break;
        }
    }

    /// <summary>Claims are not there for a moment while subjects' keys are renewed: the program asks that no other host runs a backup then, and that a renewal which was cut short is ended first.</summary>
    private bool MayBegin(Verb verb) => verb switch
    {
        Verb.Backup or Verb.Full => !IsRenewing,
        Verb.NewSubjectKeys => !Hosts.Any(h => h.Running?.Verb is Verb.Backup or Verb.Full or Verb.NewSubjectKeys),
        _ => true,
    };

    private bool IsRenewing => Hosts.Any(h => h.Running?.Verb == Verb.NewSubjectKeys) || Disk.All.ContainsKey(ClaimReplacement.JournalOf(_template.Hosts[0]));

    private async Task BeginAsync(WorldHost host, Verb verb, int argument)
    {
        var running = new RunningVerb(verb, argument, new Gate()) { Reserve = host.Reserve, Began = _now, BeganAt = Steps, WasDisturbed = _damaged.Count > 0 || Disk.Away.Count > 0, HeldThen = _holds.Values.Select(h => h.Who).Concat(_unsure).ToHashSet(StringComparer.Ordinal) };
        if (verb is Verb.Backup or Verb.Full && argument % 17 == 0 && host.Reserve.Count > 0)
        {
            running.Unreadable = new HashSet<string> { host.Reserve.Keys.ElementAt(argument % host.Reserve.Count) };
            Count(Faults, "file unreadable");
        }
        host.Running = running;
        Tell(host, $"begins {verb} {argument}");
        running.Work = Task.Run(() => DoAsync(host, running));
        await running.Gate.QuietAsync(running.Work);
        await EndIfDoneAsync(host, running);
        Step();
    }

    private async Task GoAsync(WorldHost host, RunningVerb running, int calls)
    {
        for (var i = 0; i < calls && host.Running == running; i++)
        {
            if (running.Gate.Take(OrderOf) is { } call)
            {
                Tell(host, call.ToString());
                call.Happen();
                _keysTouched |= call.Tier is null;
                running.LookedAt = call is { Verb: "list", Name: "points/", Tier: Tier.Local } ? Steps : running.LookedAt;
                await running.Gate.QuietAsync(running.Work);
            }
            await EndIfDoneAsync(host, running);
            Step();
        }
    }

    private async Task FaultAsync(WorldHost host, RunningVerb running, Fault fault, int more)
    {
        if (running.Gate.Take(OrderOf) is not { } call)
        {
            return;
        }
        var writes = call.Verb is not ("read" or "look" or "list");
        if (fault is Fault.Full && !writes)
        {
            fault = Fault.InputOutput;
        }
        Tell(host, $"{call}: {fault}");
        Count(Faults, $"{fault} ({(call.Tier is null ? "keys" : call.Verb)})");
        var target = call.Tier is null ? call.Name : $"{call.Tier} {call.Name}";
        if (fault == Fault.Twice)
        {
            running.WasDisturbed |= writes;   // the answer is the second one's: what it asked to create is there
            call.HappenTwice();
        }
        else
        {
            running.WasDisturbed = true;
            if (call.Verb == "barrier" && fault != Fault.RequestLost)
            {
                call.Torn?.Invoke(new Random(more));   // what it was asked to store may or may not be there
            }
            call.Fail(call.Tier is null ? new StingException("KeyFileUnavailable", FailureKind.Io, $"'{target}': {fault} (simulated).", target, "Look.")
                : fault switch
                {
                    Fault.Full => new StingException("StoreFull", FailureKind.ResourceExhausted, $"No room for {target} (simulated).", target, "Make room."),
                    Fault.InputOutput => new StingException("StoreFailed", FailureKind.Io, $"{target}: input/output error (simulated).", target, "Check the disk."),
                    _ => new StingException("StoreUnreachable", FailureKind.Io, $"No answer about {target} (simulated).", target, "Check the network."),
                }, happens: fault == Fault.AnswerLost && call.Torn is null);
        }
        await running.Gate.QuietAsync(running.Work);
        await EndIfDoneAsync(host, running);
        Step();
    }

    private void Write(WorldHost host, int which, int how)
    {
        for (var change = 0; change < 1 + (how % 3); change++, which = (which * 31) + 7, how = (how * 17) + 3)
        {
            var kind = (uint)which % 10;
            var path = kind < 7 ? $"users/u{_people - 1 - ((uint)which / 10 % 5)}/f{(uint)which / 50 % 3}" : kind < 9 ? $"jars/j{(uint)which / 10 % 2}/d{(uint)which / 20 % 3}" : $"conf/c{(uint)which / 10 % 2}";
            var isGone = (uint)how % 6 == 0;
            host.Reserve = isGone ? host.Reserve.Remove(path) : host.Reserve.SetItem(path, new SimulatedFile((int)((uint)how / 6 % 3), ++_stamp));
        }
    }

    private void Unmount(int which)
    {
        var places = KeyPlaces;
        if (Disk.Away.Count < 2)   // one of each is always there, or nothing could be done at all
        {
            var place = places[which % places.Length];
            if (!Disk.Away.Any(away => away[..^1] == place[..^1]))
            {
                Count(Faults, "place of keys away");
                Disk.Unmount(place);
                _isUnmended = true;
                DisturbAll();
                Step();
            }
        }
    }

    private void Mount(int which)
    {
        if (Disk.Away.Count > 0)
        {
            Disk.Mount(Disk.Away.Order(StringComparer.Ordinal).ElementAt(which % Disk.Away.Count));
            _keysTouched = true;
            Step();
        }
    }

    private string[] KeyPlaces => [.. _template.Hosts[0].KeyStoreReplicas, .. _template.Hosts[0].EpochPlaces];

    /// <summary>Damages one object of which the other tier has a whole copy, so that healing is possible.</summary>
    private void Damage(SimulatedTier tier, int which, int how)
    {
        if (!Shape.HasRemote || _damaged.Keys.Any(d => d.Item1 != tier.Tier))
        {
            return;
        }
        var other = Tiers.Values.Single(t => t != tier);
        List<string> names = [.. tier.Objects.Keys.Where(n => ObjectKinds.Of(n) is ObjectKind.DataPack or ObjectKind.MetaPack or ObjectKind.Index or ObjectKind.Point && other.Objects.ContainsKey(n) && !_damaged.ContainsKey((tier.Tier, n))).OrderBy(OrderOf).ThenBy(n => n, StringComparer.Ordinal)];
        if (names.Count == 0)
        {
            return;
        }
        var name = names[which % names.Count];
        var bytes = tier.Objects[name].ToArray();
        _isDamaging = true;
        tier.Delete(name);
        _isDamaging = false;
        if (how % 2 == 0)
        {
            bytes[which % bytes.Length] ^= 0x40;
            tier.PutUnseen(name, bytes);
        }
        _damaged[(tier.Tier, name)] = bytes;
        Count(Faults, how % 2 == 0 ? "object changed" : "object lost");
        Trace?.Add($"{tier.Tier} {name} is damaged");
        DisturbAll();
        _touched.Clear();
        Step();
    }

    private void DisturbAll()
    {
        foreach (var running in Hosts.Select(h => h.Running).OfType<RunningVerb>())
        {
            running.WasDisturbed = true;
        }
    }

    /// <summary>When an object was first seen, of those whose names are others in each replay.</summary>
    private long OrderOf(string name) => _order.GetValueOrDefault(name, long.MaxValue);

    private void Step()
    {
        Steps++;
        if (IsBehind)
        {
            _behindAt = Steps;
        }
        CheckTouched();
    }

    private void Tell(WorldHost host, string what) => Trace?.Add($"{Steps} {_now:MM-dd HH:mm} host {host.Number}: {what}");

    private static void Count(SortedDictionary<string, long> counts, string what, long many = 1) => counts[what] = counts.GetValueOrDefault(what) + many;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Hosts.Where(h => h.Running is not null))
        {
            await host.CrashAsync(new Random(0));
        }
        Book.Dispose();
        foreach (var tier in Tiers.Values)
        {
            await tier.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }
}
