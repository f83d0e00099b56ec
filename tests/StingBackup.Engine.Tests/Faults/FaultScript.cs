using System.Collections.Concurrent;

namespace StingBackup.Engine.Tests.Faults;

/// <summary>What happens to the calls of all tiers during one verb: they are counted, and one of them fails.</summary>
internal sealed class FaultScript
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Tier, string, string), int> _counts = [];
    private bool _dead;

    /// <summary>The call that fails; null to count only.</summary>
    public StoreCall? Target { get; init; }
    public FaultWay Way { get; init; }

    /// <summary>What failed; null when the verb did not make the call this time.</summary>
    public string? Hit { get; private set; }

    /// <summary>What the caller heard where no job ran that could tell it.</summary>
    public ConcurrentQueue<string> Warnings { get; } = new();

    /// <summary>Every call that was made.</summary>
    public IEnumerable<StoreCall> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _counts.OrderBy(c => c.Key).SelectMany(c => Enumerable.Range(1, c.Value).Select(n => new StoreCall(c.Key.Item1, c.Key.Item2, c.Key.Item3, n)))];
            }
        }
    }

    /// <summary>A call begins: how it fails, or null when it does not.</summary>
    public FaultWay? Meet(Tier tier, string verb, string name)
    {
        lock (_gate)
        {
            if (_dead)
            {
                throw ErrorOf(FaultWay.Dies, verb, name);
            }
            var kind = name.Split('/')[0];
            var number = _counts[(tier, verb, kind)] = _counts.GetValueOrDefault((tier, verb, kind)) + 1;
            if (Target != new StoreCall(tier, verb, kind, number))
            {
                return null;
            }
            Hit = $"{Way} at {tier} {verb} {name}";
            _dead = Way is FaultWay.Dies or FaultWay.DiesAfter;
            return Way;
        }
    }

    /// <summary>Throws what the way says before anything is done.</summary>
    public static void ThrowBefore(FaultWay? way, string verb, string name)
    {
        if (way is FaultWay.Fails or FaultWay.Full or FaultWay.Away or FaultWay.Dies)
        {
            throw ErrorOf(way.Value, verb, name);
        }
    }

    /// <summary>Throws what the way says when it is done.</summary>
    public static void ThrowAfter(FaultWay? way, string verb, string name)
    {
        if (way is FaultWay.FailsAfter or FaultWay.DiesAfter or FaultWay.Half)
        {
            throw ErrorOf(way.Value, verb, name);
        }
    }

    private static StingException ErrorOf(FaultWay way, string verb, string name) => way switch
    {
        FaultWay.Full => new("StoreFull", FailureKind.ResourceExhausted, $"Could not {verb} '{name}': no space left on device.", name, "Free room on its disk."),
        FaultWay.Away => new("StoreUnreachable", FailureKind.Io, $"Could not {verb} '{name}': the server does not answer.", name, "Check the network."),
        _ => new("StoreFailed", FailureKind.Io, $"Could not {verb} '{name}': input/output error.", name, "Look into the system's log."),
    };
}
