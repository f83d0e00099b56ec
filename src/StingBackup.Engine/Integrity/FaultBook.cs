using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Integrity;

/// <summary>The faults of one job: one for each damaged thing, however often it is met. Safe to use from many threads.</summary>
internal sealed class FaultBook(Action<string>? tell = null, Tier tier = Tier.Local, bool hasOtherTiers = false)
{
    private readonly SortedDictionary<string, Fault> _faults = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Whether what is not there is looked for once more before it is told.</summary>
    public bool LooksAgain { get; init; }

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
    public Fault Add(string name, string problem) => Add(name, problem, isMissing: false);

    /// <summary>Names what a failed read or check said of an object.</summary>
    public Fault Add(string name, StingException failure) => Add(name, Failures.Words(failure), failure.ErrorId == "ObjectNotFound");

    /// <summary>Names what is not there; where it is looked for once more, it is told by <see cref="Settle"/>.</summary>
    public Fault Miss(string name, string problem) => Add(name, problem, isMissing: true);

    /// <summary>
    /// Compares with a look that began later. What it does not miss was being replaced or moved, or has rightly gone, and is forgotten; what both miss is told. Where one look names an object and the other only the folder in
    /// which something is missing, they mean the same. Gives how many were forgotten.
    /// </summary>
    public int Settle(FaultBook later)
    {
        var forgotten = 0;
        foreach (var fault in All.Where(f => f.IsMissing))
        {
            if (later.HoldsAny(fault.Object))
            {
                tell?.Invoke(Words(fault));
            }
            else
            {
                Forget(fault.Object);
                forgotten++;
            }
        }
        return forgotten;
    }

    private bool HoldsAny(string name) => Holds(name) || Holds(name[..(name.IndexOf('/', StringComparison.Ordinal) + 1)]) || (name.EndsWith('/') && All.Any(f => f.Object.StartsWith(name, StringComparison.Ordinal)));

    private Fault Add(string name, string problem, bool isMissing)
    {
        Fault? fault;
        bool wasTold;
        lock (_lock)
        {
            wasTold = _faults.TryGetValue(name, out fault) && !Waits(fault);
            if (fault is null)
            {
                _faults.Add(name, fault = new Fault(name, hasOtherTiers ? Remedies.For(name, tier) : Remedies.For(name), tier));
            }
            fault.AddProblem(problem, isMissing);
        }
        if (!wasTold && !Waits(fault))
        {
            tell?.Invoke(Words(fault));
        }
        return fault;
    }

    private bool Waits(Fault fault) => LooksAgain && fault.IsMissing;

    private static string Words(Fault fault) => $"'{fault.Object}': {fault.Problem}.";

    /// <summary>The records, with subjects' names where they are known.</summary>
    public IReadOnlyList<IntegrityFault> ToRecords(Func<Id16, string?> nameOf) => [.. All.Select(f => f.ToRecord(nameOf))];
}
