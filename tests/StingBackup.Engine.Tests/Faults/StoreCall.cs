namespace StingBackup.Engine.Tests.Faults;

/// <summary>How a call fails. Each is what a disk or a server does.</summary>
internal enum FaultWay
{
    /// <summary>Nothing is done, and an input/output error told.</summary>
    Fails,
    /// <summary>Nothing is done: no room.</summary>
    Full,
    /// <summary>Nothing is done: the server does not answer.</summary>
    Away,
    /// <summary>It is done, and an error told: the answer was lost.</summary>
    FailsAfter,
    /// <summary>It is done, and the answer says that somebody else had done it: the request was sent twice.</summary>
    Twice,
    /// <summary>Half is done and an error told: of a barrier half of what was staged becomes visible; a listing breaks off in the middle.</summary>
    Half,
    /// <summary>A listing shows what was there when the verb began.</summary>
    Stale,
    /// <summary>A read gives half of the bytes that are there, without an error.</summary>
    Short,
    /// <summary>Nothing is done, nor anything after it: the disk or the process is gone.</summary>
    Dies,
    /// <summary>It is done, and nothing after it.</summary>
    DiesAfter,
}

/// <summary>One call of a store, known again in another run of the same verb.</summary>
/// <param name="Tier">Whose store.</param>
/// <param name="Verb">put, stage, barrier, read, length, list or delete.</param>
/// <param name="Kind">The kind of object: the first part of its name.</param>
/// <param name="Number">The how-manieth of its like, from 1.</param>
internal readonly record struct StoreCall(Tier Tier, string Verb, string Kind, int Number)
{
    /// <summary>In which ways it can fail.</summary>
    public IReadOnlyList<FaultWay> Ways
    {
        get
        {
            FaultWay[] ways = Verb switch
            {
                "put" => [FaultWay.Fails, FaultWay.Full, FaultWay.FailsAfter, FaultWay.Twice, FaultWay.Dies, FaultWay.DiesAfter],
                "stage" => [FaultWay.Fails, FaultWay.Full, FaultWay.Dies],
                "barrier" => [FaultWay.Fails, FaultWay.Full, FaultWay.Half, FaultWay.FailsAfter, FaultWay.Dies, FaultWay.DiesAfter],
                "delete" => [FaultWay.Fails, FaultWay.FailsAfter, FaultWay.Dies, FaultWay.DiesAfter],
                "read" => [FaultWay.Fails, FaultWay.Short, FaultWay.Dies],
                "list" => [FaultWay.Fails, FaultWay.Half, FaultWay.Stale, FaultWay.Dies],
                _ => [FaultWay.Fails, FaultWay.Dies],
            };
            return Tier == Tier.Local ? ways : [.. ways, FaultWay.Away];
        }
    }

    public override string ToString() => $"{Tier} {Verb} {Kind}#{Number}";
}
