using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Integrity;

/// <summary>The faults of one job: one for each damaged thing, however often it is met. Safe to use from many threads.</summary>
internal sealed class FaultBook(Action<string>? tell = null, Tier tier = Tier.Local, bool hasOtherTiers = false)
{
    private readonly SortedDictionary<string, Fault> _faults = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Every fault so far, by name.</summary>
    public IReadOnlyList<Fault> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _faults.Values];
            }
        }
    }

    /// <summary>True when something is wrong with an object.</summary>
    public bool Holds(string name)
    {
        lock (_lock)
        {
            return _faults.ContainsKey(name);
        }
    }

    /// <summary>The fault of an object that has one.</summary>
    public Fault this[string name]
    {
        get
        {
            lock (_lock)
            {
                return _faults[name];
            }
        }
    }

    /// <summary>Takes a fault out again: what it was about has been mended.</summary>
    public void Forget(string name)
    {
        lock (_lock)
        {
            _faults.Remove(name);
        }
    }

    /// <summary>Names what is wrong with an object; the first thing is told at once, what it hits is known at the end.</summary>
    public Fault Add(string name, string problem)
    {
        Fault? fault;
        var isNew = false;
        lock (_lock)
        {
            if (!_faults.TryGetValue(name, out fault))
            {
                _faults.Add(name, fault = new Fault(name, hasOtherTiers ? Remedies.For(name, tier) : Remedies.For(name), tier));
                isNew = true;
            }
        }
        fault.AddProblem(problem);
        if (isNew)
        {
            tell?.Invoke($"'{name}': {problem}.");
        }
        return fault;
    }

    /// <summary>Names what a failed read or check said of an object.</summary>
    public Fault Add(string name, StingException failure) => Add(name, Failures.Words(failure));

    /// <summary>The records, with subjects' names where they are known.</summary>
    public IReadOnlyList<IntegrityFault> ToRecords(Func<Id16, string?> nameOf) => [.. All.Select(f => f.ToRecord(nameOf))];
}
